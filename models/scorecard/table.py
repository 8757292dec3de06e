"""A table of figures: what a section of the scorecard gives, what figures.json keeps, what is shown to people."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

Value = str | int | float | None
"""None where a figure does not exist: no row to measure it on."""

Say = Callable[[str], None]
"""Told what a section is about to do, so that long work is seen to go on."""

_DIGITS: Final = 4
_NOTHING: Final = "–"

FORMS: Final[Mapping[str, Callable[[Any], str]]] = {
    "text": str,
    "count": "{:,.0f}".format,
    "decimal": "{:.3f}".format,
    "change": "{:+.3f}".format,
    "share": "{:.0%}".format,
    "points": lambda value: f"{100 * value:+.1f}",
}
"""How the values of a column are written."""


@dataclass(frozen=True)
class Column:
    """`key` is its name in figures.json, `title` the one people see, `form` one of `FORMS`."""

    key: str
    title: str
    form: str = "decimal"


@dataclass(frozen=True)
class Table:
    """Rows by column key. `name` tells it from the other tables of its section; floats are kept to four digits."""

    name: str
    columns: tuple[Column, ...]
    rows: tuple[Mapping[str, Value], ...]

    @classmethod
    def of(cls, name: str, columns: Sequence[Column], rows: Sequence[Mapping[str, Value]]) -> Table:
        """A table of these rows; `KeyError` where a row lacks a column."""
        kept = tuple({column.key: _kept(row[column.key]) for column in columns} for row in rows)
        return cls(name, tuple(columns), kept)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Table:
        """What `as_json` gave."""
        columns = [Column(**column) for column in content["columns"]]
        return cls.of(content["name"], columns, content["rows"])

    def as_json(self) -> dict[str, Any]:
        """The table as plain objects."""
        return {
            "name": self.name,
            "columns": [vars(column) for column in self.columns],
            "rows": [dict(row) for row in self.rows],
        }

    def cells(self) -> list[list[str]]:
        """The values as people read them, row by row."""
        return [
            [
                _NOTHING if row[column.key] is None else FORMS[column.form](row[column.key])
                for column in self.columns
            ]
            for row in self.rows
        ]

    def markdown(self) -> str:
        """The table in Markdown, numbers to the right."""
        lines = [
            [column.title for column in self.columns],
            ["---" if c.form == "text" else "---:" for c in self.columns],
        ]
        return "\n".join(f"| {' | '.join(line)} |" for line in [*lines, *self.cells()])


def mean(values: Iterable[Value]) -> float | None:
    """The mean of the figures that exist; None where none does.

    >>> mean([1.0, None, 2.0])
    1.5
    """
    known = [float(value) for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _kept(value: Value) -> Value:
    return round(float(value), _DIGITS) if isinstance(value, float) else value
