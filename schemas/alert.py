"""An alert: what is told of an episode of friction at one closed hour.

`alert_id` is `{episode_id}/{kind}/{hour}`: a replay of the same hours gives the same identity, and whoever delivers
uses it as the key by which a repetition is recognised. An alert is written once and never changed; what people make of
it (acknowledge, snooze, silence) is apart (`schemas/alert_action.py`).

What is stored of it holds no customer's words: a quote is the `event_id` and the place of the mention, and its words
are read when the alert is shown or sent, from feedback as it is then. So erasure, retention and a deletion at the
source reach every alert without rewriting one. `without_words` makes that form.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import cache
from math import isfinite
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from schemas.errors import TribometerError

WHOLE_PRODUCT: Final = "*"
"""Stands as the touchpoint where an alert is about a whole product."""

ALERT_VERSION: Final = 1
"""Version of this form. Fields are only added, with a default; anything else makes a new version."""

CRITICAL_EXCESS: Final = 20.0
CRITICAL_RATIO: Final = 3.0
"""From how many authors more than expected, and how many times as many, an episode of one touchpoint is critical."""

LEAST_TERM_AUTHORS: Final = 3
"""Fewest authors who wrote a distinguishing term: what one person alone wrote is no term."""


class AlertFormError(TribometerError):
    """Not an alert as this program knows it; the text says why."""


class Kind(StrEnum):
    """What there is to tell of an episode."""

    OPENED = "opened"
    UPDATED = "updated"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    SPLIT = "split"
    AMENDED = "amended"


class Status(StrEnum):
    """Whether the episode is on after this alert."""

    FIRING = "firing"
    RESOLVED = "resolved"


class Severity(StrEnum):
    """How much an alert asks for, the least first: `info` can wait, `warning` is for today, `critical` for now."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for the least."""
        return list(Severity).index(self)


def severity_of(
    excess: float,
    ratio: float | None,
    *,
    everywhere: bool = False,
    learning: bool = False,
    before: Severity | None = None,
) -> Severity:
    """How severe an episode is.

    *critical*: three touchpoints of a product or more (`everywhere`), or at least 20 authors more than expected and
    three times as many (also where none are expected). *info*: a series that is still being learnt, whose expectation
    may be off. *warning*: all others. An episode keeps the highest it has had (`before`), so that its end reaches
    whoever was told of its beginning.

    >>> severity_of(24, 4.0), severity_of(8, 4.0), severity_of(8, 1.6, everywhere=True)
    (<Severity.CRITICAL: 'critical'>, <Severity.WARNING: 'warning'>, <Severity.CRITICAL: 'critical'>)
    """
    large = excess >= CRITICAL_EXCESS and (ratio is None or ratio >= CRITICAL_RATIO)
    now = Severity.WARNING
    if learning:
        now = Severity.INFO
    elif everywhere or large:
        now = Severity.CRITICAL
    return now if before is None or before.rank < now.rank else before


def hour_start(hour: int) -> datetime:
    """The instant at which an hour, counted since 1970 in UTC, begins."""
    return datetime.fromtimestamp(hour * 3600, UTC)


@dataclass(frozen=True)
class Part:
    """One value of a dimension in the window: a source, touchpoint, version or locale.

    `observed` and `expected` count as the alert's do. `share` is of what was observed, `baseline_share` of what was
    expected, both 0 to 1. `surprise` is the part's Jensen-Shannon divergence, 0 or more, in nats. `explains` is the
    share of the whole excess that it brings: parts of one dimension add up to 1, and one may be below 0.
    """

    dimension: str
    value: str
    observed: float
    expected: float
    share: float
    baseline_share: float
    surprise: float
    explains: float


@dataclass(frozen=True)
class Explanation:
    """The fewest values of one dimension that bring most of the excess (Adtributor, NSDI 2014).

    `explains` is the sum of theirs, `surprise` likewise; an alert has the most surprising dimension first.
    """

    dimension: str
    values: tuple[str, ...]
    explains: float
    surprise: float


@dataclass(frozen=True)
class NearestLaunch:
    """The launch of the product that came out last before the episode began.

    `hours_before` is 0 or more. `explains` is the share of the excess written by people who name its version, None
    where no feedback of the window has a version.
    """

    launch_id: str
    name: str
    launched_at: datetime
    hours_before: float
    version: str | None = None
    kind: str = "release"
    url: str | None = None
    explains: float | None = None


