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
from pipelines.watch.course import Course, Told, new_course, run
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
from pipelines.watch.ledger import Telling, to_tell, told_as_on
from schemas.alert import Alert, Severity
from schemas.alert_action import AlertAction
from schemas.errors import TribometerError
from schemas.tables import FEEDBACK, MODEL_CHOICES, SCORES, TableSpec
from transforms.delta import LOG_FOLDER, table_path
from transforms.detect.detector import Settings
from transforms.detect.layout import SeriesKey
from transforms.failpoints import failpoint

_JUDGED_FROM: Final = (FEEDBACK, SCORES, MODEL_CHOICES)
_ATTEMPTS: Final = 20
PORTION_HOURS: Final = 90 * DAY_HOURS
TELL_WITHIN: Final = timedelta(hours=24)

Clock = Callable[[], datetime]


@dataclass(frozen=True)
class WatchSettings:
    """What a team may choose. Of hours that were over `tell_within` before they are judged nobody is told."""

    lateness: timedelta = LATENESS
    tell_within: timedelta = TELL_WITHIN
    detector: Settings = field(default_factory=Settings)


@dataclass(frozen=True)
class Look:
    """What one look came to. `judged_until`: the first hour not judged, None before anything was said.

    `judged`: hours judged, for the first time or again. `unwatched`: series with friction in them that are not watched,
    because there are too many. `late_from`: the first hour that late data changed, if any.
    `more`: whether hours are over that are left for the next look.
    """

    judged_until: datetime | None
    judged: int = 0
    series: int = 0
    open_episodes: int = 0
    alerts: tuple[Alert, ...] = ()
    late_from: datetime | None = None
    quality: Quality = field(default_factory=Quality)
    unwatched: int = 0
    more: bool = False


