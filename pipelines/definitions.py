"""Definitions: the SQL statements that make a snapshot's tables and the analyst's views in a fresh DuckDB.

Every table is read from the list of files its log names, kept in a variable. The stored tables are in the schema
`tables`; the views of `schemas/views` are in `main`. A view that is rolled up is made of two: for the days that
`pipelines.rollup` has computed, the rows it stored, in the schema `rollups`; for all others its own SQL over the files
of those days alone, in the schema `unrolled`. So it never shows anything but what its SQL says of the snapshot.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final, Literal, TypeAlias

from pipelines.quoting import list_of, literal, quoted, sql_type
from pipelines.rollup.stored import Rollups, rows_of, stored_rollups
from pipelines.snapshot import READABLE, Snapshot, day_of
from schemas.tables import DEAD_LETTERS, EXPOSURE, FEEDBACK, LAUNCHES, MODEL_CHOICES, SCORES, TableSpec
from schemas.views import FUNCTIONS, ROLLED_UP, View, behind, column_types, load_views

MODEL_VARIABLE: Final = "tribometer_model"
"""The model version whose scores the views show where they exist; null for those stored with each row."""

_CHOSEN_MODEL: Final = "SELECT model_version FROM tables.model_choices ORDER BY chosen_at DESC LIMIT 1"

_RELEASES_IN_FORCE: Final = """
CREATE OR REPLACE TABLE tables.releases_in_force AS
SELECT
    product, day,
    list({in_force_at: in_force_at, platform: lower(platform), version: version} ORDER BY in_force_at, version)
        AS releases
FROM (
    SELECT *, unnest(generate_series(begins, ends, INTERVAL 1 DAY))::DATE AS day
    FROM (
        SELECT
            *, (in_force_at AT TIME ZONE 'UTC')::DATE AS begins,
            (coalesce(lead(in_force_at) OVER line, now() + INTERVAL 1 YEAR) AT TIME ZONE 'UTC')::DATE AS ends
        FROM releases
        WINDOW line AS (PARTITION BY product, platform ORDER BY in_force_at, version)
    )
)
GROUP BY product, day
"""
"""What `inferred_version` looks through: by product and day, the releases it begins with and those that come in it."""

_NO_RELEASES_IN_FORCE: Final = """
CREATE OR REPLACE TABLE tables.releases_in_force (
    product VARCHAR, day DATE, releases STRUCT(in_force_at TIMESTAMPTZ, platform VARCHAR, version VARCHAR)[]
)
"""

_OLDER: Final = "_older"
"""End of the name of a variable that holds files which may lack columns."""

_ALL: Final = "tribometer_"
_UNROLLED: Final = "tribometer_unrolled_"
"""Beginnings of the names of variables that hold files: all of a table's, and those of days not rolled up."""

_SMALL: Final = (LAUNCHES, EXPOSURE, MODEL_CHOICES)
"""Tables that are copied into memory: many views read them, and each would look at their files."""

_PINNED: Final = ("launches", "releases", "exposure", "exposure_daily")
"""Views of few rows that are computed once, when tables are opened: many views read them, and working them out anew
each time would take longer than the rest of a query."""

_BY_DAY: Final = (FEEDBACK, SCORES)
"""Tables of which the rolled-up views read a day's files for that day's rows, and nothing else."""


Origin: TypeAlias = Literal["computed", "stored", "both"]
"""Where the rows of the rolled-up views come from: their own SQL, rollups, or each for some of the days."""


def definitions(snapshot: Snapshot, rollups: Rollups | None = None) -> Iterator[str]:
    """SQL statements that make the stored tables and the views in a fresh DuckDB, in order.

    Without `rollups` those are looked for that belong to the snapshot. DuckDB looks at every file whenever a view that
    reads it is made, so the views are made over one file of each table, and the lists come last: at 10,000 files that
    takes 0.8 instead of 2.5 s of processor time. `pipelines.opening` does the same in less time.
    """
    rollups = stored_rollups(snapshot) if rollups is None else rollups
    yield from what_views_read(snapshot, rollups)
    yield from views(origin(snapshot, rollups))
    yield from contents(snapshot, rollups)


def origin(snapshot: Snapshot, rollups: Rollups) -> Origin:
    """Where the rolled-up views of a snapshot have their rows from."""
    if not rollups.chosen:
        return "computed"
    return "both" if _without(snapshot, rollups).files[FEEDBACK.name] else "stored"


