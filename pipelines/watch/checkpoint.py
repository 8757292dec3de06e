"""Checkpoint: where the course stood at the close of some hours, kept in the table `watch_state`.

The newest row has all: the course, what each day's evidence was made of, and the events so far. Courses of earlier
midnights are kept beside it, the nearer the denser, so that late data is taken up from the midnight before it and not
from the beginning. All of it is a cache: where it is missing, damaged or of another program it is made again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.watch.course import Course, Rules
from pipelines.watch.evidence import DAY_HOURS, first_hour, hour_of, instant_of
from schemas.alert import Kind
from schemas.errors import DamagedFileError, StaleSnapshotError
from schemas.tables import WATCH_STATE
from transforms.delta import (
    ACTION_KEY,
    CommitConflictError,
    LiveFile,
    live_files,
    make_durable,
    open_or_create,
    replace_files,
    table_path,
)
from transforms.detect.detector import state_bytes, state_from
from transforms.detect.launches import Calendar
from transforms.detect.layout import SeriesKey, layout
from transforms.detect.lifecycle import Book, Episode, Event, Phase, Place
from transforms.parquet import read_file, write_file

_JUDGING: Final = ("transforms.detect", "pipelines.watch")
_NEAR_DAYS: Final = 8
"""Midnights are kept for so many days; of older ones every eighth for as many times eight, and so on."""

_WHOLE_DAYS: Final = 35
"""So long back the digests of single hours are kept, of older days one each."""


class WatchedElsewhereError(Exception):
    """Another watcher of the same tables was faster; take up what it kept."""


@dataclass(frozen=True)
class SeenDay:
    """What the evidence of a day was made of, and a digest of each of its hours with any, or one of them all."""

    fingerprint: str
    hours: Mapping[int, str]
    whole: str | None = None

    def first_difference(self, day: str, hours: Mapping[int, str], until: int) -> int | None:
        """The first hour before `until` that `hours` have otherwise; None where there is none."""
        now = {hour: digest for hour, digest in hours.items() if hour < until}
        if self.whole is not None:
            return None if _whole(now) == self.whole else first_hour(day)
        differ = [hour for hour in now.keys() | self.hours.keys() if now.get(hour) != self.hours.get(hour)]
        return min(differ, default=None)


@dataclass(frozen=True)
class Kept:
    """What is remembered: the course at its newest hour, the days and launches behind it, and all events so far."""

    course: Course
    days: Mapping[str, SeenDay]
    calendar: Calendar
    events: tuple[Event, ...]
    version: int


@cache
def rules_digest(rules: Rules) -> str:
    """Digest of what makes a course out of feedback, programs and rules: what others kept is of no use."""
    digest = hashlib.sha256(repr(rules).encode())
    for package in _JUDGING:
        for file in sorted(files(package).iterdir(), key=lambda file: file.name):
            if file.name.endswith(".py") and (package != "pipelines.watch" or file.name in _OF_THE_COURSE):
                digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


_OF_THE_COURSE: Final = frozenset({"said.py", "evidence.py", "calendar.py", "course.py", "answers.py"})


def wanted_midnight(hour: int, until: int) -> bool:
    """Whether the course at the beginning of this hour is worth keeping when hours up to `until` are over."""
    if hour % DAY_HOURS:
        return False
    step = 1
    while until - hour > step * _NEAR_DAYS * DAY_HOURS:
        step *= _NEAR_DAYS
    return (hour // DAY_HOURS) % step == 0


def load(root: str, rules: Rules) -> Kept | None:
    """What the newest row remembers; None where there is none that this program can use."""
    try:
        newest = max(
            (
                row
                for row in _rows(root, ("days",))
                if row["rules"] == rules_digest(rules) and row["days"] is not None
            ),
            key=lambda row: (row["closed_until"], row["recorded_at"]),
            default=None,
        )
        if newest is None:
            return None
        whole = _whole_row(root, newest)
    except DamagedFileError:
        return None
    behind = json.loads(whole["days"])
    days = {
        day: SeenDay(said["of"], {int(hour): digest for hour, digest in said["hours"].items()}, said["whole"])
        for day, said in behind["days"].items()
    }
    events = tuple(map(_event_from, json.loads(whole["events"])))
    return Kept(unpacked(whole), days, behind["launches"], events, newest["version"])


def load_before(root: str, rules: Rules, hour: int, not_before: int) -> Course | None:
    """The latest course that was kept at or before the beginning of `hour`, and not before that of another."""
    try:
        found = max(
            (
                row
                for row in _rows(root, ())
                if row["rules"] == rules_digest(rules) and not_before <= hour_of(row["closed_until"]) <= hour
            ),
            key=lambda row: row["closed_until"],
            default=None,
        )
        return None if found is None else unpacked(_whole_row(root, found))
    except DamagedFileError:
        return None


def save(
    root: str,
    rules: Rules,
    kept: Kept,
    midnights: Sequence[Course],
    *,
    restarted_at: int | None,
    now: datetime,
) -> int:
    """Put what is remembered in the place of what was, in one transaction, and return the table's version.

    Courses after `restarted_at` go: late data has made others of them. Raises `WatchedElsewhereError` where another
    watcher has written since `kept.version` was read.
    """
    table = open_or_create(root, WATCH_STATE)
    if table.version() != kept.version and kept.version >= 0:
        raise WatchedElsewhereError
    until = (kept.course.hour or 0) + 1
    removed: list[LiveFile] = []
    rows: list[dict[str, Any]] = []
    for file in live_files(table):
        try:
            there = _meta(root, file, ("days",))
        except DamagedFileError:
            removed.append(file)
            continue
        stays = [
            row["rules"] == rules_digest(rules)
            and row["days"] is None
            and wanted_midnight(hour_of(row["closed_until"]), until)
            and (restarted_at is None or hour_of(row["closed_until"]) <= restarted_at)
            for row in there
        ]
        if not all(stays):
            removed.append(file)
            if any(stays):
                whole = read_file(root, WATCH_STATE, file).to_pylist()
                rows += [row for row, wanted in zip(whole, stays, strict=True) if wanted]
    rows += [packed(rules, course, now) for course in midnights if wanted_midnight((course.hour or 0) + 1, until)]
    days = {day: _said(seen, day, until) for day, seen in sorted(kept.days.items())}
    newest = {
        **packed(rules, kept.course, now),
        "days": json.dumps({"days": days, "launches": kept.calendar}, separators=(",", ":")),
        "events": json.dumps([_event_fields(event) for event in kept.events], separators=(",", ":")),
    }
    added = [
        write_file(
            root,
            WATCH_STATE,
            pa.Table.from_pylist([row], schema=WATCH_STATE.schema),
            partition=None,
            written_at=now,
        )
        for row in [*rows, newest]
    ]
    try:
        version = replace_files(table, WATCH_STATE, removed, added, {ACTION_KEY: "watch"}, changes_rows=True)
    except CommitConflictError as error:
        for written in added:
            (table_path(root, WATCH_STATE) / written.path).unlink(missing_ok=True)
        raise WatchedElsewhereError from error
    make_durable(root, WATCH_STATE, added, version)
    return version


def packed(rules: Rules, course: Course, now: datetime) -> dict[str, Any]:
    """A course as a row of `watch_state`."""
    said = {
        "hour": course.hour,
        "heard": course.heard,
        "series": [list(key) for key in course.layout.keys],
        "since": course.since.tolist(),
        "episodes": [_episode_fields(course.book.episodes[place]) for place in sorted(course.book.episodes)],
    }
    return {
        "closed_until": instant_of((course.hour or 0) + 1),
        "rules": rules_digest(rules),
        "course": json.dumps(said, separators=(",", ":")),
        "state": state_bytes(course.state),
        "days": None,
        "events": None,
        "recorded_at": now,
    }


def unpacked(row: Mapping[str, Any]) -> Course:
    """The course that `packed` packed, bit for bit."""
    said = json.loads(row["course"])
    series = layout([SeriesKey(*key) for key in said["series"]])
    episodes = map(_episode_from, said["episodes"])
    return Course(
        series,
        state_from(row["state"]),
        np.array(said["since"], dtype=np.int64),
        Book({episode.place: episode for episode in episodes}),
        said["hour"],
        said["heard"],
        {key: at for at, key in enumerate(series.keys)},
    )


def _rows(root: str, columns: tuple[str, ...]) -> list[dict[str, Any]]:
    """What may choose among the rows, with the file each is in and the table's version."""
    table = open_or_create(root, WATCH_STATE)
    return [
        {**row, "file": file, "version": table.version()}
        for file in live_files(table)
        for row in _meta(root, file, columns)
    ]


