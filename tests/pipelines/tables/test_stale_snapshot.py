"""Files that are deleted between a reader's snapshot and its reading are no error of the reader's."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines import connect as module
from pipelines.cli import main
from pipelines.repl import Repl
from schemas.errors import TribometerError


def clean_up(root: str) -> None:
    assert main(["tables", "compact", "--min-files", "2", "--tables", root]) == 0
    assert main(["tables", "vacuum", "--retention", "0m", "--force", "--tables", root]) == 0


@pytest.fixture
def cleaned_meanwhile(root: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], list[int]]:
    """Make the tables be compacted and vacuumed right after the first snapshot that `module` opens."""

    def arrange(place: str) -> list[int]:
        opened: list[int] = []

        def late(*arguments: object) -> object:
            snapshot = original(*arguments)
            opened.append(1)
            if len(opened) == 1:
                clean_up(root)
            return snapshot

        original = module.open_snapshot
        monkeypatch.setattr(place, late)
        return opened

    return arrange


@pytest.mark.parametrize("output", [[], ["--output", "rows.csv"], ["--output", "rows.parquet"]])
def test_sql_asks_again(
    root: str,
    tmp_path: Path,
    output: list[str],
    cleaned_meanwhile: Callable[[str], list[int]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    opened = cleaned_meanwhile("pipelines.connect.open_snapshot")
    form = "parquet" if "rows.parquet" in output else "csv"
    query = "SELECT author FROM events ORDER BY author"
    assert main(["sql", query, "--tables", root, "--format", form, *output]) == 0
    assert len(opened) == 2
    if not output:
        assert capsys.readouterr().out.splitlines()[-15:] == [
            f"author-{batch}" for batch in range(5) for _ in range(3)
        ]
    elif form == "csv":
        assert len(Path("rows.csv").read_text().splitlines()) == 16


def test_the_report_measures_again(
    root: str, tmp_path: Path, cleaned_meanwhile: Callable[[str], list[int]]
) -> None:
    opened = cleaned_meanwhile("pipelines.cli.report.open_snapshot")
    assert main(["report", "app", "--tables", root, "--output", str(tmp_path / "app.html")]) == 0
    assert len(opened) == 2
    assert "15" in (tmp_path / "app.html").read_text()


def test_the_launches_are_listed_again(
    root: str, cleaned_meanwhile: Callable[[str], list[int]], capsys: pytest.CaptureFixture[str]
) -> None:
    opened = cleaned_meanwhile("pipelines.connect.open_snapshot")
    assert main(["launches", "list", "--tables", root]) == 0
    assert len(opened) == 2
    assert "launch-4" in capsys.readouterr().out


def test_the_prompt_goes_on_with_the_newest_state(root: str) -> None:
    lines = iter(["SELECT count(*) AS n FROM events;", "SELECT min(author) AS first FROM events;", ".quit"])
    out = io.StringIO()

    def read(_: str) -> str:
        line = next(lines)
        if "min" in line:
            clean_up(root)
        return line

    Repl(lambda: module.connect_locked(root), "csv", 60, read, out).run()
    assert "n\n15\n" in out.getvalue()
    assert "this is their newest state" in out.getvalue()
    assert "first\nauthor-0\n" in out.getvalue()


def test_a_file_that_no_snapshot_can_do_without_is_named(root: str, capsys: pytest.CaptureFixture[str]) -> None:
    gone = next(Path(root, "feedback").rglob("day=*/*.parquet"))
    gone.unlink()
    assert main(["sql", "SELECT author FROM events", "--tables", root]) == 1
    assert gone.name in capsys.readouterr().err


def test_rows_that_were_shown_are_not_shown_twice(root: str) -> None:
    import duckdb

    from pipelines.query import _refusal

    missing = duckdb.IOException(f'IO Error: Cannot open file "{root}/gone.parquet": No such file or directory')
    assert type(_refusal(missing, begun=True)) is TribometerError
