"""Spikes: a stream of feedback to closed hours and their episodes, the same bits as a replay of its hours.

An hour is closed when the watermark has passed its end by `patience` seconds; then all series of it go through
`transforms.detect.closing.close` at once, because a false-discovery rate is of all of them. So a layout is one key, and
hours follow one another without gaps: an hour without items is an hour too. What comes after its hour was closed is
not counted and leaves by the output `late`; correcting what was said is a replay (`transforms.detect.lifecycle.amend`).

State: the course (about 700 bytes a series and who wrote in the last 24 hours), and the items of hours that are not
closed. Those of the present 24 hours and those beyond are kept apart, so that a bounded input, which delivers all its
hours before it closes the first, is not read again for every hour.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

import apache_beam as beam
from apache_beam.coders import PickleCoder
from apache_beam.transforms.timeutil import TimeDomain
from apache_beam.transforms.userstate import (
    BagRuntimeState,
    BagStateSpec,
    ReadModifyWriteRuntimeState,
    ReadModifyWriteStateSpec,
    RuntimeTimer,
    TimerSpec,
    on_timer,
)
from apache_beam.transforms.window import GlobalWindow, GlobalWindows
from apache_beam.utils.timestamp import Timestamp
from apache_beam.utils.windowed_value import WindowedValue

from transforms.counters import count
from transforms.detect.closing import Closed, Item, Watching, close, set_out

STEP: Final = "spikes"
HOUR_SECONDS: Final = 3600
BLOCK_HOURS: Final = 24
TAIL_HOURS: Final = 24
"""Hours that are closed after the last one with an item: what is open resolves in 6 and cools down in 12 more."""

CLOSED: Final = "closed"
LATE: Final = "late"


class Batch(NamedTuple):
    """Items of one hour since the epoch."""

    hour: int
    items: tuple[Item, ...]


@dataclass(frozen=True)
class _Progress:
    """`next`: the hour to close next; before the first is closed, the earliest that has items."""

    next: int
    last: int
    """The latest hour that has items."""
    block: int | None = None
    """First hour beyond the present 24; None before the first hour is closed."""


class Spikes(beam.PTransform):
    """`Item`s, stamped with when they were written; out come `closed` (`Closed`, in order) and `late` (`Batch`).

    Items of series that are not in the layout are counted and left out. After the last hour with an item `tail_hours`
    more are closed, then none until the next item comes, which closes all hours in between.
    """

    def __init__(self, watching: Watching, *, patience: int = 0, tail_hours: int = TAIL_HOURS) -> None:
        super().__init__()
        if patience < 0 or tail_hours < 0:
            raise ValueError("patience and tail_hours are 0 or more")
        self._watching, self._patience, self._tail_hours = watching, patience, tail_hours

    def expand(self, items: beam.PCollection[Item]) -> Any:
        return (
            items
            | beam.WindowInto(GlobalWindows())
            | "Pack" >> beam.ParDo(_PackFn(self._watching)).with_output_types(tuple[bytes, Batch])
            | "Close"
            >> beam.ParDo(_CloseFn(self._watching, self._patience, self._tail_hours)).with_outputs(
                LATE, main=CLOSED
            )
        )


class _PackFn(beam.DoFn):
    """Puts a bundle's items together by hour, so that state holds few large elements and not many small ones."""

    def __init__(self, watching: Watching) -> None:
        self._watched = frozenset(watching.layout.keys)

    def start_bundle(self) -> None:
        self._items: dict[int, list[Item]] = defaultdict(list)
        self._earliest: dict[int, Timestamp] = {}

    def process(self, item: Item, timestamp: Timestamp = beam.DoFn.TimestampParam) -> None:
        if item.series not in self._watched:
            count(STEP, "unwatched", 1)
            return
        hour = timestamp.micros // 1_000_000 // HOUR_SECONDS
        self._items[hour].append(item)
        self._earliest[hour] = min(timestamp, self._earliest.get(hour, timestamp))

    def finish_bundle(self) -> Iterator[WindowedValue]:
        for hour, items in self._items.items():
            yield WindowedValue((b"", Batch(hour, tuple(items))), self._earliest[hour], (GlobalWindow(),))


class _CloseFn(beam.DoFn):
    """Closes hours in order, one each time the timer fires."""

    PROGRESS = ReadModifyWriteStateSpec("progress", PickleCoder())
    COURSE = ReadModifyWriteStateSpec("course", PickleCoder())
    BLOCK = BagStateSpec("block", PickleCoder())
    BEYOND = BagStateSpec("beyond", PickleCoder())
    CLOSE = TimerSpec("close", TimeDomain.WATERMARK)

    def __init__(self, watching: Watching, patience: int, tail_hours: int) -> None:
        self._watching, self._patience, self._tail_hours = watching, patience, tail_hours

    def process(
        self,
        element: tuple[bytes, Batch],
        progress: ReadModifyWriteRuntimeState = beam.DoFn.StateParam(PROGRESS),
        block: BagRuntimeState = beam.DoFn.StateParam(BLOCK),
        beyond: BagRuntimeState = beam.DoFn.StateParam(BEYOND),
        timer: RuntimeTimer = beam.DoFn.TimerParam(CLOSE),
    ) -> Iterator[beam.pvalue.TaggedOutput]:
        batch = element[1]
        now: _Progress = progress.read() or _Progress(batch.hour, batch.hour)
        if now.block is None:
            now = replace(now, next=min(now.next, batch.hour))
        elif batch.hour < now.next:
            count(STEP, "late", len(batch.items))
            yield beam.pvalue.TaggedOutput(LATE, batch)
            return
        (beyond if now.block is None or batch.hour >= now.block else block).add(batch)
        progress.write(replace(now, last=max(now.last, batch.hour)))
        timer.set(self._end(now.next))

    @on_timer(CLOSE)
    def close(
        self,
        progress: ReadModifyWriteRuntimeState = beam.DoFn.StateParam(PROGRESS),
        course: ReadModifyWriteRuntimeState = beam.DoFn.StateParam(COURSE),
        block: BagRuntimeState = beam.DoFn.StateParam(BLOCK),
        beyond: BagRuntimeState = beam.DoFn.StateParam(BEYOND),
        timer: RuntimeTimer = beam.DoFn.TimerParam(CLOSE),
    ) -> Iterator[Closed]:
        now: _Progress = progress.read()
        if now.block is None or now.next >= now.block:
            now = replace(now, block=now.next + BLOCK_HOURS)
            _split(now.next + BLOCK_HOURS, block, beyond)
        items = [item for batch in block.read() if batch.hour == now.next for item in batch.items]
        before = course.read() or set_out(self._watching)
        after, closed = close(self._watching, before, now.next, items)
        course.write(after)
        count(STEP, "hours", 1)
        now = replace(now, next=now.next + 1)
        progress.write(now)
        if now.next <= now.last + self._tail_hours:
            timer.set(self._end(now.next))
        yield closed

    def _end(self, hour: int) -> Timestamp:
        return Timestamp((hour + 1) * HOUR_SECONDS + self._patience)


def _split(end: int, block: BagRuntimeState, beyond: BagRuntimeState) -> None:
    """Move what lies before the hour `end` from `beyond` to `block`, whose hours are all closed."""
    waiting = list(beyond.read())
    block.clear()
    beyond.clear()
    for batch in waiting:
        (block if batch.hour < end else beyond).add(batch)
