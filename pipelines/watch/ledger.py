"""Ledger: what of an episode is to be told, given what was told already; a pure function.

An hour that is judged for the first time is told as it is. Late data changes hours that were judged, and so what is
known of their episodes: that amends what was said and pages nobody. Two things are put right beside it, because people
act on them: an episode that goes on and that nobody has heard of is told now, and one that was told as on, and is not,
is ended. The same incident stays the same episode for people, under the identity it was told by, even where late data
has moved its beginning.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from pipelines.watch.evidence import hour_of
from pipelines.watch.told import Told
from schemas.alert import Alert, Kind, Severity, Status
from transforms.detect.lifecycle import Book, Event, Place, amend

HELD_LATE_DATA: Final = "late data changed what is known of hours that were told already"
HELD_ANSWERED: Final = "acknowledged, snoozed or silenced, or part of an alert about the whole product"
HELD_HISTORY: Final = "these hours were over long before they were watched"


@dataclass(frozen=True)
class Firing:
    """An episode that was told as on: the identity it was told by, its hour, and whether anybody was told."""

    episode_id: str
    start: int
    notified: bool
    severity: Severity | None = None


@dataclass(frozen=True)
class Telling:
    """One alert to be: the event with the identity it is told by, its beginning, and why nobody is told, if so."""

    told: Told
    start: int
    window_until: int
    """First hour behind those that its figures count."""
    held_back: str | None = None
    before: Severity | None = None
    ends: bool = False

    @property
    def event(self) -> Event:
        return self.told.event


def start_of(event: Event) -> int:
    """The first hour of the episode an event is about."""
    return int(event.episode_id.rpartition("-")[2])


@dataclass(frozen=True)
class ToldAsOn:
    """The episodes that were told as on: by place the latest, and others that nothing has ended."""

    latest: Mapping[Place, Firing]
    strays: tuple[tuple[Place, Firing], ...] = ()


def told_as_on(alerts: Iterable[Alert], before: int) -> ToldAsOn:
    """What alerts of hours before `before` leave on, given in the order of their hours.

    Alerts of later hours stand in the table where a watcher was killed before it could remember them: they are made
    again, under the same identities.
    """
    on: dict[tuple[Place, str], Firing] = {}
    for alert in alerts:
        if alert.hour >= before:
            continue
        place = Place(alert.product, alert.touchpoint)
        if alert.status is Status.RESOLVED:
            on.pop((place, alert.episode_id), None)
        else:
            known = on.get((place, alert.episode_id))
            notified = alert.notify or (known is not None and known.notified)
            start = hour_of(alert.started_at)
            on[place, alert.episode_id] = Firing(alert.episode_id, start, notified, alert.severity)
    latest: dict[Place, Firing] = {}
    for (place, _), one in sorted(on.items(), key=lambda item: item[1].start):
        latest[place] = one
    strays = tuple((place, one) for (place, _), one in on.items() if latest[place] is not one)
    return ToldAsOn(latest, strays)


def to_tell(
    reported: Sequence[Event], replayed: Sequence[Told], book: Book, told: ToldAsOn, *, judged_until: int
) -> list[Telling]:
    """What is to be told, in order.

    `reported`: events known before, of the hours that were judged again. `replayed`: those of now, of the same hours
    and the ones after. `told`: what was told as on. Hours before `judged_until` had been judged before: what is put
    right of them is told at the last of them, so that a watcher that is killed and begins again repeats nothing.
    `book`: how things stand now.
    """
    on = dict(told.latest)
    last = judged_until - 1
    again = [one for one in replayed if one.event.hour < judged_until]
    tellings = [_end(place, one, last) for place, one in told.strays]
    for one in replayed:
        if one.event.hour >= judged_until:
            tellings += _of_new_hour(one, on)
    for place, firing in sorted(on.items()):
        if not _is_open(book, place):
            tellings.append(_end(place, firing, last))
            del on[place]
    for place, episode in sorted(book.episodes.items()):
        if episode.is_open and place not in on:
            late = _latest(again, place, episode.episode_id)
            if late is not None:
                event = replace(late.event, kind=Kind.OPENED, hour=start_of(late.event))
                held = None if event.notify else HELD_ANSWERED
                tellings.append(Telling(replace(late, event=event), event.hour, judged_until, held))
                on[place] = Firing(event.episode_id, event.hour, event.notify)
    said = {telling.event.episode_id for telling in tellings}
    for one in _amended(reported, again):
        identity = _identity_told(one.event, book, told)
        if identity not in said:  # else what is told of it has its figures
            said.add(identity)
            goes_on = one.event.place in on and on[one.event.place].episode_id == identity
            event = replace(one.event, kind=Kind.AMENDED, episode_id=identity, hour=last, notify=False)
            until = min(one.event.hour + 1, judged_until)
            tellings.append(
                Telling(replace(one, event=event), start_of(event), until, HELD_LATE_DATA, ends=not goes_on)
            )
    return tellings


def ends_of_strangers(tellings: Sequence[Telling], told: ToldAsOn, there: ToldAsOn, last: int) -> list[Telling]:
    """The ends, at the hour `last`, of episodes that others told as on and nobody knows of here.

    They were judged by other rules, such as another --q or an earlier release, whose memory is of no use. `told`: what
    was told as on of hours judged before; `there`: of all hours up to `last`. Without this a pager would ring for ever.
    """
    known = {one.episode_id for one in (*told.latest.values(), *(one for _, one in told.strays))}
    known |= {telling.event.episode_id for telling in tellings}
    of_all = sorted([*there.latest.items(), *there.strays], key=lambda told_of: told_of[0])
    return [_end(place, one, last) for place, one in of_all if one.episode_id not in known]


def _end(place: Place, firing: Firing, hour: int) -> Telling:
    """Of an episode that was told as on and is not: late data has taken it back."""
    event = Event(Kind.RESOLVED, firing.episode_id, place, hour, frozenset(), 0.0, 0.0, notify=firing.notified)
    held = None if firing.notified else HELD_LATE_DATA
    return Telling(Told(event), firing.start, hour + 1, held, firing.severity, ends=True)


def _is_open(book: Book, place: Place) -> bool:
    episode = book.episodes.get(place)
    return episode is not None and episode.is_open


def _identity_told(event: Event, book: Book, told: ToldAsOn) -> str:
    """The identity by which people know the episode: late data may have moved the beginning of what goes on."""
    known = told.latest.get(event.place)
    if known is not None and _is_open(book, event.place):
        episode = book.episodes[event.place]
        if episode.episode_id == event.episode_id:
            return known.episode_id
    return event.episode_id


def _of_new_hour(told: Told, on: dict[Place, Firing]) -> list[Telling]:
    """What an event of an hour that nobody judged before is told as."""
    event, until = told.event, told.event.hour + 1
    known = on.get(event.place)
    held = None if event.notify else HELD_ANSWERED
    if event.kind in {Kind.RESOLVED, Kind.SPLIT}:
        if known is None:
            return []  # nobody was told that it began
        del on[event.place]
        as_told = replace(event, episode_id=known.episode_id)
        return [Telling(replace(told, event=as_told), known.start, until, held, known.severity, ends=True)]
    if known is None:
        kind = event.kind if event.kind is Kind.REOPENED else Kind.OPENED
        on[event.place] = Firing(event.episode_id, start_of(event), event.notify)
        return [Telling(replace(told, event=replace(event, kind=kind)), start_of(event), until, held)]
    on[event.place] = replace(known, notified=known.notified or event.notify)
    as_told = replace(event, kind=Kind.UPDATED, episode_id=known.episode_id)
    return [Telling(replace(told, event=as_told), known.start, until, held, known.severity)]


def _amended(reported: Sequence[Event], again: Sequence[Told]) -> list[Told]:
    """Of each episode of which late data says something else, the last that is known of it now, or was."""
    changed = amend(reported, [told.event for told in again])
    episodes = {event.episode_id for event in changed}
    last: dict[str, Told] = {event.episode_id: Told(event) for event in reported if event.episode_id in episodes}
    last |= {told.event.episode_id: told for told in again if told.event.episode_id in episodes}
    return [last[name] for name in sorted(last)]


def _latest(told: Iterable[Told], place: Place, episode_id: str) -> Told | None:
    fitting = [one for one in told if one.event.place == place and one.event.episode_id == episode_id]
    return fitting[-1] if fitting else None
