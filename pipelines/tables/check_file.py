"""Whether one file of a snapshot is what the log, its name and the table's columns say."""

from __future__ import annotations

from datetime import date
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.tables.finding import Finding
from schemas.errors import DamagedFileError, NewerFileError, StaleSnapshotError
from schemas.event import INVALID_DAY, PLAUSIBLE_YEARS
from schemas.tables import (
    ALERT_ACTIONS,
    ALERT_DELIVERIES,
    ALERTS,
    DEAD_LETTERS,
    FEEDBACK,
    RAW,
    RUNS,
    SCORES,
    THEME_DAYS,
    THEME_MENTIONS,
    WATCH_STATE,
    TableSpec,
)
from transforms.delta import (
    LiveFile,
    table_path,
)
from transforms.parquet import read_to_rewrite, written_with

_BROUGHT_BACK_BY: Final = {
    FEEDBACK.name: "replay the files they came from, or seek the subscription back: what is there is recognised",
    SCORES.name: "`tribometer rescore` with the models they are of: it scores what has no scores",
    THEME_MENTIONS.name: "`tribometer themes update --again`: it assigns every day anew",
    THEME_DAYS.name: "`tribometer themes update`: it looks at the days again",
    RAW.name: "replay the files they came from, or seek the subscription back: what is there is recognised",
    DEAD_LETTERS.name: "replay the files they came from: those refused again are stored again",
    ALERTS.name: "watching the same hours again: it makes the same alerts",
    ALERT_ACTIONS.name: "nothing does: people gave them once",
    ALERT_DELIVERIES.name: "nothing does: what was sent may be sent once more",
    WATCH_STATE.name: "`tribometer watch`: it makes them again from feedback",
    RUNS.name: "nothing does: they are a record of runs, no other table needs them",
}


def check_file(root: str, spec: TableSpec, file: LiveFile, *, patient: bool) -> Finding | None:
    """What is wrong with a file, if anything; a `patient` check raises `StaleSnapshotError` where it is gone."""
    brought_back = _BROUGHT_BACK_BY.get(spec.name, "record them again")
    way_out = (
        "restore it from a backup, or take it out of the table with `tribometer tables verify --repair --yes`; "
        f"what brings its rows back: {brought_back}"
    )
    try:
        rows = read_to_rewrite(root, spec, file)
        _check_columns(root, spec, file)
    except NewerFileError:
        return Finding(
            spec.name,
            file.path,
            f"holds columns of schema version {written_with(file.path)}, which this Tribometer does not know",
            "upgrade Tribometer: until then they are passed over, and the file is not written again",
            harmless=True,
        )
    except StaleSnapshotError:
        if patient:
            raise
        return Finding(spec.name, file.path, f"is gone; it had {file.rows:,} rows", way_out, file=file)
    except DamagedFileError as error:
        problem = str(error).split(".parquet ", 1)[-1].split("; `", 1)[0]
        return Finding(spec.name, file.path, f"{problem}; it had {file.rows:,} rows", way_out, file=file)
    misplaced = _misplaced(spec, file, rows)
    if misplaced:
        return Finding(
            spec.name,
            file.path,
            f"{misplaced:,} of {file.rows:,} rows belong to another {spec.partition}",
            "their duplicates are not recognised; please report this",
        )
    return None


def _check_columns(root: str, spec: TableSpec, file: LiveFile) -> None:
    """Raise `DamagedFileError` for a file whose columns are of other types than the table's, or foreign to it."""
    path = table_path(root, spec) / file.path
    try:
        found = pq.read_schema(path)
    except FileNotFoundError as error:
        raise StaleSnapshotError(f"{path} is gone") from error
    for column in found:
        if column.name not in spec.schema.names:
            raise DamagedFileError(f"{path} has a column {column.name} that the table has not")
        wanted = spec.schema.field(column.name).type
        if column.type != wanted:
            raise DamagedFileError(f"{path} has the column {column.name} as {column.type}, the table as {wanted}")
    lacking = [field.name for field in spec.schema if field.name not in found.names and not field.nullable]
    if lacking:
        raise DamagedFileError(f"{path} lacks the column {', '.join(lacking)}")


def _misplaced(spec: TableSpec, file: LiveFile, rows: pa.Table) -> int:
    """Rows of `feedback` and `scores` whose time of occurrence names another day than their folder."""
    if spec.partition != "day":
        return 0
    instants = rows.column("occurred_at")
    years = pc.year(instants)
    plausible = pc.and_(pc.greater_equal(years, PLAUSIBLE_YEARS.start), pc.less(years, PLAUSIBLE_YEARS.stop))
    if file.partition == INVALID_DAY:
        return int(pc.sum(plausible).as_py() or 0)
    day = pa.scalar(date.fromisoformat(str(file.partition)), pa.date32())
    right = pc.and_(plausible, pc.equal(instants.cast(pa.timestamp("us")).cast(pa.date32(), safe=False), day))
    misplaced: int = rows.num_rows - (pc.sum(right).as_py() or 0)
    return misplaced
