"""What stands in a code block runs, or at least is what the command line understands."""

from __future__ import annotations

import csv
import re
import shlex
from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import click
import duckdb
import pytest

from pipelines.alerts.routes import read_routes
from pipelines.cli import cli
from pipelines.connect import connect_locked
from pipelines.query import run_query
from schemas.mapping import load_mapping
from schemas.own_touchpoints import load_own_touchpoints
from schemas.personal_data import redact_text
from tests.docs.conftest import Story, printed_by, run_line
from tests.docs.pages import DOCS, PAGES, ROOT, blocks, prose

QUERIES = dict(block for page in PAGES for block in blocks(page, "sql"))
PROGRAMS = dict(block for page in PAGES for block in blocks(page, "python"))
ABOUT_THE_STORY = [place for place in QUERIES if "views.md" not in place and "case-studies" not in place]
"""Queries of the hand-written pages are about the simulated product, so they must find something. Those of the case
studies are about the real streams (tests/docs/test_case_studies.py)."""


@pytest.fixture(scope="module")
def tables(story: Story) -> Iterator[duckdb.DuckDBPyConnection]:
    with connect_locked(str(story.folder / "tables")) as connection:
        yield connection


def test_there_is_something_to_run() -> None:
    assert len([place for place in QUERIES if "analyst.md" in place]) == 18
    assert len(PROGRAMS) == 2


def test_the_examples_run(story: Story) -> None:
    assert len(re.findall(r"^[\d,]+ messages = ", story.printed, re.MULTILINE)) == 3
    assert "removed 2099d96c Parcelbird Summer sale" in story.printed
    assert "parcelbird_tickets" in (story.folder / "health.csv").read_text()
    assert (story.folder / "views.sql").read_text().startswith("SET TimeZone")
    assert "<html" in (story.folder / "parcelbird.html").read_text()


@pytest.mark.parametrize("place", QUERIES)
def test_queries_run(tables: duckdb.DuckDBPyConnection, place: str) -> None:
    found = [row for piece in run_query(tables, QUERIES[place]).pieces for row in piece]
    assert found or place not in ABOUT_THE_STORY


(EMBEDDED,) = (place for place, program in PROGRAMS.items() if "claim_tables(config" in program)


@pytest.mark.parametrize("place", sorted(PROGRAMS.keys() - {EMBEDDED}))
def test_programs_run(story: Story, place: str) -> None:
    assert printed_by(story.folder, lambda: run_program(place)).strip()


def test_the_embedded_graph_prints_what_the_page_says_and_replay_goes_on(story: Story) -> None:
    said = [block for _, block in blocks(DOCS / "data-engineer.md", "text") if block.startswith("Committed(")]
    assert [printed_by(story.folder, lambda: run_program(EMBEDDED))] == said
    printed = run_line(
        story.folder,
        "tribometer replay sim/app_reviews.csv --source sim/app_reviews.yaml --tables embedded-tables",
    )
    assert re.match(r"688 messages = \d+ accepted", printed)


def run_program(place: str) -> None:
    exec(compile(PROGRAMS[place], place, "exec"), {"__name__": "__main__"})


def test_yaml_blocks_are_mappings_own_touchpoints_or_routes(tmp_path: Path) -> None:
    found = [(place, block) for page in PAGES for place, block in blocks(page, "yaml")]
    file = tmp_path / "page.yaml"
    for place, block in found:
        file.write_text(block)
        if "alerts.md" in place:
            assert read_routes(file).routes, place
        elif "adapting.md" in place:
            assert load_own_touchpoints(file).definitions, place
        else:
            assert load_mapping(str(file)).fields, place
    assert len({place.split(":")[0] for place, _ in found}) > 1


def test_the_loop_of_adapting_runs(story: Story) -> None:
    lines = [line for _, block in blocks(DOCS / "adapting.md", "sh") for line in block.splitlines()]
    printed = "".join(run_line(story.folder, line) for line in lines)
    assert "100 mentions to label in first.csv" in printed
    assert '"touchpoint":"pick_up"' in printed
    assert "200 mentions to label in second.csv" in printed
    first, second = (read_ids(story.folder / name) for name in ("first.csv", "second.csv"))
    assert len(first) == 100
    assert len(second) == 200


