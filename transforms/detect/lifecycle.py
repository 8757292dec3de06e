"""Lifecycle: alarms of closed hours to episodes with a beginning and an end; a pure state machine, no clock.

    nothing -> pending -> open <-> resolving -> resolved -> nothing
                            ^------- reopened ------'  (12 hours of cool-down, the same episode)

One episode is one product and touchpoint: its sources are members that join it. Three or more open touchpoints of a
product are an episode of the product, and so is a product that alarms while none of them does; it holds back the
notifications of its touchpoints, never their records.
People's answers (acknowledge, snooze, silence) and rules that mute decide who is told, never what happened, so a replay
of the same hours gives the same episodes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, NamedTuple

import numpy as np

from schemas.alert import Kind
from transforms.detect import layout as series
from transforms.detect.detector import Scores
from transforms.detect.layout import Layout

PENDING_SURPRISE: Final = 3.0
RESOLVE_HOURS: Final = 6
COOL_DOWN_HOURS: Final = 12
LONGEST_HOURS: Final = 7 * 24
UPDATE_HOURS: Final = 6
UPDATE_SURPRISE: Final = 2.0
UPDATE_AUTHORS: Final = 2.0
"""Worth telling of what is known already: a source that joins, evidence a hundred times as improbable, or twice the
authors since it was last told, and not within six hours of that."""

TOUCHPOINTS_OF_A_PRODUCT: Final = 3
ALL_TOUCHPOINTS: Final = series.ALL_TOUCHPOINTS
ALL_SOURCES: Final = "*"


class Phase(StrEnum):
    """Where a product's touchpoint stands."""

    LEARNING = "learning"
    CALM = "calm"
    PENDING = "pending"
    OPEN = "open"
    RESOLVING = "resolving"
    RESOLVED = "resolved"


class Place(NamedTuple):
    """What an episode is about."""

    product: str
    touchpoint: str
    tenant: str = ""


