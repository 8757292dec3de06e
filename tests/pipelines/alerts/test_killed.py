"""A sender that is killed between recording an attempt, sending it and recording its result."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.alerts.deliver import deliver
from pipelines.alerts.ledger import record_alerts
from pipelines.alerts.outbox import Outbox
from pipelines.alerts.routes import read_routes
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


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch, receiver: Receiver) -> None:
    monkeypatch.setenv("KEY", "a-routing-key")
    monkeypatch.setenv("HOOK", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    monkeypatch.setenv("CHAT", f"{receiver.url}/chat")


def routes_to(tables: Path, receiver: Receiver, channel: str) -> Path:
    routes = tables.parent / "routes.yaml"
    routes.write_text(ROUTES.format(url=receiver.url, channel=channel))
    return routes


def deliver_and_die(tables: Path, routes: Path, failpoint: str) -> None:
    """The command itself, killed by the kernel at the failpoint."""
    command = [sys.executable, "-m", "pipelines.cli", "alerts", "deliver", "--tables", str(tables)]
    done = subprocess.run(
        [*command, "--routes", str(routes)],
        env={**os.environ, "TRIBOMETER_FAILPOINTS": f"{failpoint}=kill"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.mark.parametrize(
    ("channel", "point"),
    [("chat", "after_intent"), ("hook", "after_send"), ("file", "after_send")],
)
def test_what_was_cut_short_is_sent_again_with_its_key(
    tables: Path, receiver: Receiver, channel: str, point: str
) -> None:
    routes = routes_to(tables, receiver, channel)
    deliver_and_die(tables, routes, point)
    assert [step.state for step in Outbox.read(str(tables)).states()] == ["sending"]
    assert deliver(str(tables), read_routes(routes)).sent == 1
    assert deliver(str(tables), read_routes(routes)).sent == 0
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
        assert "Sent again: an earlier attempt was cut short" in receiver.requests[-1].body.decode()


def test_killed_after_one_of_two_both_are_told(tables: Path, receiver: Receiver) -> None:
    record_alerts(str(tables), [just_told("billing")], now=utc_now())
    routes = routes_to(tables, receiver, "page")
    deliver_and_die(tables, routes, "after_send")
    deliver(str(tables), read_routes(routes))
    assert {step.state for step in Outbox.read(str(tables)).states()} == {"sent"}
    assert len({request.json["dedup_key"] for request in receiver.requests}) == 2
    assert {request.json["event_action"] for request in receiver.requests} == {"trigger"}
