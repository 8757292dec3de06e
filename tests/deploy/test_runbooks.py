"""docs/runbooks.md: what can run, runs, in the page's order on a small folder; the rest at least parses."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import orjson
import pytest

from tests.deploy.parts import DEPLOY
from tests.docs.conftest import run_line
from tests.docs.pages import DOCS, blocks, prose
from tests.docs.test_code import _calls, check_call

PAGE = DOCS / "runbooks.md"
CLOUD = dict(blocks(PAGE, "bash"))
PROGRAMS = {"curl", "kubectl", "journalctl", "gcloud", "make"}


def lines(*languages: str) -> list[str]:
    return [line for _, block in blocks(PAGE, *languages) for line in block.splitlines()]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the page takes for granted: tables with a day of tickets, its file, routes, a name to erase, a new key."""
    where = tmp_path_factory.mktemp("runbooks")
    run_line(where, "tribometer simulate --out sim --events 300")
    tickets = (where / "sim" / "support_tickets.jsonl").read_bytes().splitlines(keepends=True)
    # Six weeks, since a watcher judges every hour; what is refused on purpose too.
    weeks = [
        line for line in tickets if b'"2025-04' in line or b'"2025-05-0' in line or b'"occurred_at"' not in line
    ]
    (where / "weeks.jsonl").write_bytes(b"".join(weeks))
    run_line(where, "tribometer replay weeks.jsonl --source feedback_event --tables tables")
    (where / "export").mkdir()
    day = b"".join(line for line in weeks if b'"2025-04-2' in line)
    (where / "export" / "day.jsonl").write_bytes(day)
    authors = [message["author"] for message in map(orjson.loads, day.splitlines()) if "author" in message]
    (where / "erase.txt").write_text(authors[0]["id"] + "\n")
    (where / "new.key").write_text("another key, long enough to be accepted\n")
    (where / "routes.yaml").write_text(
        "{channels: {record: {service: jsonl, path: alerts.jsonl}}, routes: [{name: all, to: record}]}"
    )
    return where


def test_what_the_page_has_people_run_runs(folder: Path) -> None:
    printed = {}
    for line in lines("sh"):
        if line.startswith("tribometer "):
            printed[line] = run_line(folder, line)
        else:
            subprocess.run(["sh", "-ec", line], cwd=folder, check=True, capture_output=True)
    said = "\n".join(printed.values())
    assert len(printed) > 25
    assert re.search(r"= 0 accepted \+ [1-9][\d,]* duplicate", said), "a replay of a day adds nothing"
    erased = next(text for line, text in printed.items() if line.startswith("tribometer tables erasures"))
    assert "request 2025-117" in erased
    assert (folder / "new-tables" / "feedback").is_dir()


@pytest.mark.parametrize("place", CLOUD)
def test_the_rest_parses(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIBOMETER_TABLES", "tables")
    subprocess.run(["bash", "-n"], input=CLOUD[place], text=True, check=True)
    for line in CLOUD[place].splitlines():
        assert line.split()[0] in PROGRAMS, line
        for words in _calls(line):
            check_call(words)


def test_targets_and_resources_it_names_exist() -> None:
    makefile = (DEPLOY.parent / "Makefile").read_text()
    for line in lines("bash"):
        if line.startswith("make "):
            for target in re.findall(r"(?<= )[a-z][a-z-]*(?= |$)", line):
                assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_every_runbook_has_something_to_type() -> None:
    text = PAGE.read_text(encoding="utf-8")
    sections = re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    assert len(sections) >= 13
    assert [section.splitlines()[0] for section in sections if "```" not in section] == []
    assert "```" not in prose(PAGE)
