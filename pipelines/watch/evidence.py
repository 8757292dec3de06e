"""Evidence: the hours of some days as counts of people, by series, and of those without friction, by product.

People of a whole product are counted by themselves, since one who complains of two touchpoints is one person.

Read a few days at a time, with the day before them, whose authors may write again: memory is that of the busiest days,
however long the history is. What an hour holds depends on what customers said in it and in the 24 hours before, and on
nothing else, so it does not matter in which portions the days are read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.snapshot import Snapshot
from pipelines.watch.left_out import NotCounted, flood_notes, left_out
from pipelines.watch.said import Said, read_said
from schemas.alert import WHOLE_PRODUCT
from transforms.detect.evidence import Items, count_evidence
from transforms.detect.layout import Ints, SeriesKey

NO_PRODUCT: Final = ""
"""Stands for the product of feedback whose source names none."""

DAY_HOURS: Final = 24
_MOST_DAYS: Final = 64
_MOST_CELLS: Final = 2_000_000
"""Series times hours counted at once: five tables of 16 MB."""

_DIGEST_BYTES: Final = 8
_EPOCH: Final = date(1970, 1, 1)


@dataclass(frozen=True)
class HourEvidence:
    """One UTC hour, counted from 1970. `counts` are of series of sources and of whole products, those with any;
    `control` of products."""

    hour: int
    counts: Mapping[SeriesKey, float]
    control: Mapping[str, float]

    @property
    def digest(self) -> bytes:
        """Eight bytes that are the same for the same evidence; none for an hour in which nobody said anything."""
        if not self.counts and not self.control:
            return b""
        said = sorted((*map(str, key), count) for key, count in self.counts.items())
        return hashlib.blake2b(
            repr((self.hour, said, sorted(self.control.items()))).encode(), digest_size=_DIGEST_BYTES
        ).digest()


@dataclass(frozen=True)
class Quality:
    """Of some days, the events that the watch left out, and why."""

    in_future: int = 0
    noise: int = 0
    pasted: int = 0

    def __add__(self, other: Quality) -> Quality:
        return Quality(self.in_future + other.in_future, self.noise + other.noise, self.pasted + other.pasted)


@dataclass(frozen=True)
class DayEvidence:
    """The hours of a day in which anybody said anything, in order, and what was left out of them."""

    day: str
    hours: tuple[HourEvidence, ...]
    quality: Quality
    not_counted: NotCounted


def hour_of(instant: datetime) -> int:
    """UTC hours since 1970."""
    return int(instant.timestamp() // 3600)


def instant_of(hour: int) -> datetime:
    """Where an hour begins."""
    return datetime.fromtimestamp(hour * 3600, UTC)


def first_hour(day: str) -> int:
    """Where a UTC day begins, in hours since 1970."""
    return (date.fromisoformat(day) - _EPOCH).days * DAY_HOURS


def day_of_hour(hour: int) -> str:
    """The UTC day of an hour."""
    return (_EPOCH + timedelta(days=hour // DAY_HOURS)).isoformat()


def read_days(snapshot: Snapshot, days: Sequence[str]) -> Iterator[DayEvidence]:
    """The evidence of these days of the snapshot, in their order, which is that of time.

    Raises `StaleSnapshotError` where vacuum was faster.
    """
    portion = 1  # as long as nobody knows how many series there are
    at = 0
    while at < len(days):
        chosen = _beside_each_other(days[at : at + portion])
        series = 1
        for each, seen in _read(snapshot, chosen):
            series = max(seen, 1)
            yield each
        at += len(chosen)
        portion = min(2 * portion, _MOST_DAYS, max(1, _MOST_CELLS // (series * DAY_HOURS)))


def _beside_each_other(days: Sequence[str]) -> Sequence[str]:
    """The first of the days that follow one another without a gap of a month: no hours are counted for nothing."""
    for at in range(1, len(days)):
        if first_hour(days[at]) - first_hour(days[at - 1]) > 31 * DAY_HOURS:
            return days[:at]
    return days


def _read(snapshot: Snapshot, days: Sequence[str]) -> Iterator[tuple[DayEvidence, int]]:
    said = read_said(snapshot, day_of_hour(first_hour(days[0]) - 1), list(days))
    start, end = first_hour(days[0]), first_hour(days[-1]) + DAY_HOURS
    keys, items = _friction(said)
    evidence = count_evidence(items, len(keys), start, end - start).evidence
    rows: dict[int, dict[SeriesKey, float]] = {}
    for row, column in zip(*np.nonzero(evidence), strict=True):
        rows.setdefault(start + int(column), {})[keys[row]] = float(evidence[row, column])
    control = _control(said, start, end)
    not_counted = NotCounted(flood_notes(said, keys, items), left_out(said))
    for day in days:
        hours = range(first_hour(day), first_hour(day) + DAY_HOURS)
        yield (
            DayEvidence(
                day,
                tuple(
                    HourEvidence(at, rows.get(at, {}), control.get(at, {}))
                    for at in hours
                    if at in rows or at in control
                ),
                Quality(
                    *(_within(hours, of) for of in (said.in_future, said.hour[said.noise], said.hour[said.pasted]))
                ),
                not_counted.within(hours.start, hours.stop),
            ),
            len(keys),
        )


def _within(hours: range, chosen: Ints) -> int:
    return int(((chosen >= hours.start) & (chosen < hours.stop)).sum())


def _friction(said: Said) -> tuple[list[SeriesKey], Items]:
    """Series with friction, and their items: of each event one at each of its touchpoints, and one of its product."""
    at_touchpoint = np.asarray(pc.list_parent_indices(said.touchpoints), dtype=np.int64)
    anywhere = np.unique(at_touchpoint)
    feeds = said.feeds
    named = [
        SeriesKey(feeds[feed][0], touchpoint, feeds[feed][1])
        for feed, touchpoint in zip(
            said.feed[at_touchpoint].tolist(), pc.list_flatten(said.touchpoints).to_pylist(), strict=True
        )
    ]
    named += [SeriesKey(feeds[feed][0], WHOLE_PRODUCT) for feed in said.feed[anywhere].tolist()]
    keys = sorted(set(named), key=lambda key: (key.source is None, *map(str, key)))
    row = {key: at for at, key in enumerate(keys)}
    event = np.concatenate([at_touchpoint, anywhere])
    return keys, Items(
        series=np.array([row[key] for key in named], dtype=np.int64),
        hour=said.hour[event],
        identity=np.arange(len(event)),
        author=said.author[event],
        conversation=said.conversation[event],
        cluster=said.cluster[event],
        promotion=said.pasted[event],
    )


def _control(said: Said, start: int, end: int) -> dict[int, dict[str, float]]:
    """By hour and product: distinct authors with scored feedback and no friction; an unknown author counts as one."""
    calm = said.scored & np.asarray(pc.equal(pc.list_value_length(said.touchpoints), 0))
    calm = np.nonzero(calm & (said.hour >= start) & (said.hour < end))[0]
    of_product = np.array([product for product, _ in said.feeds] or [""], dtype=object)
    people = pa.table(
        {
            "hour": said.hour[calm],
            "product": pa.array(of_product[said.feed[calm]], type=pa.string()),
            "who": said.who.take(pa.array(calm)),
        }
    )
    counted = people.group_by(["hour", "product"]).aggregate([("who", "count_distinct")])
    found: dict[int, dict[str, float]] = {}
    for at, product, count in zip(
        *(counted[name].to_pylist() for name in ("hour", "product", "who_count_distinct")), strict=True
    ):
        found.setdefault(at, {})[product] = float(count)
    return found
