"""`tribometer watch` from the outside: killed at any time it neither loses nor repeats an alert."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from pipelines.cli import main
from tests.pipelines.watch.world import AFTERWARDS, remembered, said, store_rows, told, watch, world

ROWS = world(received=timedelta(days=3))
"""An old history: its hours close by its own clock."""

ONCE = ("--once", "--tell-within", "9000d")


@pytest.fixture(scope="module")
def unharmed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tables = tmp_path_factory.mktemp("unharmed")
    store_rows(tables, ROWS, "all")
    assert main(["watch", *ONCE, "--tables", str(tables)]) == 0
    return tables


@contextmanager
def running(tables: Path, *words: str, failpoints: str = "") -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "pipelines.cli", "watch", "--tables", str(tables), *words],
        env={**os.environ, "TRIBOMETER_FAILPOINTS": failpoints},
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        if process.stderr is not None:
            process.stderr.close()


def identities(tables: Path) -> list[str]:
    return [alert.alert_id for alert in told(tables)]


@pytest.mark.parametrize(
    "point",
    ["after_file_write=kill@1", "after_alerts=kill@1", "after_file_write=kill@4", "after_watch_state=kill@1"],
)
def test_killed_between_two_steps_it_tells_everything_once(unharmed: Path, tmp_path: Path, point: str) -> None:
    store_rows(tmp_path, ROWS, "all")
    with running(tmp_path, *ONCE, failpoints=point) as process:
        assert process.wait() == -signal.SIGKILL
    assert main(["watch", *ONCE, "--tables", str(tmp_path)]) == 0
    assert identities(tmp_path) == identities(unharmed)
    assert remembered(tmp_path)[:7] == remembered(unharmed)[:7]


def test_killed_at_random_times_it_tells_everything_once(unharmed: Path, tmp_path: Path) -> None:
    chance = random.Random(11)
    part = len(ROWS) // 3
    for number in range(3):
        store_rows(tmp_path, ROWS[number * part : (number + 1) * part if number < 2 else None], str(number))
        with running(tmp_path, *ONCE) as process:
            time.sleep(chance.uniform(1.0, 5.0))
            process.send_signal(signal.SIGKILL)
    assert main(["watch", *ONCE, "--tables", str(tmp_path)]) == 0
    assert [one for one in identities(tmp_path) if "/amended/" not in one] == identities(unharmed)


def test_the_service_says_how_it_is_and_ends_when_told(tmp_path: Path) -> None:
    store_rows(tmp_path, ROWS, "all")
    words = ("--every", "0.2", "--http", "127.0.0.1:0", "--log-format", "json")
    with running(tmp_path, *words) as process:
        assert process.stderr is not None
        address, judged = None, None
        for line in process.stderr:
            if not line.startswith("{"):
                continue
            said = json.loads(line)
            address = said.get("address", address)
            if said["event"] == "hours judged":
                judged = said
                break
        assert judged is not None
        assert judged["series"] == 7, "four of sources, two sums, and the product"
        while urllib.request.urlopen(f"http://{address}/healthz").status != 200:
            time.sleep(0.1)
        metrics = urllib.request.urlopen(f"http://{address}/metrics").read().decode()
        assert float(re.findall(r"^tribometer_watch_hours_total (\S+)", metrics, re.MULTILINE)[0]) > 300
        process.send_signal(signal.SIGTERM)
        assert process.wait() == 0
    assert told(tmp_path)
    assert not any(alert.notify for alert in told(tmp_path))  # the incident is years old


def test_two_watchers_at_once_tell_everything_once(unharmed: Path, tmp_path: Path) -> None:
    store_rows(tmp_path, ROWS, "all")
    with running(tmp_path, *ONCE) as one, running(tmp_path, *ONCE) as other:
        assert (one.wait(), other.wait()) == (0, 0)
    assert identities(tmp_path) == identities(unharmed)


def test_without_tables_it_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["watch", "--once", "--tables", str(tmp_path / "none")]) == 2
    assert "no such folder" in capsys.readouterr().err


def test_tables_without_feedback_are_watched_in_vain(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store_rows(tmp_path, ROWS[:2], "two")
    assert main(["watch", "--once", "--tables", str(tmp_path)]) == 0
    assert "none is over yet" in capsys.readouterr().out
    assert watch(tmp_path, AFTERWARDS)[0].judged_until is None


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--zone", "Europe/Berln"), "--zone Europe/Berln: 'Europe/Berln' is not a time zone"),
        (("--dashboard", "https://g.example/{who}"), "nothing is known of {who}; there are {product}"),
        (("--min-ratio", "0.5"), "--min-ratio"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], complaint: str
) -> None:
    store_rows(tmp_path, ROWS[:5], "all")
    assert main(["watch", *ONCE, *words, "--tables", str(tmp_path)]) == 2
    assert complaint in capsys.readouterr().err
    assert not (tmp_path / "watch_state").exists()


def test_a_team_may_ask_for_more_people_and_sees_what_was_no_crowd(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    loud = [said(9_000_000 + number, ROWS[0]["occurred_at"], "login", author="loud") for number in range(25)]
    store_rows(tmp_path, [*ROWS, *loud], "all")
    address = "https://g.example/d/x?p={product}&from={from}"
    words = ("--min-authors", "500", "--zone", "Asia/Tokyo", "--dashboard", address)
    assert main(["watch", *ONCE, *words, "--tables", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert "0 alerts" in printed
    assert "no crowd: app, tickets: 25 posts by one author (loud author), 2024-03-01 00:00 UTC" in printed
    assert main(["watch", *ONCE, *words[4:], "--tables", str(tmp_path)]) == 0
    assert told(tmp_path)[0].dashboard_url == f"https://g.example/d/x?p=app&from={_milliseconds(tmp_path)}"


def _milliseconds(tables: Path) -> int:
    return int(told(tables)[0].window_start.timestamp() * 1000)
