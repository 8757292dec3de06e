"""Which column of a file is what: as the user says, else by the names such columns usually have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from schemas.errors import UsageError
from schemas.nearest import did_you_mean

_USUAL: Final[Mapping[str, tuple[str, ...]]] = {
    "product": ("product", "product_name", "app", "app_name"),
    "hour": ("hour", "time", "timestamp", "hour_start"),
    "day": ("day", "date"),
    "version": ("version", "app_version", "product_version"),
    "count": ("count", "value", "n"),
}
_MEASURES: Final = (
    *(
        "sessions",
        "orders",
        "active_devices",
        "devices",
        "active_users",
        "users",
        "customers",
        "visits",
        "visitors",
    ),
    *("installs", "downloads", "purchases", "page_views", "dau", "mau"),
)
"""Columns that hold a count and name what is counted."""


@dataclass(frozen=True)
class Asked:
    """What the user said of the columns; None where nothing. `segments` are names of segments and their columns."""

    product: str | None = None
    product_column: str | None = None
    day: str | None = None
    hour: str | None = None
    version: str | None = None
    count: str | None = None
    measure: str | None = None
    segments: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Columns:
    """The columns of one file. Either `product` is a column or `product_name` says it for all rows; one of `day` and
    `hour` is given. `measure` is what is counted."""

    count: str
    measure: str
    product: str | None
    product_name: str | None
    day: str | None
    hour: str | None
    version: str | None
    segments: Mapping[str, str]


def choose_columns(names: Sequence[str], asked: Asked) -> Columns:
    """The columns among `names`. Raises `UsageError` that says which is missing, or may be one of several."""
    if asked.product is not None and asked.product_column is not None:
        raise UsageError("--product and --product-column both say the product; keep one of them")
    if asked.day is not None and asked.hour is not None:
        raise UsageError("--day-column and --hour-column both say when; an hour says its day, keep --hour-column")
    for option, name in _named(asked):
        if name not in names:
            raise UsageError(f"{option} {name}: no such column{did_you_mean(name, names)}")
    hour = asked.hour or (None if asked.day else _usual("hour", names))
    count = asked.count or _count(names)
    product = None if asked.product is not None else asked.product_column or _usual("product", names)
    if product is None and asked.product is None:
        raise UsageError(
            f"no column says the product{_of(names)}; name it with --product-column, or say --product NAME"
        )
    day = None if hour else asked.day or _usual("day", names)
    if hour is None and day is None:
        raise UsageError(f"no column says when{_of(names)}; name it with --day-column or --hour-column")
    return Columns(
        count=count,
        measure=(asked.measure or _measure(count)).strip(),
        product=product,
        product_name=asked.product,
        day=day,
        hour=hour,
        version=asked.version or _usual("version", names),
        segments=asked.segments,
    )


def _named(asked: Asked) -> list[tuple[str, str]]:
    given = {
        "--product-column": asked.product_column,
        "--day-column": asked.day,
        "--hour-column": asked.hour,
        "--version-column": asked.version,
        "--count-column": asked.count,
    }
    segments = [("--segment-column", name) for name in asked.segments.values()]
    return [(option, name) for option, name in given.items() if name is not None] + segments


def _usual(what: str, names: Sequence[str]) -> str | None:
    """The first of the usual names that is there, however it is written."""
    written = {_plain(name): name for name in reversed(names)}
    return next((written[usual] for usual in _USUAL[what] if usual in written), None)


def _count(names: Sequence[str]) -> str:
    found = [name for name in names if _plain(name) in (*_USUAL["count"], *_MEASURES)]
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(f"{', '.join(found)} may each be the count; name one with --count-column")
    raise UsageError(f"no column holds the count{_of(names)}; name it with --count-column")


def _measure(count: str) -> str:
    if _plain(count) in _USUAL["count"]:
        raise UsageError(
            f'the column {count} does not say what is counted; say --measure "active devices" or the like'
        )
    return _plain(count).replace("_", " ")


def _plain(name: str) -> str:
    return name.strip().lower().replace(" ", "_").replace("-", "_")


def _of(names: Sequence[str]) -> str:
    return f" (columns: {', '.join(names[:12])}{', …' if len(names) > 12 else ''})"
