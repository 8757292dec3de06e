"""The benchmark of commits measures real commits, and its page cites figures that stand where it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmarks import commits
from benchmarks.__main__ import OWN_PAGES, SECTIONS
from schemas.tables import FEEDBACK
from tests.docs.pages import DOCS
from transforms.delta import live_files, open_or_create

PAGE = DOCS / "scale.md"


def test_every_section_is_measured_on_small_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commits, "FILES_OF_A_COMMIT", (1, 3))
    monkeypatch.setattr(commits, "FILES_OF_A_TABLE", (5, 20))
    monkeypatch.setattr(commits, "ROUNDS", 2)
    monkeypatch.setattr(commits, "SINCE_CHECKPOINT", 4)
    figures = list(commits.commits())
    assert [figure.what for figure in figures] == [
        "commit of 1 file, each of another day",
        "commit of 3 files, each of another day",
        "opening the table, 5 files",
        "commit of 1 file, 5 files in the table",
        "opening the table, 20 files",
        "commit of 1 file, 20 files in the table",
        "same, 4 commits after the last checkpoint",
    ]
    assert all(re.match(r"[\d,]+ ms", figure.value) for figure in figures)


def test_a_measured_commit_adds_what_it_says(tmp_path: Path) -> None:
    assert commits._commit(str(tmp_path), 0, 3) > 0
    held = live_files(open_or_create(str(tmp_path), FEEDBACK))
    assert [file.rows for file in held] == [commits.ROWS_OF_A_FILE] * 3
    assert len({file.partition for file in held}) == 3


def test_every_section_with_a_page_of_its_own_has_its_place_there() -> None:
    for name, page in OWN_PAGES.items():
        assert name in SECTIONS
        assert f"<!-- bench {name} -->" in page.read_text(encoding="utf-8")


def rows(page: Path) -> list[list[str]]:
    """Cells of every row of every table of a page."""
    lines = page.read_text(encoding="utf-8").splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")]


def test_the_inputs_are_those_of_the_performance_page() -> None:
    measured = {row[0]: row[1] for row in rows(DOCS / "performance.md")}
    cited = [row for row in rows(PAGE) if len(row) == 3 and row[2] in measured]
    assert len(cited) == 6
    assert {row[2]: row[1] for row in cited} == {row[2]: measured[row[2]] for row in cited}
    assert measured["listening with scoring, 2 workers"].split()[0] == "671"


def test_the_arithmetic_of_load_holds() -> None:
    for row in (row for row in rows(PAGE) if len(row) == 8 and row[0][0].isdigit()):
        rate = int(row[0].replace(",", ""))
        figures = [float(re.sub(r"[^\d.]", "", cell)) for cell in row[1:]]
        feedback = 2 * max(1, -(-rate * 10 // 2 // 50_000))
        raw = max(1, -(-rate * 10 // 50_000))
        large = rate * 86_400 * 391 / (128 * 2**20)
        assert figures == [
            pytest.approx(rate * 86_400 / 1e6),
            -(-rate // (449 * 0.7)),
            pytest.approx(rate * 86_400 * (612 + 316) / 1e9, rel=0.005),
            rate * 10,
            feedback + raw + 2,
            pytest.approx(large, rel=0.01),
            pytest.approx(100_000 / large, rel=0.01),
        ], row


def test_the_arithmetic_of_cost_holds() -> None:
    hours = 1e6 / 449 / 3600 / 0.7
    pubsub, month = 2 * 805e6 * 40 / 2**40, (391 + 316) * 0.020 / 1e3
    exact = [
        [hours * (0.069 + 4 * 0.003557), 3 * 0.018, pubsub, month],
        [hours * 0.194236 / 4, pubsub, month],
        [hours * 0.11, pubsub, month],
    ]
    table = [row for row in rows(PAGE) if len(row) == 6][1:]
    for number, parts in enumerate(exact):
        said = [float(row[3 + number].strip("*")) for row in table if row[3 + number]]
        assert said[:-1] == pytest.approx([round(part, 3) for part in parts])
        assert said[-1] == pytest.approx(sum(parts), abs=0.001)
