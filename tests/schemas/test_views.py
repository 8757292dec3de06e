"""The view files' headers and the page made of them."""

from __future__ import annotations

import subprocess
import sys

import pytest

from schemas.views import View, load_views

_FILE = """\
-- sales: what was sold.
-- Grain: one row per sale.
-- Units: euros.
-- Definition: a sale
--   and nothing else.
-- Columns:
--   id     text    identity
--   price  double  what was paid
-- Example:
--   SELECT sum(price)
--   FROM sales
-- Cost: one file.
CREATE VIEW sales AS
-- a comment about FROM orders
SELECT id, price FROM receipts JOIN tables.receipts USING (id);
"""


def test_a_header_is_read() -> None:
    view = View.parse("sales", _FILE)
    assert (view.summary, view.grain, view.units) == ("what was sold.", "one row per sale.", "euros.")
    assert view.definition == "a sale and nothing else."
    assert [(column.name, column.kind, column.meaning) for column in view.columns] == [
        ("id", "text", "identity"),
        ("price", "double", "what was paid"),
    ]
    assert view.example == "SELECT sum(price)\nFROM sales"
    assert view.cost == "one file."
    assert view.sql.startswith("CREATE VIEW sales AS")
    assert not view.is_macro


def test_parameters_make_a_table_macro() -> None:
    view = View.parse(
        "sales", _FILE.replace("-- Columns:", "-- Parameters:\n--   since  date  first day\n-- Columns:")
    )
    assert view.is_macro
    assert [(parameter.name, parameter.kind, parameter.meaning) for parameter in view.parameters] == [
        ("since", "date", "first day")
    ]


def test_sources_are_views_and_not_stored_tables_or_comments() -> None:
    assert View.parse("sales", _FILE).sources(["sales", "receipts", "orders", "tables"]) == {"receipts"}


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("-- sales:", "-- sale:", "the first line must be `-- sales: what a row is`"),
        ("-- Units: euros.\n", "", "the header lacks Units"),
        ("--   id     text    identity\n", "--   id  identity\n", "'id  identity' is not name, type and meaning"),
    ],
)
def test_a_wrong_header_is_named(old: str, new: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        View.parse("sales", _FILE.replace(old, new))


def test_every_view_comes_after_those_it_reads() -> None:
    names = [view.name for view in load_views()]
    assert names[0] == "functions"
    for place, view in enumerate(load_views()):
        assert view.sources(names) <= set(names[:place])


def test_the_order_of_views_is_the_same_in_every_process() -> None:
    """Of those that read the same, too: text hashes differ from process to process."""
    order = "from schemas.views import load_views; print([view.name for view in load_views()])"
    orders = {
        subprocess.run(
            [sys.executable, "-c", order],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "8")
    }
    assert len(orders) == 1