def what_views_read(snapshot: Snapshot, rollups: Rollups) -> Iterator[str]:
    """Statements that make what the views are made over: stored tables and rollups, of one file each."""
    yield from stored_tables(snapshot)
    if snapshot.as_of is not None:
        yield f"SET VARIABLE tribometer_as_of = {_instant(snapshot.as_of)}"
    # Not the same as none: source_health says null where it cannot know.
    yield f"SET VARIABLE tribometer_dead_letters_closed = {str(DEAD_LETTERS.name in snapshot.closed).lower()}"
    yield _NO_RELEASES_IN_FORCE
    if rollups.chosen:
        yield from _rolled_up(rollups)
        if origin(snapshot, rollups) == "both":
            yield from _unrolled_tables(_without(snapshot, rollups))


def views(rows_from: Origin) -> Iterator[str]:
    """Statements that make the functions and the views. They say nothing of a snapshot but its `origin`."""
    functions, *others = load_views()
    yield functions.sql
    if rows_from == "both":
        yield from _computed()
    yield from _stand_ins(others)
    for view in reversed(others):
        if rows_from == "computed" or view.name not in ROLLED_UP:
            yield view.sql
        elif rows_from == "both":
            yield f"CREATE OR REPLACE VIEW {view.name} AS FROM rollups.{view.name} UNION ALL FROM unrolled.{view.name}"
        else:
            yield f"CREATE OR REPLACE VIEW {view.name} AS FROM rollups.{view.name}"


def contents(snapshot: Snapshot, rollups: Rollups) -> Iterator[str]:
    """Statements that give what was made all its files, and compute what is pinned."""
    yield from file_lists(snapshot)
    if rollups.chosen:
        yield from file_lists(_without(snapshot, rollups), _BY_DAY, _UNROLLED)
        for name in ROLLED_UP:
            yield f"SET VARIABLE {_rollup_variable(name)} = {list_of(_whole(rollups, name))}"
    yield f"SET VARIABLE {MODEL_VARIABLE} = ({_CHOSEN_MODEL})"
    yield "CREATE SCHEMA IF NOT EXISTS pinned"
    for name in _PINNED:
        yield f"CREATE OR REPLACE TABLE pinned.{name} AS FROM {name}"
        yield f"CREATE OR REPLACE VIEW {name} AS FROM pinned.{name}"
    yield _RELEASES_IN_FORCE


def settings_of_nothing(rows_from: Origin = "computed") -> Iterator[str]:
    """Statements that make stored tables and rollups without any rows or files: what views can be made over."""
    nothing = Snapshot(Path("/"), {spec.name: () for spec in READABLE}, {})
    yield from stored_tables(nothing)
    yield _NO_RELEASES_IN_FORCE
    if rows_from != "computed":
        yield "CREATE SCHEMA IF NOT EXISTS rollups"
        yield from _stand_ins([view for view in load_views() if view.name in ROLLED_UP], "rollups.")
    if rows_from == "both":
        yield from _unrolled_tables(nothing)


def plain_views(snapshot: Snapshot, names: Sequence[str]) -> Iterator[str]:
    """Statements that make the stored tables and the views `names` with all those they read, nothing rolled up.

    Quicker than `definitions` by what it leaves out: versions are not inferred there.
    """
    yield from stored_tables(snapshot)
    yield _NO_RELEASES_IN_FORCE
    for view in behind((FUNCTIONS, *names)):
        yield view.sql
    yield from file_lists(snapshot)
    yield f"SET VARIABLE {MODEL_VARIABLE} = ({_CHOSEN_MODEL})"


def stored_tables(snapshot: Snapshot) -> Iterator[str]:
    """Statements that make the schema `tables`, over one file of each table: `file_lists` comes later."""
    yield "SET TimeZone = 'UTC'"
    yield "SET parquet_metadata_cache = true"  # files never change once named by the log
    yield "CREATE SCHEMA IF NOT EXISTS tables"
    yield from _views_of(snapshot, READABLE, "tables", _ALL)


def file_lists(snapshot: Snapshot, specs: Sequence[TableSpec] = READABLE, prefix: str = _ALL) -> Iterator[str]:
    """Statements that give the tables all their files."""
    for spec in specs:
        for variable, files in _lists(spec, snapshot, prefix).items():
            yield f"SET VARIABLE {variable} = {list_of(files)}"


def _without(snapshot: Snapshot, rollups: Rollups) -> Snapshot:
    """The files of the days that are not rolled up."""
    files = {
        spec.name: tuple(path for path in snapshot.files[spec.name] if day_of(path) not in rollups.days)
        for spec in _BY_DAY
    }
    return replace(snapshot, files={**snapshot.files, **files})


def _unrolled_tables(unrolled: Snapshot) -> Iterator[str]:
    """What the rolled-up views are computed from, over the files of the days that are not stored."""
    yield "CREATE SCHEMA IF NOT EXISTS unrolled"
    yield from _views_of(unrolled, _BY_DAY, "unrolled", _UNROLLED)


