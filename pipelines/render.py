"""Render: rows of a query as a table for a terminal, as CSV, as JSON.

What customers wrote is not trusted: control and direction characters never reach a terminal as such, and a CSV
cell never starts a formula.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import IO, Any, Final
from uuid import UUID

from rich.cells import cell_len, set_cell_size

Row = Sequence[Any]

TABLE_ROWS: Final = 1000
"""Rows a terminal table shows; files and pipes are for more."""

_WIDEST_CELL: Final = 80
_NARROWEST_CELL: Final = 12
_GAP: Final = "  "
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_DIRECTION: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def plain_value(value: Any) -> Any:
    """A value as JSON knows it: instants in ISO 8601, not-a-number and infinities as null, bytes in hexadecimal.

    >>> plain_value(float("nan")) is None
    True
    """
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {str(plain_value(key)): plain_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain_value(item) for item in value]
    if isinstance(value, timedelta | UUID):
        return str(value)
    return str(value)


def printable(text: str) -> str:
    """Text that is safe on a terminal: control and direction characters are written as escapes.

    >>> printable("a\\x1b[31mb\\n")
    'a\\\\x1b[31mb\\\\n'
    """
    if text.isprintable() and not _DIRECTION & set(text):
        return text
    return "".join(
        character
        if character == " " or (character.isprintable() and character not in _DIRECTION)
        else character.encode("unicode_escape").decode("ascii")
        for character in text
    )


def cell_text(value: Any) -> str:
    """One value as text: nothing for null, JSON for what is nested."""
    plain = plain_value(value)
    if plain is None:
        return ""
    if isinstance(plain, bool):
        return "true" if plain else "false"
    if isinstance(plain, float):
        return f"{plain:.6g}" if abs(plain) < 1e6 else f"{plain:.0f}"
    if isinstance(plain, dict | list):
        return json.dumps(plain, ensure_ascii=False)
    return str(plain)


def write_csv(columns: Sequence[str], rows: Iterable[Row], out: IO[str], *, terminal: bool = False) -> None:
    """RFC 4180 with a header; null and NaN are empty.

    Text that a spreadsheet would run as a formula (starting with = + - @ tab or return) gets an apostrophe in
    front; JSON and Parquet hold it unchanged. `terminal` escapes control characters.
    """
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([_csv_cell(column, terminal) for column in columns])
    for row in rows:
        writer.writerow([_csv_cell(value, terminal) for value in row])


def _csv_cell(value: Any, terminal: bool) -> Any:
    plain = plain_value(value)
    if isinstance(plain, bool | dict | list):
        return cell_text(plain)
    if isinstance(plain, str):
        guarded = f"'{plain}" if plain.startswith(_FORMULA) else plain
        return printable(guarded) if terminal else guarded
    return plain


def write_json(columns: Sequence[str], rows: Iterable[Row], out: IO[str]) -> None:
    """One array of objects, an object a line; not-a-number is null."""
    out.write("[")
    separator = "\n"
    for row in rows:
        named = dict(zip(columns, map(plain_value, row), strict=True))
        out.write(separator + json.dumps(named, ensure_ascii=False))
        separator = ",\n"
    out.write("\n]\n" if separator != "\n" else "]\n")


def format_table(columns: Sequence[str], rows: Sequence[Row], width: int | None) -> tuple[list[str], str | None]:
    """Lines of a table no wider than `width` cells (None: as wide as it is), and a hint on what was left out."""
    texts = [[printable(cell_text(value)) for value in row] for row in rows]
    heads = [printable(column) for column in columns]
    right = [_is_numeric([row[place] for row in rows]) for place in range(len(columns))]
    widths = [max([cell_len(head), *(cell_len(row[place]) for row in texts)]) for place, head in enumerate(heads)]
    shown = len(widths)
    cut = False
    if width is not None:
        shown = _fit(widths, width)
        cut = _shrink(widths, shown, width)
    lines = [_line(heads, widths, right, shown), _GAP.join("─" * size for size in widths[:shown])]
    lines += [_line(row, widths, right, shown) for row in texts]
    if shown < len(columns):
        return lines, f"{shown} of {len(columns)} columns fit; name those you want, or use --format json"
    return lines, "long cells are cut; --format json has them whole" if cut else None


def _is_numeric(values: Sequence[Any]) -> bool:
    known = [value for value in values if value is not None]
    return bool(known) and all(
        isinstance(value, int | float | Decimal) and not isinstance(value, bool) for value in known
    )


def _fit(widths: Sequence[int], width: int) -> int:
    """How many columns fit when each is shrunk to its narrowest."""
    used = 0
    for count, size in enumerate(widths):
        used += min(size, _NARROWEST_CELL) + (len(_GAP) if count else 0)
        if used > width:
            return max(count, 1)
    return len(widths)


def _shrink(widths: list[int], shown: int, width: int) -> bool:
    """Narrow the widest columns until the line fits; True when something was cut."""
    before = widths[:shown]
    for place in range(shown):
        widths[place] = min(widths[place], _WIDEST_CELL)
    spare = width - len(_GAP) * (shown - 1)
    while sum(widths[:shown]) > spare:
        widest = max(range(shown), key=widths.__getitem__)
        if widths[widest] <= 1:
            break
        widths[widest] -= 1
    return widths[:shown] != before


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool], shown: int) -> str:
    parts = []
    for text, size, numeric in zip(cells[:shown], widths[:shown], right[:shown], strict=True):
        if cell_len(text) > size:
            parts.append(set_cell_size(text, size - 1) + "…")
        elif numeric:
            parts.append(" " * (size - cell_len(text)) + text)
        else:
            parts.append(text + " " * (size - cell_len(text)))
    return _GAP.join(parts).rstrip()