@dataclass(frozen=True)
class Term:
    """A word or phrase that sets the window apart: the authors who used it in the window, at least 3, and the shares of
    all authors who did, in the window and before it."""

    term: str
    authors: int
    share: float
    baseline_share: float


@dataclass(frozen=True)
class Quote:
    """One mention of the window: characters `start` to `end` of the event's text, said at `occurred_at`.

    `text`, `author` (a pseudonym) and `url` are None in what is stored, and where the event is gone.
    """

    event_id: str
    source: str
    occurred_at: datetime
    start: int
    end: int
    touchpoint: str | None = None
    version: str | None = None
    text: str | None = None
    author: str | None = None
    url: str | None = None

    @property
    def day(self) -> date:
        """UTC day it was said on."""
        return self.occurred_at.astimezone(UTC).date()


@dataclass(frozen=True)
class Quality:
    """How complete the data behind an alert was when it was made.

    `watermark_lag_seconds`: by how much the newest feedback was behind the clock, None where nobody knows. `silent`:
    sources that deliver nothing though something was due. `learning`: the series was under 14 days old. `back_filled`:
    items of the window that came after its hours had closed. `clock_jump_seconds`: how far the clock moved by itself, 0
    for not at all. `notes`: anything else a reader should know, one sentence each.
    """

    watermark_lag_seconds: float | None = None
    silent: tuple[str, ...] = ()
    learning: bool = False
    back_filled: int = 0
    clock_jump_seconds: float = 0.0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reason:
    """One thing that had to hold: what was `reached` against its `threshold`, in the same unit.

    `rule` is its name in words, as in `authors` or `hours with evidence`; `at_most` says that less is needed, not more.
    """

    rule: str
    reached: float
    threshold: float
    at_most: bool = False

    @property
    def holds(self) -> bool:
        """Whether it was met."""
        return self.reached <= self.threshold if self.at_most else self.reached >= self.threshold


@dataclass(frozen=True)
class EarlierEpisode:
    """An earlier episode of the same product and touchpoint: its peak and what people said of it."""

    episode_id: str
    started_at: datetime
    ended_at: datetime | None
    ratio: float | None
    authors: float
    verdict: str | None = None
    note: str | None = None


@dataclass(frozen=True)
class HourCount:
    """One hour of the series around the episode, for its picture: what was observed and expected."""

    hour: int
    observed: float
    expected: float


