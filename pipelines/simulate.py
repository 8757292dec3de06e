"""Simulate: a seeded SIMULATION of one product's feedback, written as files that `tribometer replay` reads.

The same seed and number of events give the same bytes (on one version of Python, whose generator they use).
What is in the files is made up; `truth.json` says what was put in, so that a run can be checked against it.
"""

from __future__ import annotations

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.resources import files
from itertools import cycle, islice
from pathlib import Path
from random import Random
from typing import Any, Final

import orjson

from pipelines.simulation import scenario
from pipelines.simulation.phrasebook import Phrasebook
from pipelines.simulation.remarks import Crowd, Remark
from pipelines.simulation.reviews import REVIEWS
from pipelines.simulation.scenario import SHARES, Cause, Mood, Source
from pipelines.simulation.source_file import SourceFile
from pipelines.simulation.surveys import SURVEYS
from pipelines.simulation.tickets import TICKETS

SOURCE_FILES: Final = (TICKETS, REVIEWS, SURVEYS)

LAUNCHES_FILE: Final = "launches.csv"
TRUTH_FILE: Final = "truth.json"

MINIMUM_EVENTS: Final = 200
"""Fewer messages cannot hold every incident and every kind of poison."""

_REDELIVERED_WITHIN_HOURS: Final = 30


@dataclass(frozen=True)
class Simulated:
    """What was written: `files` in the order they are to be replayed, `truth` as in truth.json."""

    folder: Path
    files: Sequence[Path]
    truth: Mapping[str, Any]


@dataclass(frozen=True)
class _Message:
    """One line of a file. `sent_at` orders the file; `fate` is what a replay must make of it."""

    sent_at: datetime
    line: bytes
    fate: str


def simulate(folder: Path, *, events: int = 20_000, seed: int = 7) -> Simulated:
    """Write the simulated files into `folder` (made where it is missing); `events` counts messages of all files.

    Raises `ValueError` for fewer than `MINIMUM_EVENTS`.
    """
    if events < MINIMUM_EVENTS:
        raise ValueError(f"a simulation needs at least {MINIMUM_EVENTS} events")
    rng = Random(seed)  # noqa: S311 - seeded on purpose; guards nothing
    crowd = Crowd(rng, Phrasebook.load(), events)
    poisons = [(file, name) for file in SOURCE_FILES for name in file.poisons]
    amounts = {
        Cause.LAUNCH: round(events * SHARES.launch),
        Cause.OUTAGE: round(events * SHARES.outage),
        Cause.FLOOD: round(events * SHARES.flood),
        "duplicates": round(events * SHARES.duplicates),
        "edits": round(events * SHARES.edits),
        "deletions": round(events * SHARES.deletions),
        "poison": max(len(poisons), round(events * SHARES.poison)),
    }
    remarks = [
        *crowd.everyday(events - sum(amounts.values())),
        *crowd.about_launch(amounts[Cause.LAUNCH]),
        *crowd.about_outage(amounts[Cause.OUTAGE]),
        *crowd.flood(amounts[Cause.FLOOD]),
    ]
    revisable = [
        remark for remark in remarks if remark.source is not Source.SURVEYS and remark.cause is Cause.EVERYDAY
    ]
    revised = rng.sample(revisable, amounts["edits"] + amounts["deletions"])
    revisions = [
        *(crowd.edit(remark) for remark in revised[: amounts["edits"]]),
        *(crowd.delete(remark) for remark in revised[amounts["edits"] :]),
    ]
    accepted = [*remarks, *revisions]
    messages: dict[Source, list[_Message]] = defaultdict(list)
    record = {file.source: file.record for file in SOURCE_FILES}
    for remark in accepted:
        messages[remark.source].append(_Message(remark.revised_at, record[remark.source](remark), "accepted"))
    everything = [(source, message) for source in Source for message in messages[source]]
    for repeated_in, original in rng.sample(everything, amounts["duplicates"]):
        again_at = original.sent_at + timedelta(hours=rng.uniform(0, _REDELIVERED_WITHIN_HOURS))
        messages[repeated_in].append(_Message(again_at, original.line, "duplicate"))
    spoilt = Counter[str]()
    for file, name in islice(cycle(poisons), amounts["poison"]):
        (remark,) = crowd.everyday(1, file.source)
        line = file.poisons[name].spoil(remark)
        messages[file.source].append(_Message(remark.said_at, line, file.poisons[name].violation.value))
        spoilt[name] += 1
    folder.mkdir(parents=True, exist_ok=True)
    written = [_write_file(folder, file, messages[file.source]) for file in SOURCE_FILES]
    (folder / LAUNCHES_FILE).write_bytes(_launches_csv())
    truth = _truth(events, seed, accepted, messages, spoilt)
    (folder / TRUTH_FILE).write_bytes(orjson.dumps(truth, option=orjson.OPT_INDENT_2) + b"\n")
    return Simulated(folder, written, truth)


