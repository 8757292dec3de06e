"""Evidence: the hours of some days as counts of people, by series, and of those without friction, by product.

Read a few days at a time, with the day before them, whose authors may write again: memory is that of the busiest days,
however long the history is. What an hour holds depends on what customers said in it and in the 24 hours before, and on
nothing else, so it does not matter in which portions the days are read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.snapshot import Snapshot
from pipelines.watch.days import SQL, connected
from transforms.detect.duplicates import clusters, repeats, signatures
from transforms.detect.evidence import UNKNOWN, Counts, Items, count_evidence
from transforms.detect.layout import Flags, Ints, SeriesKey

NO_PRODUCT: Final = ""
"""Stands for the product of feedback whose source names none."""

DAY_HOURS: Final = 24
_MOST_DAYS: Final = 64
_MOST_CELLS: Final = 2_000_000
"""Series times hours counted at once: five tables of 16 MB."""

_DIGEST_BYTES: Final = 8
_EPOCH: Final = date(1970, 1, 1)


@dataclass(frozen=True)
class HourEvidence:
    """One UTC hour, counted from 1970. `counts` are of series of sources, those with any; `control` of products."""

    hour: int
    counts: Mapping[SeriesKey, float]
    control: Mapping[str, float]

    @property
    def digest(self) -> bytes:
        """Eight bytes that are the same for the same evidence; none for an hour in which nobody said anything."""
        if not self.counts and not self.control:
            return b""
        said = [(*map(str, key), count) for key, count in sorted(self.counts.items())]
        return hashlib.blake2b(
            repr((self.hour, said, sorted(self.control.items()))).encode(), digest_size=_DIGEST_BYTES
        ).digest()


@dataclass(frozen=True)
class Quality:
    """Of some days, the events that the watch left out, and why."""

    in_future: int = 0
    noise: int = 0
    pasted: int = 0

    def __add__(self, other: Quality) -> Quality:
        return Quality(self.in_future + other.in_future, self.noise + other.noise, self.pasted + other.pasted)


@dataclass(frozen=True)
class DayEvidence:
    """The hours of a day in which anybody said anything, in order."""

    day: str
    hours: tuple[HourEvidence, ...]
    quality: Quality


def hour_of(instant: datetime) -> int:
    """UTC hours since 1970."""
    return int(instant.timestamp() // 3600)


def instant_of(hour: int) -> datetime:
    """Where an hour begins."""
    return datetime.fromtimestamp(hour * 3600, UTC)


def first_hour(day: str) -> int:
    """Where a UTC day begins, in hours since 1970."""
    return (date.fromisoformat(day) - _EPOCH).days * DAY_HOURS


def day_of_hour(hour: int) -> str:
    """The UTC day of an hour."""
    return (_EPOCH + timedelta(days=hour // DAY_HOURS)).isoformat()


def read_days(snapshot: Snapshot, days: Sequence[str]) -> Iterator[DayEvidence]:
    """The evidence of these days of the snapshot, in their order, which is that of time.

    Raises `StaleSnapshotError` where vacuum was faster.
    """
    portion = 1  # as long as nobody knows how many series there are
    at = 0
    while at < len(days):
        chosen = _beside_each_other(days[at : at + portion])
        series = 1
        for each, seen in _read(snapshot, chosen):
            series = max(seen, 1)
            yield each
        at += len(chosen)
        portion = min(2 * portion, _MOST_DAYS, max(1, _MOST_CELLS // (series * DAY_HOURS)))


def _beside_each_other(days: Sequence[str]) -> Sequence[str]:
    """The first of the days that follow one another without a gap of a month: no hours are counted for nothing."""
    for at in range(1, len(days)):
        if first_hour(days[at]) - first_hour(days[at - 1]) > 31 * DAY_HOURS:
            return days[:at]
    return days


def _read(snapshot: Snapshot, days: Sequence[str]) -> Iterator[tuple[DayEvidence, int]]:
    before = day_of_hour(first_hour(days[0]) - 1)
    with connected(snapshot, [before, *days]) as connection:
        said = connection.sql(
            SQL.text("said"), params={"first_day": before, "last_day": days[-1]}
        ).to_arrow_table()
    start, end = first_hour(days[0]), first_hour(days[-1]) + DAY_HOURS
    in_future = _flags(said, "in_future")
    hour = np.asarray(said["hour"], dtype=np.int64)
    quality = {
        "in_future": in_future,
        "noise": _flags(said, "noise") & ~in_future,
    }
    keys, counts, pasted_hours = _friction(said.filter(pa.array(~in_future)), start, end - start)
    control = _control(said.filter(pa.array(~in_future)), start, end)
    rows: dict[int, dict[SeriesKey, float]] = {}
    for row, column in zip(*np.nonzero(counts.evidence), strict=True):
        rows.setdefault(start + int(column), {})[keys[row]] = float(counts.evidence[row, column])
    for day in days:
        first = first_hour(day)
        of_day = (hour >= first) & (hour < first + DAY_HOURS)
        spoken = [at for at in range(first, first + DAY_HOURS) if at in rows or at in control]
        yield (
            DayEvidence(
                day,
                tuple(HourEvidence(at, rows.get(at, {}), control.get(at, {})) for at in spoken),
                Quality(
                    **{name: int((flags & of_day).sum()) for name, flags in quality.items()},
                    pasted=int(((pasted_hours >= first) & (pasted_hours < first + DAY_HOURS)).sum()),
                ),
            ),
            len(keys),
        )


def _friction(said: pa.Table, start: int, hours: int) -> tuple[list[SeriesKey], Counts, Ints]:
    """Series with friction, what their hours hold, and the hours of items left out as pasted."""
    said = said.filter(pc.greater(pc.list_value_length(said["touchpoints"]), 0))
    hour = np.asarray(said["hour"], dtype=np.int64)
    identity = np.arange(said.num_rows)  # the query orders by event_id
    author = numbered(said["author_key"])
    group = numbered(pc.binary_join_element_wise(said["product"], said["source"], "\0"))
    texts = signatures(said["text"].to_pylist())
    cluster = clusters(texts, group, hour, identity)
    nobody = author == UNKNOWN
    pasted = np.zeros(said.num_rows, dtype=bool)
    of_nobody = type(texts)(texts.places[nobody], texts.comparable[nobody])
    pasted[nobody] = repeats(of_nobody, group[nobody], hour[nobody], identity[nobody])

    event = np.asarray(pc.list_parent_indices(said["touchpoints"]), dtype=np.int64)
    touchpoints = pc.list_flatten(said["touchpoints"]).to_pylist()
    products, sources = said["product"].to_pylist(), said["source"].to_pylist()
    named = [SeriesKey(products[at], word, sources[at]) for at, word in zip(event, touchpoints, strict=True)]
    keys = sorted(set(named))
    row = {key: at for at, key in enumerate(keys)}
    counts = count_evidence(
        Items(
            series=np.array([row[key] for key in named], dtype=np.int64),
            hour=hour[event],
            identity=np.arange(len(event)),
            author=author[event],
            conversation=numbered(said["thread"])[event],
            cluster=cluster[event],
            promotion=pasted[event],
        ),
        len(keys),
        start,
        hours,
    )
    return keys, counts, hour[pasted]


def _control(said: pa.Table, start: int, end: int) -> dict[int, dict[str, float]]:
    """By hour and product: distinct authors with scored feedback and no friction; an unknown author counts as one."""
    calm = said.filter(pc.and_(said["scored"], pc.equal(pc.list_value_length(said["touchpoints"]), 0)))
    calm = calm.filter(pc.and_(pc.greater_equal(calm["hour"], start), pc.less(calm["hour"], end)))
    who = pc.coalesce(calm["author_key"], calm["event_id"])
    people = pa.table({"hour": calm["hour"], "product": calm["product"], "who": who})
    counted = people.group_by(["hour", "product"]).aggregate([("who", "count_distinct")])
    found: dict[int, dict[str, float]] = {}
    for at, product, count in zip(
        *(counted[name].to_pylist() for name in ("hour", "product", "who_count_distinct")), strict=True
    ):
        found.setdefault(at, {})[product] = float(count)
    return found


def numbered(names: Any) -> Ints:
    """A number for each name, the same for the same one; `UNKNOWN` for null."""
    encoded = pc.dictionary_encode(names.combine_chunks() if isinstance(names, pa.ChunkedArray) else names)
    return np.asarray(encoded.indices.fill_null(UNKNOWN), dtype=np.int64)


def _flags(said: pa.Table, name: str) -> Flags:
    return np.asarray(said[name].combine_chunks().to_numpy(zero_copy_only=False), dtype=bool)
