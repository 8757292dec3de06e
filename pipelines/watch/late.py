"""Late: from which judged hour on the tables say something else than when it was judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pipelines.snapshot import Snapshot
from pipelines.watch.calendar import first_difference
from pipelines.watch.checkpoint import Kept, SeenDay
from pipelines.watch.evidence import first_hour, read_days
from transforms.detect.launches import Calendar


@dataclass(frozen=True)
class Late:
    """`hour`: the first that differs, None where none does. `same`: days whose hours did not, though files did."""

    hour: int | None = None
    same: Mapping[str, SeenDay] = field(default_factory=dict)


def late_since(
    snapshot: Snapshot, kept: Kept, fingerprints: Mapping[str, str], calendar: Calendar, done: int
) -> Late:
    """What of the hours before `done` is otherwise now: events that came late, or launches entered late.

    Days that retention has dropped are not late: what was learnt of them stays.
    """
    oldest = min(fingerprints)
    dropped = bool(kept.days) and min(kept.days) < oldest
    changed = [
        day
        for day, fingerprint in fingerprints.items()
        if first_hour(day) < done
        and not (dropped and day == oldest)
        and (day not in kept.days or kept.days[day].fingerprint != fingerprint)
    ]
    gone = [day for day in kept.days if day not in fingerprints and day > oldest]
    hours = [hour for day in gone if (hour := kept.days[day].first_difference(day, {}, done)) is not None]
    same: dict[str, SeenDay] = {}
    if dropped and oldest in kept.days:
        same[oldest] = replace(kept.days[oldest], fingerprint=fingerprints[oldest])
    for day in read_days(snapshot, changed):
        digests = {hour.hour: hour.digest.hex() for hour in day.hours}
        known = kept.days.get(day.day, SeenDay("", {}))
        difference = known.first_difference(day.day, digests, done)
        if difference is not None:
            hours.append(difference)
        elif day.day in kept.days:
            same[day.day] = replace(known, fingerprint=fingerprints[day.day])
    launched = first_difference(kept.calendar, calendar, kept.course.layout.products, done)
    return Late(min([*hours, *([] if launched is None else [launched])], default=None), same)
