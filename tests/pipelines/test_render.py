"""Rows as text, for terminals, spreadsheets and programs."""

from __future__ import annotations

import io
import json
import math
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from pipelines.render import format_table, printable, write_csv, write_json


def csv_of(*cells: object, terminal: bool = False) -> str:
    out = io.StringIO()
    write_csv(["a"] * len(cells), [cells], out, terminal=terminal)
    return out.getvalue().split("\n", 1)[1]


def test_csv_never_starts_a_formula() -> None:
    assert csv_of("=1+1", "+x", "-x", "@x", "\tx", "x=1") == "'=1+1,'+x,'-x,'@x,'\tx,x=1\n"


def test_csv_keeps_numbers_and_quotes_text() -> None:
    assert csv_of(-1, -0.5, 'say "hi", twice', None, math.nan, True) == '-1,-0.5,"say ""hi"", twice",,,true\n'


def test_csv_on_a_terminal_escapes() -> None:
    assert csv_of("\x1b[31m", terminal=True) == "\\x1b[31m\n"
    assert csv_of("\x1b[31m") == "\x1b[31m\n"


def test_json_is_json_whatever_the_values() -> None:
    out = io.StringIO()
    row = (
        math.inf,
        datetime(2021, 6, 1, tzinfo=UTC),
        date(2021, 6, 1),
        Decimal("1.5"),
        {"k": [math.nan, b"\x01"]},
        timedelta(days=1),
        'x"\u2028\x00',
    )
    write_json(list("abcdefg"), [row, row], out)
    found = json.loads(out.getvalue())
    assert (
        found[0]
        == found[1]
        == {
            "a": None,
            "b": "2021-06-01T00:00:00Z",
            "c": "2021-06-01",
            "d": 1.5,
            "e": {"k": [None, "01"]},
            "f": "1 day, 0:00:00",
            "g": 'x"\u2028\x00',
        }
    )


def test_json_of_no_rows() -> None:
    out = io.StringIO()
    write_json(["a"], [], out)
    assert json.loads(out.getvalue()) == []


@given(st.text())
def test_nothing_on_a_terminal_is_obeyed(text: str) -> None:
    shown = printable(text)
    assert all(character.isprintable() for character in shown)
    assert not set(shown) & set("\u202a\u202e\u2066\u2069\u200f")


def test_a_table_aligns_numbers_right_and_counts_wide_characters() -> None:
    lines, hint = format_table(["word", "n"], [("猫", 1), ("ab", 20)], 40)
    assert lines == ["word   n", "────  ──", "猫     1", "ab    20"]
    assert hint is None


def test_long_cells_are_cut_to_the_width() -> None:
    lines, hint = format_table(["n", "text"], [(1, "x" * 100)], 30)
    assert max(map(len, lines)) == 30
    assert lines[2].endswith("x…")
    assert hint is not None
    assert "--format json" in hint


def test_columns_that_do_not_fit_are_counted() -> None:
    names = [f"column_{number:02}" for number in range(20)]
    lines, hint = format_table(names, [["x" * 20] * 20], 50)
    assert max(map(len, lines)) <= 50
    assert hint is not None
    assert hint.startswith("3 of 20 columns fit")


def test_a_pipe_gets_everything() -> None:
    lines, hint = format_table(["text"], [("x" * 500,)], None)
    assert lines[2] == "x" * 500
    assert hint is None
