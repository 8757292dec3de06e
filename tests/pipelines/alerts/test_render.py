"""What people read: nothing that a customer wrote does anything but stand there."""

from __future__ import annotations

import json
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block

from pipelines.alerts.channels.address import safe_link
from pipelines.alerts.render import wording
from pipelines.alerts.render.alertmanager import postable
from pipelines.alerts.render.mail import columns, mail
from pipelines.alerts.render.pagerduty import LARGEST_EVENT_BYTES, pagerduty_event
from pipelines.alerts.render.slack import slack_message, slack_text
from pipelines.alerts.render.text import alert_text, brief_text, defused, digest_text
from schemas.alert import Alert, EarlierEpisode, Kind, Part, Quality, Severity, Term
from tests.pipelines.alerts.conftest import Desk
from tests.pipelines.alerts.sample import BEGAN, HOUR, sample

NASTY = (
    "<!channel> <!here|now> <@U024BE7LH> @here @everyone <script>alert(1)</script> <https://evil.example|click> "
    "*bold* `code` ~gone~ & \" ' \u202egnp.exe \x1b[31mred\x07 {{ 7 * 7 }} {% raw %}\r\nSubject: spam"
)


def nasty() -> Alert:
    """An alert in which everything that customers and sources can write is meant badly."""
    alert = sample()
    assert alert.launch is not None
    return replace(
        alert,
        product=NASTY,
        touchpoint=NASTY,
        sources=(NASTY,),
        parts=tuple(Part(part.dimension, NASTY, 1, 1, 0.5, 0.5, 0.1, 0.5) for part in alert.parts),
        explanations=tuple(replace(one, values=(NASTY, NASTY)) for one in alert.explanations),
        launch=replace(alert.launch, name=NASTY, version=NASTY, url="javascript:alert(1)"),
        terms=(Term(NASTY, 3, 0.5, 0.1),),
        quotes=tuple(
            replace(quote, text=NASTY, source=NASTY, url=f"https://x.example/{NASTY}") for quote in alert.quotes
        ),
        quality=Quality(silent=(NASTY,), notes=(NASTY,)),
        resolves_when=NASTY,
        dashboard_url="javascript:alert(1)",
        earlier=(EarlierEpisode("e", BEGAN, None, None, 1.0, "noise", NASTY),),
    )


