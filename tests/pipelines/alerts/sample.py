"""One alert as a watched table would give it: sync of a browser broke with a release, and people say so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from schemas.alert import (
    Alert,
    EarlierEpisode,
    Explanation,
    HourCount,
    Kind,
    NearestLaunch,
    Part,
    Quality,
    Quote,
    Reason,
    Severity,
    Status,
    Term,
)
from schemas.identity import event_id
from tests.pipelines.feedback_table import event, mention, store
from transforms.detect.lifecycle import Place, fingerprint

BEGAN: Final = datetime(2024, 3, 4, 9, tzinfo=UTC)
FIRST: Final = int(BEGAN.timestamp()) // 3600
HOUR: Final = FIRST + 5

WORDS: Final = (
    ("forum", "ann", "Since the update my bookmarks are gone on every computer, not only on the phone."),
    ("support", "bob", "Sync says it is connected and then nothing arrives. Signing out and in did not help."),
    ("support", "cid", "Passwords do not come over to the laptop any more after 124.0."),
    ("app_reviews", "dan", "Was great, now it asks me to sign in again every time I open it. 2 stars."),
)
"""Source, author and words of what is quoted."""

SQL: Final = (
    "SELECT occurred_at, source, version, text, url FROM mentions JOIN events USING (event_id)\n"
    "WHERE mentions.product = 'firefox' AND mentions.touchpoint = 'account' AND friction\n"
    "    AND mentions.occurred_at >= '2024-03-04 09:00' AND mentions.occurred_at < '2024-03-04 15:00'\n"
    "ORDER BY occurred_at"
)


def quotes() -> tuple[Quote, ...]:
    return tuple(
        Quote(
            event_id=event_id(source, None, f"q{number}", "1"),
            source=source,
            occurred_at=BEGAN + timedelta(minutes=40 * number),
            start=0,
            end=len(text),
            touchpoint="account",
            version="124.0",
            text=text,
            author=author,
            url=f"https://example.com/{source}/{number}",
        )
        for number, (source, author, text) in enumerate(WORDS)
    )


def store_words(root: str) -> None:
    """Store the feedback that the sample quotes."""
    store(
        root,
        [
            event(
                f"q{number}",
                "2024-03-04",
                mention("account", 0.9, span=(0, len(text))),
                source=source,
                author=author,
                product="firefox",
                text=text,
                url=f"https://example.com/{source}/{number}",
            )
            for number, (source, author, text) in enumerate(WORDS)
        ],
    )


def sample(kind: Kind = Kind.OPENED, hour: int = HOUR, **changes: Any) -> Alert:
    """The alert, told at an hour; a resolved one has an end."""
    product, touchpoint = changes.get("product", "firefox"), changes.get("touchpoint", "account")
    identity = fingerprint(Place(product, touchpoint))
    over = kind in {Kind.RESOLVED, Kind.SPLIT}
    end = datetime.fromtimestamp((hour + 1) * 3600, UTC)
    fields: dict[str, Any] = {
        "episode_id": f"{identity}-{FIRST}",
        "fingerprint": identity,
        "kind": kind,
        "status": Status.RESOLVED if over else Status.FIRING,
        "severity": Severity.CRITICAL,
        "product": product,
        "touchpoint": touchpoint,
        "sources": ("app_reviews", "forum", "support", "*"),
        "hour": hour,
        "started_at": BEGAN,
        "ended_at": end if over else None,
        "window_start": BEGAN,
        "window_end": end,
        "observed": 34.5,
        "expected": 7.9,
        "band_low": 3.0,
        "band_high": 14.0,
        "ratio": 34.5 / 7.9,
        "excess": 34.5 - 7.9,
        "surprise": 7.42,
        "p": 10**-7.42,
        "q_value": 0.0021,
        "authors": 36,
        "posts": 41,
        "conversations": 31,
        "top_author_share": 3 / 41,
        "promotion": 4,
        "control_ratio": 1.3,
        "model_version": "en_feedback-0.2.0",
        "resolves_when": "six hours in a row without evidence; it is then told here",
        "parts": PARTS,
        "explanations": (
            Explanation("version", ("124.0",), 0.81, 0.212),
            Explanation("source", ("support", "forum"), 0.88, 0.034),
        ),
        "launch": NearestLaunch(
            launch_id="6f1d" * 8,
            name="124.0 on desktop",
            launched_at=BEGAN - timedelta(hours=26),
            hours_before=26.0,
            version="124.0",
            url="https://example.com/releases/124",
            explains=0.81,
        ),
        "terms": (
            Term("sync", 19, 0.53, 0.11),
            Term("bookmarks", 11, 0.31, 0.04),
            Term("sign in", 9, 0.25, 0.09),
        ),
        "quotes": quotes(),
        "quality": Quality(
            watermark_lag_seconds=240.0, silent=("play_reviews",), notes=("locale is known of 38 % of the people",)
        ),
        "why": (
            Reason("chance of the hour", 10**-7.42, 1e-4, at_most=True),
            Reason("authors", 36, 5),
            Reason("hours with evidence", 5, 2),
            Reason("people more than expected", 26.6, 5),
            Reason("times the expected", 4.37, 1.5),
            Reason("rate of false alarms", 0.0021, 0.05, at_most=True),
        ),
        "history": tuple(
            HourCount(FIRST - 42 + n, float(count), 1.2 + 0.4 * (n % 24 > 7)) for n, count in enumerate(HISTORY)
        ),
        "earlier": (
            EarlierEpisode(
                f"{identity}-{FIRST - 900}",
                BEGAN - timedelta(hours=900),
                BEGAN - timedelta(hours=871),
                2.9,
                14.0,
                "useful",
                "tokens expired, fixed by 122.0.1",
            ),
        ),
        "dashboard_url": "https://tribometer.example.com/firefox?touchpoint=account&day=2024-03-04",
        "sql": SQL,
    }
    return Alert(**{**fields, **changes})


HISTORY: Final = (
    *(1, 0, 2, 1, 1, 0, 0, 1, 2, 3, 1, 2, 1, 0, 2, 1, 1, 3, 2, 1, 0, 1, 0, 1),
    *(0, 1, 0, 0, 1, 0, 1, 2, 1, 2, 3, 1, 2, 1, 0, 2, 1, 2, 4, 6, 5, 7, 9, 6.5),
)

PARTS: Final = (
    Part("source", "support", 18.0, 3.6, 0.522, 0.456, 0.002, 0.541),
    Part("source", "forum", 11.5, 2.4, 0.333, 0.304, 0.001, 0.342),
    Part("source", "app_reviews", 5.0, 1.9, 0.145, 0.241, 0.031, 0.117),
    Part("version", "124.0", 22.5, 1.0, 0.652, 0.127, 0.18, 0.808),
    Part("version", "123.0.1", 5.0, 4.9, 0.145, 0.62, 0.03, 0.004),
    Part("version", "unknown", 7.0, 2.0, 0.203, 0.253, 0.002, 0.188),
    Part("locale", "en", 20.0, 4.4, 0.58, 0.557, 0.001, 0.586),
    Part("locale", "de", 8.0, 1.5, 0.232, 0.19, 0.002, 0.244),
    Part("locale", "other", 6.5, 2.0, 0.188, 0.253, 0.004, 0.169),
)
