"""`tribometer listen` from the outside, over an inbox: exactly once, drained when told, killed at any time."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.cli import main
from pipelines.connect import connect_stored
from tests.pipelines.events import line
from transforms.failpoints import VARIABLE

ENVIRONMENT = {**os.environ, "TRIBOMETER_AUTHOR_KEY": "a key for tests, long enough to be accepted"}


class Running:
    """A listener process over `folder/in`, its log read as JSON."""

    def __init__(self, folder: Path, *options: str, **environment: str) -> None:
        self.log = folder / "log.jsonl"
        self._file = self.log.open("ab")
        self.process = subprocess.Popen(
            [
                sys.executable, "-m", "pipelines.cli", "listen", "--inbox", str(folder / "in"), "--settle", "0",
                "--source", "feedback_event", "--tables", str(folder / "tables"), "--http", "127.0.0.1:0",
                "--log-format", "json", *options,
            ],
            env={**ENVIRONMENT, **environment},
            stderr=self._file,
            start_new_session=True,
        )  # fmt: skip

    def events(self, name: str) -> list[dict[str, Any]]:
        lines = [entry for entry in self.log.read_text().splitlines() if entry.startswith("{")]
        return [entry for entry in map(json.loads, lines) if entry["event"] == name]

    def wait_for(self, condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + 60
        while not condition():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.05)

    def ended(self) -> int:
        try:
            return self.process.wait(60)
        finally:
            self._file.close()

    def get(self, page: str) -> tuple[int, str]:
        [serving] = self.events("serving /healthz, /readyz and /metrics")
        try:
            with urllib.request.urlopen(f"http://{serving['address']}{page}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path


@pytest.fixture
def run(folder: Path) -> Iterator[Callable[..., Running]]:
    started: list[Running] = []

    def start(*options: str, **environment: str) -> Running:
        started.append(Running(folder, *options, **environment))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            os.killpg(one.process.pid, signal.SIGKILL)
            one.process.wait()


def drop(folder: Path, name: str, *lines: bytes) -> None:
    unfinished = folder / "in" / f"{name}.part"
    unfinished.write_bytes(b"".join(part + b"\n" for part in lines))
    unfinished.rename(folder / "in" / name)


def stored(folder: Path) -> list[str]:
    with connect_stored(str(folder / "tables")) as connection:
        found = connection.execute("SELECT native_id FROM tables.feedback ORDER BY native_id::INT").fetchall()
    return [row[0] for row in found]


def test_what_arrives_is_committed_and_a_stop_drains(folder: Path, run: Callable[..., Running]) -> None:
    listener = run("--linger", "0.1")
    drop(folder, "a.jsonl", *map(line, range(30)), b"not JSON")
    listener.wait_for((folder / "in" / "done" / "a.jsonl").exists)
    assert listener.get("/readyz") == (200, '{"ok": true, "why": []}\n')
    assert listener.get("/healthz")[0] == 200
    assert listener.get("/nothing")[0] == 404
    status, metrics = listener.get("/metrics")
    assert status == 200
    for expected in (
        'tribometer_messages_total{outcome="accepted"} 30.0',
        'tribometer_messages_total{outcome="dead"} 1.0',
        "tribometer_acknowledged_messages_total 31.0",
        "tribometer_held_messages 0.0",
        "tribometer_ready 1.0",
        "tribometer_workers 1.0",
    ):
        assert expected in metrics
    drop(folder, "b.jsonl", *map(line, range(20, 40)))
    listener.wait_for(lambda: len(listener.events("file taken")) == 2)
    listener.process.send_signal(signal.SIGTERM)
    assert listener.ended() == 0
    assert listener.events("stopped")
    assert stored(folder) == [str(number) for number in range(40)]
    assert "checkout" not in listener.log.read_text(), "the log says nothing of what messages say"


def test_killed_at_every_point_it_ends_in_the_same_tables(folder: Path, run: Callable[..., Running]) -> None:
    drop(folder, "a.jsonl", *map(line, range(25)), b"not JSON")
    for point in ("after_file_write@2", "after_commit@2", "after_half_of_the_acks@1"):
        name, turn = point.split("@")
        listener = run("--exit-when-idle", "1", **{VARIABLE: f"{name}=kill@{turn}"})
        # Whether the listener or its worker dies, the group goes: as in a crash of the machine.
        listener.wait_for(lambda one=listener: one.process.poll() is not None or len(one.events("batch failed")))
        os.killpg(listener.process.pid, signal.SIGKILL)
        listener.ended()
    assert run("--exit-when-idle", "1").ended() == 0
    assert stored(folder) == [str(number) for number in range(25)]
    with connect_stored(str(folder / "tables")) as connection:
        assert connection.execute("SELECT count(*) FROM tables.dead_letters").fetchall() == [(1,)]
    assert (folder / "in" / "done" / "a.jsonl").exists()


def test_a_full_disk_holds_everything_back_until_there_is_room(folder: Path, run: Callable[..., Running]) -> None:
    listener = run(**{VARIABLE: "after_stage=enospc"})
    drop(folder, "a.jsonl", *map(line, range(5)))
    listener.wait_for(lambda: listener.events("cannot commit, trying again"))
    [complaint, *_] = listener.events("cannot commit, trying again")
    assert "No space left on device" in complaint["why"]
    assert listener.get("/readyz")[0] == 503
    listener.process.send_signal(signal.SIGTERM)
    assert listener.ended() == 1
    assert "nothing is lost" in listener.log.read_text()
    assert (folder / "in" / "a.jsonl").exists()
    assert run("--exit-when-idle", "1").ended() == 0
    assert stored(folder) == [str(number) for number in range(5)]


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--subscription", "projects/p/subscriptions/s"], "name one of --subscription"),
        (["--http", "9470"], "is not HOST:PORT, as in 127.0.0.1:9470; `none` serves nothing"),
    ],
)
def test_what_it_cannot_do_is_an_error(
    folder: Path, options: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    tables = folder / "tables"
    command = ["listen", "--inbox", str(folder / "in"), "--source", "feedback_event", "--tables", str(tables)]
    assert main([*command, *options]) == 2
    assert complaint in capsys.readouterr().err
    assert not tables.exists()


def test_what_cannot_start_says_why(run: Callable[..., Running]) -> None:
    listener = run("--author-key-file", "/proc/nothing/key")
    assert listener.ended() == 1
    assert "author key cannot be read or made" in listener.log.read_text()


def test_a_model_that_is_not_there_is_an_error_as_in_replay(
    folder: Path, run: Callable[..., Running], capsys: pytest.CaptureFixture[str]
) -> None:
    listener = run("--model", "nosuch")
    assert listener.ended() == 2
    lines = folder / "lines.jsonl"
    lines.write_text("{}")
    command = [
        "replay",
        str(lines),
        "--source",
        "feedback_event",
        "--tables",
        str(folder / "u"),
        "--model",
        "nosuch",
    ]
    assert main(command) == 2
    (said,) = capsys.readouterr().err.splitlines()
    assert "nosuch" in said
    assert said in listener.log.read_text()
