"""Said: what customers said in some days, one row per event, as arrays the detector's functions take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.snapshot import Snapshot
from pipelines.watch.days import SQL, connected
from transforms.detect.duplicates import Signatures, clusters, repeats, signatures
from transforms.detect.evidence import UNKNOWN
from transforms.detect.layout import Flags, Ints


@dataclass(frozen=True)
class Said:
    """N events in the order of their identities, arrays of shape (N,); people and the like are numbers, -1 for unknown.

    `feed`: product and source, a number of `feeds`. `touchpoints`: those with friction. `cluster`: of texts of one hour
    that are alike. `pasted`: a copy by an unknown author, `noise`: promotion or an automatic message; neither is
    friction. `in_future`: events that are left out, since their date is not believed.
    """

    hour: Ints
    feed: Ints
    feeds: tuple[tuple[str, str], ...]
    touchpoints: pa.Array
    who: pa.Array
    """Author, or the event where the author is unknown."""
    author: Ints
    conversation: Ints
    cluster: Ints
    pasted: Flags
    noise: Flags
    scored: Flags
    in_future: Ints
    """Their hours, another shape."""

    def __len__(self) -> int:
        return len(self.hour)


def read_said(snapshot: Snapshot, first_day: str, days: list[str]) -> Said:
    """What was said on `days` and on `first_day` before them. Raises `StaleSnapshotError` where vacuum was faster."""
    with connected(snapshot, [first_day, *days]) as connection:
        rows = connection.sql(
            SQL.text("said"), params={"first_day": first_day, "last_day": days[-1]}
        ).to_arrow_table()
    early = _flags(rows, "in_future")
    in_future = np.asarray(rows["hour"], dtype=np.int64)[early]
    rows = rows.filter(pa.array(~early)).combine_chunks()
    hour = np.asarray(rows["hour"], dtype=np.int64)
    author = _numbered(rows["author_key"])
    named = pc.dictionary_encode(_whole(pc.binary_join_element_wise(rows["product"], rows["source"], "\0")))
    feed = np.asarray(named.indices, dtype=np.int64)
    cluster, pasted = _copies(rows["text"], feed, hour, author)
    return Said(
        hour,
        feed,
        tuple(
            (product, source)
            for product, _, source in (one.partition("\0") for one in named.dictionary.to_pylist())
        ),
        _whole(rows["touchpoints"]),
        _whole(pc.coalesce(rows["author_key"], rows["event_id"])),
        author,
        _numbered(rows["thread"]),
        cluster,
        pasted,
        _flags(rows, "noise"),
        _flags(rows, "scored"),
        in_future,
    )


def _copies(texts: Any, feed: Ints, hour: Ints, author: Ints) -> tuple[Ints, Flags]:
    """Clusters of alike texts, and which are copies by unknown authors, (N,); events without friction have no text."""
    spoken = np.nonzero(np.asarray(pc.is_valid(texts)))[0]
    cluster, pasted = np.full(len(hour), UNKNOWN, dtype=np.int64), np.zeros(len(hour), dtype=bool)
    compared = signatures(texts.take(pa.array(spoken)).to_pylist())
    cluster[spoken] = clusters(compared, feed[spoken], hour[spoken], spoken)
    nobody = author[spoken] == UNKNOWN
    of_nobody = spoken[nobody]
    alone = Signatures(compared.places[nobody], compared.comparable[nobody])
    pasted[of_nobody] = repeats(alone, feed[of_nobody], hour[of_nobody], of_nobody)
    return cluster, pasted


def _numbered(names: Any) -> Ints:
    """A number for each name, the same for the same one; `UNKNOWN` for null."""
    return np.asarray(pc.dictionary_encode(_whole(names)).indices.fill_null(UNKNOWN), dtype=np.int64)


def _whole(column: Any) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _flags(rows: pa.Table, name: str) -> Flags:
    return np.asarray(_whole(rows[name]).to_numpy(zero_copy_only=False), dtype=bool)
