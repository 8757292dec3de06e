"""What is told, when, and how often: alerts of a table through real receivers."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from pipelines.alerts.ledger import record_action
from pipelines.alerts.metrics import DeliveryMetrics
from pipelines.alerts.outbox import Outbox, State, sole_sender
from pipelines.alerts.plan import GIVE_UP_AFTER
from schemas.alert import Kind, Severity
from schemas.alert_action import Act, AlertAction
from tests.pipelines.alerts.conftest import Desk
from tests.pipelines.alerts.receiver import Receiver, receiving
from tests.pipelines.alerts.sample import HOUR, sample, store_words

Put = Callable[..., None]

CHAT = """
channels:
  chat: {{service: slack, url: {{env: CHAT_URL}}}}
routes:
  - {{name: all, to: chat{more}}}
"""

RECORD = """
channels:
  file: {service: jsonl, path: alerts.jsonl}
routes:
  - {name: record, to: file, everything: true}
"""


@pytest.fixture(autouse=True)
def _chat(receiver: Receiver, secret: Put) -> None:
    secret(CHAT_URL=f"{receiver.url}/services/T0/B0/xoxsecret", KEY="a-routing-key")


def chat(desk: Desk, more: str = "") -> None:
    desk.use(CHAT.format(more=more))


def titles(receiver: Receiver) -> list[str]:
    return [request.json["text"] for request in receiver.requests]


def test_an_alert_is_told_once_however_often_delivery_runs(desk: Desk, receiver: Receiver) -> None:
    chat(desk)
    desk.alerts()
    assert (desk.deliver().sent, desk.deliver().sent, desk.deliver().sent) == (1, 0, 0)
    desk.alerts()  # the same hours watched again
    assert desk.deliver().sent == 0
    assert titles(receiver) == ["[critical] firefox, account: friction began, 35 people in 6 hours, 7.9 expected"]


def test_quotes_are_read_from_feedback_as_it_is(desk: Desk, receiver: Receiver) -> None:
    chat(desk)
    store_words(desk.root)
    desk.alerts()
    desk.deliver()
    assert "bookmarks are gone" in receiver.requests[0].body.decode()
    assert "https://example.com/forum/0" in receiver.requests[0].body.decode()


def test_a_channel_that_may_not_have_quotes_gets_none(desk: Desk, receiver: Receiver) -> None:
    desk.use(CHAT.format(more="").replace("service: slack,", "service: slack, quotes: false,"))
    store_words(desk.root)
    desk.alerts()
    assert desk.deliver().sent == 1
    assert "bookmarks are gone" not in receiver.requests[0].body.decode()


def test_of_what_nobody_is_to_be_told_a_record_is_kept_where_a_route_asks(desk: Desk, receiver: Receiver) -> None:
    desk.use(CHAT.format(more="").replace("channels:", "channels:\n  file: {service: jsonl, path: a.jsonl}") + "  - {name: record, to: file, everything: true}\n")  # fmt: skip # noqa: E501
    desk.alerts(sample(notify=False, held_back="silenced"))
    assert desk.deliver().sent == 1
    assert receiver.requests == []
    assert json.loads((desk.folder / "a.jsonl").read_text())["notify"] is False


def test_old_news_is_told_to_nobody(desk: Desk, receiver: Receiver) -> None:
    chat(desk)
    desk.later(hours=25)
    desk.alerts()
    assert desk.deliver().sent == 0
    assert receiver.requests == []


def test_an_alert_without_a_route_is_counted(desk: Desk) -> None:
    chat(desk, ", match: {product: thunderbird}")
    desk.alerts()
    assert desk.deliver().unrouted == 1


class TestFailing:
    def test_waits_longer_each_time_and_is_told_in_the_end(self, desk: Desk, receiver: Receiver) -> None:
        chat(desk)
        desk.alerts()
        receiver.answer(503, "busy", times=3)
        done = desk.deliver()
        assert (done.failed, done.failing) == (1, {"chat": "answered 503 Service Unavailable: busy"})
        assert desk.deliver().failed == 0
        for waited in (31, 61):
            desk.later(seconds=waited)
            assert desk.deliver().failed == 1
        desk.later(seconds=119)
        assert desk.deliver().sent == 0
        desk.later(seconds=2)
        assert desk.deliver().sent == 1
        assert desk.deliver().failing == {}
        assert desk.states() == {("opened", "chat"): "sent 4"}

    def test_waits_as_long_as_the_receiver_asks(self, desk: Desk, receiver: Receiver) -> None:
        chat(desk)
        desk.alerts()
        receiver.answer(429, "slow down", Retry_After="600")
        desk.deliver()
        desk.later(seconds=590)
        assert desk.deliver().sent == 0
        desk.later(seconds=11)
        assert desk.deliver().sent == 1

    def test_is_given_up_after_a_day_and_stays_in_the_table(self, desk: Desk, receiver: Receiver) -> None:
        chat(desk)
        desk.alerts()
        receiver.answer(503, times=1000)
        for _ in range(5):
            desk.deliver()
            desk.later(hours=6)
        (state,) = desk.states().values()
        assert state.startswith("refused")
        (step,) = Outbox.read(desk.root).states()
        assert step.error is not None
        assert step.error.startswith("given up after")
        assert len(receiver.requests) == GIVE_UP_AFTER / timedelta(hours=6)

    def test_holds_no_other_channel_up(self, desk: Desk, receiver: Receiver) -> None:
        (desk.folder / "hook").write_text("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        desk.use("""