class Watcher:
    """Looks at one folder of tables; `look` may be called as often as one likes, by one thread."""

    def __init__(self, tables: str, clock: Clock, settings: WatchSettings | None = None) -> None:
        self._tables = tables
        self._clock = clock
        self._settings = settings or WatchSettings()
        self._kept: Kept | None = None
        self._last: tuple[tuple[str, ...], int, Look] | None = None

    def look(self) -> Look:
        """Judge what is over and was not judged, and what late data has changed; some of it, where that is much."""
        seen = tuple(_latest_entry(self._tables, spec) for spec in _JUDGED_FROM)
        hour = hour_of(self._clock() - self._settings.lateness)
        if self._last is not None and self._last[:2] == (seen, hour):
            return self._last[2]  # nothing was committed, and no hour can have ended since
        look = self._look_in_turn()
        quiet = replace(look, judged=0, alerts=(), late_from=None, quality=Quality(), unwatched=0)
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
        now = self._clock()
        clock_hour = closed_until(snapshot, list(fingerprints), now, self._settings.lateness)
        if self._kept is None:
            self._kept = load(self._tables, self._settings.detector) or Kept(new_course(), {}, (), -1)
        kept = self._kept
        if clock_hour is None:
            return Look(None)
        done = None if kept.course.hour is None else kept.course.hour + 1
        late = self._late(snapshot, kept, fingerprints, done)
        if done is not None and clock_hour <= done and late is None:
            return Look(instant_of(done), series=len(kept.course.layout), open_episodes=_open(kept.course))
        course = kept.course if late is None else self._course_before(late, fingerprints)
        start = first_hour(min(fingerprints)) if course.hour is None else course.hour + 1
        spoken = next((hour for day in fingerprints if (hour := first_hour(day)) + DAY_HOURS > start), start)
        until = min(max(clock_hour, done or 0), max(start, spoken) + PORTION_HOURS)
        until = max(until, done or 0)
        return self._judge(snapshot, kept, course, fingerprints, late, start, until, clock_hour)

    def _judge(
        self,
        snapshot: Snapshot,
        kept: Kept,
        course: Course,
        fingerprints: Mapping[str, str],
        late: int | None,
        start: int,
        until: int,
        clock_hour: int,
    ) -> Look:
        judged_until = start if kept.course.hour is None else kept.course.hour + 1
        actions = stored_actions(self._tables)
        days = [day for day in fingerprints if start // DAY_HOURS * DAY_HOURS <= first_hour(day) < until]
        seen: dict[str, SeenDay] = {}
        quality = Quality()

        def heard() -> Iterator[HourEvidence]:
            nonlocal quality
            for day in read_days(snapshot, days):
                quality += day.quality
                digests = {hour.hour: hour.digest.hex() for hour in day.hours if hour.hour < until}
                seen[day.day] = SeenDay(fingerprints[day.day], digests)
                for hour in day.hours:
                    if start <= hour.hour:
                        found.update(hour.counts)
                        yield hour

        midnights: list[Course] = []
        told: list[Told] = []
        found: set[SeriesKey] = set()
        judged = 0
        answers = Answers(actions, self._settings.lateness)
        for each, events in run(course, heard(), until, self._settings.detector, answers):
            course = each
            judged += 1
            told += events
            if course.hour is not None and wanted_midnight(course.hour + 1, until):
                midnights.append(course)
        if course.hour is None or course.hour < until - 1:  # nothing was said in these hours
            course = replace(course, hour=until - 1)
        before = tuple(event for event in kept.events if event.hour < start)
        alerts = self._tell(snapshot, kept, course, told, start, judged_until, actions, clock_hour)
        failpoint("after_alerts")
        kept = Kept(
            course,
            {**{day: known for day, known in kept.days.items() if day in fingerprints}, **seen},
            (*before, *(one.event for one in told)),
            kept.version,
        )
        restarted_at = None if late is None else start
        version = save(
            self._tables, self._settings.detector, kept, midnights, restarted_at=restarted_at, now=self._clock()
        )
        failpoint("after_watch_state")
        self._kept = replace(kept, version=version)
        return Look(
            instant_of(until),
            judged,
            len(course.layout),
            _open(course),
            tuple(alerts),
            None if late is None else instant_of(late),
            quality,
            len(found - set(course.layout.keys)) if course.heard is not None else 0,
            until < clock_hour,
        )

    def _tell(
        self,
        snapshot: Snapshot,
        kept: Kept,
        course: Course,
        told: list[Told],
        start: int,
        judged_until: int,
        actions: Sequence[AlertAction],
        clock_hour: int,
    ) -> list[Alert]:
        alerts = stored_alerts(self._tables)
        tellings = to_tell(
            [event for event in kept.events if event.hour >= start],
            told,
            course.book,
            told_as_on(alerts, judged_until),
            judged_until=judged_until,
        )
        known = {alert.alert_id for alert in alerts}
        made: list[Alert] = []
        now = self._clock()
        for telling in tellings:
            event = telling.event
            if f"{event.episode_id}/{event.kind}/{event.hour}" in known:
                continue
            about = Circumstances(
                now,
                instant_of(clock_hour) + self._settings.lateness,
                self._settings.lateness,
                self._settings.tell_within,
                self._settings.detector,
                [*alerts, *made],
                actions,
            )
            severest = _severest(about.alerts, telling)
            made.append(alert_of(snapshot, replace(telling, before=severest), about))
        if made:
            record_alerts(self._tables, made, now=now)
        return made

    def _late(
        self, snapshot: Snapshot, kept: Kept, fingerprints: Mapping[str, str], done: int | None
    ) -> int | None:
        """The first judged hour of which the tables say something else than when it was judged."""
        if done is None:
            return None
        oldest = min(fingerprints)
        dropped = bool(kept.days) and min(kept.days) < oldest  # by retention: what was learnt of it stays
        changed = [
            day
            for day, fingerprint in fingerprints.items()
            if first_hour(day) < done
            and not (dropped and day == oldest)
            and (day not in kept.days or kept.days[day].fingerprint != fingerprint)
        ]
        gone = [day for day in kept.days if day not in fingerprints and day > oldest]
        late = [hour for day in gone if (hour := kept.days[day].first_difference(day, {}, done)) is not None]
        fresh: dict[str, SeenDay] = {}
        if dropped and oldest in kept.days:
            fresh[oldest] = replace(kept.days[oldest], fingerprint=fingerprints[oldest])
        for day in read_days(snapshot, changed):
            hours = {hour.hour: hour.digest.hex() for hour in day.hours}
            known = kept.days.get(day.day, SeenDay("", {}))
            difference = known.first_difference(day.day, hours, done)
            if difference is not None:
                late.append(difference)
            elif day.day in kept.days:
                fresh[day.day] = replace(known, fingerprint=fingerprints[day.day])
        if fresh and self._kept is not None:  # not looked at again before it changes again
            self._kept = replace(self._kept, days={**self._kept.days, **fresh})
        return min(late, default=None)

    def _course_before(self, hour: int, fingerprints: Mapping[str, str]) -> Course:
        oldest = first_hour(min(fingerprints))
        return load_before(self._tables, self._settings.detector, hour, oldest) or new_course()


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
