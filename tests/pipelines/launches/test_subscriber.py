"""Launches as messages, over the real Pub/Sub emulator: recorded, dead-lettered, acknowledged, once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from pipelines.cli import main
from pipelines.dead_letters import stored_letters
from pipelines.launches.ledger import ledger, standing
from pipelines.launches.subscriber import take_launches
from pipelines.listen.subscription import Subscription
from tests.emulator import Emulator

pytestmark = pytest.mark.emulator

NOW = datetime(2025, 7, 1, tzinfo=UTC)


def message(version: str, **others: Any) -> bytes:
    stated = {"schema": "launch/1", "product": "Parcelbird", "launched_at": "2025-04-22", "version": version}
    return json.dumps({**stated, **others}).encode()


def publish(emulator: Emulator, topic: str, payloads: Sequence[bytes]) -> None:
    with emulator.publisher() as publisher:
        for payload in payloads:
            publisher.publish(topic, payload).result(timeout=30)


@pytest.fixture
def queue(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """Paths of a topic and its subscription."""
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", emulator.address)
    return emulator.create(f"l{uuid4().hex}")


def left(subscription: str) -> int:
    """Messages that somebody would still be given."""
    source = Subscription(subscription)
    try:
        return len(source.receive(100, 1 << 20, 3.0))
    finally:
        source.close()


def test_launches_are_recorded_once_and_the_rest_is_kept(
    emulator: Emulator, queue: tuple[str, str], tmp_path: Path
) -> None:
    topic, subscription = queue
    bad = [b"{", message("4.4", kind="party")]
    publish(
        emulator, topic, [message("4.2"), message("4.3"), *bad, message("4.2", note="Edited."), message("4.2")]
    )
    publish(emulator, topic, [message("4.3", deleted=True), message("4.2", note="Edited.")])
    options = ["--subscription", subscription, "--tables", str(tmp_path), "--once"]
    assert main(["launches", "listen", *options]) == 0
    assert [(launch.version, launch.note) for launch in standing(str(tmp_path))] == [("4.2", "Edited.")]
    assert {row["recorded_by"] for row in ledger(str(tmp_path)).values()} == {"pubsub"}
    letters = stored_letters(str(tmp_path))
    assert {(row["source"], row["processor"], row["violation"], row["payload"]) for row in letters} == {
        ("launches", "launches", "invalid_json", bad[0]),
        ("launches", "launches", "invalid_value", bad[1]),
    }
    assert Path(tmp_path, "dead_letters").stat().st_mode & 0o077 == 0
    publish(emulator, topic, [*bad, message("4.2", note="Edited.")])
    assert main(["launches", "listen", *options]) == 0
    assert len(stored_letters(str(tmp_path))) == 2
    assert left(subscription) == 0


def test_what_cannot_be_recorded_is_not_acknowledged(
    emulator: Emulator, queue: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic, subscription = queue
    publish(emulator, topic, [message("4.2")])

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pipelines.launches.ledger.append", full)
    with pytest.raises(OSError, match="No space"):
        take_launches(Subscription(subscription), str(tmp_path), lambda: NOW, threading.Event(), once=True)
    monkeypatch.undo()
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", emulator.address)
    for _ in range(20):  # the queue gives it again in its own time
        take_launches(Subscription(subscription), str(tmp_path), lambda: NOW, threading.Event(), once=True)
        if standing(str(tmp_path)):
            break
    assert [launch.version for launch in standing(str(tmp_path))] == ["4.2"]


def test_listens_until_it_is_told_to_stop(emulator: Emulator, queue: tuple[str, str], tmp_path: Path) -> None:
    topic, subscription = queue
    command = [sys.executable, "-m", "pipelines.cli", "launches", "listen", "--subscription", subscription]
    command += ["--tables", str(tmp_path), "--log-format", "json"]
    environment = {**os.environ, **emulator.environment}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stderr is not None
        assert json.loads(process.stderr.readline())["event"] == "listening"
        publish(emulator, topic, [message("4.2")])
        assert json.loads(process.stderr.readline())["added"] == 1
        process.send_signal(signal.SIGTERM)
        assert json.loads(process.stderr.read().splitlines()[-1])["event"] == "stopped"
        assert process.wait(timeout=60) == 0
    assert left(subscription) == 0
