"""Replay: the hours of the tables as a watch would have judged them, each with what had been said by then.

Nothing of a later hour is known in an earlier one: the detector is carried from hour to hour. What came late counts
where it belongs, since the tables no longer say in which order they would have been watched.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from pipelines.snapshot import Snapshot
from pipelines.watch.calendar import calendar_in
from pipelines.watch.course import Ground, Rules, new_course, run
from pipelines.watch.days import day_fingerprints
from pipelines.watch.evidence import DAY_HOURS, HourEvidence, read_days
from pipelines.watch.told import Told
from schemas.alert import Kind
from transforms.detect.lifecycle import Place


@dataclass(frozen=True)
class Page:
    """One time somebody would have been told that an episode is on, after the close of `hour`."""

    place: Place
    episode_id: str
    hour: int
    observed: float
    expected: float
    usual: tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class Replayed:
    """What was told, and on how many days there was feedback."""

    pages: tuple[Page, ...]
    held_back: int
    days: int
    hours: int


def ground_of(tables: str, rules: Rules) -> Ground:
    """What a watch of these tables would judge its hours on, without anybody's answers."""
    return Ground(rules, calendar=calendar_in(tables) if rules.expect_launches else {})


def read_evidence(snapshot: Snapshot, since: date | None, until: date | None) -> list[HourEvidence]:
    """The hours of the snapshot in which anybody said anything, of these days, both included."""
    days = [
        day
        for day in day_fingerprints(snapshot)
        if (since is None or day >= since.isoformat()) and (until is None or day <= until.isoformat())
    ]
    return [hour for day in read_days(snapshot, days) for hour in day.hours]


def replay(evidence: Sequence[HourEvidence], ground: Ground) -> Replayed:
    """Judge every hour from the first to the last of `evidence`."""
    pages, held_back, hours = [], 0, 0
    if not evidence:
        return Replayed((), 0, 0, 0)
    for _, events in run(new_course(), iter(evidence), evidence[-1].hour + 1, ground):
        hours += 1
        for told in _begun(events):
            if told.event.notify:
                pages.append(_page(told))
            else:
                held_back += 1
    days = len({hour.hour // DAY_HOURS for hour in evidence})
    return Replayed(tuple(pages), held_back, days, hours)


def of_place(evidence: Sequence[HourEvidence], place: Place, first: int, last: int) -> dict[int, float]:
    """People with friction in each hour from `first` to `last`, as the watch counts them."""
    return {
        hour.hour: sum(count for key, count in hour.counts.items() if key[:2] == (place.product, place.touchpoint))
        for hour in evidence
        if first <= hour.hour <= last
    }


def _begun(events: Sequence[Told]) -> Iterator[Told]:
    return (told for told in events if told.event.kind in {Kind.OPENED, Kind.REOPENED})


def _page(told: Told) -> Page:
    shown = [told.shown] if told.shown else [one for one in told.standings if one.source is None]
    return Page(
        told.event.place,
        told.event.episode_id,
        told.event.hour,
        sum(one.seen for one in shown),
        sum(one.expected for one in shown),
        told.usual,
    )