def _computed() -> Iterator[str]:
    """The rolled-up views over the days that are not stored."""
    yield "SET schema = 'unrolled'"  # a view finds others in its own schema first
    wanted = behind(ROLLED_UP)
    yield from _stand_ins(wanted)
    for view in reversed(wanted):
        sql = view.sql
        for spec in _BY_DAY:
            sql = sql.replace(f"tables.{spec.name}", f"unrolled.{spec.name}")
        yield sql
    yield "SET schema = 'main'"


def _rolled_up(rollups: Rollups) -> Iterator[str]:
    """The rolled-up views over the days that are stored."""
    yield "CREATE SCHEMA IF NOT EXISTS rollups"
    for name in ROLLED_UP:
        whole = _whole(rollups, name)
        yield f"SET VARIABLE {_rollup_variable(name)} = {list_of(whole[:1])}"
        parts = [rows_of(one, name) for one in rollups.chosen if not one.is_whole]
        if whole:
            parts.append(f"read_parquet(getvariable('{_rollup_variable(name)}'))")
        columns = ", ".join(map(quoted, column_types()[name]))
        query = " UNION ALL ".join(f"SELECT {columns} FROM {part}" for part in parts)
        yield f"CREATE OR REPLACE VIEW rollups.{name} AS {query}"


def _stand_ins(made: Sequence[View], schema: str = "") -> Iterator[str]:
    """Views of the right columns and no rows.

    DuckDB works a new view out down to the files, through all views it reads, and again for each view that reads it.
    So each view is made while those it reads are stand-ins, and takes the place of its own last: opening takes a fifth.
    """
    for view in made:
        if view.is_view:
            columns = ", ".join(
                f"NULL::{kind} AS {quoted(name)}" for name, kind in column_types()[view.name].items()
            )
            yield f"CREATE OR REPLACE VIEW {schema}{view.name} AS SELECT {columns} WHERE false"


def _views_of(snapshot: Snapshot, specs: Sequence[TableSpec], schema: str, prefix: str) -> Iterator[str]:
    for spec in specs:
        kind, first = ("TABLE", None) if spec in _SMALL else ("VIEW", 1)
        for variable, files in _lists(spec, snapshot, prefix).items():
            yield f"SET VARIABLE {variable} = {list_of(files[:first])}"
        yield f"CREATE OR REPLACE {kind} {schema}.{spec.name} AS {_table_query(spec, snapshot, prefix)}"


def _whole(rollups: Rollups, view: str) -> list[str]:
    return [one.part.file(view) for one in rollups.chosen if one.is_whole]


def _rollup_variable(name: str) -> str:
    return f"tribometer_rollup_{name}"


def _table_query(spec: TableSpec, snapshot: Snapshot, prefix: str) -> str:
    names = [name for name in spec.table_schema.names if not (spec.restricted and name == "payload")]
    columns_of_nothing = (
        f"NULL::{sql_type(spec.table_schema.field(name).type)} AS {quoted(name)}" for name in names
    )
    nothing = f"SELECT {', '.join(columns_of_nothing)} WHERE false"
    options = ""
    if spec.partition is not None:
        # Without the type DuckDB would guess a date and fail on the partition of impossible dates.
        options = f", hive_partitioning = true, hive_types = {{{quoted(spec.partition)}: VARCHAR}}"
    columns = ", ".join(map(quoted, names))
    parts = []
    for variable in _lists(spec, snapshot, prefix):
        rows = f"read_parquet(getvariable('{variable}'){options}"
        if variable.endswith(_OLDER):
            rows = f"({nothing} UNION ALL BY NAME SELECT * FROM {rows}, union_by_name = true))"
        else:
            rows += ")"
        parts.append(f"SELECT {columns} FROM {rows}")
    query = " UNION ALL ".join(parts) or nothing
    if snapshot.as_of is not None:
        query = f"SELECT * FROM ({query}) WHERE {quoted(spec.recorded)} <= {_instant(snapshot.as_of)}"
    return query


def _instant(instant: datetime) -> str:
    return f"TIMESTAMPTZ {literal(instant.isoformat())}"


def _lists(spec: TableSpec, snapshot: Snapshot, prefix: str) -> dict[str, list[str]]:
    """By the name of the variable that holds them: the files with all columns, and those that may lack some.

    DuckDB opens all the latter whenever it reads one of them; apart, a table of 10,000 files is opened for one day
    in a fifth of the time.
    """
    older = set(snapshot.older.get(spec.name, ()))
    whole = [path for path in snapshot.files[spec.name] if path not in older]
    lists = {f"{prefix}{spec.name}": whole, f"{prefix}{spec.name}{_OLDER}": sorted(older)}
    return {variable: files for variable, files in lists.items() if files}
