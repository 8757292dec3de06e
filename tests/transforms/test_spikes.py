"""A stream of items, however it arrives, closes the same hours as its whole read at once, bit for bit."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import fields
from itertools import pairwise
from zoneinfo import ZoneInfo

import apache_beam as beam
import numpy as np
import pytest
from apache_beam.coders import PickleCoder
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing import test_stream
from apache_beam.transforms.window import TimestampedValue

from transforms.detect.clock import local_hour
from transforms.detect.closing import Closed, Item, Watching
from transforms.detect.detector import Hour, empty_state, step
from transforms.detect.evidence import UNKNOWN, Items, count_evidence, count_people
from transforms.detect.launches import since_launch
from transforms.detect.layout import SeriesKey, layout
from transforms.detect.lifecycle import Book, Kind, advance_all, signals
from transforms.spikes import CLOSED, LATE, TAIL_HOURS, Batch, Spikes

HOURS = 66
FIRST = 454_320
"""Hours since the epoch: 30 October 2021 in Berlin, where clocks go back a day later."""

SOURCES = [
    SeriesKey(p, t, s) for p in ("kettle", "mug") for t in ("billing", "login") for s in ("reviews", "social")
]
SUMS = [SeriesKey(p, t) for p in ("kettle", "mug") for t in ("billing", "login")]
WATCHING = Watching(
    layout([*SOURCES, *SUMS, SeriesKey("kettle", "*")]),
    zone=ZoneInfo("Europe/Berlin"),
    calendar={"mug": [FIRST + 30]},
)

Timed = tuple[float, Item]


def made(seed: int = 1) -> list[Timed]:
    """Items of 66 hours, a silent night among them, with an incident in the last twelve."""
    chance, items = random.Random(seed), []
    for hour in range(HOURS):
        for number, series in enumerate(SOURCES):
            incident = 52 <= hour < 58 and number == 0
            for _ in range(0 if 20 <= hour < 26 else chance.choice([0, 1, 2]) + (14 if incident else 0)):
                item = Item(
                    series,
                    f"id{chance.getrandbits(60)}",
                    friction=incident or chance.random() < 0.5,
                    author=chance.choice([None, f"a{chance.randrange(300)}"]),
                    conversation=chance.choice([None, f"c{chance.randrange(40)}"]),
                    cluster=chance.choice([None, f"t{chance.randrange(40)}"]),
                    promotion=chance.random() < 0.1,
                )
                items.append(((FIRST + hour + chance.random()) * 3600, item))
    return items


def read_at_once(items: Sequence[Timed], watching: Watching = WATCHING) -> list[Closed]:
    """What the stream must say: counted over all hours at once, then stepped through."""
    at = watching.layout
    items = sorted(set(items), key=lambda timed: timed[1].identity)
    hours = [int(when // 3600) for when, _ in items]
    first, count = min(hours), max(hours) - min(hours) + 1 + TAIL_HOURS
    names: dict[str | None, int] = {None: UNKNOWN}

    def number(name: str | None) -> int:
        return names.setdefault(name, len(names))

    rows = [
        (row, hour, number(item.author), number(item.conversation), number(item.cluster), item.promotion)
        for hour, (_, item) in zip(hours, items, strict=True)
        if item.friction
        for row in at.rows_of(at.keys.index(item.series))
    ]
    series, hour, author, conversation, cluster, promotion = (
        np.array(column) for column in zip(*rows, strict=True)
    )
    told = Items(series, hour, np.arange(len(rows)), author, conversation, cluster, promotion)
    evidence = count_evidence(told, len(at), first, count).evidence
    state, book, said = empty_state(at), Book({}), []
    for now in range(first, first + count):
        calm = [
            (at.products.index(item.series.product), number(item.author))
            for then, (_, item) in zip(hours, items, strict=True)
            if then == now and not item.friction and not item.promotion
        ]
        products, people = np.array(calm, dtype=np.int64).reshape(-1, 2).T
        of_day, weekday = local_hour(now, watching.zone)
        control = count_people(products, people, len(at.products))
        since = since_launch(watching.calendar, at.products, now)
        state, scores = step(
            at, watching.settings, state, Hour(of_day, weekday, evidence[:, now - first], control, since)
        )
        book, events = advance_all(book, signals(at, scores, now))
        said.append(Closed(now, scores, events))
    return said


def same(ours: Sequence[Closed], theirs: Sequence[Closed]) -> None:
    assert [closed.hour for closed in ours] == [closed.hour for closed in theirs]
    assert [closed.events for closed in ours] == [closed.events for closed in theirs]
    for one, other in zip(ours, theirs, strict=True):
        for each in fields(one.scores):
            np.testing.assert_array_equal(getattr(one.scores, each.name), getattr(other.scores, each.name))


KEPT: dict[str, list] = {CLOSED: [], LATE: []}
"""What a pipeline put out, in the order it came: runners work in this process, and find this by its name."""


def keep(element: Closed | Batch) -> None:
    KEPT[CLOSED if isinstance(element, Closed) else LATE].append(element)


def ran(source: beam.PTransform, *, runner: object = None, patience: int = 0) -> tuple[list[Closed], list[Item]]:
    """Closed hours in the order they came out, and the items that came too late."""
    for kept in KEPT.values():
        kept.clear()
    with beam.Pipeline(runner=runner, options=PipelineOptions([])) as pipeline:
        said = pipeline | source | Spikes(WATCHING, patience=patience)
        for name in (CLOSED, LATE):
            _ = said[name] | f"Keep {name}" >> beam.Map(keep)
    return list(KEPT[CLOSED]), [item for batch in KEPT[LATE] for item in batch.items]


def stamped(items: Sequence[Timed]) -> list[TimestampedValue]:
    return [TimestampedValue(item, when) for when, item in items]


def shuffled(items: Sequence[Timed], *, twice: int = 0, seed: int = 5) -> list[Timed]:
    """In any order, the first `twice` of it given again."""
    chance, items = random.Random(seed), list(items)
    chance.shuffle(items)
    items += items[:twice]
    chance.shuffle(items)
    return items


@pytest.fixture(scope="module")
def items() -> list[Timed]:
    return made()


@pytest.fixture(scope="module")
def reference(items: list[Timed]) -> list[Closed]:
    said = read_at_once(items)
    kinds = {event.kind for closed in said for event in closed.events}
    assert kinds >= {Kind.OPENED, Kind.RESOLVED}, "an input that says nothing proves nothing"
    return said


def test_a_bounded_input_in_any_order_closes_the_same_hours(items: list[Timed], reference: list[Closed]) -> None:
    closed, late = ran(
        beam.Create(stamped(shuffled(items, twice=200)), reshuffle=False) | beam.Map(lambda item: item),
        runner=FnApiRunner(),
    )
    same(closed, reference)
    assert late == []


def test_a_stream_closes_the_same_hours(items: list[Timed], reference: list[Closed]) -> None:
    # Items come up to nine hours before the watermark, it jumps, and what is given again comes late.
    stream = test_stream.TestStream(coder=PickleCoder()).advance_watermark_to(FIRST * 3600)
    steps = [0, 1, 2, 9, 10, 19, 40, 48, 56, 57, HOURS]
    for start, end in pairwise(steps):
        now = [timed for timed in items if FIRST + start <= timed[0] / 3600 < FIRST + end]
        stream = stream.add_elements(stamped(shuffled(now, twice=20)))
        stream = stream.advance_watermark_to((FIRST + end) * 3600)
    before = [timed for timed in items if FIRST + 50 <= timed[0] / 3600 < FIRST + 53][:7]
    stream = stream.add_elements(stamped(before)).advance_watermark_to_infinity()
    closed, late = ran(stream)
    same(closed, reference)
    assert sorted(late) == sorted(item for _, item in before)


def test_what_comes_after_its_hour_is_late_and_what_comes_in_patience_is_not() -> None:
    def of(hour: float, identity: str) -> TimestampedValue:
        return TimestampedValue(Item(SOURCES[0], identity, friction=True), (FIRST + hour) * 3600)

    for patience, too_late in ((0, ["c", "d", "e"]), (3600, ["d"])):
        stream = (
            test_stream.TestStream(coder=PickleCoder())
            .add_elements([of(0.5, "a"), of(3.5, "b")])
            .advance_watermark_to((FIRST + 1) * 3600 + 1800)
            .add_elements([of(0.6, "c")])
            .advance_watermark_to((FIRST + 3) * 3600)
            .add_elements([of(1.5, "d"), of(2.5, "e")])
            .advance_watermark_to_infinity()
        )
        closed, late = ran(stream, patience=patience)
        assert sorted(item.identity for item in late) == too_late
        assert [said.hour - FIRST for said in closed] == list(range(4 + TAIL_HOURS))


def test_hours_without_items_are_closed_when_the_next_item_comes() -> None:
    def at(hour: float) -> list[TimestampedValue]:
        return [TimestampedValue(Item(SOURCES[0], f"{hour}", friction=True), (FIRST + hour) * 3600)]

    gap = TAIL_HOURS + 40
    stream = (
        test_stream.TestStream(coder=PickleCoder()).add_elements(at(0)).advance_watermark_to((FIRST + gap) * 3600)
    )
    closed, late = ran(stream.add_elements(at(gap)).advance_watermark_to_infinity())
    same(
        closed,
        read_at_once([(FIRST * 3600, item.value) for item in at(0)] + [((FIRST + gap) * 3600, at(gap)[0].value)]),
    )
    assert late == []


def test_a_series_that_is_not_watched_is_left_out() -> None:
    one = Item(SeriesKey("fax", "billing", "reviews"), "a", friction=True)
    assert ran(beam.Create(stamped([(FIRST * 3600.0, one)])) | beam.Map(lambda item: item)) == ([], [])


def test_patience_is_not_negative() -> None:
    with pytest.raises(ValueError, match="0 or more"):
        Spikes(WATCHING, patience=-1)