def _write_file(folder: Path, file: SourceFile, messages: list[_Message]) -> Path:
    lines = [message.line for message in sorted(messages, key=lambda message: (message.sent_at, message.line))]
    path = folder / file.name
    path.write_bytes(b"".join(line + b"\n" for line in ([file.header] if file.header else []) + lines))
    if file.mapping is not None:
        mapping = files("pipelines.simulation").joinpath(file.mapping).read_bytes()
        (folder / file.mapping).write_bytes(mapping)
    return path


def _launches_csv() -> bytes:
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["product", "version", "launched_at", "kind", "touchpoints", "title"])
    for launch in scenario.LAUNCHES:
        touchpoints = ";".join(launch.touchpoints)
        launched_at = _instant(launch.launched_at)
        writer.writerow([scenario.PRODUCT, launch.version, launched_at, launch.kind, touchpoints, launch.title])
    return table.getvalue().encode()


def _truth(
    events: int,
    seed: int,
    accepted: Sequence[Remark],
    messages: Mapping[Source, Sequence[_Message]],
    spoilt: Mapping[str, int],
) -> dict[str, Any]:
    fates = {source: Counter(message.fate for message in messages[source]) for source in Source}
    meant = [remark for remark in accepted if remark.revision == 1 and remark.mood is not None]
    personal: dict[str, set[str]] = defaultdict(set)
    for remark in accepted:
        if remark.personal is not None:
            personal[remark.personal[0].value].add(remark.personal[1])
    return {
        "simulation": True,
        "seed": seed,
        "messages": events,
        "product": scenario.PRODUCT,
        "first_day": scenario.BEGINS.date().isoformat(),
        "last_day": (scenario.BEGINS + timedelta(days=scenario.DAYS - 1)).date().isoformat(),
        "files": {
            file.name: {
                "source": file.source.value,
                "mapping": file.mapping or "feedback_event",
                "messages": len(messages[file.source]),
                "accepted": fates[file.source]["accepted"],
                "duplicate": fates[file.source]["duplicate"],
                "dead": {
                    kind: number
                    for kind, number in sorted(fates[file.source].items())
                    if kind not in ("accepted", "duplicate")
                },
            }
            for file in SOURCE_FILES
        },
        "poison": dict(sorted(spoilt.items())),
        "edits": sum(remark.revision > 1 and not remark.deleted for remark in accepted),
        "deletions": sum(remark.deleted for remark in accepted),
        "causes": dict(sorted(Counter(remark.cause.value for remark in accepted if remark.revision == 1).items())),
        "friction_by_touchpoint": _by_touchpoint(meant, Mood.FRICTION),
        "delight_by_touchpoint": _by_touchpoint(meant, Mood.DELIGHT),
        "launches": [
            {
                "version": launch.version,
                "launched_at": _instant(launch.launched_at),
                "touchpoints": list(launch.touchpoints),
                "effect": effect,
            }
            for launch, effect in zip(scenario.LAUNCHES, ("none", "hurts", "mends"), strict=True)
        ],
        "outage": {"begins": _instant(scenario.OUTAGE_BEGINS), "ends": _instant(scenario.OUTAGE_ENDS)},
        "flood": {
            "begins": _instant(scenario.FLOOD_BEGINS),
            "ends": _instant(scenario.FLOOD_ENDS),
            "accounts": scenario.FLOOD_ACCOUNTS,
        },
        "personal_data": {kind: sorted(data) for kind, data in sorted(personal.items())},
    }


def _by_touchpoint(remarks: Iterable[Remark], mood: Mood) -> dict[str, int]:
    counts = Counter(remark.touchpoint.value for remark in remarks if remark.mood is mood and remark.touchpoint)
    return dict(sorted(counts.items()))


def _instant(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")
