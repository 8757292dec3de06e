"""Ten million events: real ones drawn again and again, with new identities, authors and days.

Words, scores, ratings, versions and segments stay those of real events, so columns compress and group as real ones do.
A day draws from events of its own weekday, at their own time of day; the size of a day is that of the others of its
weekday. An author comes back within a month as often as the real one did, and is somebody else in the next.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

import duckdb

from pipelines.clock import utc_now
from pipelines.connect import connect
from schemas.tables import FEEDBACK
from transforms.commit import commit
from transforms.delta import DataFile
from transforms.parquet import write_file

FIRST_DAY: Final = date(2021, 1, 1)
LAST_DAY: Final = date(2023, 12, 31)
"""Three years, those of the Firefox release calendar."""


def resample(source: str, target: str, events: int) -> Iterator[int]:
    """Fill the empty tables `target` with about `events` rows drawn from those of `source`; yields how many are there.

    The same each time for the same source. One transaction at the end: what is interrupted leaves no rows.
    """
    days = (LAST_DAY - FIRST_DAY).days + 1
    columns = ", ".join(FEEDBACK.schema.names)
    files: list[DataFile] = []
    written = 0
    now = utc_now()
    with connect(source) as connection:
        _pools(connection)
        sizes = _sizes(connection)
        total = sum(sizes.values())
        for number in range(days):
            day = FIRST_DAY + timedelta(days=number)
            weekday = day.isoweekday()
            rows = round(events / days * 7 * sizes[weekday] / total)
            drawn = connection.sql(
                f"""
                SELECT {columns} FROM (
                    SELECT * EXCLUDE (place, weekday) REPLACE (
                        md5(concat_ws('/', event_id, '{day}', draw)) AS event_id,
                        concat_ws('/', native_id, '{day}', draw) AS native_id,
                        md5(concat_ws('/', author_key, '{day:%Y-%m}')) AS author_key,
                        occurred_at + moved AS occurred_at,
                        revised_at + moved AS revised_at,
                        received_at + moved AS received_at
                    )
                    FROM (
                        SELECT draw, 1 + (hash(draw, DATE '{day}') % {sizes[weekday]})::BIGINT AS drawn
                        FROM range({rows}) AS draws(draw)
                    )
                    JOIN (
                        SELECT *, to_days(DATE '{day}' - (occurred_at AT TIME ZONE 'UTC')::DATE) AS moved
                        FROM pool WHERE weekday = {weekday}
                    ) ON place = drawn
                )
                """
            )
            table = drawn.to_arrow_table()
            files.append(write_file(target, FEEDBACK, table, partition=day.isoformat(), written_at=now))
            written += table.num_rows
            yield written
    commit(target, FEEDBACK, files, batch_id="resampled")


def _pools(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        """
        CREATE TEMP TABLE pool AS
        SELECT
            * EXCLUDE (day), isodow(occurred_at AT TIME ZONE 'UTC') AS weekday,
            row_number() OVER (PARTITION BY isodow(occurred_at AT TIME ZONE 'UTC') ORDER BY event_id) AS place
        FROM tables.feedback
        WHERE day <> 'invalid'
        """
    )


def _sizes(connection: duckdb.DuckDBPyConnection) -> dict[int, int]:
    return dict(connection.execute("SELECT weekday, count(*) FROM pool GROUP BY weekday").fetchall())
