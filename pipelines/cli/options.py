"""Options that several commands share, so that they mean the same everywhere."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import reduce
from pathlib import Path
from typing import Any

import click

from schemas.errors import UsageError

Command = Callable[..., Any]

TABLES_VARIABLE = "TRIBOMETER_TABLES"


def _together(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Several options as one decorator, shown in this order."""
    return lambda command: reduce(lambda decorated, option: option(decorated), reversed(options), command)


def _tables(what: str) -> Callable[[Command], Command]:
    return click.option(
        "--tables", required=True, envvar=TABLES_VARIABLE, show_envvar=True, metavar="DIR", help=what
    )


reads_tables = _tables("Folder of the tables.")

writes_tables = _tables("Folder of the tables; made if missing.")

author_key_file = click.option(
    "--author-key-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Secret for author pseudonyms. Default: TRIBOMETER_AUTHOR_KEY, else a file made once for this user.",
)

own_model = click.option(
    "--model", metavar="FOLDER", help="A model of your own to score with. Default: the one shipped."
)

own_touchpoints = click.option(
    "--touchpoints",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Your own touchpoints and seeds, as YAML.",
)

scoring_workers = click.option(
    "--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes that score."
)

writing_options = _together(
    click.option(
        "--source", required=True, metavar="NAME|PATH", help="Source mapping: a catalogue name or a YAML file."
    ),
    author_key_file,
    own_model,
    click.option(
        "--raw/--no-raw", "keep_raw", default=True, help="Keep the original bytes in the restricted table `raw`."
    ),
)
"""How messages become rows: the options of every command that puts some through the graph."""

one_product = click.option("--product", metavar="NAME", help="Only this product.")


log_format = click.option(
    "--log-format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Of the log on stderr.",
)


def table_or_json(json_is: str) -> Callable[[Command], Command]:
    """How a command prints what it found: `json_is` says what the JSON is."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(["table", "json"]),
        default="table",
        show_default=True,
        help=f"How to print it; json is {json_is}.",
    )


def tables_folder(tables: str) -> Path:
    """The folder `--tables` names, made if it is missing. Raises `UsageError` where it cannot be."""
    if "://" in tables:
        raise UsageError(f"--tables {tables}: tables live on a local disk in this version; name a folder")
    folder = Path(tables)
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"--tables {tables}: is a file; name a folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"--tables {tables}: cannot be made: {error.strerror}") from error
    return folder.resolve()


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

DAY = click.DateTime(["%Y-%m-%d"])

some_days = _together(
    click.option("--since", type=DAY, metavar="DAY", help="Only events from this UTC day on, as 2025-06-01."),
    click.option("--until", type=DAY, metavar="DAY", help="Only events up to this UTC day, included."),
)
"""Which days a command is about: `since` and `until`, for `days_between`."""


def days_between(since: datetime | None, until: datetime | None) -> tuple[date | None, date | None]:
    """The days that `some_days` gave. Raises `UsageError` where there is none between them."""
    first, last = (None if day is None else day.date() for day in (since, until))
    if first is not None and last is not None and first > last:
        raise UsageError(f"--since {first} is after --until {last}; there is no day between them")
    return first, last