@dataclass(frozen=True)
class Alert:
    """What is told of an episode at one closed hour. Instants are aware, UTC.

    Who and when
      `episode_id`, `fingerprint` (the same for every episode of a place), `product`, `touchpoint` (`*`: the whole
      product), `sources` (the members; `*` is their sum; of a whole product its touchpoints), `hour` (the closed hour,
      counted since 1970), `started_at` (the first hour's start), `ended_at` (None while firing), `notify` (whether
      anybody is told) and `held_back` (why not, None where somebody is).

    Figures of the window `window_start` to `window_end`, end exclusive
      `observed` and `expected`: people with friction, as the detector counts them (unknown authors half).
      `band_low` to `band_high`: where 90 of 100 such windows lie. `ratio` is observed / expected, None where that is 0;
      `excess` their difference. `surprise` is -log10 of `p`, the calibrated chance of the hour; `q_value` the rate of
      false alarms at which it would just be called one, None where it was not tested in this hour.

    Voices
      `authors`, `posts` and `conversations`: distinct, in the window. `top_author_share`: share of the posts by the one
      who wrote most. `promotion`: items that were left out as promotion or copies. `control_ratio`: how much busier the
      product is than usual, 1 for as usual; `expected` is adjusted by it.

    Why
      `parts` and their `explanations`, `launch`, `terms`, `quotes`, `earlier`, `quality`, `why` (what had to hold),
      `resolves_when` (what will end it), `history` (hours around the beginning, ascending).

    Where to go on
      `dashboard_url` and `sql`, a query of the views that can be run as it is.

    Raises `ValueError` for a number that is not finite, an instant without time zone, an end that does not fit, or a
    term of fewer than three authors.
    """

    episode_id: str
    fingerprint: str
    kind: Kind
    status: Status
    severity: Severity
    product: str
    touchpoint: str
    sources: tuple[str, ...]
    hour: int
    started_at: datetime
    window_start: datetime
    window_end: datetime
    observed: float
    expected: float
    band_low: float
    band_high: float
    excess: float
    surprise: float
    p: float
    authors: int
    posts: int
    conversations: int
    top_author_share: float
    model_version: str
    resolves_when: str
    ended_at: datetime | None = None
    notify: bool = True
    held_back: str | None = None
    ratio: float | None = None
    q_value: float | None = None
    promotion: int = 0
    control_ratio: float | None = None
    parts: tuple[Part, ...] = ()
    explanations: tuple[Explanation, ...] = ()
    launch: NearestLaunch | None = None
    terms: tuple[Term, ...] = ()
    quotes: tuple[Quote, ...] = ()
    quality: Quality = Quality()
    why: tuple[Reason, ...] = ()
    history: tuple[HourCount, ...] = ()
    earlier: tuple[EarlierEpisode, ...] = ()
    dashboard_url: str | None = None
    sql: str | None = None
    version: int = ALERT_VERSION

    def __post_init__(self) -> None:
        _check(self)
        if (self.ended_at is None) != (self.status is Status.FIRING):
            raise ValueError("ended_at: stands in an alert that is resolved, and in no other")
        few = [term.term for term in self.terms if term.authors < LEAST_TERM_AUTHORS]
        if few:
            raise ValueError(f"terms: {len(few)} of fewer than {LEAST_TERM_AUTHORS} authors; leave them out")

    @property
    def alert_id(self) -> str:
        """Identity of what is told, and the key by which a repetition is recognised."""
        return f"{self.episode_id}/{self.kind}/{self.hour}"

    @property
    def told_of(self) -> datetime:
        """The end of the closed hour: from then on this could be known."""
        return hour_start(self.hour) + timedelta(hours=1)

    @property
    def whole_product(self) -> bool:
        """Whether it is about a product and not one touchpoint."""
        return self.touchpoint == WHOLE_PRODUCT

    @property
    def place(self) -> str:
        """What it is about, in words.

        The product alone where it is the whole of it, else product and touchpoint: `firefox, sync`.
        """
        return self.product if self.whole_product else f"{self.product}, {self.touchpoint}"

    def without_words(self) -> Alert:
        """As it is stored: quotes are references only."""
        bare = (replace(quote, text=None, author=None, url=None) for quote in self.quotes)
        return replace(self, quotes=tuple(bare))

    def to_json(self) -> str:
        """One line of JSON, with `alert_id`; `from_json` gives the same alert."""
        return json.dumps(self.to_fields(), ensure_ascii=False, separators=(",", ":"), allow_nan=False)

    def to_fields(self) -> dict[str, Any]:
        """What `to_json` writes, as objects of JSON; `alert_id` and `version` come first."""
        said: dict[str, Any] = _adapter().dump_python(self, mode="json")
        return {"alert_id": self.alert_id, "version": said.pop("version"), **said}

    @classmethod
    def from_json(cls, text: str | bytes) -> Alert:
        """Read what `to_json` wrote; fields that this program does not know are passed over.

        Raises `AlertFormError` for anything else, a later version among it.
        """
        try:
            version = json.loads(text).get("version")
        except (ValueError, AttributeError) as error:
            raise AlertFormError("not an alert: no JSON object") from error
        if version != ALERT_VERSION:
            raise AlertFormError(
                f"an alert of version {version!r}; this program reads version {ALERT_VERSION}, a newer one may read it"
            )
        try:
            return _adapter().validate_json(text)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            where = ".".join(map(str, first["loc"])) or "the whole"
            raise AlertFormError(f"not an alert: {where}: {first['msg']}") from error


def alert_schema() -> dict[str, Any]:
    """The JSON Schema of what `to_json` writes."""
    schema = _adapter().json_schema(mode="serialization")
    alert_id = {"type": "string", "title": "Alert Id"}
    schema["properties"] = {"alert_id": alert_id, **schema["properties"]}
    schema["required"] = ["alert_id", *schema["required"]]
    return schema


@cache
def _adapter() -> TypeAdapter[Alert]:
    return TypeAdapter(Alert)


def _check(value: object, name: str = "alert") -> None:
    """Refuse what JSON cannot carry, or what would mean another instant elsewhere."""
    if is_dataclass(value):
        for field in fields(value):
            _check(getattr(value, field.name), field.name)
    elif isinstance(value, tuple):
        for one in value:
            _check(one, name)
    elif isinstance(value, float) and not isfinite(value):
        raise ValueError(f"{name}: {value} is not a finite number; leave it out where nothing is known")
    elif isinstance(value, datetime) and value.utcoffset() != timedelta(0):
        raise ValueError(f"{name}: {value} is not in UTC")
