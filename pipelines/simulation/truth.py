"""Truth: what was put into a simulation, so that a run can be checked against it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from pipelines.simulation import scenario
from pipelines.simulation.delivery import ACCEPTED, DUPLICATE, Delivery
from pipelines.simulation.remarks import Remark
from pipelines.simulation.scenario import Mood, Source


def truth_of(seed: int, accepted: Sequence[Remark], delivery: Delivery) -> dict[str, Any]:
    """What truth.json says. `accepted` are all revisions that a replay accepts."""
    messages = delivery.messages
    fates = {source: Counter(message.fate for message in messages[source]) for source in Source}
    meant = [remark for remark in accepted if remark.revision == 1 and remark.mood is not None]
    personal: dict[str, set[str]] = defaultdict(set)
    for remark in accepted:
        if remark.personal is not None:
            personal[remark.personal[0].value].add(remark.personal[1])
    return {
        "simulation": True,
        "seed": seed,
        "messages": sum(map(len, messages.values())),
        "product": scenario.PRODUCT,
        "first_day": scenario.BEGINS.date().isoformat(),
        "last_day": (scenario.BEGINS + timedelta(days=scenario.DAYS - 1)).date().isoformat(),
        "files": {
            file.name: {
                "source": file.source.value,
                "mapping": file.mapping or "feedback_event",
                "messages": len(messages[file.source]),
                "accepted": fates[file.source][ACCEPTED],
                "duplicate": fates[file.source][DUPLICATE],
                "dead": {
                    kind: number
                    for kind, number in sorted(fates[file.source].items())
                    if kind not in (ACCEPTED, DUPLICATE)
                },
            }
            for file in delivery.files
        },
        "poison": dict(sorted(delivery.spoilt.items())),
        "edits": sum(remark.revision > 1 and not remark.deleted for remark in accepted),
        "deletions": sum(remark.deleted for remark in accepted),
        "causes": dict(sorted(Counter(remark.cause.value for remark in accepted if remark.revision == 1).items())),
        "friction_by_touchpoint": _by_touchpoint(meant, Mood.FRICTION),
        "delight_by_touchpoint": _by_touchpoint(meant, Mood.DELIGHT),
        "launches": [
            {
                "version": launch.version,
                "launched_at": instant(launch.launched_at),
                "touchpoints": list(launch.touchpoints),
                "effect": effect,
            }
            for launch, effect in zip(scenario.LAUNCHES, ("none", "hurts", "mends"), strict=True)
        ],
        "outage": {"begins": instant(scenario.OUTAGE_BEGINS), "ends": instant(scenario.OUTAGE_ENDS)},
        "flood": {
            "begins": instant(scenario.FLOOD_BEGINS),
            "ends": instant(scenario.FLOOD_ENDS),
            "accounts": scenario.FLOOD_ACCOUNTS,
        },
        "personal_data": {kind: sorted(data) for kind, data in sorted(personal.items())},
    }


def _by_touchpoint(remarks: Iterable[Remark], mood: Mood) -> dict[str, int]:
    counts = Counter(remark.touchpoint.value for remark in remarks if remark.mood is mood and remark.touchpoint)
    return dict(sorted(counts.items()))


def instant(when: datetime) -> str:
    """RFC 3339, in UTC."""
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")
