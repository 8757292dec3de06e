"""The launches as analysts see them: planned ones, and those whose effects cannot be told apart."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipelines.connect import connect
from schemas.tables import LAUNCHES
from tests.pipelines.feedback_table import RECEIVED, instant, launch, store_small


@pytest.fixture
def root(tmp_path: Path) -> str:
    steps = [{"at": instant("2024-05-01"), "share": 0.1}]
    store_small(
        str(tmp_path),
        LAUNCHES,
        [
            launch("ios", "app", "2024-05-01", platform="ios", rollout=steps, recorded_by="github"),
            launch("android", "app", "2024-05-03", platform="android"),
            launch("outage", "app", "2024-05-15", kind="outage"),
            launch("gone", "app", "2024-05-16", deleted=True),
            launch("later", "app", "2024-05-30"),
            launch("other", "web", "2024-05-01"),
            launch("planned", "app", "2095-01-01"),
        ],
    )
    return str(tmp_path)


def test_neighbours_are_near_in_time_of_one_product_and_not_on_another_platform(root: str) -> None:
    with connect(root) as connection:
        found = dict(connection.execute("SELECT launch_id, neighbours FROM launches").fetchall())
    assert found == {
        "ios": ["outage"],
        "android": ["outage"],
        "outage": ["ios", "android"],
        "later": [],
        "other": [],
        "planned": [],
    }


def test_steps_platform_and_way_are_shown(root: str) -> None:
    with connect(root) as connection:
        found = connection.execute(
            "SELECT platform, rollout, recorded_by FROM launches WHERE launch_id IN ('ios', 'other') ORDER BY ALL"
        ).fetchall()
    assert found == [("ios", [{"at": instant("2024-05-01"), "share": 0.1}], "github"), (None, [], None)]


def test_planned_is_what_is_still_to_come(root: str) -> None:
    query = "SELECT launch_id FROM launches WHERE planned ORDER BY ALL"
    with connect(root) as connection:
        assert connection.execute(query).fetchall() == [("planned",)]
    with connect(root, datetime(2024, 5, 20, tzinfo=UTC)) as connection:
        assert connection.execute(query).fetchall() == []  # nothing was recorded yet
    with connect(root, RECEIVED) as connection:
        assert connection.execute(query).fetchall() == [("planned",)]


def test_then_and_now_differ(tmp_path: Path) -> None:
    early = datetime(2024, 1, 1, tzinfo=UTC)
    store_small(str(tmp_path), LAUNCHES, [launch("x", "app", "2024-05-01", recorded_at=early)])
    query = "SELECT planned FROM launches"
    with connect(str(tmp_path), datetime(2024, 4, 1, tzinfo=UTC)) as connection:
        assert connection.execute(query).fetchall() == [(True,)]
    with connect(str(tmp_path)) as connection:
        assert connection.execute(query).fetchall() == [(False,)]
