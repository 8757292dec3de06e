"""The generated pages are current and leave nothing out."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from pipelines.cli.reference import EXAMPLES, commands
from pipelines.docs import PAGES, write_pages
from pipelines.view_types import FILE, view_types
from schemas.tables import TABLES
from schemas.views import FUNCTIONS, load_views
from tests.docs.pages import DOCS

COMMANDS = {name: (command, context) for name, command, context in commands()}
RUNNABLE = [name for name, (command, _) in COMMANDS.items() if not isinstance(command, click.Group)]


@pytest.mark.parametrize("page", PAGES)
def test_page_is_current(page: str) -> None:
    assert (DOCS / page).read_text(encoding="utf-8") == PAGES[page](), "run: make docs"


def test_pages_are_written(tmp_path: Path) -> None:
    write_pages(tmp_path)
    assert {page.name: page.read_text() for page in tmp_path.iterdir()} == {
        name: text() for name, text in PAGES.items()
    }


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_has_its_place(name: str) -> None:
    command, context = COMMANDS[name]
    (section,) = re.findall(rf"^###? {name}\n(.*?)(?=^###? |\Z)", _page("commands.md"), re.MULTILINE | re.DOTALL)
    assert command.help
    for parameter in command.params:
        if isinstance(parameter, click.Argument):
            assert parameter.make_metavar(context) in section
        else:
            option = re.compile(rf"\| `{parameter.opts[0]}[` ,]")
            (row,) = [row for row in section.splitlines() if option.match(row)]
            assert len(row.split(" | ")[1]) > 5


def test_the_parser_sees_subcommands() -> None:
    assert {"replay", "sql", "launches import", "sources check"} <= COMMANDS.keys()


def test_every_command_has_an_example_and_no_example_is_of_another() -> None:
    assert sorted(EXAMPLES) == sorted(RUNNABLE)
    assert [name for name, example in EXAMPLES.items() if f"tribometer {name}" not in example] == []


def test_the_types_of_the_views_are_those_they_have() -> None:
    assert FILE.read_text(encoding="utf-8") == view_types(), "run `make docs`"


@pytest.mark.parametrize("table", TABLES)
def test_every_table_and_column_is_on_its_page(table: str) -> None:
    (section,) = re.findall(rf"^## {table}\n(.*?)(?=^## |\Z)", _page("tables.md"), re.MULTILINE | re.DOTALL)
    listed = re.findall(r"^\| `(\w+)` \|", section.split("### mention")[0], re.MULTILINE)
    assert listed == TABLES[table].table_schema.names


@pytest.mark.parametrize("view", load_views(), ids=lambda view: view.name)
def test_every_view_and_column_is_on_its_page(view: object) -> None:
    name = view.name  # type: ignore[attr-defined]
    columns = [column.name for column in (*view.parameters, *view.columns)]  # type: ignore[attr-defined]
    (section,) = re.findall(rf"^## {name}\n(.*?)(?=^## |\Z)", _page("views.md"), re.MULTILINE | re.DOTALL)
    assert re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE) == columns
    assert name == FUNCTIONS or f"](#{name})" in _page("views.md")


def _page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")
