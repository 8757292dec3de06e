"""Options that several commands share, so that they mean the same everywhere."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from schemas.errors import UsageError

TABLES_VARIABLE = "TRIBOMETER_TABLES"

reads_tables = click.option(
    "--tables",
    required=True,
    envvar=TABLES_VARIABLE,
    show_envvar=True,
    metavar="DIR",
    help="Folder of the tables.",
)

writes_tables = click.option(
    "--tables",
    required=True,
    envvar=TABLES_VARIABLE,
    show_envvar=True,
    metavar="DIR",
    help="Folder of the tables; made if missing.",
)


def past_instant(ctx: click.Context, param: click.Parameter, value: str | None) -> datetime | None:
    """An instant that is over: a date (its beginning) or an ISO 8601 time; without an offset it is UTC."""
    from pipelines.clock import utc_now
    from schemas.timestamps import ISO, BadTimestamp, timestamp_parser

    if value is None:
        return None
    try:
        instant = timestamp_parser(ISO, UTC, ignore_z=False)(value)
    except BadTimestamp:
        raise UsageError(
            f"{param.opts[0]} {value}: is no date or time; write 2025-06-01 or 2025-06-01T12:30:00+02:00"
        ) from None
    if instant > utc_now():
        raise UsageError(f"{param.opts[0]} {value}: is in the future; leave it out to read the newest rows")
    return instant


reads_as_of = click.option(
    "--as-of",
    callback=past_instant,
    metavar="TIME",
    help="Read the tables as they were at TIME, 2025-06-01 or 2025-06-01T12:30:00+02:00 (no offset means UTC).",
)
