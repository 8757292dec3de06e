"""`tribometer alerts`, as an operator types it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from pipelines.alerts.ledger import record_alerts, stored_actions
from pipelines.cli import main
from pipelines.clock import utc_now
from schemas.alert import Kind, Severity, hour_start
from schemas.alert_action import Act, Verdict
from tests.pipelines.alerts.receiver import Receiver
from tests.pipelines.alerts.sample import sample, store_words

Printed = pytest.CaptureFixture[str]
Run = Callable[..., int]


@pytest.fixture
def tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    root = str(tmp_path / "tables")
    monkeypatch.setenv("TRIBOMETER_TABLES", root)
    hour = int(utc_now().timestamp()) // 3600 - 1
    began = hour_start(hour - 5)
    (tmp_path / "tables").mkdir()
    store_words(root)
    alerts = [
        sample(hour=hour - 1, started_at=began, window_start=began),
        sample(Kind.UPDATED, hour, started_at=began, window_start=began, observed=44.0),
        sample(
            Kind.RESOLVED,
            hour,
            touchpoint="billing",
            fingerprint="b" * 16,
            episode_id=f"{'b' * 16}-{hour - 5}",
            started_at=began,
            window_start=began,
            severity=Severity.WARNING,
        ),
    ]
    record_alerts(root, alerts, now=utc_now() - timedelta(minutes=1))
    return root


@pytest.fixture
def run() -> Run:
    return lambda *arguments: main(["alerts", *arguments])


def routes(tables: str, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("CHAT", f"{receiver.url}/services/x")
    path = Path(tables).parent / "routes.yaml"
    path.write_text(
        "channels:\n  chat: {service: slack, url: {env: CHAT}}\n  record: {service: jsonl, path: a.jsonl}\n"
        "routes:\n  - {name: ops, match: {product: firefox}, to: [chat, record]}\n"
    )
    return str(path)


def test_list_has_what_is_on_first(tables: str, run: Run, capsys: Printed) -> None:
    assert run("list") == 0
    _, _, first, second = capsys.readouterr().out.splitlines()
    assert first.split()[0] == "critical"
    assert " 44 " in first
    assert "nobody" in first
    assert second.split()[0] == "resolved"
    assert run("list", "--product", "thunderbird") == 0
    assert (
        capsys.readouterr().out
        == "nothing is on, and nothing was in the last seven days; --all shows what was before\n"
    )
    assert run("list", "--format", "json") == 0
    rows = json.loads(capsys.readouterr().out)
    assert [(row["status"], row["observed"]) for row in rows] == [("firing", 44.0), ("resolved", 34.5)]


def test_answers_are_recorded_and_shown(tables: str, run: Run, capsys: Printed) -> None:
    episode = sample().fingerprint[:6]
    assert run("ack", episode, "--by", "kim", "--note", "rolling 124.0 back") == 0
    assert run("snooze", episode, "--for", "2h", "--by", "kim") == 0
    assert run("feedback", episode, "useful", "--by", "kim") == 0
    assert run("silence", "firefox", "account", "--for", "1d", "--by", "kim") == 0
    out = capsys.readouterr().out
    assert out.startswith("acknowledged firefox, account\nsnoozed firefox, account until ")
    given = stored_actions(tables)
    assert [action.act for action in given] == [Act.ACKNOWLEDGE, Act.SNOOZE, Act.FEEDBACK, Act.SILENCE]
    assert given[2].verdict is Verdict.USEFUL
    assert run("list") == 0
    line = capsys.readouterr().out.splitlines()[2]
    for said in ("kim is on it", "snoozed until", "silenced until", "useful"):
        assert said in line
    assert run("unack", episode) == 0
    assert run("unsilence", "firefox", "account") == 0
    assert run("list") == 0
    line = capsys.readouterr().out.splitlines()[-2]
    assert "kim is on it" not in line
    assert "silenced" not in line


def test_show_says_all_of_it(tables: str, run: Run, capsys: Printed) -> None:
    run("ack", sample().fingerprint, "--by", "kim\x1b[31m", "--note", "rolling back")
    capsys.readouterr()
    assert run("show", sample().fingerprint) == 0
    out = capsys.readouterr().out
    assert out.startswith("CRITICAL  firefox, account: friction is still on, 44 people")
    assert "bookmarks are gone" in out
    assert "opened: 35 people" in out
    assert "acknowledge by kim[31m: rolling back" in out
    assert "\x1b" not in out
    assert run("show", sample().fingerprint, "--format", "json") == 0
    said = json.loads(capsys.readouterr().out)
    assert said["quotes"][0]["text"].startswith("Since the update")


def test_wrong_names_are_told_with_the_way_out(tables: str, run: Run, capsys: Printed) -> None:
    for arguments, problem in (
        (["show", "zzz"], "no episode with an identity starting 'zzz'; `tribometer alerts list` shows them"),
        (["show", ""], "no episode with an identity starting ''"),
        (["ack", "bbb"], "to be left alone by what may come, use `tribometer alerts silence`"),
        (["snooze", "6", "--for", "soon"], "--for soon: is no length of time"),
        (["unsilence", "firefox"], "firefox * is not silent; silences in force: none"),
        (["deliver", "--routes", "nowhere.yaml"], "nowhere.yaml: cannot be read"),
    ):
        assert run(*arguments) == 2
        assert problem in capsys.readouterr().err


def test_deliver_and_channels(
    tables: str, run: Run, receiver: Receiver, capsys: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = routes(tables, receiver, monkeypatch)
    receiver.answer(503)
    assert run("deliver", "--routes", file) == 1
    said = capsys.readouterr()
    assert said.out == "3 sent, 1 failed, 0 given up, 0 held, 0 muted; 1 waiting\n"
    assert "not everybody was told (chat: answered 503 Service Unavailable)" in said.err
    assert run("list") == 0
    said = capsys.readouterr()
    assert "channel chat fails: answered 503" in said.err
    assert run("channels", "--routes", file) == 0
    chat, record = capsys.readouterr().out.splitlines()[2:]
    assert chat.split()[:4] == ["chat", "slack", "ops", "fails"]
    assert record.split()[:4] == ["record", "jsonl", "ops", "works"]
    monkeypatch.delenv("CHAT")
    assert run("channels", "--routes", file) == 0
    assert "the environment variable CHAT is not set" in capsys.readouterr().out
    assert run("deliver", "--routes", file) == 2
    assert "route 'ops': its channel 'chat' has no credentials" in capsys.readouterr().err
    assert run("deliver", "--routes", file, "--channel", "chatt") == 2


def test_test_route_says_where_an_alert_would_go(
    tables: str, run: Run, receiver: Receiver, capsys: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = routes(tables, receiver, monkeypatch)
    assert run("test-route", "--routes", file) == 0
    assert capsys.readouterr().out == (
        "ops: no, product is not firefox\nnobody would be told; add a route without `match` as the last one\n"
    )
    assert run("test-route", "--routes", file, "--product", "firefox", "--channel", "chat", "--send") == 0
    assert capsys.readouterr().out == "ops: to chat\nsent a test to chat\n"
    assert "[test]" in receiver.requests[0].json["text"]
    receiver.answer(404, "no_service")
    assert run("test-route", "--routes", file, "--product", "firefox", "--channel", "chat", "--send") == 1
    assert "channel 'chat': answered 404 Not Found: no_service" in capsys.readouterr().err
