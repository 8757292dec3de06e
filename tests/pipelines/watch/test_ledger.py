"""What is told, whatever was told before: nothing twice, nothing left on, nobody paged for the past."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from pipelines.watch.ledger import Firing, Telling, ToldAsOn, to_tell
from pipelines.watch.told import Told
from schemas.alert import Kind
from transforms.detect.lifecycle import Book, Episode, Event, Phase, Place, Signal, advance_all

PLACE = Place("app", "billing")
NOTHING = ToldAsOn({})


def lived(alarms: list[bool]) -> tuple[Book, list[Told]]:
    """The lifecycle over hours from 0 on in which there is an alarm or none."""
    book, told = Book({}), []
    for hour, alarm in enumerate(alarms):
        on = frozenset({"*"}) if alarm else frozenset()
        signal = Signal(hour, alarms=on, on=on, surprise=5.0 if alarm else 0.0, authors=9.0 if alarm else 0.0)
        book, events = advance_all(book, {PLACE: signal})
        told += [Told(event) for event in events]
    return book, told


def after(on: ToldAsOn, tellings: list[Telling]) -> dict[Place, Firing]:
    """What people believe to be on."""
    believed = dict(on.latest)
    for telling in tellings:
        event = telling.event
        if telling.ends:
            if event.place in believed and believed[event.place].episode_id == event.episode_id:
                del believed[event.place]
        elif event.kind is not Kind.AMENDED:
            believed[event.place] = Firing(event.episode_id, telling.start, event.notify)
    return believed


HOURS = st.lists(st.booleans(), min_size=1, max_size=60)


@given(HOURS, HOURS, st.data())
def test_after_late_data_people_believe_what_is_so(
    first: list[bool], second: list[bool], data: st.DataObject
) -> None:
    """Hours judged once, then judged again with other data and some more hours."""
    book, told = lived(first)
    tellings = to_tell([], told, book, NOTHING, judged_until=0)
    believed = after(NOTHING, tellings)
    assert set(believed) == {place for place, one in book.episodes.items() if one.is_open}

    again = (second + [False] * len(first))[: max(len(first), len(second))]
    book, replayed = lived(again)
    on = ToldAsOn(believed)
    judged = len(first)
    late = to_tell([one.event for one in told], replayed, book, on, judged_until=judged)
    assert set(after(on, late)) == {place for place, one in book.episodes.items() if one.is_open}
    identities = [(one.event.episode_id, one.event.kind, one.event.hour) for one in late]
    assert len(set(identities)) == len(identities)
    for one in late:
        if one.event.kind is Kind.AMENDED:
            assert one.held_back is not None
            assert one.event.hour == judged - 1
        elif one.event.kind is Kind.OPENED and one.event.hour < judged:
            assert book.episodes[PLACE].is_open
    if again == first:
        assert late == []


@given(HOURS, st.integers(0, 60))
def test_in_portions_the_same_is_told_as_at_once(alarms: list[bool], cut: int) -> None:
    cut = min(cut, len(alarms))
    book, told = lived(alarms)
    whole = to_tell([], told, book, NOTHING, judged_until=0)
    early_book, early = lived(alarms[:cut])
    first = to_tell([], early, early_book, NOTHING, judged_until=0)
    rest = [one for one in told if one.event.hour >= cut]
    second = to_tell([], rest, book, ToldAsOn(after(NOTHING, first)), judged_until=cut)

    def said(tellings: list[Telling]) -> list[tuple[str, Kind, int]]:
        return [(one.event.episode_id, one.event.kind, one.event.hour) for one in tellings]

    assert said(first) + said(second) == said(whole)


def test_an_incident_whose_beginning_moves_keeps_the_identity_people_know() -> None:
    book, told = lived([False] * 5 + [True] * 3)
    known = after(NOTHING, to_tell([], told, book, NOTHING, judged_until=0))
    moved, replayed = lived([False] * 3 + [True] * 5)
    late = to_tell([one.event for one in told], replayed, moved, ToldAsOn(known), judged_until=8)
    assert {one.event.kind for one in late} == {Kind.AMENDED}
    calm, further = lived([False] * 3 + [True] * 5 + [False] * 10)
    ended = to_tell([], [one for one in further if one.event.hour >= 8], calm, ToldAsOn(known), judged_until=8)
    assert [(one.event.kind, one.event.episode_id) for one in ended] == [(Kind.RESOLVED, known[PLACE].episode_id)]


def test_a_stray_that_a_kill_left_behind_is_ended() -> None:
    book = Book({PLACE: Episode(PLACE, Phase.OPEN, start=7, hour=9)})
    on = ToldAsOn(
        {PLACE: Firing(book.episodes[PLACE].episode_id, 7, True)}, ((PLACE, Firing("other-3", 3, True)),)
    )
    (ended,) = to_tell([], [], book, on, judged_until=10)
    assert (ended.event.kind, ended.event.episode_id, ended.ends) == (Kind.RESOLVED, "other-3", True)


def test_of_an_episode_that_nobody_was_told_of_nobody_is_told_the_end() -> None:
    event = Event(Kind.RESOLVED, "x-1", PLACE, 5, frozenset(), 0.0, 0.0)
    assert to_tell([], [Told(event)], Book({}), NOTHING, judged_until=0) == []
    unheard = ToldAsOn({PLACE: Firing("x-1", 1, notified=False)})
    (ended,) = to_tell([], [], Book({}), unheard, judged_until=6)
    assert ended.held_back is not None
    assert replace(ended.event, notify=True) != ended.event
