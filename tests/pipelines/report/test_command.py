"""`tribometer report` as a person meets it."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

pytest.importorskip("altair", reason="the report extra is not installed")

from pipelines.cli import main
from tests.pipelines.feedback_table import event, store


def test_writes_the_page_and_prints_a_summary(
    story: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.html"
    assert main(["report", "app", "--tables", story, "--output", str(page)]) == 0
    printed = capsys.readouterr().out
    assert "app 2.0 (New look) hurt most, at usability." in printed
    assert "23 May 2024" in printed
    assert "+224" in printed
    assert str(page) in printed
    assert "\x1b" not in printed
    assert max(map(len, printed.replace(str(page), "").splitlines())) <= 100
    assert 0 < page.stat().st_size < 3_000_000


def test_page_is_named_after_the_product(
    story: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["report", "app", "--tables", story, "--from", "2024-05-01", "--to", "2024-05-20"]) == 0
    assert (tmp_path / "friction-app.html").exists()
    assert "1 May 2024 to 20 May 2024" in capsys.readouterr().out


@pytest.mark.parametrize("days", [1, 200])
def test_feedback_without_a_single_score_still_makes_a_report(
    days: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = date(2024, 1, 1)
    said = [
        event(str(day), (first + timedelta(days=day)).isoformat(), unscored_reason="language")
        for day in range(days)
    ]
    store(str(tmp_path / "tables"), said)
    page = tmp_path / "page.html"
    assert main(["report", "app", "--tables", str(tmp_path / "tables"), "--output", str(page)]) == 0
    assert "No launch is recorded in this window." in capsys.readouterr().out
    assert page.exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["ap"], "did you mean app?"),
        (["app", "--from", "2031-01-01"], "there is some from"),
        (["app", "--from", "soon"], "soon"),
        (["app", "--output", "/no/such/folder/page.html"], "no such folder"),
        (["app", "--tables", "/no/such/tables"], "no such folder"),
    ],
)
def test_mistakes_are_one_line(
    story: str, arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", "--tables", story, *arguments]) == 2
    error = capsys.readouterr().err
    assert says in error
    assert error.startswith("tribometer: ")
    assert error.count("\n") == 1
