"""Options that the commands of `tribometer tables` share."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import click

from schemas.errors import UsageError
from schemas.tables import TABLES

_DURATION: Final = re.compile(r"(\d{1,6})([dhm])")
_UNITS: Final = {"d": "days", "h": "hours", "m": "minutes"}

some_tables = click.option(
    "--table",
    "names",
    type=click.Choice(list(TABLES)),
    multiple=True,
    help="Only this table; may be given several times. Default: all there are.",
)


def duration(ctx: click.Context, param: click.Parameter, value: str | None) -> timedelta | None:
    """A length of time as people write it: 30d, 24h, 90m."""
    if value is None:
        return None
    found = _DURATION.fullmatch(value)
    if found is None:
        raise UsageError(f"{param.opts[0]} {value}: is no length of time; write 30d, 24h or 90m")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def duration_option(name: str, **options: Any) -> Callable[[Any], Any]:
    """An option that takes a length of time."""
    return click.option(name, callback=duration, metavar="AGE", **options)