channels:
  chat: {service: slack, url: {env: CHAT_URL}}
  file: {service: jsonl, path: alerts.jsonl}
  nobody: {service: webhook, url: "http://127.0.0.1:9/", secret: {file: hook}}
routes:
  - {name: all, to: [nobody, chat, file]}
""")
        desk.alerts()
        done = desk.deliver()
        assert (done.sent, done.failed, list(done.failing)) == (2, 1, ["nobody"])
        assert done.failing["nobody"] == "cannot be reached"

    def test_what_came_later_is_told_first_and_makes_it_old_news(self, desk: Desk, receiver: Receiver) -> None:
        chat(desk)
        desk.alerts()
        receiver.answer(503)
        desk.deliver()
        desk.later(hours=9)
        desk.alerts(sample(Kind.RESOLVED, HOUR + 9))
        done = desk.deliver()
        assert (done.sent, done.muted) == (1, 1)
        assert desk.states() == {("opened", "chat"): "muted 1", ("resolved", "chat"): "sent 1"}
        assert "is over after 15 hours" in titles(receiver)[-1]

    def test_blocks_that_slack_does_not_take_are_sent_as_a_line(self, desk: Desk, receiver: Receiver) -> None:
        chat(desk)
        desk.alerts()
        receiver.answer(400, "invalid_blocks")
        assert desk.deliver().sent == 1
        assert "blocks" not in receiver.requests[1].json
        desk.later(minutes=1)
        desk.alerts(sample(Kind.UPDATED, HOUR + 2))
        receiver.answer(400, "invalid_blocks", times=2)
        done = desk.deliver()
        assert (done.refused, done.failing) == (1, {"chat": "answered 400 Bad Request: invalid_blocks"})

    def test_a_lost_answer_is_sent_again_and_says_so(self, desk: Desk, receiver: Receiver) -> None:
        chat(desk)
        desk.alerts()
        receiver.answer(0)
        assert desk.deliver().failing == {"chat": "no answer: the connection ended"}
        desk.later(minutes=1)
        assert desk.deliver().sent == 1
        assert "Sent again" not in receiver.requests[0].body.decode()
        assert "Sent again" in receiver.requests[1].body.decode()

    def test_a_silence_given_meanwhile_ends_the_attempts(self, desk: Desk, receiver: Receiver) -> None:
        chat(desk)
        desk.alerts()
        receiver.answer(503)
        desk.deliver()
        until = desk.now + timedelta(days=1)
        record_action(desk.root, AlertAction(Act.SILENCE, "firefox", "*", "kim", desk.now, until=until))
        desk.later(minutes=1)
        assert desk.deliver().muted == 1

    def test_is_not_followed_elsewhere(self, desk: Desk, receiver: Receiver) -> None:
        chat(desk)
        desk.alerts()
        receiver.answer(302, "", Location=f"{receiver.url}/elsewhere")
        assert desk.deliver().failing == {"chat": "answered 302 Found"}
        assert len(receiver.requests) == 1


class TestAnswers:
    def answer(self, act: Act, now: datetime, **fields: Any) -> AlertAction:
        about = {"episode_id": None if act is Act.SILENCE else sample().episode_id, "touchpoint": "account"}
        return AlertAction(act=act, product="firefox", who="kim", recorded_at=now, **(about | fields))

    @pytest.mark.parametrize(
        ("act", "kind", "told"),
        [
            (Act.SILENCE, Kind.OPENED, False),
            (Act.SNOOZE, Kind.UPDATED, False),
            (Act.ACKNOWLEDGE, Kind.UPDATED, False),
            (Act.ACKNOWLEDGE, Kind.RESOLVED, True),
            (Act.FEEDBACK, Kind.UPDATED, True),
        ],
    )
    def test_decide_who_is_told(self, desk: Desk, receiver: Receiver, act: Act, kind: Kind, told: bool) -> None:
        chat(desk)
        desk.alerts(sample(kind))
        until = desk.now + timedelta(hours=1)
        record_action(desk.root, self.answer(act, desk.now, until=until))
        done = desk.deliver()
        assert (done.sent, done.muted) == ((1, 0) if told else (0, 1))

    def test_end(self, desk: Desk) -> None:
        chat(desk)
        record_action(desk.root, self.answer(Act.SILENCE, desk.now, until=desk.now + timedelta(hours=1)))
        desk.later(hours=1)
        desk.alerts()
        assert desk.deliver().sent == 1

    def test_say_why_in_the_table(self, desk: Desk) -> None:
        chat(desk)
        desk.alerts()
        record_action(
            desk.root, self.answer(Act.SILENCE, desk.now, until=desk.now + timedelta(hours=1), touchpoint="*")
        )
        desk.deliver()
        (step,) = Outbox.read(desk.root).states()
        assert step.error == "silenced by kim until 2024-03-04 16:02 UTC"

    def test_an_acknowledgement_ends_when_it_is_opened_again(self, desk: Desk) -> None:
        chat(desk)
        desk.alerts()
        record_action(desk.root, self.answer(Act.ACKNOWLEDGE, desk.now))
        desk.deliver()
        desk.later(hours=9)
        desk.alerts(
            sample(Kind.RESOLVED, HOUR + 3), sample(Kind.REOPENED, HOUR + 6), sample(Kind.UPDATED, HOUR + 8)
        )
        assert desk.deliver().sent == 3


class TestPagerDuty:
    ROUTES = """
