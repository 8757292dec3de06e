"""Course: the detector and the lifecycle, one closed hour after the other, over series that come as they are found.

A pure function of the hours: begun anew, or taken up from a checkpoint, the same hours give the same bits.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import tzinfo
from typing import Final

import numpy as np

from pipelines.watch.answers import Answers
from pipelines.watch.calendar import product_name
from pipelines.watch.evidence import DAY_HOURS, HourEvidence
from pipelines.watch.told import Told, facts
from schemas.alert import Kind
from schemas.timestamps import parse_zone
from transforms.detect.clock import local_hour
from transforms.detect.detector import Hour, Scores, Settings, State, empty_state, step
from transforms.detect.growth import grown, with_series
from transforms.detect.launches import Calendar, since_launch
from transforms.detect.layout import Ints, Layout, SeriesKey, layout
from transforms.detect.lifecycle import Book, Episode, Event, Phase, advance_all, signals

NO_HOUR: Final = -1
SLEEP_HOURS: Final = 60 * DAY_HOURS


@dataclass(frozen=True)
class Rules:
    """What hours are judged by: the detector's settings, and the zone whose hours of the day people live by.

    `expect_launches`: whether launches of the ledger are reckoned with. Raises `ValueError` for an unknown zone.
    """

    detector: Settings = field(default_factory=Settings)
    zone: str = "UTC"
    expect_launches: bool = False

    def __post_init__(self) -> None:
        parse_zone(self.zone)


@dataclass(frozen=True)
class Ground:
    """What hours are judged on besides what was said in them: rules, people's answers, and the calendar of launches,
    by `product_name`."""

    rules: Rules = field(default_factory=Rules)
    answers: Answers = field(default_factory=Answers)
    calendar: Calendar = field(default_factory=dict)

    @property
    def zone(self) -> tzinfo:
        return parse_zone(self.rules.zone)


@dataclass(frozen=True)
class Course:
    """Where the watch stands after `hour`, UTC hours since 1970; None before the first."""

    layout: Layout
    state: State
    since: Ints
    """Hour in which the evidence of each series last rose above 0, -1 where it has none, (K,)."""
    book: Book
    hour: int | None = None
    heard: int | None = None
    """The last hour in which anybody said anything."""
    rows: dict[SeriesKey, int] = field(default_factory=dict, compare=False)


def new_course() -> Course:
    """Nothing seen yet."""
    nothing = layout([])
    return Course(nothing, empty_state(nothing), np.zeros(0, dtype=np.int64), Book({}))


def run(
    course: Course, heard: Iterable[HourEvidence], until: int, ground: Ground
) -> Iterator[tuple[Course, tuple[Told, ...]]]:
    """The course after each hour up to `until`, exclusive, and what there was to tell in it.

    `heard` are hours in which anybody said anything, in order; the others are empty. After 60 days without a word the
    watch lays itself down: open episodes end, and it begins anew with the next word. So an event of a wrong decade
    costs nothing, and no baseline outlives what it was learnt from.
    """
    for evidence in heard:
        if evidence.hour >= until:
            break
        if course.hour is None:
            course = replace(course, hour=evidence.hour - 1)
        for each, told in _through_silence(course, evidence.hour, ground):
            course = each
            yield each, told
        course, told, _ = advance(course, evidence, ground)
        yield course, told
    if course.hour is not None:
        yield from _through_silence(course, until, ground)


def _through_silence(course: Course, until: int, ground: Ground) -> Iterator[tuple[Course, tuple[Told, ...]]]:
    if course.hour is None or course.hour + 1 >= until:
        return
    if course.heard is None:  # asleep: hours pass, and nothing else
        yield replace(course, hour=until - 1), ()
        return
    asleep_from = course.heard + SLEEP_HOURS
    for at in range(course.hour + 1, min(until, asleep_from)):
        course, told, _ = advance(course, HourEvidence(at, {}, {}), ground)
        yield course, told
    if asleep_from < until:
        yield replace(new_course(), hour=until - 1), _ended(course, asleep_from)


def _ended(course: Course, hour: int) -> tuple[Told, ...]:
    """The end of every open episode, since nobody has said anything for 60 days."""
    return tuple(
        Told(Event(Kind.RESOLVED, episode.episode_id, place, hour, episode.members, 0.0, 0.0))
        for place, episode in sorted(course.book.episodes.items())
        if episode.is_open
    )


def advance(course: Course, evidence: HourEvidence, ground: Ground) -> tuple[Course, tuple[Told, ...], Scores]:
    """The course one hour further, what there is to tell, and what the detector said of each series."""
    if course.hour is not None and evidence.hour != course.hour + 1:
        raise ValueError(f"hour {evidence.hour} does not follow {course.hour}; give every hour, empty ones too")
    course = _with_room(course, evidence.counts)
    state, scores = step(course.layout, ground.rules.detector, course.state, _hour(course, evidence, ground))
    since = np.where(
        scores.evidence > 0, np.where(course.state.evidence > 0, course.since, evidence.hour), NO_HOUR
    )
    products = _products_with_news(course, scores)
    book: Book = course.book
    told: tuple[Told, ...] = ()
    if products:
        chosen = [row for row, key in enumerate(course.layout.keys) if key.product in products]
        said = signals(*_part(course.layout, scores, chosen), evidence.hour)
        book, events = advance_all(
            ground.answers.given(book, evidence.hour), ground.answers.muted(said, evidence.hour)
        )
        book = Book({place: episode for place, episode in book.episodes.items() if _is_news(episode)})
        told = facts(course.layout, course.state, state, scores, since, events, ground.zone) if events else ()
    heard = evidence.hour if evidence.counts or evidence.control else course.heard
    return replace(course, state=state, since=since, book=book, hour=evidence.hour, heard=heard), told, scores


def _with_room(course: Course, found: Iterable[SeriesKey]) -> Course:
    new = [key for key in found if key not in course.rows]
    wider = with_series(course.layout.keys, new) if new else None
    if wider is None:
        return course
    since = np.full(len(wider), NO_HOUR, dtype=np.int64)
    since[: len(course.since)] = course.since
    return replace(
        course,
        layout=wider,
        state=grown(course.state, course.layout, wider),
        since=since,
        rows={key: row for row, key in enumerate(wider.keys)},
    )


def _hour(course: Course, evidence: HourEvidence, ground: Ground) -> Hour:
    counts = np.zeros(len(course.layout))
    for key, count in evidence.counts.items():
        row = course.rows.get(key)
        if row is not None:  # beyond the most series that are watched
            counts[row] += count
            if key.source is not None:
                counts[course.layout.parent[row]] += count
    control = np.array(
        [evidence.control.get(product, 0.0) for product in course.layout.products], dtype=np.float64
    )
    since = since_launch(ground.calendar, [*map(product_name, course.layout.products)], evidence.hour)
    return Hour(*local_hour(evidence.hour, ground.zone), counts, control, since)


def _products_with_news(course: Course, scores: Scores) -> set[str]:
    """Products with an alarm now, or an episode that goes on: of all others there is nothing to tell."""
    rows = np.nonzero(scores.alarm | scores.on)[0]
    return {course.layout.keys[row].product for row in rows.tolist()} | {
        place.product for place in course.book.episodes
    }


def _is_news(episode: Episode) -> bool:
    return episode.phase in {Phase.OPEN, Phase.RESOLVING, Phase.RESOLVED}


def _part(whole: Layout, scores: Scores, chosen: Sequence[int]) -> tuple[Layout, Scores]:
    parts = {each.name: getattr(scores, each.name)[list(chosen)] for each in fields(scores)}
    return layout([whole.keys[row] for row in chosen]), Scores(**parts)
