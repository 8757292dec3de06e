"""The table `exposure`: append what it does not say yet. The number recorded last counts."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.connect import connect, with_fresh_snapshot
from schemas import arrow
from schemas.exposure import ExposureKey
from schemas.tables import EXPOSURE
from transforms.commit import append
from transforms.delta import open_table

_STATED: Final = pa.schema([field for field in arrow.EXPOSURE if field.name != "recorded_at"])

_COMPARED: Final = """
SELECT
    stated.*,
    known.product IS NOT NULL AS is_known,
    coalesce(known.count = stated.count, false) AS is_same,
    -- Later than what it edits, even where the clock was set back.
    greatest($now::TIMESTAMPTZ, coalesce(known.recorded_at + INTERVAL 1 MICROSECOND, $now::TIMESTAMPTZ)) AS recorded_at
FROM stated
LEFT JOIN exposure AS known
    ON known.product = stated.product
    AND known.day = stated.day
    AND known.measure = stated.measure
    AND known.hour IS NOT DISTINCT FROM stated.hour
    AND known.version IS NOT DISTINCT FROM canonical_version(stated.version)
    AND known.segment = stated.segment
"""


@dataclass(frozen=True)
class Recorded:
    """What a file did to the table, in numbers."""

    added: int
    changed: int
    unchanged: int


def record_exposure(
    root: str, counts: Mapping[ExposureKey, float], *, now: datetime, dry_run: bool = False
) -> Recorded:
    """Append those numbers that the table does not hold yet, in one transaction; `dry_run` only counts them."""
    rows = [{**asdict(key), "segment": list(key.segment), "count": count} for key, count in counts.items()]
    stated = pa.Table.from_pylist(rows, schema=_STATED)
    if open_table(root, EXPOSURE) is None:
        news = stated.append_column("recorded_at", pa.array([now] * stated.num_rows, arrow.INSTANT))
        added, changed = news.num_rows, 0
    else:
        compared = with_fresh_snapshot(lambda: _compared(root, stated, now))
        news = compared.filter(pc.invert(compared["is_same"]))
        changed = pc.sum(news["is_known"]).as_py() or 0
        added = news.num_rows - changed
    if news.num_rows and not dry_run:
        rows_to_write = news.select(arrow.EXPOSURE.names).cast(arrow.EXPOSURE)
        append(root, EXPOSURE, rows_to_write, batch_id=uuid.uuid4().hex, written_at=now)
    return Recorded(added, changed, stated.num_rows - news.num_rows)


def _compared(root: str, stated: pa.Table, now: datetime) -> pa.Table:
    with connect(root) as connection:
        connection.register("stated", stated)
        return connection.sql(_COMPARED, params={"now": now}).to_arrow_table()