class Page(HTMLParser):
    """Tags and attributes of a page, and whether every tag is closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.open: list[str] = []
        self.handlers: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [str(value) for name, value in attrs if name in ("href", "src")]
        self.handlers += [name for name, _ in attrs if name.startswith("on")]
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


KINDS = [sample(kind, HOUR + place) for place, kind in enumerate(Kind)]


@pytest.mark.parametrize("alert", [*KINDS, nasty(), nasty().without_words()], ids=lambda alert: alert.kind)
def test_mails_are_whole_pages_that_fetch_and_run_nothing(alert: Alert) -> None:
    for made in (mail([alert]), mail([alert, sample(touchpoint="billing")], again=True)):
        page = Page(made.html)
        assert page.open == []
        assert not page.tags & {"script", "img", "iframe", "object", "link", "form", "style"}
        assert page.handlers == []
        assert all(link.startswith("https://") for link in page.links)
        assert "49" not in mail([nasty()]).subject
        assert "\n" not in made.subject
        assert "\r" not in made.subject


@pytest.mark.parametrize("alert", [*KINDS, nasty()], ids=lambda alert: alert.kind)
@pytest.mark.parametrize("number", [1, 2, 40])
def test_slack_takes_the_blocks(alert: Alert, number: int) -> None:
    alerts = [alert, *(replace(alert, touchpoint=f"t{place}") for place in range(number - 1))]
    body = slack_message(alerts, again=True, trial=True)
    assert len(body["blocks"]) <= 50
    for block in body["blocks"]:
        parsed = Block.parse(block)
        assert parsed is not None
        parsed.validate_json()
        check_lengths(block)
    assert len(json.dumps(body)) < 100_000


def check_lengths(block: dict[str, Any]) -> None:
    """docs.slack.dev/reference/block-kit/blocks, as of 2026."""
    if block["type"] == "header":
        assert 0 < len(block["text"]["text"]) <= 150
    if block["type"] == "section":
        assert 0 < len(block.get("text", {"text": "x"})["text"]) <= 3000
        assert len(block.get("fields", [])) <= 10
        assert all(0 < len(field["text"]) <= 2000 for field in block.get("fields", []))
    if block["type"] == "context":
        assert 0 < len(block["elements"]) <= 10
        assert all(0 < len(element["text"]) <= 3000 for element in block["elements"])


def marked_up(value: Any) -> list[str]:
    """Every string of a Slack message that Slack reads as its markup."""
    if isinstance(value, dict):
        own = [value["text"]] if value.get("type") == "mrkdwn" else []
        return own + [text for one in value.values() for text in marked_up(one)]
    if isinstance(value, list):
        return [text for one in value for text in marked_up(one)]
    return []


def test_nothing_a_customer_wrote_notifies_anybody_in_slack() -> None:
    body = slack_message([nasty()])
    for text in (*marked_up(body["blocks"]), body["text"], slack_text([nasty()])["text"]):
        assert "<!" not in text
        assert "<@" not in text
        assert "<https://evil" not in text
        assert "<script" not in text
    digest = slack_message([nasty(), nasty()])
    assert "<!" not in json.dumps([*marked_up(digest["blocks"]), digest["text"]])


@given(st.text(max_size=60))
@settings(max_examples=60)
def test_whatever_is_quoted_stands_in_a_page_as_text(text: str) -> None:
    alert = sample()
    quoted = replace(alert, quotes=(replace(alert.quotes[0], text=f"{text}</td><b>x"),))
    page = Page(mail([quoted]).html)
    assert page.open == []
    for body in marked_up(slack_message([quoted])["blocks"]):
        assert "x</td>" not in body
    lines = alert_text(quoted)
    assert not any(character in lines for character in "\x1b\x07\r\u202e\u2066")


def test_services_of_apprise_find_nobody_to_notify() -> None:
    for text in (brief_text(nasty()), digest_text([nasty(), nasty()])):
        safe = defused(text)
        assert "@here" not in safe
        assert "@everyone" not in safe
        assert "<!" not in safe
        assert "<@" not in safe


def test_only_web_addresses_become_links() -> None:
    assert safe_link("javascript:alert(1)") is None
    assert safe_link("data:text/html,x") is None
    assert safe_link("https://") is None
    assert safe_link("https://[bad") is None
    assert safe_link("https://x.example/" + "a" * 1000) is None
    assert safe_link("https://x.example/a?b=c&d=%20#e") == "https://x.example/a?b=c&d=%20#e"
    assert safe_link('https://x.example/"><script>') == "https://x.example/%22%3E%3Cscript%3E"


def test_a_text_says_what_somebody_at_night_needs() -> None:
    text = alert_text(sample(), again=True)
    for said in (
        "CRITICAL  firefox, account: friction began, 35 people in 6 hours, 7.9 expected",
        "Sent again: an earlier attempt was cut short and may have arrived.",
        "3 to 14 in 90 of 100 such windows",
        "36 authors, 41 posts, 31 conversations",
        "1 in 26,000,000; rate of false alarms at this level 0.0021",
        "the product has 1.3 times its usual volume",
        "124.0 on desktop, 26 hours before it began; its version brings 81\u00a0% of the rise",
        "sync (53\u00a0%, 11\u00a0% before)",
        "Since the update my bookmarks are gone",
        "https://example.com/forum/0",
        "Nothing comes from play_reviews.",
        "authors 36 (at least 5)",
        "six hours in a row without evidence",
        "29 hours, 2.9 times, 14 authors, useful: tokens expired",
        "https://tribometer.example.com/firefox",
        "WHERE mentions.product = 'firefox'",
        "tribometer alerts ack",
    ):
        assert said in text
    assert max(len(line) for line in text.splitlines() if "SELECT" not in line) <= 101


def test_what_is_not_known_is_not_said() -> None:
    bare = replace(
        sample(Kind.RESOLVED, HOUR + 9),
        ratio=None, q_value=None, control_ratio=None, launch=None, terms=(), quotes=(), parts=(), explanations=(),
        earlier=(), history=(), why=(), quality=Quality(), dashboard_url=None, sql=None,
    )  # fmt: skip
    text = alert_text(bare)
    assert "None" not in text + mail([bare]).html + json.dumps(slack_message([bare]))
    assert "Ends" not in text
    assert text.startswith("RESOLVED  firefox, account: friction is over after 15 hours")
    assert columns(bare) == []


@pytest.mark.parametrize(
    ("quality", "said"),
    [
        (Quality(learning=True), "under 14 days old"),
        (Quality(watermark_lag_seconds=7200), "The newest feedback is 2.0 hours old."),
        (Quality(back_filled=40), "40 items came after their hours had closed."),
        (Quality(clock_jump_seconds=-90), "The clock moved by -90 s."),
    ],
)
def test_doubts_are_said(quality: Quality, said: str) -> None:
    assert said in alert_text(sample(quality=quality))
    assert said in mail([sample(quality=quality)]).html


def test_the_picture_is_as_tall_as_its_hours() -> None:
    made = columns(sample())
    assert len(made) == 48
    assert all(column.usual + column.more + column.rest == 64 for column in made)
    assert [column.rest for column in made].count(0) == 1
    assert made[0].more == 0 < made[-2].more


def test_pagerduty_gets_one_key_an_episode_within_its_limits() -> None:
    opened, over = pagerduty_event(nasty(), "key"), pagerduty_event(sample(Kind.RESOLVED, HOUR + 9), "key")
    assert len(json.dumps(opened).encode()) < LARGEST_EVENT_BYTES
    assert (opened["event_action"], over["event_action"]) == ("trigger", "resolve")
    assert opened["dedup_key"] == over["dedup_key"] == f"tribometer/{sample().episode_id}"
    assert set(opened["payload"]) >= {"summary", "source", "severity", "timestamp"}
    assert opened["links"] == []


def test_alertmanager_gets_identity_as_labels_and_text_as_annotations() -> None:
    at = sample().told_of
    first, *lower = postable(sample(), at=at, team="sync")
    later = postable(sample(Kind.UPDATED, HOUR + 2, observed=90.0, launch=None), at=at, team="sync")[0]
    assert first["labels"] == later["labels"]
    assert first["labels"]["severity"] == "critical"
    assert first["endsAt"] > first["startsAt"]
    assert [one["labels"]["severity"] for one in lower] == ["info", "warning"]
    assert {one["endsAt"] for one in lower} == {"2024-03-04T15:00:00Z"}
    over = postable(sample(Kind.RESOLVED, HOUR + 9), at=at)[0]
    assert over["endsAt"] == "2024-03-05T00:00:00Z"
    assert "bookmarks are gone" in first["annotations"]["quotes"]


def test_words_of_numbers() -> None:
    assert [wording.count(value) for value in (0, 0.5, 7.94, 9.96, 34.5, 1234.4)] == [
        "0",
        "0.5",
        "7.9",
        "10",
        "35",
        "1,234",
    ]
    assert [wording.chance(value) for value in (0.0, 0.2, 1e-3, 3.8e-8)] == [
        "next to none", "0.2", "1 in 1,000", "1 in 26,000,000"
    ]  # fmt: skip
    assert [wording.share(value) for value in (0, 0.001, 0.5)] == ["0\u00a0%", "<1\u00a0%", "50\u00a0%"]


def test_the_severest_stands_first(desk: Desk) -> None:
    low, high = sample(severity=Severity.INFO), sample(touchpoint="billing")
    text = digest_text([low, sample(Kind.RESOLVED, HOUR + 9, touchpoint="sync"), high])
    assert text.index("billing") < text.index("account") < text.index("sync")
    assert desk.routes is None
