"""The lifecycle is checked against every order of hours and answers that Hypothesis thinks of."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from schemas.alert import Kind
from transforms.detect.lifecycle import (
    ALL_TOUCHPOINTS,
    COOL_DOWN_HOURS,
    LONGEST_HOURS,
    RESOLVE_HOURS,
    Book,
    Episode,
    Event,
    Phase,
    Place,
    Signal,
    acknowledge,
    advance,
    advance_all,
    amend,
    fingerprint,
    silence,
    snooze,
)

PLACE = Place("kettle", "billing")
REVIEWS = frozenset({"reviews"})


def play(signals: list[Signal], episode: Episode | None = None) -> tuple[Episode, list[Event]]:
    episode, told = episode or Episode(PLACE), []
    for signal in signals:
        episode, events = advance(episode, signal)
        told += events
    return episode, told


def kinds(events: list[Event], *, told: bool = False) -> list[str]:
    return [event.kind.value for event in events if event.notify or not told]


def alarm(hour: int, **more: object) -> Signal:
    return Signal(hour, alarms=REVIEWS, on=REVIEWS, **{"surprise": 5.0, "authors": 8.0, **more})  # type: ignore[arg-type]


def on(hour: int, **more: object) -> Signal:
    return Signal(hour, on=REVIEWS, **{"surprise": 5.0, "authors": 8.0, **more})  # type: ignore[arg-type]


def calm(first: int, hours: int) -> list[Signal]:
    return [Signal(first + hour) for hour in range(hours)]


def test_a_life() -> None:
    episode, events = play([Signal(0, surprise=3.5), alarm(1), on(2), *calm(3, RESOLVE_HOURS + COOL_DOWN_HOURS)])
    assert kinds(events) == ["opened", "resolved"]
    assert events[1].hour == 2 + RESOLVE_HOURS
    assert {event.episode_id for event in events} == {f"{fingerprint(PLACE)}-1"}
    assert episode.phase is Phase.CALM


def test_evidence_without_an_alarm_is_pending() -> None:
    episode, events = play([Signal(0, surprise=3.5)])
    assert (episode.phase, events) == (Phase.PENDING, [])


def test_a_return_within_the_cool_down_is_the_same_episode() -> None:
    _, events = play([alarm(0), *calm(1, RESOLVE_HOURS + COOL_DOWN_HOURS - 1), alarm(30)])
    assert kinds(events) == ["opened", "resolved", "reopened"]
    assert len({event.episode_id for event in events}) == 1


def test_a_return_after_it_is_another_of_the_same_fingerprint() -> None:
    _, events = play([alarm(0), *calm(1, RESOLVE_HOURS + COOL_DOWN_HOURS), alarm(30)])
    assert kinds(events) == ["opened", "resolved", "opened"]
    assert [event.episode_id.split("-") for event in events[1:]] == [
        [fingerprint(PLACE), "0"],
        [fingerprint(PLACE), "30"],
    ]


def test_a_silent_source_is_no_recovery() -> None:
    silent = [Signal(hour, gated=True) for hour in range(1, 50)]
    episode, events = play([alarm(0), *silent])
    assert episode.phase is Phase.OPEN
    assert kinds(events) == ["opened"]


def test_updates_are_six_hours_apart() -> None:
    growing = [on(hour, surprise=5.0 + 3 * hour) for hour in range(1, 20)]
    _, events = play([alarm(0), *growing])
    assert [event.hour for event in events if event.kind is Kind.UPDATED] == [6, 12, 18]


def test_twice_the_authors_since_it_was_told_is_an_update() -> None:
    growing = [on(hour, authors=8.0 + hour) for hour in range(1, 40)]
    _, events = play([alarm(0), *growing])
    assert [event.authors for event in events if event.kind is Kind.UPDATED] == [16.0, 32.0]


def test_a_source_that_joins_is_an_update() -> None:
    joined = Signal(6, on=REVIEWS | {"social"}, surprise=5.0, authors=8.0)
    _, events = play([alarm(0), on(1), joined])
    assert kinds(events) == ["opened", "updated"]
    assert events[1].members == {"reviews", "social"}


def test_seven_days_are_split() -> None:
    _, events = play([alarm(0), *(on(hour) for hour in range(1, LONGEST_HOURS + 1))])
    assert kinds(events) == ["opened", "split", "opened"]
    assert [event.episode_id.split("-")[1] for event in events] == ["0", "0", str(LONGEST_HOURS)]


def test_what_is_acknowledged_tells_its_end_alone() -> None:
    episode, _ = play([alarm(0)])
    _, events = play([on(3, surprise=20.0), *calm(4, RESOLVE_HOURS)], acknowledge(episode))
    assert kinds(events, told=True) == ["resolved"]


def test_what_is_snoozed_wakes() -> None:
    episode, _ = play([alarm(0)])
    _, events = play([on(hour, surprise=5.0 + 3 * hour) for hour in range(1, 12)], snooze(episode, 10))
    assert [event.hour for event in events if event.notify] == [10]


def test_what_is_silenced_is_recorded_and_not_told() -> None:
    _, events = play([alarm(0), *calm(1, RESOLVE_HOURS)], silence(Episode(PLACE), 100))
    assert kinds(events) == ["opened", "resolved"]
    assert kinds(events, told=True) == []


def test_what_a_rule_mutes_is_recorded_and_not_told() -> None:
    _, events = play([alarm(0, muted=True)])
    assert (kinds(events), kinds(events, told=True)) == (["opened"], [])


def test_what_is_not_open_cannot_be_acknowledged() -> None:
    with pytest.raises(ValueError, match="has no open episode, it is learning"):
        acknowledge(Episode(PLACE))


def test_hours_go_forward() -> None:
    with pytest.raises(ValueError, match="hour 3 comes after hour 5"):
        play([Signal(5), Signal(3)])


def test_late_data_amends_and_never_reopens() -> None:
    _, reported = play([alarm(0), *calm(1, RESOLVE_HOURS)])
    _, replayed = play([alarm(0, authors=12.0), on(1), *calm(2, RESOLVE_HOURS)])
    amendments = amend(reported, replayed)
    assert {event.kind for event in amendments} == {Kind.AMENDED}
    assert not any(event.notify for event in amendments)
    assert [event.hour for event in amendments] == [0, RESOLVE_HOURS, RESOLVE_HOURS + 1]
    assert amendments[0].authors == 12.0
    assert amend(reported, reported) == ()


def test_three_touchpoints_are_one_page_of_the_product() -> None:
    names = ["account", "billing", "delivery", "support"]
    book, told = Book({}), []
    for hour in range(8):
        signals = {
            Place("kettle", name): alarm(hour) if hour == number else on(hour) if hour > number else Signal(hour)
            for number, name in enumerate(names)
        }
        book, events = advance_all(book, signals)
        told += events
    paged = [
        (event.place.touchpoint, event.kind.value) for event in told if event.notify and event.kind is Kind.OPENED
    ]
    assert paged == [("account", "opened"), ("billing", "opened"), (ALL_TOUCHPOINTS, "opened")]
    assert {event.place.touchpoint for event in told if event.kind is Kind.OPENED} == {*names, ALL_TOUCHPOINTS}


def kettle(hour: int, whole: Signal | None, **touchpoints: Signal) -> dict[Place, Signal]:
    places = {Place("kettle", name): signal for name, signal in touchpoints.items()}
    return places if whole is None else {**places, Place("kettle", ALL_TOUCHPOINTS): whole}


def paged(*hours: dict[Place, Signal]) -> list[tuple[str, str]]:
    book, told = Book({}), []
    for signals in hours:
        book, events = advance_all(book, signals)
        told += events
    return [(event.place.touchpoint, event.kind.value) for event in told if event.notify]


def test_a_product_that_alarms_alone_is_one_page_and_holds_back_its_touchpoints() -> None:
    """Four touchpoints rise a little: none can be named, all of them together can."""
    assert paged(
        kettle(0, alarm(0), billing=Signal(0), login=Signal(0)),
        kettle(1, on(1), billing=alarm(1), login=Signal(1)),
        kettle(2, Signal(2), billing=on(2), login=Signal(2)),
        *(kettle(hour, Signal(hour), billing=Signal(hour), login=Signal(hour)) for hour in range(3, 12)),
    ) == [(ALL_TOUCHPOINTS, "opened"), (ALL_TOUCHPOINTS, "resolved")]


def test_a_product_is_not_told_where_a_touchpoint_is() -> None:
    assert paged(
        kettle(0, alarm(0), billing=alarm(0), login=Signal(0)),
        kettle(1, alarm(1), billing=on(1), login=Signal(1)),
        *(kettle(hour, on(hour), billing=Signal(hour), login=Signal(hour)) for hour in range(2, 9)),
    ) == [("billing", "opened"), ("billing", "resolved")]


signals = st.lists(
    st.tuples(
        st.sampled_from(["alarm", "on", "calm", "calm", "gated", "learning"]),
        st.integers(1, 9),
        st.floats(0, 12),
        st.floats(0, 60),
        st.frozensets(st.sampled_from(["reviews", "social", "support"]), min_size=1),
    ),
    max_size=60,
)


def signal_of(what: str, hour: int, surprise: float, authors: float, members: frozenset[str]) -> Signal:
    return Signal(
        hour,
        alarms=members if what == "alarm" else frozenset(),
        on=members if what in {"alarm", "on"} else frozenset(),
        surprise=surprise,
        authors=authors,
        gated=what == "gated",
        learning=what == "learning",
    )


@given(signals, st.integers(0, 60))
def test_a_replay_from_any_hour_tells_the_same(made: list[tuple], cut: int) -> None:
    hour, sent = 0, []
    for what, gap, *rest in made:
        hour += gap
        sent.append(signal_of(what, hour, *rest))
    whole, events = play(sent)
    half, first = play(sent[:cut])
    rest_of_it, second = play(sent[cut:], half)
    assert (rest_of_it, first + second) == (whole, events)


class Lifecycle(RuleBasedStateMachine):
    """Any hours and any answers, beside a model that remembers only what was told."""

    def __init__(self) -> None:
        super().__init__()
        self.episode, self.unanswered = Episode(PLACE), Episode(PLACE)
        self.hour, self.told, self.record = 0, [], []
        self.open_id: str | None = None
        self.ended_hour: int | None = None
        self.calm_since_end = 0

    @rule(
        what=st.sampled_from(["alarm", "on", "calm", "calm", "calm", "gated", "learning"]),
        gap=st.integers(1, 4),
        surprise=st.floats(0, 12),
        authors=st.floats(0, 60),
        members=st.frozensets(st.sampled_from(["reviews", "social"]), min_size=1),
        times=st.sampled_from([1, 1, 1, 7, 40]),
    )
    def hours(
        self, what: str, gap: int, surprise: float, authors: float, members: frozenset[str], times: int
    ) -> None:
        for _ in range(times):
            self.hour += gap
            signal = signal_of(what, self.hour, surprise, authors, members)
            before = self.episode
            self.episode, events = advance(self.episode, signal)
            self.unanswered, recorded = advance(self.unanswered, signal)
            self.record.append((before.phase, signal, events))
            assert [(e.kind, e.episode_id) for e in events if e.kind is not Kind.UPDATED] == [
                (e.kind, e.episode_id) for e in recorded if e.kind is not Kind.UPDATED
            ], "answers change who is told, never what happened"
            for event in events:
                self.check(event)
            if not signal.gated and self.open_id is None:
                self.calm_since_end += 1
            if signal.gated:
                assert (self.episode.phase, events) == (before.phase, ())

    def check(self, event: Event) -> None:
        if event.kind is Kind.OPENED:
            assert self.open_id is None, "no second open while one is open"
            cooled = self.ended_hour is None or self.calm_since_end >= COOL_DOWN_HOURS
            assert cooled or self.told[-1].kind is Kind.SPLIT, "no second open in the cool-down"
            assert event.episode_id not in {earlier.episode_id for earlier in self.told}, "an id is used once"
            self.open_id = event.episode_id
        elif event.kind is Kind.REOPENED:
            assert self.open_id is None
            assert event.episode_id == self.told[-1].episode_id, "the same episode reopens"
            self.open_id = event.episode_id
        else:
            assert event.episode_id == self.open_id, "nothing is updated or resolved that is not open"
        if event.kind in {Kind.RESOLVED, Kind.SPLIT}:
            self.open_id, self.ended_hour, self.calm_since_end = None, event.hour, -1
        assert event.episode_id.startswith(fingerprint(PLACE))
        self.told.append(event)

    @precondition(lambda self: self.episode.is_open)
    @rule()
    def acknowledged(self) -> None:
        self.episode = acknowledge(self.episode)

    @precondition(lambda self: self.episode.is_open)
    @rule(hours=st.integers(1, 30))
    def snoozed(self, hours: int) -> None:
        self.episode = snooze(self.episode, self.hour + hours)

    @rule(hours=st.integers(1, 30))
    def silenced(self, hours: int) -> None:
        self.episode = silence(self.episode, self.hour + hours)

    @invariant()
    def phase_is_what_was_told(self) -> None:
        assert self.episode.is_open == (self.open_id is not None)
        if self.open_id is not None:
            assert self.episode.episode_id == self.open_id

    @invariant()
    def updates_are_apart(self) -> None:
        if len(self.told) > 1 and self.told[-1].kind is Kind.UPDATED and not self.told[-1].notify:
            assert self.told[-1].hour > self.told[-2].hour


TestLifecycle = Lifecycle.TestCase
TestLifecycle.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
