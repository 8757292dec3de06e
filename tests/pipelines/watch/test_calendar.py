"""Launches are reckoned with, however they are spelt and whenever they are entered."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from pipelines.launches.ledger import record, remove, standing
from pipelines.watch.calendar import calendar_of, first_difference
from pipelines.watch.course import Rules
from pipelines.watch.evidence import hour_of
from schemas.launch import Launch, RecordedBy
from tests.pipelines.watch.world import START, remembered, store_rows, told, watch, world

LAUNCHED = START + timedelta(days=10, hours=9)
NOW = START + timedelta(days=30)
EXPECTING = Rules(expect_launches=True)


def launch(at: datetime = LAUNCHED, product: str = "App", **others: str) -> Launch:
    return Launch.parse({"product": product, "launched_at": at.isoformat(), "version": "2.0", **others})


def enter(tables: Path, *launches: Launch) -> None:
    record(str(tables), launches, now=NOW, by=RecordedBy.CLI)


@pytest.fixture(scope="module")
def rows() -> list[dict[str, object]]:
    return world()


@pytest.fixture(scope="module")
def launched(tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, object]]) -> Path:
    """Tables with a launch in them before they are watched for the first time."""
    tables = tmp_path_factory.mktemp("launched")
    enter(tables, launch())
    store_rows(tables, rows, "all")
    watch(tables, rules=EXPECTING)
    return tables


@pytest.fixture(scope="module")
def unlaunched(tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, object]]) -> Path:
    """The same without it."""
    tables = tmp_path_factory.mktemp("unlaunched")
    store_rows(tables, rows, "all")
    watch(tables, rules=EXPECTING)
    return tables


def test_steps_of_a_roll_out_are_launches_and_an_outage_is_none() -> None:
    rollout = f"{LAUNCHED:%Y-%m-%dT%H:%MZ}=0.1;{LAUNCHED + timedelta(days=2):%Y-%m-%dT%H:%MZ}=1"
    calendar = calendar_of(
        [
            launch(rollout=rollout),
            launch(kind="outage", version="2.1"),
            launch(product="shop", kind="campaign", at=LAUNCHED + timedelta(days=1)),
        ]
    )
    assert calendar == {
        "app": (hour_of(LAUNCHED), hour_of(LAUNCHED) + 48),
        "shop": (hour_of(LAUNCHED) + 24,),
    }


def test_calendars_differ_from_the_first_launch_on_that_one_lacks() -> None:
    known, now = {"app": (5, 9), "shop": (1,)}, {"app": [5, 7, 9]}
    assert first_difference(known, now, ["APP"], 100) == 7
    assert first_difference(known, now, ["APP"], 7) is None
    assert first_difference(known, now, ["shop"], 100) == 1
    assert first_difference(known, now, ["other"], 100) is None


def test_a_launch_is_reckoned_with(launched: Path, unlaunched: Path) -> None:
    assert remembered(launched, EXPECTING)[3] != remembered(unlaunched, EXPECTING)[3]
    assert [alert.kind for alert in told(launched)] == [alert.kind for alert in told(unlaunched)], (
        "it mutes nothing"
    )


def test_a_launch_that_is_entered_late_ends_in_the_same_bits(
    launched: Path, unlaunched: Path, tmp_path: Path
) -> None:
    tables = shutil.copytree(unlaunched, tmp_path / "tables")
    enter(tables, launch())
    looks = watch(tables, rules=EXPECTING)
    assert looks[0].late_from == LAUNCHED
    assert remembered(tables, EXPECTING) == remembered(launched, EXPECTING)
    assert watch(tables, rules=EXPECTING)[0].late_from is None
    (there,) = standing(str(tables))
    remove(str(tables), there.launch_id, now=NOW + timedelta(hours=1), by=RecordedBy.CLI)
    assert watch(tables, rules=EXPECTING)[0].late_from == LAUNCHED
    assert remembered(tables, EXPECTING) == remembered(unlaunched, EXPECTING)


def test_a_launch_to_come_changes_nothing_that_was_judged(unlaunched: Path, tmp_path: Path) -> None:
    tables = shutil.copytree(unlaunched, tmp_path / "tables")
    enter(tables, launch(NOW + timedelta(days=9)), launch(product="another"))
    assert all(look.late_from is None and not look.alerts for look in watch(tables, rules=EXPECTING))


def test_unless_it_is_asked_for_launches_are_not_reckoned_with(launched: Path, tmp_path: Path) -> None:
    tables = shutil.copytree(launched, tmp_path / "tables")
    watch(tables)
    before = remembered(tables)
    enter(tables, launch(version="3.0", at=LAUNCHED + timedelta(days=1)))
    assert watch(tables)[0].late_from is None
    assert remembered(tables) == before


def test_hours_are_those_of_the_zone(unlaunched: Path, tmp_path: Path) -> None:
    tables = shutil.copytree(unlaunched, tmp_path / "tables")
    rules = Rules(zone="Asia/Tokyo", expect_launches=True)
    watch(tables, rules=rules)
    in_tokyo, in_utc = remembered(tables, rules), remembered(unlaunched, EXPECTING)
    assert in_tokyo[:2] == in_utc[:2]
    assert in_tokyo[3] != in_utc[3]


def test_a_zone_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="is not a time zone"):
        Rules(zone="Europe/Berln")
