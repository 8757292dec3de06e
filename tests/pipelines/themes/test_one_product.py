"""Themes of one product alone: what an update of it finds, and what it leaves alone."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines.cli import main
from pipelines.connect import connect
from pipelines.themes.ledger import read_ledger
from pipelines.themes.update import Updated, Updater
from schemas.errors import UsageError
from schemas.tables import THEME_MENTIONS, THEMES
from tests.pipelines.feedback_table import RECEIVED, store
from tests.pipelines.themes.talk import FILLING, START, said, talk
from transforms.delta import open_table

ASSIGNED = "SELECT * FROM tables.theme_mentions WHERE product = '{}' ORDER BY ALL"
SAID = "SELECT event_id, theme_id, similarity FROM theme_mentions ORDER BY ALL"


def two_products() -> list[dict[str, Any]]:
    shop = [{**row, "product": "shop"} for row in talk(seed=2, first=2000)]
    return [*talk(), *shop]


def update(root: str, product: str | None = None, **options: bool) -> Updated:
    return Updater(root, lambda: RECEIVED, product).run(**options)


def ask(root: str, query: str) -> list[tuple[Any, ...]]:
    with connect(root) as connection:
        return connection.execute(query).fetchall()


def test_one_after_the_other_they_are_what_an_update_of_all_finds(tmp_path: Path) -> None:
    apart, together = str(tmp_path / "apart"), str(tmp_path / "together")
    for root in (apart, together):
        store(root, two_products())
    assert update(apart, "shop").themes == 3
    assert {theme.product for theme in read_ledger(apart).values()} == {"shop"}
    assert ask(apart, "SELECT DISTINCT product FROM theme_mentions") == [("shop",)]
    assert update(apart, "app").themes == 3
    assert update(together).themes == 6
    assert read_ledger(apart).keys() == read_ledger(together).keys()
    assert ask(apart, SAID) == ask(together, SAID)
    versions = [open_table(apart, spec).version() for spec in (THEMES, THEME_MENTIONS)]
    assert (update(apart, "shop"), update(apart).themes) == (Updated(), 0)
    assert update(apart, "app") == update(apart) == Updated()
    assert [open_table(apart, spec).version() for spec in (THEMES, THEME_MENTIONS)] == versions


def test_other_products_keep_their_themes_and_rows(tmp_path: Path) -> None:
    root = str(tmp_path)
    store(root, two_products())
    update(root)
    ledger, rows = read_ledger(root), ask(root, ASSIGNED.format("app"))
    late = START + timedelta(days=5)
    texts = [f"Invoice total {FILLING[number]} doubled" for number in range(8)]
    for first, product in ((7000, "shop"), (8000, "app")):
        new = [
            said(first + number, late, text, f"{product}-{number}", product=product)
            for number, text in enumerate(texts)
        ]
        store(root, new, product)
    assert update(root, "shop").themes == 1
    assert ask(root, ASSIGNED.format("app")) == rows
    (new_theme,) = (theme for key, theme in read_ledger(root).items() if key not in ledger)
    assert new_theme.product == "shop"
    assert {key: read_ledger(root)[key] for key in ledger} == ledger
    assert update(root).themes == 1
    assert ask(root, "SELECT product, authors FROM themes WHERE title LIKE '%invoice%' ORDER BY 1") == [
        ("app", 8),
        ("shop", 8),
    ]


def test_all_that_is_known_of_all_is_known_of_one(tmp_path: Path) -> None:
    store(str(tmp_path), two_products())
    update(str(tmp_path))
    assert update(str(tmp_path), "shop") == Updated()


def test_a_product_nobody_spoke_of_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store(str(tmp_path), talk())
    with pytest.raises(UsageError, match="no feedback about 'apq'; did you mean app"):
        update(str(tmp_path), "apq")
    assert main(["themes", "update", "--product", "nosuch", "--tables", str(tmp_path)]) == 2
    assert "no feedback about 'nosuch'" in capsys.readouterr().err
    assert read_ledger(str(tmp_path)) == {}