channels:
  page: {{service: pagerduty, key: {{env: KEY}}, url: {url}/v2/enqueue}}
routes:
  - {{name: on-call, to: page, team: sync{more}}}
"""

    def test_one_incident_an_episode(self, desk: Desk, receiver: Receiver) -> None:
        desk.use(self.ROUTES.format(url=receiver.url, more=""))
        desk.alerts()
        desk.deliver()
        desk.later(hours=9)
        desk.alerts(sample(Kind.UPDATED, HOUR + 3), sample(Kind.RESOLVED, HOUR + 9))
        desk.deliver()
        events = [request.json for request in receiver.requests]
        assert [event["event_action"] for event in events] == ["trigger", "trigger", "resolve"]
        assert len({event["dedup_key"] for event in events}) == 1
        assert events[0]["routing_key"] == "a-routing-key"
        assert events[0]["payload"]["severity"] == "critical"
        assert events[0]["payload"]["group"] == "sync"

    @pytest.mark.parametrize("how", ["silence", "notify", "mute"])
    def test_an_end_is_always_sent_where_the_beginning_was(self, desk: Desk, receiver: Receiver, how: str) -> None:
        desk.use(self.ROUTES.format(url=receiver.url, more=""))
        desk.alerts()
        desk.deliver()
        if how == "silence":
            until = desk.now + timedelta(days=1)
            record_action(desk.root, AlertAction(Act.SILENCE, "firefox", "*", "kim", desk.now, until=until))
        if how == "mute":
            mutes = "\nmutes:\n  - {match: {product: firefox}, reason: migration}\n"
            desk.use(self.ROUTES.format(url=receiver.url, more="") + mutes)
        desk.later(hours=9)
        desk.alerts(sample(Kind.UPDATED, HOUR + 8, notify=how != "notify"))
        desk.alerts(sample(Kind.RESOLVED, HOUR + 9, notify=how != "notify"))
        desk.deliver()
        assert [request.json["event_action"] for request in receiver.requests] == ["trigger", "resolve"]

    def test_an_end_is_sent_however_late(self, desk: Desk, receiver: Receiver) -> None:
        desk.use(self.ROUTES.format(url=receiver.url, more=""))
        desk.alerts()
        desk.deliver()
        desk.later(hours=9)
        desk.alerts(sample(Kind.RESOLVED, HOUR + 9))
        desk.later(hours=60)
        assert desk.deliver().sent == 1
        assert receiver.requests[-1].json["event_action"] == "resolve"

    def test_what_ended_while_it_waited_pages_nobody(self, desk: Desk, receiver: Receiver) -> None:
        more = ', hours: {from: "08:00", until: "15:00"}'
        desk.use(self.ROUTES.format(url=receiver.url, more=more))
        desk.alerts(sample(severity=Severity.WARNING))
        assert desk.deliver().held == 1
        desk.later(hours=9)
        desk.alerts(sample(Kind.RESOLVED, HOUR + 9, severity=Severity.WARNING))
        desk.deliver()
        desk.later(hours=9)
        desk.deliver()
        assert receiver.requests == []
        assert desk.states() == {("opened", "page"): "muted 0", ("resolved", "page"): "muted 0"}


class TestWaiting:
    QUIET = ', hours: {days: mon-fri, from: "08:00", until: "15:00"}, time_zone: Europe/Berlin'

    def alerts(self, number: int, severity: Severity = Severity.WARNING) -> list[Any]:
        return [sample(touchpoint=f"t{place}", severity=severity) for place in range(number)]

    def test_outside_of_hours_alerts_wait_and_go_as_one_digest(self, desk: Desk, receiver: Receiver) -> None:
        chat(desk, self.QUIET)
        desk.alerts(*self.alerts(3))
        assert desk.deliver().held == 3
        desk.later(hours=15)  # 06:02 UTC, 07:02 in Berlin
        assert desk.deliver().sent == 0
        desk.later(hours=1)
        assert desk.deliver().sent == 3
        assert titles(receiver) == ["3 episodes of friction, 3 still on"]
        assert desk.deliver().sent == 0

    def test_critical_ones_do_not_wait(self, desk: Desk) -> None:
        chat(desk, self.QUIET + ", at_most_a_day: 1")
        desk.alerts(*self.alerts(3, Severity.CRITICAL))
        assert desk.deliver().sent == 3

    def test_of_an_episode_that_waited_only_the_latest_is_told(self, desk: Desk, receiver: Receiver) -> None:
        chat(desk, self.QUIET)
        desk.alerts(sample(severity=Severity.WARNING))
        desk.deliver()
        desk.later(hours=9)
        desk.alerts(sample(Kind.RESOLVED, HOUR + 9, severity=Severity.WARNING))
        desk.deliver()
        desk.later(hours=9)
        done = desk.deliver()
        assert (done.sent, done.muted) == (1, 1)
        assert "is over" in titles(receiver)[0]

    def test_beyond_a_number_a_day_the_rest_waits_for_the_digest(self, desk: Desk, receiver: Receiver) -> None:
        chat(desk, ", at_most_a_day: 2")
        desk.alerts(*self.alerts(4))
        done = desk.deliver()
        assert (done.sent, done.held) == (2, 2)
        desk.later(hours=1)
        desk.alerts(sample(touchpoint="t9", severity=Severity.WARNING))
        assert desk.deliver().held == 1
        desk.later(hours=17)
        desk.deliver()
        assert len(receiver.requests) == 3
        assert titles(receiver)[-1] == "3 episodes of friction, 3 still on"

    def test_many_at_once_are_a_digest(self, desk: Desk, receiver: Receiver) -> None:
        chat(desk)
        desk.alerts(*self.alerts(6))
        assert desk.deliver().sent == 6
        assert len(receiver.requests) == 1

    def test_a_digest_that_fails_is_tried_again_whole(self, desk: Desk, receiver: Receiver) -> None:
        chat(desk)
        desk.alerts(*self.alerts(6))
        receiver.answer(500)
        assert desk.deliver().failed == 6
        desk.later(minutes=1)
        assert desk.deliver().sent == 6
        assert titles(receiver) == ["6 episodes of friction, 6 still on"] * 2

    def test_what_waits_for_a_route_that_is_gone_is_told_to_nobody(self, desk: Desk) -> None:
        chat(desk, self.QUIET)
        desk.alerts(*self.alerts(1))
        desk.deliver()
        desk.use(RECORD)
        desk.deliver()
        assert set(desk.states().values()) == {"muted 0", "sent 1"}

    def test_a_silence_given_while_it_waits_counts(self, desk: Desk) -> None:
        chat(desk, self.QUIET)
        desk.alerts(*self.alerts(1))
        desk.deliver()
        until = desk.now + timedelta(days=3)
        record_action(desk.root, AlertAction(Act.SILENCE, "firefox", "t0", "kim", desk.now, until=until))
        desk.later(hours=18)
        assert desk.deliver().muted == 1


def test_a_mute_has_a_beginning_and_an_end(desk: Desk) -> None:
    chat(desk)
    mutes = """
