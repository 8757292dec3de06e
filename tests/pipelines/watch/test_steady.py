"""A clock that is set is noticed; one that merely runs is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipelines.watch.steady import ClockJumps, since_boot
from pipelines.watch.watcher import Watcher, WatchSettings
from tests.pipelines.watch.world import INCIDENT, store_rows, told, until, world


class Clocks:
    """One on the wall, which may be set, and one that is not."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.passed = 0.0

    def wall(self) -> datetime:
        return self.now

    def seconds(self) -> float:
        return self.passed

    def run(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.passed += seconds


@pytest.mark.parametrize(("set_by", "told_as"), [(3600, 3600), (-7200, -7200), (30, 0), (-30, 0)])
def test_a_jump_is_what_the_wall_clock_moved_by_itself(set_by: float, told_as: float) -> None:
    clocks = Clocks(datetime(2024, 1, 1, tzinfo=UTC))
    jumps = ClockJumps(clocks.wall, clocks.seconds)
    clocks.run(500_000)
    assert jumps.since_last() == 0
    clocks.now += timedelta(seconds=set_by)
    assert jumps.since_last() == told_as
    assert jumps.since_last() == 0


def test_the_clock_since_boot_runs_forward() -> None:
    first = since_boot()
    assert since_boot() >= first > 0


def test_alerts_of_hours_that_a_jump_closed_say_so(tmp_path: Path) -> None:
    clocks = Clocks(INCIDENT)
    watcher = Watcher(
        str(tmp_path), clocks.wall, WatchSettings(tell_within=timedelta(days=9000)), seconds=clocks.seconds
    )
    store_rows(tmp_path, until(world(), INCIDENT), "before")
    assert all(look.clock_jump == 0 for look in watcher.looks())
    store_rows(
        tmp_path,
        [row for row in until(world(), INCIDENT + timedelta(hours=8)) if row["occurred_at"] >= INCIDENT],
        "then",
    )
    clocks.now += timedelta(hours=9)
    looks = list(watcher.looks())
    assert looks[0].clock_jump == 9 * 3600
    assert told(tmp_path)[0].quality.clock_jump_seconds == 9 * 3600
