"""A watcher knows the same however it got there, and tells everything once."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines.alerts.ledger import record_action
from pipelines.tables.compact import compact
from pipelines.tables.retention import retain
from pipelines.watch.checkpoint import load, wanted_midnight
from pipelines.watch.course import Rules
from pipelines.watch.watcher import Watcher, WatchSettings
from schemas.alert import Kind, Status
from schemas.alert_action import Act, AlertAction
from schemas.tables import FEEDBACK, WATCH_STATE
from tests.pipelines.watch.world import (
    AFTERWARDS,
    DAYS,
    INCIDENT,
    INCIDENT_HOURS,
    START,
    remembered,
    said,
    store_rows,
    told,
    until,
    watch,
    watcher,
    world,
)
from transforms.detect.detector import Settings
from transforms.detect.guards import Guards
from transforms.detect.silence import SILENT_EXPECTED

ROWS = world()


@pytest.fixture(scope="module")
def at_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tables that hold everything before they are watched for the first time."""
    tables = tmp_path_factory.mktemp("at_once")
    store_rows(tables, ROWS, "all")
    watch(tables)
    return tables


class Clock:
    """A clock that stands where it is put."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def watched(at_once: Path, tmp_path: Path) -> Path:
    """A copy of those tables, to be spoilt."""
    return shutil.copytree(at_once, tmp_path / "watched")


def essence(tables: Path) -> list[tuple[Any, ...]]:
    """What was told, without figures that depend on when it was."""
    return [
        (alert.alert_id, alert.place, alert.sources, alert.observed, alert.expected, alert.authors, alert.q_value)
        for alert in told(tables)
    ]


def test_an_incident_is_opened_within_hours_and_resolved_after_it(at_once: Path) -> None:
    opened, *others = [alert for alert in told(at_once) if alert.touchpoint == "billing"]
    assert opened.kind is Kind.OPENED
    assert INCIDENT < opened.started_at <= INCIDENT + timedelta(hours=6)
    resolved = others[-1]
    assert resolved.kind is Kind.RESOLVED
    assert resolved.ended_at is not None
    assert INCIDENT + timedelta(hours=INCIDENT_HOURS) < resolved.ended_at < START + timedelta(days=DAYS)
    assert not [alert for alert in told(at_once) if alert.touchpoint == "login"]


def test_what_an_alert_rests_on_can_be_read_in_it(at_once: Path) -> None:
    opened = told(at_once)[0]
    assert opened.observed > opened.band_high > opened.expected > opened.band_low
    assert opened.authors >= 5
    assert all(reason.holds for reason in opened.why)
    assert {reason.rule for reason in opened.why} >= {"authors", "false alarms among alarms"}
    assert 3 <= len(opened.quotes) <= 5
    assert len(opened.history) == 72
    by_source = [part for part in opened.parts if part.dimension == "source"]
    assert sum(part.explains for part in by_source) == pytest.approx(1)
    assert sum(part.observed for part in by_source) == pytest.approx(opened.observed)


def test_hour_by_hour_it_comes_to_the_same_bits(at_once: Path, tmp_path: Path) -> None:
    """Data comes a few hours at a time; the watcher is another one each time, or the same."""
    clock = Clock(START)
    chance = random.Random(5)
    at, one = START, None
    while at < AFTERWARDS:
        after = at + timedelta(hours=chance.choice([1, 5, 24, 60]))
        after = AFTERWARDS if after > START + timedelta(days=DAYS) else after
        store_rows(tmp_path, [row for row in ROWS if at <= row["occurred_at"] < after], after.isoformat())
        at = clock.now = after
        if one is None or chance.random() < 0.5:
            one = Watcher(str(tmp_path), clock, WatchSettings(tell_within=timedelta(days=9000)))
        for look in one.looks():
            assert look.late_from is None
    assert remembered(tmp_path) == remembered(at_once)
    assert essence(tmp_path) == essence(at_once)


def test_what_it_remembers_is_a_cache(at_once: Path, watched: Path) -> None:
    (watched / WATCH_STATE.name).rename(watched / "lost")
    assert [look.alerts for look in watch(watched)] == [()]
    assert remembered(watched) == remembered(at_once)


def test_damaged_memory_is_made_again(at_once: Path, watched: Path) -> None:
    for file in (watched / WATCH_STATE.name).glob("*.parquet"):
        file.write_bytes(file.read_bytes()[:-50] + b"x" * 50)
    watch(watched)
    assert remembered(watched) == remembered(at_once)


def test_shuffled_late_and_duplicated_data_ends_in_the_same(at_once: Path, tmp_path: Path) -> None:
    chance = random.Random(7)
    shuffled = list(ROWS)
    chance.shuffle(shuffled)
    third = len(shuffled) // 3
    for number, part in enumerate((shuffled[: 2 * third], shuffled[third:], shuffled[:third])):
        store_rows(tmp_path, part, str(number))
        watch(tmp_path)
    assert remembered(tmp_path) == remembered(at_once)


def test_what_other_rules_told_as_on_is_ended_by_those_that_do_not_see_it(tmp_path: Path) -> None:
    """Somebody changes --q, or upgrades, in the middle of an incident: what is on their pager must end."""
    middle = INCIDENT + timedelta(hours=8)
    store_rows(tmp_path, until(ROWS, middle), "all")
    watch(tmp_path, middle)
    (opened,) = [alert for alert in told(tmp_path) if alert.kind is Kind.OPENED]
    strict = Rules(Settings(guards=Guards(authors=1_000)))
    watch(tmp_path, middle, rules=strict)
    ended = told(tmp_path)[-1]
    assert (ended.kind, ended.episode_id, ended.notify) == (Kind.RESOLVED, opened.episode_id, True)
    assert not [look.alerts for look in watch(tmp_path, middle, rules=strict) if look.alerts]
    watch(tmp_path, middle)
    again = [alert for alert in told(tmp_path) if alert.episode_id == opened.episode_id]
    assert [alert.kind for alert in again] == [Kind.OPENED, *[Kind.UPDATED] * (len(again) - 2), Kind.RESOLVED]


def test_a_product_that_is_renamed_is_a_new_one_and_its_old_name_no_recovery(tmp_path: Path) -> None:
    """Both days after the change and the fortnight of learning pass without an alert; the old name is silent."""
    renamed = START + timedelta(days=9)
    rows = [
        {**row, "product": "app two"} if row["occurred_at"] >= renamed else row for row in until(ROWS, INCIDENT)
    ]
    store_rows(tmp_path, rows, "all")
    watch(tmp_path, INCIDENT)
    assert told(tmp_path) == []
    kept = load(str(tmp_path), Rules())
    assert kept is not None
    layout, silence = kept.course.layout, kept.course.state.silence
    silent = {
        layout.keys[row].product
        for row, feed in enumerate(layout.feed.tolist())
        if feed >= 0 and silence.missing[feed] >= SILENT_EXPECTED
    }
    assert silent == {"app"}


def test_late_data_amends_and_opens_nothing_that_is_over(tmp_path: Path) -> None:
    """A third of the incident comes when it is long over."""
    incident = [row for row in ROWS if INCIDENT <= row["occurred_at"] < INCIDENT + timedelta(hours=INCIDENT_HOURS)]
    late = {row["event_id"] for row in incident[::3]}
    store_rows(tmp_path, [row for row in ROWS if row["event_id"] not in late], "first")
    watch(tmp_path)
    before = told(tmp_path)
    assert before[0].kind is Kind.OPENED
    assert before[-1].kind is Kind.RESOLVED
    store_rows(tmp_path, [row for row in ROWS if row["event_id"] in late], "late")
    looks = watch(tmp_path)
    assert looks[0].late_from is not None
    new = [alert for alert in told(tmp_path) if alert not in before]
    assert new
    assert {alert.kind for alert in new} == {Kind.AMENDED}
    assert not any(alert.notify for alert in new)
    assert not any(look.alerts for look in watch(tmp_path))


def test_late_data_and_all_at_once_come_to_the_same_bits(at_once: Path, tmp_path: Path) -> None:
    late = ROWS[100::40]
    store_rows(tmp_path, [row for row in ROWS if row not in late], "first")
    watch(tmp_path)
    store_rows(tmp_path, late, "late")
    watch(tmp_path)
    assert remembered(tmp_path) == remembered(at_once)


def test_an_incident_that_late_data_shows_is_told_while_it_goes_on(tmp_path: Path) -> None:
    now = INCIDENT + timedelta(hours=9)
    there = until(ROWS, now)
    held_up = [row for row in there if row["occurred_at"] >= INCIDENT and row["source"] == "tickets"]
    quick = [row for row in there if row not in held_up]
    calm = [row for row in quick if row["occurred_at"] < INCIDENT or row["mentions"][0]["touchpoint"] != "billing"]
    store_rows(tmp_path, calm, "quick")
    watch(tmp_path, now)
    assert not told(tmp_path)
    store_rows(tmp_path, [row for row in there if row not in calm], "late")
    watch(tmp_path, now)
    (opened,) = told(tmp_path)
    assert opened.kind is Kind.OPENED
    assert opened.notify
    watch(tmp_path, now + timedelta(minutes=1))
    assert len([alert for alert in told(tmp_path) if alert.kind is Kind.OPENED]) == 1


def test_what_was_told_as_on_and_is_not_is_ended(tmp_path: Path) -> None:
    """The complaints are deleted at their source while the alert is on."""
    now = INCIDENT + timedelta(hours=8)
    store_rows(tmp_path, until(ROWS, now), "first")
    watch(tmp_path, now)
    assert told(tmp_path)[-1].status is Status.FIRING
    taken_back = [
        {**row, "revision": "2", "event_id": "f" * 4 + row["event_id"][4:], "deleted": True, "mentions": [],
         "revised_at": row["revised_at"] + timedelta(hours=1)}
        for row in until(ROWS, now)
        if row["occurred_at"] >= INCIDENT and row["mentions"][0]["touchpoint"] == "billing"
    ]  # fmt: skip
    store_rows(tmp_path, taken_back, "taken back")
    watch(tmp_path, now + timedelta(minutes=1))
    last = [alert for alert in told(tmp_path) if alert.kind is not Kind.AMENDED][-1]
    assert last.kind is Kind.RESOLVED
    assert last.notify
    firing = Counter(alert.episode_id for alert in told(tmp_path) if alert.kind is Kind.OPENED)
    assert set(firing.values()) == {1}


def test_years_that_are_filled_in_page_nobody(watched: Path) -> None:
    before = told(watched)
    earlier = [
        {**row, "event_id": row["event_id"][::-1], "native_id": row["native_id"] + "e",
         **{name: row[name] - timedelta(days=800) for name in ("occurred_at", "revised_at")},
         "day": (row["occurred_at"] - timedelta(days=800)).date().isoformat()}
        for row in until(ROWS, START + timedelta(days=3))
    ]  # fmt: skip
    store_rows(watched, earlier, "earlier")
    looks = watch(watched)
    assert looks[0].late_from == earlier[0]["occurred_at"].replace(minute=0, second=0)
    assert looks[-1].judged_until == AFTERWARDS.replace(minute=0) - timedelta(hours=1)
    new = [alert for alert in told(watched) if alert.alert_id not in {one.alert_id for one in before}]
    assert {alert.kind for alert in new} <= {Kind.AMENDED}
    assert not any(alert.notify for alert in new)


def test_an_event_of_a_wrong_decade_costs_nothing_and_changes_nothing(at_once: Path, tmp_path: Path) -> None:
    """One of 1995 begins a watch that lays itself down; one of 2090 is not believed, received in 2024."""
    wrong = [said(1, START.replace(year=1995), "billing", received=timedelta(days=10_500)),
             said(2, START.replace(year=2090), "billing", received=timedelta(days=-24_000))]  # fmt: skip
    store_rows(tmp_path, [*wrong, *ROWS], "all")
    looks = watch(tmp_path)
    assert sum(look.judged for look in looks) < 60 * 24 + (DAYS + 3) * 24
    assert essence(tmp_path) == essence(at_once)


def test_two_wrong_clocks_close_no_hour(tmp_path: Path) -> None:
    """Of an old history two events claim to be of today; hours close by the third newest."""
    ahead = [
        said(number, AFTERWARDS - timedelta(days=2), "billing", received=timedelta(days=5)) for number in (1, 2)
    ]
    store_rows(tmp_path, [*until(ROWS, START + timedelta(days=3)), *ahead], "all")
    looks = watch(tmp_path)
    assert looks[-1].judged_until is not None
    assert looks[-1].judged_until < START + timedelta(days=3)


def test_a_live_stream_closes_its_hours_when_nobody_says_anything(tmp_path: Path) -> None:
    store_rows(tmp_path, until(ROWS, START + timedelta(days=3)), "all")
    now = START + timedelta(days=3, hours=30, minutes=11)
    (look,) = watch(tmp_path, now)
    assert look.judged_until == START + timedelta(days=3, hours=30)
    (look,) = watch(tmp_path, now - timedelta(minutes=2))
    assert look.judged == 0


def test_a_look_at_nothing_new_does_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store_rows(tmp_path, until(ROWS, START + timedelta(days=3)), "all")
    one = watcher(tmp_path)
    list(one.looks())
    monkeypatch.setattr("pipelines.watch.watcher.open_snapshot", None)
    assert one.look().judged == 0


def test_answers_decide_who_is_told_and_nothing_else(at_once: Path, tmp_path: Path) -> None:
    store_rows(tmp_path, ROWS, "all")
    silence = AlertAction(Act.SILENCE, "app", "*", "tester", START, until=INCIDENT + timedelta(days=1))
    record_action(str(tmp_path), silence)
    watch(tmp_path)
    assert [alert[:2] for alert in essence(tmp_path)] == [alert[:2] for alert in essence(at_once)]
    assert not any(alert.notify for alert in told(tmp_path) if alert.told_of < INCIDENT + timedelta(days=1))


def test_days_that_retention_drops_leave_what_was_learnt_of_them(watched: Path) -> None:
    course, events = remembered(watched)[:6], remembered(watched)[6]
    retain(str(watched), FEEDBACK, START + timedelta(days=5))
    one = watcher(watched)
    assert [look.late_from for look in one.looks()] == [None]
    assert [look.late_from for look in watch(watched)] == [None]
    assert (remembered(watched)[:6], remembered(watched)[6]) == (course, events)


def test_compaction_is_no_late_data(at_once: Path, tmp_path: Path) -> None:
    for number in range(4):
        store_rows(tmp_path, ROWS[number::4], str(number))
    watch(tmp_path)
    for spec in (FEEDBACK, WATCH_STATE):
        compact(str(tmp_path), spec, min_files=2)
    assert [look.late_from for look in watch(tmp_path)] == [None]
    assert remembered(tmp_path) == remembered(at_once)


def test_midnights_are_kept_the_denser_the_nearer() -> None:
    now = 24 * 3000 + 5
    kept = [hour for hour in range(0, now, 24) if wanted_midnight(hour, now)]
    assert kept[-8:] == [24 * day for day in range(2993, 3001)]
    assert len(kept) < 30
