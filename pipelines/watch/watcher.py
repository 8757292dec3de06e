"""Watcher: one look at the tables. What is over is judged, what there is to tell is written to the table `alerts`.

Alerts first, then what is remembered: whoever is killed in between makes the same alerts again, under the same
identities, and they are recognised. A history is judged a quarter at a time, so that little is lost.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from pipelines.alerts.ledger import record_alerts, stored_actions, stored_alerts
from pipelines.connect import with_fresh_snapshot
from pipelines.snapshot import Snapshot, open_snapshot
from pipelines.watch.answers import Answers
from pipelines.watch.calendar import calendar_in
from pipelines.watch.checkpoint import (
    Kept,
    SeenDay,
    WatchedElsewhereError,
    load,
    load_before,
    save,
    wanted_midnight,
)
from pipelines.watch.closing import LATENESS, closed_until
from pipelines.watch.course import Course, Ground, Rules, new_course, run
from pipelines.watch.days import day_fingerprints
from pipelines.watch.evidence import (
    DAY_HOURS,
    HourEvidence,
    Quality,
    day_of_hour,
    first_hour,
    hour_of,
    instant_of,
    read_days,
)
from pipelines.watch.explain import Circumstances, alert_of
from pipelines.watch.late import Late, late_since
from pipelines.watch.ledger import Telling, ends_of_strangers, to_tell, told_as_on
from pipelines.watch.left_out import FloodNote, NotCounted
from pipelines.watch.steady import ClockJumps, since_boot
from pipelines.watch.told import Told
from schemas.alert import Alert, Severity
from schemas.errors import TribometerError
from schemas.tables import FEEDBACK, LAUNCHES, MODEL_CHOICES, SCORES, TableSpec
from transforms.delta import LOG_FOLDER, table_path
from transforms.detect.layout import SeriesKey
from transforms.failpoints import failpoint

_JUDGED_FROM: Final = (FEEDBACK, SCORES, MODEL_CHOICES, LAUNCHES)
_ATTEMPTS: Final = 20
PORTION_HOURS: Final = 90 * DAY_HOURS
TELL_WITHIN: Final = timedelta(hours=24)

Clock = Callable[[], datetime]


@dataclass(frozen=True)
class WatchSettings:
    """What a team may choose. Of hours that were over `tell_within` before they are judged nobody is told.

    `dashboard`: address of a dashboard, with places to fill (`pipelines.watch.dashboard`).
    """

    lateness: timedelta = LATENESS
    tell_within: timedelta = TELL_WITHIN
    rules: Rules = field(default_factory=Rules)
    dashboard: str | None = None


@dataclass(frozen=True)
class Look:
    """What one look came to. `judged_until`: the first hour not judged, None before anything was said.

    `judged`: hours judged, for the first time or again. `unwatched`: series with friction in them that are not watched,
    because there are too many. `late_from`: the first hour that late data changed, if any.
    `floods`: what came from few in the hours judged for the first time. `clock_jump`: by how many seconds the clock on
    the wall has moved by itself since the look before. `more`: whether hours are over that are left for the next look.
    """

    judged_until: datetime | None
    judged: int = 0
    series: int = 0
    open_episodes: int = 0
    alerts: tuple[Alert, ...] = ()
    late_from: datetime | None = None
    quality: Quality = field(default_factory=Quality)
    unwatched: int = 0
    floods: tuple[FloodNote, ...] = ()
    clock_jump: float = 0.0
    more: bool = False


class Watcher:
    """Looks at one folder of tables; `look` may be called as often as one likes, by one thread."""

    def __init__(
        self,
        tables: str,
        clock: Clock,
        settings: WatchSettings | None = None,
        *,
        seconds: Callable[[], float] = since_boot,
    ) -> None:
        """`clock` is the one on the wall, `seconds` one that nobody sets."""
        self._tables = tables
        self._clock = clock
        self._jumps = ClockJumps(clock, seconds)
        self._clock_jump = 0.0
        self._settings = settings or WatchSettings()
        self._kept: Kept | None = None
        self._last: tuple[tuple[str, ...], int, Look] | None = None

    def look(self) -> Look:
        """Judge what is over and was not judged, and what late data has changed; some of it, where that is much."""
        self._clock_jump = self._jumps.since_last()
        seen = tuple(_latest_entry(self._tables, spec) for spec in _JUDGED_FROM)
        hour = hour_of(self._clock() - self._settings.lateness)
        if self._last is not None and self._last[:2] == (seen, hour):
            return replace(self._last[2], clock_jump=self._clock_jump)  # nothing was committed, no hour has ended
        look = replace(self._look_in_turn(), clock_jump=self._clock_jump)
        quiet = replace(look, judged=0, alerts=(), late_from=None, quality=Quality(), unwatched=0, floods=())
        self._last = None if look.more else (seen, hour, quiet)
        return look

    def _look_in_turn(self) -> Look:
        for attempt in range(_ATTEMPTS):
            try:
                return with_fresh_snapshot(self._look)
            except WatchedElsewhereError:
                self._kept = None  # the other's is the same, and further on
                time.sleep(random.uniform(0, 0.1 * (attempt + 1)))  # noqa: S311 - spreads rivals, guards nothing
        raise TribometerError(
            f"other watchers of {self._tables} were faster {_ATTEMPTS} times; let one of them watch"
        )

    def looks(self) -> Iterator[Look]:
        """Looks until nothing is left to be judged."""
        while True:
            look = self.look()
            yield look
            if not look.more:
                return

    def _look(self) -> Look:
        snapshot = open_snapshot(self._tables)
        fingerprints = _with_day_before(day_fingerprints(snapshot))
        lateness, rules = self._settings.lateness, self._settings.rules
        clock_hour = closed_until(snapshot, list(fingerprints), self._clock(), lateness)
        if self._kept is None:
            self._kept = load(self._tables, rules) or Kept(new_course(), {}, {}, (), -1)
        kept = self._kept
        if clock_hour is None:
            return Look(None)
        calendar = calendar_in(self._tables) if rules.expect_launches else {}
        ground = Ground(rules, Answers(stored_actions(self._tables), lateness), calendar)
        done = None if kept.course.hour is None else kept.course.hour + 1
        late = Late() if done is None else late_since(snapshot, kept, fingerprints, ground.calendar, done)
        if late.same:  # not looked at again before it changes again
            self._kept = kept = replace(kept, days={**kept.days, **late.same})
        if done is not None and clock_hour <= done and late.hour is None:
            return Look(instant_of(done), series=len(kept.course.layout), open_episodes=_open(kept.course))
        course = kept.course
        if late.hour is not None:
            course = load_before(self._tables, rules, late.hour, first_hour(min(fingerprints))) or new_course()
        start = first_hour(min(fingerprints)) if course.hour is None else course.hour + 1
        spoken = next((hour for day in fingerprints if (hour := first_hour(day)) + DAY_HOURS > start), start)
        until = min(max(clock_hour, done or 0), max(start, spoken) + PORTION_HOURS)
        return self._judge(
            _Task(
                snapshot,
                fingerprints,
                ground,
                course,
                start,
                max(until, done or 0),
                start if done is None else done,
                clock_hour,
                late.hour,
            ),
            kept,
        )

    def _judge(self, task: _Task, kept: Kept) -> Look:
        reading = _Reading(task)
        midnights: list[Course] = []
        told: list[Told] = []
        course, judged = task.course, 0
        for each, events in run(course, reading.heard(), task.until, task.ground):
            course = each
            judged += 1
            told += events
            if course.hour is not None and wanted_midnight(course.hour + 1, task.until):
                midnights.append(course)
        if course.hour is None or course.hour < task.until - 1:  # nothing was said in these hours
            course = replace(course, hour=task.until - 1)
        before = tuple(event for event in kept.events if event.hour < task.start)
        alerts = self._tell(task, kept, course, told, reading)
        failpoint("after_alerts")
        kept = Kept(
            course,
            {**{day: known for day, known in kept.days.items() if day in task.fingerprints}, **reading.seen},
            task.ground.calendar,
            (*before, *(one.event for one in told)),
            kept.version,
        )
        version = save(
            self._tables,
            self._settings.rules,
            kept,
            midnights,
            restarted_at=None if task.late is None else task.start,
            now=self._clock(),
        )
        failpoint("after_watch_state")
        self._kept = replace(kept, version=version)
        return Look(
            instant_of(task.until),
            judged,
            len(course.layout),
            _open(course),
            tuple(alerts),
            None if task.late is None else instant_of(task.late),
            reading.quality,
            len(reading.found - set(course.layout.keys)) if course.heard is not None else 0,
            tuple(note for note in reading.floods if task.judged_until <= note.hour < task.until),
            more=task.until < task.clock_hour,
        )

    def _tell(
        self, task: _Task, kept: Kept, course: Course, told: Sequence[Told], reading: _Reading
    ) -> list[Alert]:
        alerts = stored_alerts(self._tables)
        before = told_as_on(alerts, task.judged_until)
        reported = [event for event in kept.events if event.hour >= task.start]
        tellings = to_tell(reported, told, course.book, before, judged_until=task.judged_until)
        tellings += ends_of_strangers(tellings, before, told_as_on(alerts, task.until), task.until - 1)
        known = {alert.alert_id for alert in alerts}
        made: list[Alert] = []
        now = self._clock()
        for telling in tellings:
            event = telling.event
            if f"{event.episode_id}/{event.kind}/{event.hour}" in known:
                continue
            about = Circumstances(
                now,
                instant_of(task.clock_hour) + self._settings.lateness,
                self._settings.lateness,
                self._settings.tell_within,
                self._settings.rules.detector,
                [*alerts, *made],
                task.ground.answers.actions,
                self._settings.dashboard,
                self._clock_jump,
                reading.not_counted,
            )
            severest = _severest(about.alerts, telling)
            made.append(alert_of(task.snapshot, replace(telling, before=severest), about))
        if made:
            record_alerts(self._tables, made, now=now)
        return made


@dataclass(frozen=True)
class _Task:
    """One look's work: hours from `start` until before `until`; those before `judged_until` were judged before.

    `clock_hour`: the first hour that is not over. `late`: the first hour that late data changed, if any.
    """

    snapshot: Snapshot
    fingerprints: Mapping[str, str]
    ground: Ground
    course: Course
    start: int
    until: int
    judged_until: int
    clock_hour: int
    late: int | None


class _Reading:
    """The task's days, read once: their hours go to the course, and what they held besides is kept here."""

    def __init__(self, task: _Task) -> None:
        self._task = task
        self._not_counted: dict[str, NotCounted] = {}
        self.seen: dict[str, SeenDay] = {}
        self.found: set[SeriesKey] = set()
        self.quality = Quality()
        self.floods: list[FloodNote] = []

    def heard(self) -> Iterator[HourEvidence]:
        """The hours in which anybody said anything."""
        start, until = self._task.start, self._task.until
        days = [
            day for day in self._task.fingerprints if start // DAY_HOURS * DAY_HOURS <= first_hour(day) < until
        ]
        for day in read_days(self._task.snapshot, days):
            self.quality += day.quality
            self.floods += day.not_counted.floods
            self._not_counted[day.day] = day.not_counted
            digests = {hour.hour: hour.digest.hex() for hour in day.hours if hour.hour < until}
            self.seen[day.day] = SeenDay(self._task.fingerprints[day.day], digests)
            for hour in day.hours:
                if start <= hour.hour:
                    self.found.update(key for key in hour.counts if key.source is not None)
                    yield hour

    def not_counted(self, begin: int, end: int) -> NotCounted:
        """What was left out of these hours, end exclusive; days that this look had no need of are read for it."""
        days = [
            day
            for day in sorted(self._task.fingerprints)
            if first_hour(day) < end and first_hour(day) + DAY_HOURS > begin
        ]
        missing = [day for day in days if day not in self._not_counted]
        if missing:
            self._not_counted |= {day.day: day.not_counted for day in read_days(self._task.snapshot, missing)}
        return NotCounted.of([self._not_counted[day] for day in days], begin, end)


def _with_day_before(fingerprints: Mapping[str, str]) -> dict[str, str]:
    """What a day counts hangs on the day before too, whose authors may write again."""
    return {
        day: f"{fingerprints.get(day_of_hour(first_hour(day) - 1), '-')}.{own}"
        for day, own in fingerprints.items()
    }


def _latest_entry(root: str, spec: TableSpec) -> str:
    """Name of the newest entry of a table's log, without opening it; nothing where there is no table."""
    try:
        return max((entry.name for entry in os.scandir(table_path(root, spec) / LOG_FOLDER)), default="")
    except FileNotFoundError:
        return ""


def _severest(alerts: Sequence[Alert], telling: Telling) -> Severity | None:
    """The highest severity the episode has had before, so that its end reaches whoever was told of its beginning."""
    event = telling.event
    had = [alert.severity for alert in alerts if alert.episode_id == event.episode_id and alert.hour <= event.hour]
    return max(
        [*had, *([] if telling.before is None else [telling.before])], key=lambda one: one.rank, default=None
    )


def _open(course: Course) -> int:
    return sum(episode.is_open for episode in course.book.episodes.values())
