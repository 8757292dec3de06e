"""Answers: what people said to alerts, given to the lifecycle at the hour they count for.

An answer counts from the first hour on that was not over when it was given. So it is the same in a replay, whenever
that is; and an answer to an alert about hours long past changes nothing of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pipelines.watch.closing import LATENESS, close_of
from pipelines.watch.evidence import hour_of
from schemas.alert_action import Act, AlertAction
from transforms.detect.lifecycle import Book, Place, Signal, acknowledge, snooze


@dataclass(frozen=True)
class Answers:
    """Answers in the order given; `lateness` is that of the hours."""

    actions: Sequence[AlertAction] = ()
    lateness: timedelta = LATENESS

    def given(self, book: Book, hour: int) -> Book:
        """The book after those answers about episodes that count from this hour on."""
        begin, end = close_of(hour - 1, self.lateness), close_of(hour, self.lateness)
        episodes = dict(book.episodes)
        for action in self.actions:
            episode = episodes.get(Place(action.product, action.touchpoint))
            if not begin <= action.recorded_at < end or episode is None or not episode.is_open:
                continue
            if action.act is Act.ACKNOWLEDGE:
                episode = acknowledge(episode)
            elif action.act is Act.UNACKNOWLEDGE:
                episode = replace(episode, acknowledged=False)
            elif action.act is Act.SNOOZE and action.until is not None:
                episode = snooze(episode, hour_of(action.until))
            episodes[episode.place] = episode
        return Book(episodes)

    def muted(self, signals: Mapping[Place, Signal], hour: int) -> dict[Place, Signal]:
        """The signals, those of silenced places muted."""
        at = close_of(hour, self.lateness)
        silences = [
            action
            for action in self.actions
            if action.act in {Act.SILENCE, Act.UNSILENCE} and action.recorded_at < at
        ]
        if not silences:
            return dict(signals)
        return {
            place: replace(signal, muted=_is_silent(silences, place, hour)) for place, signal in signals.items()
        }


def _is_silent(silences: Sequence[AlertAction], place: Place, hour: int) -> bool:
    """What the latest answer about the place says."""
    until: datetime | None = None
    for action in silences:
        if action.is_about(place.product, place.touchpoint):
            until = action.until if action.act is Act.SILENCE else None
    return until is not None and hour < hour_of(until)