mutes:
  - match: {product: firefox, severity: [critical]}
    from: 2024-03-04T00:00:00Z
    until: 2024-03-04T16:00:00+00:00
    reason: migration of accounts
"""
    desk.use(CHAT.format(more="") + mutes)
    desk.alerts()
    desk.deliver()
    (step,) = Outbox.read(desk.root).states()
    assert (step.state, step.error) == ("muted", "muted by the routes file: migration of accounts")
    desk.later(hours=1)
    desk.alerts(sample(Kind.UPDATED, HOUR + 1))
    assert desk.deliver().sent == 1


def test_a_round_is_measured(desk: Desk, receiver: Receiver) -> None:
    chat(desk)
    desk.alerts(sample(), sample(touchpoint="billing"))
    registry = CollectorRegistry()
    metrics = DeliveryMetrics(registry)
    receiver.answer(503)
    desk.deliver(metrics=metrics)
    assert registry.get_sample_value("tribometer_alert_deliveries_total", {"state": "failed"}) == 1
    assert registry.get_sample_value("tribometer_alert_channel_failing", {"channel": "chat"}) == 1
    assert registry.get_sample_value("tribometer_alert_deliveries_waiting") == 1
    desk.later(minutes=1)
    desk.deliver(metrics=metrics)
    assert registry.get_sample_value("tribometer_alert_deliveries_total", {"state": "sent"}) == 2
    assert registry.get_sample_value("tribometer_alert_channel_failing", {"channel": "chat"}) == 0
    assert registry.get_sample_value("tribometer_alert_deliveries_waiting") == 0


def test_one_sends_at_a_time(desk: Desk, receiver: Receiver) -> None:
    chat(desk)
    desk.alerts()
    with sole_sender(desk.root) as alone:
        assert alone
        assert desk.deliver().busy
    assert receiver.requests == []
    assert desk.deliver().sent == 1


def test_an_attempt_that_another_machine_took_is_left_to_it(desk: Desk, receiver: Receiver) -> None:
    chat(desk)
    desk.alerts()
    behind = Outbox.read(desk.root)
    desk.deliver()
    (step,) = Outbox.read(desk.root).states()
    assert not behind.take(replace(step, state=State.SENDING, taken_at=desk.now))


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    answers=st.lists(st.sampled_from([200, 503, 429, 404]), max_size=5),
    pauses=st.lists(st.integers(0, 90), min_size=2, max_size=4),
)
def test_whatever_the_receiver_answers_each_alert_is_taken_once(
    answers: list[int], pauses: list[int], tmp_path_factory: pytest.TempPathFactory, secret: Put
) -> None:
    folder = tmp_path_factory.mktemp("desk")
    (folder / "tables").mkdir()
    (folder / "hook").write_text("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    desk = Desk(str(folder / "tables"), folder)
    with receiving() as receiver:
        desk.use(f"""
channels:
  hook: {{service: webhook, url: "{receiver.url}/alerts", secret: {{file: hook}}}}
routes:
  - {{name: all, to: hook}}
forget_after_hours: 48
""")
        given_answers = list(answers)
        for status in answers:
            receiver.answer(status)
        for place, minutes in enumerate(pauses):
            desk.alerts(sample(Kind.UPDATED if place else Kind.OPENED, HOUR + place))
            desk.deliver()
            desk.later(minutes=minutes)
        for _ in range(7):
            desk.later(minutes=31)
            desk.deliver()
        statuses = (given_answers + [200] * len(receiver.requests))[: len(receiver.requests)]
        taken = [
            request.json["data"]["alert_id"]
            for request, status in zip(receiver.requests, statuses, strict=True)
            if status == 200
        ]
        assert sorted(taken) == sorted(set(taken))
        assert len(taken) == len(pauses)
        keys = {request.json["data"]["alert_id"]: request.headers["webhook-id"] for request in receiver.requests}
        assert all(keys[request.json["data"]["alert_id"]] == request.headers["webhook-id"] for request in receiver.requests)  # fmt: skip # noqa: E501
