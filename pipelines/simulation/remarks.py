"""Remarks: who says what, when and why, before any of it becomes a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from random import Random
from typing import Final

from pipelines.simulation import scenario
from pipelines.simulation.personal_data import PersonalDatum, confide, phone
from pipelines.simulation.phrasebook import Phrasebook
from pipelines.simulation.scenario import SHARES, Cause, Mood, Source
from pipelines.simulation.weighted import Weighted
from schemas.touchpoint import Touchpoint

_PEOPLE_PER_MESSAGE: Final = 0.35
"""Customers who could speak, per message: most speak once or twice, a few often."""

_EDIT_AFTER: Final = timedelta(hours=7)
_DELETE_AFTER: Final = timedelta(days=2, hours=3)


Topic = tuple[Touchpoint, Mood]
Confided = tuple[PersonalDatum, str]
"""Personal data that a remark gives away."""


@dataclass(frozen=True, slots=True)
class Remark:
    """One revision of what one customer said.

    `rating` is on the source's scale (1-5 reviews, 0-10 survey answers, none for tickets); `revised_at` is
    `said_at` for the first revision. A deleted revision has no text.
    """

    source: Source
    number: int
    author: int
    said_at: datetime
    revised_at: datetime
    version: str
    touchpoint: Touchpoint | None
    mood: Mood | None
    cause: Cause
    text: str
    rating: int | None = None
    revision: int = 1
    deleted: bool = False
    personal: Confided | None = None


class Crowd:
    """Draws remarks from one seeded generator; every call moves the generator on."""

    def __init__(self, rng: Random, phrasebook: Phrasebook, messages: int) -> None:
        self._rng = rng
        self._phrasebook = phrasebook
        self._people = max(50, int(messages * _PEOPLE_PER_MESSAGE))
        self._numbers = {source: count(1) for source in Source}
        self._source = Weighted(scenario.SOURCE_WEIGHTS)
        self._touchpoint = Weighted(scenario.TOUCHPOINT_WEIGHTS)
        self._mood = {source: Weighted(weights) for source, weights in scenario.MOOD_WEIGHTS.items()}
        self._day = Weighted({day: scenario.WEEKDAY_WEIGHTS[day % 7] for day in range(scenario.DAYS)})
        self._hour = Weighted(dict(enumerate(scenario.HOUR_WEIGHTS)))
        self._releases = [(launch.launched_at, launch.version) for launch in reversed(scenario.LAUNCHES)]
        self._fixed_at = scenario.FIXING_LAUNCH.launched_at

    def everyday(self, amount: int, only: Source | None = None) -> Iterator[Remark]:
        """What people say on any day, following the week and the fix; in one source only where one is named."""
        for _ in range(amount):
            source, said_at = only or self._source.throw(self._rng), self._instant()
            topic = self._topic(source, said_at)
            silent = source is Source.SURVEYS and self._rng.random() < SHARES.silent
            text, personal = ("", None) if silent else self._confided(self._words(source, said_at, topic))
            yield self._remark(source, said_at, topic, Cause.EVERYDAY, text=text, personal=personal)

    def about_launch(self, amount: int) -> Iterator[Remark]:
        """Complaints about the hurting launch, fewer every day."""
        launch = scenario.HURTING_LAUNCH
        for _ in range(amount):
            delay = timedelta(days=self._rng.expovariate(0.693 / scenario.HURT_HALF_LIFE_DAYS))
            said_at = launch.launched_at + min(delay, timedelta(days=28))
            touchpoint = self._rng.choice(launch.touchpoints)
            text, personal = self._confided(self._phrasebook.about_launch(self._rng, touchpoint))
            source, topic = self._source.throw(self._rng), (touchpoint, Mood.FRICTION)
            remark = self._remark(source, said_at, topic, Cause.LAUNCH, text=text, personal=personal)
            yield replace(remark, version=launch.version)

    def about_outage(self, amount: int) -> Iterator[Remark]:
        """Complaints while nothing works; nobody is surveyed in these hours."""
        for _ in range(amount):
            said_at = self._between(scenario.OUTAGE_BEGINS, scenario.OUTAGE_ENDS)
            source = self._rng.choice((Source.TICKETS, Source.TICKETS, Source.REVIEWS))
            text = self._phrasebook.about_outage(self._rng)
            topic = (Touchpoint.RELIABILITY, Mood.FRICTION)
            yield self._remark(source, said_at, topic, Cause.OUTAGE, text=text)

    def flood(self, amount: int) -> Iterator[Remark]:
        """One advertisement, pasted into the reviews by a few accounts under five stars."""
        advertised = phone(self._rng)
        accounts = range(self._people + 1, self._people + 1 + scenario.FLOOD_ACCOUNTS)
        for _ in range(amount):
            said_at = self._between(scenario.FLOOD_BEGINS, scenario.FLOOD_ENDS)
            text = self._phrasebook.advertisement(self._rng, advertised)
            personal = (PersonalDatum.PHONE, advertised)
            remark = self._remark(Source.REVIEWS, said_at, None, Cause.FLOOD, text=text, personal=personal)
            yield replace(remark, author=self._rng.choice(accounts), rating=5)

    def edit(self, remark: Remark) -> Remark:
        """The same remark with an afterthought, some hours later."""
        text = (
            f"{remark.text} Edit: {self._rng.choice(('still the same today.', 'typo corrected.', 'see above.'))}"
        )
        revised_at = remark.said_at + _EDIT_AFTER * self._rng.uniform(0.1, 1)
        return replace(remark, text=text, revision=2, revised_at=_whole_second(revised_at))

    def delete(self, remark: Remark) -> Remark:
        """The same remark withdrawn, a day or two later."""
        revised_at = remark.said_at + _DELETE_AFTER * self._rng.uniform(0.3, 1)
        return replace(
            remark, text="", deleted=True, revision=2, revised_at=_whole_second(revised_at), personal=None
        )

    def _topic(self, source: Source, said_at: datetime) -> Topic:
        touchpoint, mood = self._touchpoint.throw(self._rng), self._mood[source].throw(self._rng)
        fixed = touchpoint in scenario.FIXING_LAUNCH.touchpoints and said_at >= self._fixed_at
        if fixed and mood is Mood.FRICTION and self._rng.random() >= scenario.FIX_KEEPS:
            mood = Mood.NEUTRAL if source is Source.TICKETS else Mood.DELIGHT
        return touchpoint, mood

    def _words(self, source: Source, said_at: datetime, topic: Topic) -> str:
        dice = self._rng.random()
        if dice < SHARES.foreign:
            return self._phrasebook.abroad(self._rng, topic[1])
        if dice < SHARES.foreign + SHARES.mixed:
            return self._phrasebook.mixed(self._rng, topic, self._topic(source, said_at))
        return self._phrasebook.everyday(self._rng, *topic)

    def _confided(self, text: str) -> tuple[str, Confided | None]:
        """The text, now and then with personal data behind it."""
        if self._rng.random() >= SHARES.personal:
            return text, None
        kind, datum, sentence = confide(self._rng)
        return f"{text} {sentence}", (kind, datum)

    def _remark(
        self,
        source: Source,
        said_at: datetime,
        topic: Topic | None,
        cause: Cause,
        *,
        text: str,
        personal: Confided | None = None,
    ) -> Remark:
        said_at = _whole_second(said_at)
        touchpoint, mood = topic or (None, None)
        answers = _ANSWERS.get(source)
        return Remark(
            source=source,
            number=next(self._numbers[source]),
            author=int(self._people * self._rng.random() ** 1.3) + 1,
            said_at=said_at,
            revised_at=said_at,
            version=self._version(said_at),
            touchpoint=touchpoint,
            mood=mood,
            cause=cause,
            text=text,
            rating=None if answers is None else self._rng.choice(answers[mood or Mood.DELIGHT]),
            personal=personal,
        )

    def _version(self, said_at: datetime) -> str:
        """The version a customer runs: the newest one they have got round to installing."""
        updated_at = said_at - timedelta(days=self._rng.expovariate(1 / scenario.ADOPTION_DAYS))
        released = (version for launched_at, version in self._releases if launched_at <= updated_at)
        return next(released, scenario.FIRST_VERSION)

    def _instant(self) -> datetime:
        hours = 24 * self._day.throw(self._rng) + self._hour.throw(self._rng)
        return scenario.BEGINS + timedelta(hours=hours, seconds=self._rng.randrange(3600))

    def _between(self, begins: datetime, ends: datetime) -> datetime:
        return begins + (ends - begins) * self._rng.random()


_ANSWERS: Final = {
    Source.REVIEWS: {Mood.FRICTION: (1, 1, 1, 2, 2, 3), Mood.DELIGHT: (4, 5, 5, 5), Mood.NEUTRAL: (3, 4)},
    Source.SURVEYS: {Mood.FRICTION: (0, 1, 2, 3, 4, 5, 6), Mood.DELIGHT: (9, 9, 10), Mood.NEUTRAL: (7, 8)},
}
"""Ratings by mood; an answer is drawn with equal odds."""


def _whole_second(instant: datetime) -> datetime:
    return instant.replace(microsecond=0)