def fingerprint(place: Place) -> str:
    """The same for every episode of a place: 16 hexadecimal digits."""
    said = "|".join((place.tenant, place.product, place.touchpoint, "friction"))
    return hashlib.sha256(said.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Signal:
    """What one closed hour says of a place.

    `alarms`: members called an alarm in this hour. `on`: members in an alarm with evidence in the last hours.
    `surprise`: the largest -log10 p. `authors`: those of the stretch so far.
    """

    hour: int
    alarms: frozenset[str] = frozenset()
    on: frozenset[str] = frozenset()
    surprise: float = 0.0
    authors: float = 0.0
    gated: bool = False
    learning: bool = False
    muted: bool = False


@dataclass(frozen=True)
class Episode:
    """A place and its present or last episode; hours since the epoch, `until` exclusive."""

    place: Place
    phase: Phase = Phase.LEARNING
    start: int | None = None
    hour: int | None = None
    calm_hours: int = 0
    members: frozenset[str] = frozenset()
    told_hour: int = 0
    told_surprise: float = 0.0
    told_authors: float = 0.0
    acknowledged: bool = False
    snoozed_until: int = 0
    silenced_until: int = 0

    @property
    def episode_id(self) -> str:
        """Stable over replays: fingerprint and first hour."""
        if self.start is None:
            raise ValueError(f"{self.place} has no episode; ask when its phase is open, resolving or resolved")
        return f"{fingerprint(self.place)}-{self.start}"

    @property
    def is_open(self) -> bool:
        return self.phase in {Phase.OPEN, Phase.RESOLVING}


@dataclass(frozen=True)
class Event:
    """One change of an episode; `notify` says whether anybody is told."""

    kind: Kind
    episode_id: str
    place: Place
    hour: int
    members: frozenset[str]
    surprise: float
    authors: float
    notify: bool = True


def signals(layout: Layout, scores: Scores, hour: int) -> dict[Place, Signal]:
    """What the detector says of each product and touchpoint in the hour; members are sources, `*` is their sum."""
    rows: dict[Place, list[int]] = {}
    for row, key in enumerate(layout.keys):
        rows.setdefault(Place(key.product, key.touchpoint), []).append(row)
    return {
        place: Signal(
            hour,
            alarms=_members(layout, scores.alarm, of_place),
            on=_members(layout, scores.on, of_place),
            surprise=float(scores.surprise[of_place].max()),
            authors=float(scores.authors[of_place].max()),
            gated=bool(scores.gated[of_place].all()),
            learning=bool(scores.learning[of_place].all()),
        )
        for place, of_place in rows.items()
    }


def _members(layout: Layout, flags: np.ndarray, rows: list[int]) -> frozenset[str]:
    return frozenset(layout.keys[row].source or ALL_SOURCES for row in rows if flags[row])


def advance(episode: Episode, signal: Signal) -> tuple[Episode, tuple[Event, ...]]:
    """The episode after one more hour, and what there is to tell.

    An hour that is gated changes nothing: a silent source is not a recovery. An hour that is not later than the last
    one raises `ValueError`: late data is a replay and an amendment (`amend`), never a step.
    """
    if episode.hour is not None and signal.hour <= episode.hour:
        raise ValueError(f"hour {signal.hour} comes after hour {episode.hour}; replay from the state before it")
    episode = replace(episode, hour=signal.hour)
    if signal.gated:
        return episode, ()
    if episode.is_open:
        return _while_open(episode, signal)
    if episode.phase is Phase.RESOLVED:
        if signal.alarms:
            return _tell(_open_again(episode, signal), Kind.REOPENED, signal)
        if episode.calm_hours + 1 < COOL_DOWN_HOURS:
            return replace(episode, calm_hours=episode.calm_hours + 1), ()
        return _forgotten(episode, Phase.CALM), ()
    if signal.alarms:
        return _tell(replace(_open_again(episode, signal), start=signal.hour), Kind.OPENED, signal)
    if signal.learning:
        return replace(episode, phase=Phase.LEARNING), ()
    return replace(episode, phase=Phase.PENDING if signal.surprise >= PENDING_SURPRISE else Phase.CALM), ()


def _while_open(episode: Episode, signal: Signal) -> tuple[Episode, tuple[Event, ...]]:
    on = signal.on | signal.alarms
    if not on:
        calm = episode.calm_hours + 1
        if calm < RESOLVE_HOURS:
            return replace(episode, phase=Phase.RESOLVING, calm_hours=calm), ()
        return _tell(replace(episode, phase=Phase.RESOLVED, calm_hours=0), Kind.RESOLVED, signal)
    if episode.start is not None and signal.hour - episode.start >= LONGEST_HOURS:
        ended, split = _tell(episode, Kind.SPLIT, signal)
        fresh = replace(_forgotten(ended, Phase.CALM), silenced_until=episode.silenced_until)
        opened, events = _tell(replace(_open_again(fresh, signal), start=signal.hour), Kind.OPENED, signal)
        return opened, split + events
    joined = on - episode.members
    episode = replace(episode, phase=Phase.OPEN, calm_hours=0)
    woken = 0 < episode.snoozed_until <= signal.hour
    grown = (
        signal.surprise >= episode.told_surprise + UPDATE_SURPRISE
        or signal.authors >= max(episode.told_authors, 1.0) * UPDATE_AUTHORS
    )
    if woken or ((joined or grown) and signal.hour - episode.told_hour >= UPDATE_HOURS):
        snoozed = 0 if woken else episode.snoozed_until
        return _tell(replace(episode, members=episode.members | on, snoozed_until=snoozed), Kind.UPDATED, signal)
    return episode, ()


def _open_again(episode: Episode, signal: Signal) -> Episode:
    return replace(
        episode,
        phase=Phase.OPEN,
        calm_hours=0,
        members=episode.members | signal.alarms | signal.on,
        acknowledged=False,
    )


def _forgotten(episode: Episode, phase: Phase) -> Episode:
    return Episode(episode.place, phase, hour=episode.hour, silenced_until=episode.silenced_until)


def _tell(episode: Episode, kind: Kind, signal: Signal) -> tuple[Episode, tuple[Event, ...]]:
    quiet = (
        signal.muted
        or signal.hour < max(episode.snoozed_until, episode.silenced_until)
        or (kind is Kind.UPDATED and episode.acknowledged)
    )
    event = Event(
        kind,
        episode.episode_id,
        episode.place,
        signal.hour,
        episode.members,
        signal.surprise,
        signal.authors,
        not quiet,
    )
    told = replace(episode, told_hour=signal.hour, told_surprise=signal.surprise, told_authors=signal.authors)
    return told, (event,)


def acknowledge(episode: Episode) -> Episode:
    """Somebody is on it: no more updates of this episode, its end is still told."""
    return replace(_must_be_open(episode), acknowledged=True)


def snooze(episode: Episode, until: int) -> Episode:
    """Nothing is told before the hour `until`; if it is still on then, an update is."""
    return replace(_must_be_open(episode), snoozed_until=until)


def silence(episode: Episode, until: int) -> Episode:
    """Nothing of this place is told before the hour `until`, whatever begins or ends."""
    return replace(episode, silenced_until=until)


def _must_be_open(episode: Episode) -> Episode:
    if not episode.is_open:
        raise ValueError(
            f"{episode.place} has no open episode, it is {episode.phase}; use silence to be left alone"
        )
    return episode


@dataclass(frozen=True)
class Book:
    """Every place's episode; products stand in it as the touchpoint `*`."""

    episodes: Mapping[Place, Episode]


def advance_all(book: Book, signals: Mapping[Place, Signal]) -> tuple[Book, tuple[Event, ...]]:
    """One hour of all places, in the order of their names; those of products after their touchpoints."""
    episodes = dict(book.episodes)
    events: list[Event] = []
    for place in sorted(signals):
        if place.touchpoint == ALL_TOUCHPOINTS:
            continue
        episodes[place], told = advance(episodes.get(place, Episode(place)), signals[place])
        events += told
    wide: set[tuple[str, str]] = set()
    for tenant, product in sorted({(place.tenant, place.product) for place in signals}):
        place = Place(product, ALL_TOUCHPOINTS, tenant)
        of_touchpoints = [
            signals[child]
            for child in signals
            if (child.tenant, child.product) == (tenant, product) and child != place
        ]
        before = episodes.get(place, Episode(place))
        signal = _product_signal(episodes, place, of_touchpoints, signals.get(place))
        episodes[place], told = advance(before, signal)
        events += told
        if before.is_open or episodes[place].is_open:  # also what ends with it
            wide.add((tenant, product))
    return Book(episodes), tuple(
        replace(event, notify=False)
        if event.place.touchpoint != ALL_TOUCHPOINTS and (event.place.tenant, event.place.product) in wide
        else event
        for event in events
    )


def _product_signal(
    episodes: Mapping[Place, Episode], place: Place, signals: list[Signal], whole: Signal | None
) -> Signal:
    """A product is on when three of its touchpoints are, or when it alarms as a whole and none of them is; it stays on
    while it is as a whole, or any of them.

    So one page tells of it: of the touchpoint where that can be named, else of the product.
    """
    on = frozenset(
        child.touchpoint
        for child, episode in episodes.items()
        if (child.tenant, child.product) == (place.tenant, place.product)
        and child.touchpoint != ALL_TOUCHPOINTS
        and episode.phase is Phase.OPEN
    )
    before = episodes.get(place, Episode(place))
    alarms = on if len(on) >= TOUCHPOINTS_OF_A_PRODUCT else frozenset()
    if whole is not None and not on:
        alarms = whole.alarms
    everything = [*signals, *([] if whole is None else [whole])]
    return Signal(
        max(signal.hour for signal in everything),
        alarms=frozenset() if before.is_open else alarms,
        on=on | (frozenset() if whole is None else whole.on) if before.is_open else frozenset(),
        surprise=max(signal.surprise for signal in everything),
        authors=sum(signal.authors for signal in signals) if whole is None else whole.authors,
        gated=all(signal.gated for signal in everything),
        learning=all(signal.learning for signal in everything),
        muted=all(signal.muted for signal in everything),
    )


def amend(reported: Iterable[Event], replayed: Iterable[Event]) -> tuple[Event, ...]:
    """What a replay with late data says otherwise than was reported, as amendments that nobody is paged for.

    An event the replay no longer has, one it has in addition and one whose figures changed each give one amendment,
    with the figures of the replay where it has any. Nothing is reopened: what is over is corrected, not told again.
    """
    said = {(event.kind, event.episode_id, event.hour): event for event in reported}
    now = {(event.kind, event.episode_id, event.hour): event for event in replayed}
    changed = [
        now.get(key, said.get(key))
        for key in sorted(said.keys() | now.keys(), key=lambda key: (key[2], key[1], key[0]))
        if key not in said or key not in now or _figures(said[key]) != _figures(now[key])
    ]
    return tuple(replace(event, kind=Kind.AMENDED, notify=False) for event in changed if event is not None)


def _figures(event: Event) -> tuple[frozenset[str], float, float]:
    return event.members, event.surprise, event.authors
