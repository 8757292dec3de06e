"""Simulate: a seeded SIMULATION of one product's feedback, written as files that `tribometer replay` reads.

The same seed and number of events give the same bytes (on one version of Python, whose generator they use).
What is in the files is made up; `truth.json` says what was put in, so that a run can be checked against it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from random import Random
from typing import Any, Final

import orjson

from pipelines.simulation import scenario
from pipelines.simulation.delivery import Delivery
from pipelines.simulation.labels import labels_csv
from pipelines.simulation.phrasebook import Phrasebook
from pipelines.simulation.remarks import Crowd, Remark
from pipelines.simulation.reviews import REVIEWS
from pipelines.simulation.scenario import SHARES, Cause, Source
from pipelines.simulation.source_file import SourceFile
from pipelines.simulation.surveys import SURVEYS
from pipelines.simulation.tickets import TICKETS
from pipelines.simulation.truth import instant, truth_of

SOURCE_FILES: Final = (TICKETS, REVIEWS, SURVEYS)

LAUNCHES_FILE: Final = "launches.csv"
TRUTH_FILE: Final = "truth.json"
TOUCHPOINTS_FILE: Final = "touchpoints.yaml"
LABELS_FILE: Final = "labelled.csv"

MINIMUM_EVENTS: Final = 200
"""Fewer messages cannot hold every incident and every kind of poison."""


@dataclass(frozen=True)
class Simulated:
    """What was written: `files` in the order they are to be replayed, `truth` as in truth.json."""

    folder: Path
    files: Sequence[Path]
    truth: Mapping[str, Any]


def simulate(folder: Path, *, events: int = 20_000, seed: int = 7) -> Simulated:
    """Write the simulated files into `folder` (made where it is missing); `events` counts messages of all files.

    Raises `ValueError` for fewer than `MINIMUM_EVENTS`.
    """
    if events < MINIMUM_EVENTS:
        raise ValueError(f"a simulation needs at least {MINIMUM_EVENTS} events")
    rng = Random(seed)  # noqa: S311 - seeded on purpose; guards nothing
    crowd, delivery = Crowd(rng, Phrasebook.load(), events), Delivery(SOURCE_FILES)
    duplicates = round(events * SHARES.duplicates)
    poison = max(len(delivery.poisons), round(events * SHARES.poison))
    accepted = _remarks(rng, crowd, events, events - duplicates - poison)
    delivery.deliver(accepted)
    delivery.redeliver(rng, duplicates)
    delivery.spoil(crowd, poison)
    truth = truth_of(seed, accepted, delivery)
    folder.mkdir(parents=True, exist_ok=True)
    written = [_write_file(folder, file, delivery.lines(file.source)) for file in SOURCE_FILES]
    (folder / LAUNCHES_FILE).write_bytes(_launches_csv())
    own = files("pipelines.simulation").joinpath(TOUCHPOINTS_FILE).read_bytes()
    (folder / TOUCHPOINTS_FILE).write_bytes(own)
    (folder / LABELS_FILE).write_bytes(labels_csv(accepted))
    (folder / TRUTH_FILE).write_bytes(orjson.dumps(truth, option=orjson.OPT_INDENT_2) + b"\n")
    return Simulated(folder, written, truth)


def _remarks(rng: Random, crowd: Crowd, events: int, amount: int) -> list[Remark]:
    """`amount` revisions: first ones of every cause in its share of `events`, then edits and deletions of some."""
    incidents = [
        *crowd.about_launch(round(events * SHARES.launch)),
        *crowd.about_outage(round(events * SHARES.outage)),
        *crowd.flood(round(events * SHARES.flood)),
    ]
    edits, deletions = round(events * SHARES.edits), round(events * SHARES.deletions)
    remarks = [*crowd.everyday(amount - len(incidents) - edits - deletions), *incidents]
    # A survey's answers are final.
    revisable = [
        remark for remark in remarks if remark.source is not Source.SURVEYS and remark.cause is Cause.EVERYDAY
    ]
    revised = rng.sample(revisable, edits + deletions)
    return [*remarks, *map(crowd.edit, revised[:edits]), *map(crowd.delete, revised[edits:])]


def _write_file(folder: Path, file: SourceFile, lines: list[bytes]) -> Path:
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
        launched_at = instant(launch.launched_at)
        writer.writerow([scenario.PRODUCT, launch.version, launched_at, launch.kind, touchpoints, launch.title])
    return table.getvalue().encode()
