"""What was told is held against what happened, and no hour knows of a later one."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from pipelines.backtest.incidents import read_incidents
from pipelines.backtest.judge import judge
from pipelines.backtest.replay import read_evidence, replay
from pipelines.cli import main
from pipelines.snapshot import open_snapshot
from pipelines.watch.course import Ground
from schemas.alert import Kind
from schemas.errors import UsageError
from tests.pipelines.watch.world import INCIDENT, START, store_rows, told, watch, world

HEADER = "product,start,end,kind,touchpoint,what,source\n"


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tables")
    store_rows(folder, world(), "all")
    return folder


def write(path: Path, *lines: str) -> Path:
    path.write_text(HEADER + "\n".join(lines) + "\n")
    return path


def test_a_backtest_finds_what_a_watch_told(tables: Path) -> None:
    watch(tables)
    opened = [alert for alert in told(tables) if alert.kind in {Kind.OPENED, Kind.REOPENED}]
    pages = replay(read_evidence(open_snapshot(str(tables)), None, None), Ground()).pages
    assert [(page.episode_id, page.hour) for page in pages] == [(alert.episode_id, alert.hour) for alert in opened]


def test_nothing_later_changes_what_was_told(tables: Path) -> None:
    evidence = read_evidence(open_snapshot(str(tables)), None, None)
    whole = replay(evidence, Ground()).pages
    end = whole[0].hour + 1
    assert replay([hour for hour in evidence if hour.hour < end], Ground()).pages == whole[:1]


def test_incidents_are_found_missed_and_kept_quiet(tables: Path, tmp_path: Path) -> None:
    day = INCIDENT.date()
    listed = read_incidents(
        write(
            tmp_path / "incidents.csv",
            f"app,{day},{day},friction,billing,payment fails,x",
            f"app,{START.date() + timedelta(days=4)},{START.date() + timedelta(days=5)},friction,login,nobody knew,x",
            f"app,{START.date()},{START.date() + timedelta(days=2)},launch,-,quiet,x",
            f"other,{day},{day},friction,billing,another product,x",
        )
    )
    verdict = judge(replay(read_evidence(open_snapshot(str(tables)), None, None), Ground()), listed)
    found = {finding.incident.what: finding for finding in verdict.findings}
    assert found["payment fails"].within_a_day
    assert found["payment fails"].delay_hours is not None
    assert 8 < found["payment fails"].delay_hours < 16
    assert not found["nobody knew"].pages
    assert not found["another product"].pages
    assert not found["quiet"].pages
    assert verdict.recall == pytest.approx(1 / 3)
    assert verdict.precision == 1


def test_a_page_where_there_must_be_none_is_counted(tables: Path, tmp_path: Path) -> None:
    day = INCIDENT.date()
    listed = read_incidents(write(tmp_path / "incidents.csv", f"*,{day},{day},duplicate,-,one author,x"))
    verdict = judge(replay(read_evidence(open_snapshot(str(tables)), None, None), Ground()), listed)
    assert len(verdict.findings[0].pages) == 1
    assert len(verdict.others) == 1
    assert verdict.recall is None


def test_the_command_prints_and_draws(tables: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    day = INCIDENT.date()
    file = write(tmp_path / "incidents.csv", f"app,{day},{day},friction,billing,payment fails,x")
    words = ["alerts", "backtest", "--tables", str(tables), "--incidents", str(file), "--pictures"]
    assert main([*words, str(tmp_path / "pictures"), "--format", "json", "--tune"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["summary"]["recall"] == 1
    assert [row["q"] for row in said["curve"]] == [0.01, 0.02, 0.05, 0.1, 0.2]
    (drawn,) = (tmp_path / "pictures").iterdir()
    assert drawn.read_text().startswith("<svg")
    assert main([*words, str(tmp_path / "pictures")]) == 0
    assert "payment fails" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("product,start\napp,2024-01-01\n", "lacks the columns end, kind, touchpoint, what"),
        (HEADER + "app,yesterday,2024-01-01,friction,-,x,y\n", ":2: start and end are no days"),
    ],
)
def test_a_list_that_cannot_be_read_is_named(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "incidents.csv").write_text(text)
    with pytest.raises(UsageError, match=complaint):
        read_incidents(tmp_path / "incidents.csv")
