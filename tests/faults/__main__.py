"""`python -m tests.faults`: break things by a seed, check the invariants, print one table.

The seed decides which faults are injected, in which order and how long; not how fast the machine is meanwhile.
Exits with 1 when an invariant did not hold.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import FrameType
from typing import Final

import click

from pipelines.clock import utc_now
from pipelines.machine import machine
from tests import emulator
from tests.conftest import data_dir
from tests.faults.scenarios import Scenario, content, disk, kills, queue, upkeep
from tests.faults.world import Result, World

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"
BEGIN, END = "<!-- faults -->\n", "<!-- /faults -->\n"
SCENARIOS: Final = (
    *kills.SCENARIOS, *queue.SCENARIOS, *disk.SCENARIOS, *content.SCENARIOS, *upkeep.SCENARIOS,
)  # fmt: skip

_speaking = threading.Lock()
_open: set[World] = set()


def _say(text: str) -> None:
    with _speaking:
        click.echo(text)
        sys.stdout.flush()


def _run(scenario: Scenario, seed: int, folder: Path, *, long: bool, keep: bool) -> Result:
    lacking = scenario.without()
    if lacking is not None:
        _say(f"{scenario.name:24} skipped: {lacking}")
        return Result(scenario.name, skipped=lacking)
    place = folder / scenario.name.replace(" ", "-").replace(",", "")
    world = World(scenario.name, place, seed, long=long, say=_say, erasing=scenario.erasing)
    _open.add(world)
    try:
        with world:
            scenario.run(world)
    except Exception as error:  # noqa: BLE001 - the other scenarios go on, and this one has failed
        world.complain(f"the scenario broke off: {type(error).__name__}: {error}")
        _say(traceback.format_exc())
    _say(f"{scenario.name:24} {world.result.seconds:7.1f} s  {'well' if world.result.well else 'NOT WELL'}")
    if world.result.well and not keep:
        shutil.rmtree(place, ignore_errors=True)
    return world.result


_COLUMNS: Final = (
    "scenario", "faults", "messages", "lost", "duplicated", "misplaced", "acked, not stored", "partial", "backwards",
    "snapshots", "MiB", "files", "seconds",
)  # fmt: skip


def _table(results: Sequence[Result]) -> str:
    rows = [
        (
            result.scenario, result.faults, result.messages, result.verdict.lost,
            result.verdict.duplicated + result.readers.duplicated, result.verdict.misplaced,
            result.verdict.acknowledged_too_early, result.readers.partial, result.readers.backwards,
            result.readers.snapshots, result.most_memory_bytes >> 20, result.most_files, round(result.seconds),
        )
        for result in results
        if result.skipped is None
    ]  # fmt: skip
    totals = ["together", *(sum(row[place] for row in rows) for place in range(1, 10)), "", "", ""]
    lines = [f"| {' | '.join(_COLUMNS)} |", f"|---|{'---:|' * (len(_COLUMNS) - 1)}"]
    lines += [
        f"| {' | '.join(f'{cell:,}' if isinstance(cell, int) else str(cell) for cell in row)} |"
        for row in (*rows, totals)
    ]
    lines += [f"\nSkipped: {result.scenario} ({result.skipped})." for result in results if result.skipped]
    return "\n".join(lines) + "\n"


def _leave_nothing(number: int, frame: FrameType | None) -> None:
    """End every process and disk of every world, at once."""
    for world in _open:
        world.close()
    os._exit(128 + number)


@click.command()
@click.option("--seed", default=1, show_default=True, help="Decides the plan of faults.")
@click.option("--quick", is_flag=True, help="Less of everything: minutes instead of an hour.")
@click.option("--only", multiple=True, help="Scenarios whose names hold this.")
@click.option(
    "--jobs", default=3, show_default=True, help="Scenarios at once; most of them wait most of the time."
)
@click.option("--keep", is_flag=True, help="Keep tables and logs of scenarios that went well.")
@click.option("--folder", type=click.Path(path_type=Path), help="Where tables and logs are made.")
@click.option("--write", is_flag=True, help="Keep the table in docs/reliability.md.")
def main(
    seed: int, quick: bool, only: tuple[str, ...], jobs: int, keep: bool, folder: Path | None, write: bool
) -> None:
    """Break things by a seed and check the invariants; exit with 1 when one does not hold."""
    lacking = emulator.missing()
    if lacking is not None:
        raise click.ClickException(lacking)
    chosen = [
        scenario
        for scenario in SCENARIOS
        if (scenario.quick or not quick) and (not only or any(part in scenario.name for part in only))
    ]
    if not chosen:
        raise click.ClickException(
            f"no scenario is called so; there are {', '.join(one.name for one in SCENARIOS)}"
        )
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _leave_nothing)
    place = folder or Path(tempfile.mkdtemp(prefix="tribometer-faults-"))
    events = "real" if data_dir() else "made-up"
    _say(f"seed {seed}, {len(chosen)} scenarios, {events} events, in {place}")
    started = time.monotonic()
    with ThreadPoolExecutor(jobs) as pool:
        results = list(pool.map(lambda one: _run(one, seed, place, long=not quick, keep=keep), chosen))
    table = _table(results)
    minutes = (time.monotonic() - started) / 60
    told = (
        f"{utc_now():%Y-%m-%d}, seed {seed}, {events} events, {minutes:.0f} minutes, {machine()}; `make faults`\n"
    )
    _say(f"\n{table}\n{told}")
    for result in results:
        for complaint in result.complaints:
            _say(f"WRONG: {result.scenario}: {complaint}")
    if write:
        before, rest = PAGE.read_text().split(BEGIN, 1)
        PAGE.write_text(f"{before}{BEGIN}{table}\n{told}{END}{rest.split(END, 1)[1]}")
    if not all(result.well for result in results if result.skipped is None):
        sys.exit(1)
    shutil.rmtree(place, ignore_errors=True)


if __name__ == "__main__":
    main()
