"""A routes file: what it may say, and how it is told what is wrong with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.alerts.hours import Hours
from pipelines.alerts.routes import SERVICES, read_routes
from schemas.alert import Explanation, Kind, Severity
from schemas.errors import UsageError
from tests.docs.pages import ROOT
from tests.pipelines.alerts.sample import sample

CHANNELS = "channels:\n  chat: {service: slack, url: {env: CHAT_URL}}\n"
BERLIN = ZoneInfo("Europe/Berlin")


def read(tmp_path: Path, text: str):  # type: ignore[no-untyped-def]
    path = tmp_path / "routes.yaml"
    path.write_text(text, encoding="utf-8")
    return read_routes(path)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[]", ":1: write `channels:` and `routes:`"),
        ("routes: [{name: a, to: b}]", ":1: channels: name at least one channel"),
        (CHANNELS, ":1: routes file: routes is missing"),
        (CHANNELS + "routes: []", ":3: routes: name at least one"),
        (
            CHANNELS + "routes:\n  - {name: a, to: chatt}",
            ":4: routes.to: no channel 'chatt' among `channels`; did you",
        ),
        (
            CHANNELS + "routes:\n  - {name: a, to: chat}\n  - {name: a, to: chat}",
            ":5: routes.name: 'a' is the name of",
        ),
        (CHANNELS + "routes:\n  - {name: a, too: chat}", ":4: routes.too: no such key; did you mean to? (1 more)"),
        (
            CHANNELS + "routes:\n  - name: a\n    to: chat\n    match: {severty: critical}",
            "did you mean severity?",
        ),
        (
            CHANNELS + "routes:\n  - {name: a, to: chat, match: {severity: high}}",
            "match.severity: input should be",
        ),
        (
            CHANNELS + "routes:\n  - {name: a, to: chat, time_zone: Mars/Base}",
            "'Mars/Base' is no time zone",
        ),
        (
            CHANNELS + "routes:\n  - {name: a, to: chat, hours: {from: noon}}",
            "'noon' is no time of day",
        ),
        (CHANNELS + "routes:\n  - {name: a, to: chat, hours: {days: mon-fry}}", "is no weekday; write mon, tue"),
        (
            CHANNELS + "routes:\n  - {name: a, to: chat, at_most_a_day: 0}",
            "at_most_a_day: input should be greater",
        ),
        (CHANNELS + "routes:\n  - {name: a, to: chat}\nmutes:\n  - {match: {}}", ":6: mutes: reason is missing"),
        (
            CHANNELS
            + "routes:\n  - {name: a, to: chat}\nmutes:\n  - {match: {}, reason: x, from: 2026-01-01T00:00}",
            "from needs a time zone",
        ),
        ("channels:\n  chat: {url: {env: A}}\n", ":2: channels.chat: name its service: slack, email"),
        (
            "channels:\n  chat: {service: slak}\n",
            ":2: channels.chat.service: no such service; did you mean slack?",
        ),
        ("channels:\n  chat: {service: slack}\n", ":2: channels.chat: url is missing"),
        (
            "channels:\n  chat: {service: slack, url: {}}\n",
            ":2: channels.chat.url: name one place it is in",
        ),
        ("channels:\n  chat: {service: slack, url: {env: A, file: b}}\n", "name one place it is in"),
        (
            "channels:\n  a: {service: alertmanager, url: ftp://x}\n",
            "channels.a.url: is no address; write https://host",
        ),
        ("channels:\n  a: {service: alertmanager, url: 'http://u:pw12345@x'}\n", "has a user or password in it"),
        ("channels:\n  a: {service: pubsub, topic: mine}\n", "channels.a.topic: "),
        ("channels:\n  a: {service: email, host: h, sender: me, to: [x@y.z]}\n", "is no mail address"),
        (
            "channels:\n  a: {service: email, host: h, sender: a@b.c, to: [x@y.z], tls: none, user: u, "
            "password: {env: P}}\n",
            "would send the password in the clear",
        ),
        ("channels: {a: b\n", "not YAML"),
    ],
)
def test_mistakes_are_named_with_their_line(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(UsageError) as error:
        read(tmp_path, text)
    assert problem in str(error.value)
    assert "pw12345" not in str(error.value)


@pytest.mark.parametrize(
    "inline",
    [
        "{service: slack, url: https://hooks.slack.com/services/T0/B0/TopSecret}",
        "{service: pagerduty, key: TopSecret}",
        "{service: webhook, url: https://x.example, secret: whsec_TopSecret}",
        "{service: apprise, url: discord://1/TopSecret}",
        "{service: email, host: h, sender: a@b.c, to: [x@y.z], user: u, password: TopSecret}",
    ],
)
def test_a_secret_that_stands_in_the_file_is_refused_and_not_repeated(tmp_path: Path, inline: str) -> None:
    with pytest.raises(UsageError, match="is a secret and must not stand in this file; name where it is") as error:
        read(tmp_path, f"channels:\n  chat: {inline}\nroutes:\n  - {{name: a, to: chat}}\n")
    assert "TopSecret" not in str(error.value)


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_a_route_without_credentials_is_refused_with_its_name(
    tmp_path: Path, service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NOWHERE", raising=False)
    settings = {
        "slack": "url: {env: NOWHERE}",
        "pagerduty": "key: {env: NOWHERE}",
        "webhook": "url: https://x.example, secret: {env: NOWHERE}",
        "apprise": "url: {file: nowhere}",
        "email": "host: h, sender: a@b.c, to: [x@y.z], user: u, password: {file: nowhere}",
        "alertmanager": "url: http://x.example, token: {env: NOWHERE}",
        "jsonl": "path: nowhere/alerts.jsonl",
        "pubsub": "topic: projects/p-roject/topics/alerts",
    }
    routes = read(
        tmp_path,
        f"channels:\n  one: {{service: {service}, {settings[service]}}}\nroutes:\n  - {{name: sev1, to: one}}",
    )
    if service == "pubsub":  # those of the machine, which only Google can judge
        routes.check()
        return
    with pytest.raises(UsageError, match="route 'sev1': its channel 'one'") as error:
        routes.check()
    assert "NOWHERE is not set" in str(error.value) or "nowhere" in str(error.value)


@pytest.mark.parametrize(
    ("settings", "value"),
    [
        ("{service: webhook, url: https://x.example, secret: {env: GIVEN}}", "not base64 at all!"),
        ("{service: apprise, url: {env: GIVEN}}", "nonsense://TopSecret"),
        ("{service: apprise, url: {env: GIVEN}}", "TopSecret"),
    ],
)
def test_a_credential_of_the_wrong_form_is_refused_and_not_repeated(
    tmp_path: Path, settings: str, value: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GIVEN", value)
    routes = read(tmp_path, f"channels:\n  one: {settings}\nroutes:\n  - {{name: sev1, to: one}}")
    with pytest.raises(UsageError, match="route 'sev1': its channel 'one' has no credentials") as error:
        routes.check()
    assert value not in str(error.value) + "".join(capfd.readouterr())


def test_the_example_is_read_and_has_every_service(monkeypatch: pytest.MonkeyPatch) -> None:
    routes = read_routes(ROOT / "examples" / "alerts" / "routes.yaml")
    assert {channel.service for channel in routes.channels.values()} == set(SERVICES)
    leading = [(route.name, channel) for route, channel in routes.leading_from(sample(product="Parcelbird"))]
    assert leading[:3] == [("page", "on-call"), ("page", "ops-chat"), ("app team", "teams")]


@pytest.mark.parametrize(
    ("match", "fits"),
    [
        ("{}", True),
        ("{product: firefox}", True),
        ("{product: [thunderbird, firefox]}", True),
        ("{product: thunderbird}", False),
        ("{touchpoint: account, severity: critical}", True),
        ("{touchpoint: '*'}", False),
        ("{severity: [info, warning]}", False),
        ("{source: forum}", True),
        ("{source: web}", False),
        ("{kind: resolved}", False),
    ],
)
def test_a_match_fits_where_every_key_does(tmp_path: Path, match: str, fits: bool) -> None:
    routes = read(tmp_path, CHANNELS + f"routes:\n  - {{name: a, to: chat, match: {match}}}")
    assert bool(list(routes.leading_from(sample()))) is fits


@pytest.mark.parametrize(
    ("touchpoint", "fits"), [("'*'", True), ("sync", True), ("[billing, login]", True), ("delivery", False)]
)
def test_a_whole_product_concerns_the_touchpoints_it_rose_at(tmp_path: Path, touchpoint: str, fits: bool) -> None:
    """Its members, and those that explain the rise, whose own alerts are held back. It is not muted with them."""
    alert = replace(
        sample(),
        touchpoint="*",
        sources=("*", "sync"),
        explanations=(
            Explanation("version", ("delivery",), 0.9, 0.5),
            Explanation("touchpoint", ("login", "account"), 0.8, 0.2),
        ),
    )
    match = f"{{touchpoint: {touchpoint}}}"
    routes = read(
        tmp_path,
        CHANNELS + f"routes:\n  - {{name: a, to: chat, match: {match}}}\n"
        f"mutes:\n  - {{match: {match}, reason: known}}",
    )
    assert bool(list(routes.leading_from(alert))) is fits
    assert (routes.mute_of(alert, alert.started_at) is not None) is (touchpoint == "'*'")


def test_a_channel_is_led_to_once(tmp_path: Path) -> None:
    routes = read(tmp_path, CHANNELS + "routes:\n  - {name: a, to: [chat, chat]}\n  - {name: b, to: chat}")
    assert [(route.name, name) for route, name in routes.leading_from(sample())] == [("a", "chat")]
    assert routes.routes[0].at_any_hour == (Severity.CRITICAL,)
    assert sample().kind is Kind.OPENED


DAYS = st.sampled_from(["mon-fri", "sat,sun", "fri-mon", "wed", "mon-sun"])
TIMES = st.integers(0, 24 * 4).map(lambda quarter: f"{quarter // 4:02}:{quarter % 4 * 15:02}")


@given(DAYS, TIMES, TIMES, st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC)))  # noqa: DTZ001
def test_the_next_opening_is_open_and_nothing_before_it_is(
    days: str, begin: str, until: str, moment: datetime
) -> None:
    hours = Hours.model_validate({"days": days, "from": begin, "until": until})
    opens = hours.next_open(moment, BERLIN)
    assert opens >= moment
    if begin == "24:00":
        return  # the end of a day is no time to begin at
    assert hours.is_open(opens, BERLIN)
    step = timedelta(minutes=7)
    before = range(int((opens - moment) / step))
    assert opens == moment or not any(hours.is_open(moment + number * step, BERLIN) for number in before)


@pytest.mark.parametrize(
    ("day", "opens"),
    [("2026-03-28", "2026-03-28 07:00"), ("2026-03-29", "2026-03-29 06:00"), ("2026-10-25", "2026-10-25 07:00")],
)
def test_hours_are_by_the_clock_on_the_wall(day: str, opens: str) -> None:
    hours = Hours.model_validate({"from": "08:00", "until": "18:00"})
    assert f"{hours.next_open(datetime.fromisoformat(f'{day}T01:30:00+00:00'), BERLIN):%Y-%m-%d %H:%M}" == opens


def test_hours_over_midnight_belong_to_the_day_they_begin_on() -> None:
    hours = Hours.model_validate({"days": "fri", "from": "22:00", "until": "06:00"})
    assert hours.is_open(datetime(2026, 3, 6, 23, tzinfo=UTC), UTC)
    assert hours.is_open(datetime(2026, 3, 7, 5, 59, tzinfo=UTC), UTC)
    assert not hours.is_open(datetime(2026, 3, 6, 5, tzinfo=UTC), UTC)