def read_ids(sheet: Path) -> set[str]:
    with sheet.open(encoding="utf-8-sig", newline="") as lines:
        return {row["event_id"] for row in csv.DictReader(lines)}


_SHELL = ("sh", "console", "text", "")


def _lines() -> Iterator[tuple[str, str]]:
    """Every line of a code block or piece of inline code that calls `tribometer`."""
    for page in PAGES:
        for place, block in blocks(page, *_SHELL):
            for line in block.replace("\\\n", " ").splitlines():
                command = line.strip().removeprefix("$ ")
                if re.search(r"(?:^|[|(]\s*)tribometer ", command):
                    yield place, command
        for inline in re.findall(r"`([^`\n]*)`", prose(page)):
            if inline.startswith("tribometer "):
                yield str(page.relative_to(ROOT)), inline


def _calls(line: str) -> Iterator[list[str]]:
    """The words behind each `tribometer` of a shell line."""
    reader = shlex.shlex(line, posix=True, punctuation_chars=";()<>|&")
    reader.whitespace_split = True
    reader.commenters = "#"
    for is_operator, words in groupby(reader, key=lambda word: not word.strip(";()<>|&")):
        command = list(words)
        if not is_operator and command[0] == "tribometer":
            yield command[1:]


def _is_placeholder(word: str) -> bool:
    return "[" in word or "…" in word or (len(word) > 2 and word.isalpha() and word.isupper())


def check_call(words: list[str]) -> None:
    """Raise `click.ClickException` for a call that the command line would refuse before it does anything.

    Where a word stands for a value (`DIR`, `[--output FILE]`) only the command and its options are checked.
    """
    command: click.Command = cli
    context = click.Context(cli, info_name="tribometer")
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        found = command.get_command(context, words[0])
        if found is None:
            if _is_placeholder(words[0]):
                return
            raise click.UsageError(f"no command {words[0]}")
        command, words = found, words[1:]
        context = click.Context(command, info_name=words[0] if words else None, parent=context)
    if any(map(_is_placeholder, words)) or not words:
        options = {
            name for option in command.get_params(context) for name in (*option.opts, *option.secondary_opts)
        }
        unknown = [word for word in (word.strip("[]") for word in words) if word.startswith("-") and len(word) > 1]
        unknown = [word for word in unknown if word not in options]
        if unknown:
            raise click.UsageError(f"no option {unknown[0]}")
    elif words != ["--version"]:
        command.make_context(command.name, words, parent=context.parent)


@pytest.mark.parametrize(("place", "line"), list(_lines()))
def test_command_lines_parse(monkeypatch: pytest.MonkeyPatch, place: str, line: str) -> None:
    monkeypatch.setenv("TRIBOMETER_TABLES", "tables")
    calls = list(_calls(line))
    assert calls
    for words in calls:
        check_call(words)


@pytest.mark.parametrize(
    "line",
    [
        "tribometer reply in.jsonl --source feedback_event",
        "tribometer replay in.jsonl --source feedback_event --table t",
        "tribometer launches ad Lamp 2024-05-01",
        "tribometer report PRODUCT [--form DAY]",
        "tribometer sql 'SELECT 1' --format xml",
        "cat in | tribometer replay -",
    ],
)
def test_a_wrong_line_is_noticed(monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    monkeypatch.setenv("TRIBOMETER_TABLES", "tables")
    (words,) = _calls(line)
    with pytest.raises(click.ClickException):
        check_call(words)


@pytest.mark.parametrize(
    "text",
    [
        "I am Jane Roe of 12 High Street, born on 1 May 1980",
        "write to jane at example dot com",
        "ask @jane",
        "my number: 07700900123",
        "QQ 12 34 56 C",
    ],
)
def test_what_the_privacy_page_says_is_not_caught_is_not(text: str) -> None:
    assert redact_text(text, Counter()) == text