def _meta(root: str, file: LiveFile, columns: tuple[str, ...]) -> list[dict[str, Any]]:
    path = table_path(root, WATCH_STATE) / file.path
    names = ["closed_until", "rules", "recorded_at", *columns]
    try:
        rows: list[dict[str, Any]] = pq.read_table(path, columns=names, partitioning=None).to_pylist()
    except FileNotFoundError as error:
        raise StaleSnapshotError(f"{path} is gone; a newer snapshot does not need it") from error
    except (pa.ArrowException, OSError) as error:
        raise DamagedFileError(f"{path} does not parse") from error
    return rows


def _whole_row(root: str, meta: Mapping[str, Any]) -> dict[str, Any]:
    rows = read_file(root, WATCH_STATE, meta["file"]).to_pylist()
    alike = ("closed_until", "rules", "recorded_at")
    fitting = [row for row in rows if all(row[name] == meta[name] for name in alike)]
    return next((row for row in fitting if row["days"] is not None), fitting[0])


def _said(seen: SeenDay, day: str, until: int) -> dict[str, Any]:
    last = max(seen.hours, default=0)
    if seen.whole is None and until - last > _WHOLE_DAYS * DAY_HOURS:
        return {"of": seen.fingerprint, "hours": {}, "whole": _whole(seen.hours)}
    return {"of": seen.fingerprint, "hours": seen.hours, "whole": seen.whole}


def _whole(hours: Mapping[int, str]) -> str:
    return hashlib.blake2b(repr(sorted(hours.items())).encode(), digest_size=8).hexdigest()


def _episode_fields(episode: Episode) -> dict[str, Any]:
    return {**asdict(episode), "place": list(episode.place), "members": sorted(episode.members)}


def _episode_from(said: Mapping[str, Any]) -> Episode:
    return Episode(
        **{
            **said,
            "place": Place(*said["place"]),
            "phase": Phase(said["phase"]),
            "members": frozenset(said["members"]),
        }
    )


def _event_fields(event: Event) -> dict[str, Any]:
    return {**asdict(event), "place": list(event.place), "members": sorted(event.members)}


def _event_from(said: Mapping[str, Any]) -> Event:
    return Event(
        **{
            **said,
            "kind": Kind(said["kind"]),
            "place": Place(*said["place"]),
            "members": frozenset(said["members"]),
        }
    )
