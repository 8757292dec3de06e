"""A sender that is killed between recording an attempt, sending it and recording its result."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.alerts.ledger import record_alerts
from pipelines.alerts.outbox import Outbox
from pipelines.clock import utc_now
from schemas.alert import Alert, hour_start
from tests.pipelines.alerts.receiver import Receiver
from tests.pipelines.alerts.sample import sample

ROUTES = """
channels:
  page: {{service: pagerduty, key: {{env: KEY}}, url: "{url}/page"}}
  hook: {{service: webhook, url: "{url}/hook", secret: {{env: HOOK}}}}
  chat: {{service: slack, url: {{env: CHAT}}}}
  file: {{service: jsonl, path: alerts.jsonl}}
routes:
  - {{name: all, to: [{channel}]}}
"""


def just_told(touchpoint: str) -> Alert:
    hour = int(utc_now().timestamp()) // 3600 - 1
    return sample(
        touchpoint=touchpoint, hour=hour, started_at=hour_start(hour - 5), window_start=hour_start(hour - 5)
    )


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    (tmp_path / "tables").mkdir()
    record_alerts(str(tmp_path / "tables"), [just_told("account")], now=utc_now())
    return tmp_path / "tables"


def deliver(tables: Path, receiver: Receiver, channel: str, failpoint: str = "") -> int:
    routes = tables.parent / "routes.yaml"
    routes.write_text(ROUTES.format(url=receiver.url, channel=channel))
    environment = {
        **os.environ,
        "TRIBOMETER_FAILPOINTS": failpoint,
        "KEY": "a-routing-key",
        "HOOK": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "CHAT": f"{receiver.url}/chat",
    }
    command = [sys.executable, "-m", "pipelines.cli", "alerts", "deliver", "--tables", str(tables)]
    done = subprocess.run([*command, "--routes", str(routes)], env=environment, capture_output=True, check=False)
    return done.returncode


@pytest.mark.parametrize("point", ["after_intent", "after_send"])
@pytest.mark.parametrize("channel", ["hook", "chat", "file"])
def test_what_was_cut_short_is_sent_again_with_its_key(
    tables: Path, receiver: Receiver, channel: str, point: str
) -> None:
    assert deliver(tables, receiver, channel, f"{point}=kill") == -signal.SIGKILL
    assert [step.state for step in Outbox.read(str(tables)).states()] == ["sending"]
    assert deliver(tables, receiver, channel) == 0
    (step,) = Outbox.read(str(tables)).states()
    assert (step.state, step.attempt) == ("sent", 2)
    arrived = 2 if point == "after_send" else 1
    if channel == "file":
        lines = (tables.parent / "alerts.jsonl").read_text().splitlines()
        assert [json.loads(line)["alert_id"] for line in lines] == [step.alert_id]
        return
    assert len(receiver.requests) == arrived
    if channel == "hook":
        assert {request.headers["webhook-id"] for request in receiver.requests} == {step.delivery_id}
    else:
        assert "Sent again: the first attempt was cut short" in receiver.requests[-1].body.decode()
        assert arrived == 1 or "Sent again" not in receiver.requests[0].body.decode()


def test_killed_at_every_alert_all_are_told(tables: Path, receiver: Receiver) -> None:
    record_alerts(str(tables), [just_told("billing")], now=utc_now())
    for _ in range(2):
        assert deliver(tables, receiver, "page", "after_send=kill") == -signal.SIGKILL
    assert deliver(tables, receiver, "page") == 0
    assert {step.state for step in Outbox.read(str(tables)).states()} == {"sent"}
    assert len({request.json["dedup_key"] for request in receiver.requests}) == 2
    assert {request.json["event_action"] for request in receiver.requests} == {"trigger"}
