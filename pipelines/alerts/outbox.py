"""The outbox: what is about to be sent, what was, and what came of it, so that a killed sender leaves no doubt.

A row `sending` is on disk before the first byte leaves. Its identity is that of the attempt, so of two senders one gets
to take it. A delivery whose last row is `sending` while nobody else sends was cut short.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from threading import Lock
from typing import Any, Final

from pipelines.alerts.ledger import append_rows, stored_rows
from schemas.alert import Alert
from schemas.errors import TribometerError
from schemas.identity import delivery_id, delivery_step_id
from schemas.tables import ALERT_DELIVERIES
from transforms.delta import table_path

LOCK_FILE: Final = ".sending"
"""Beside the table's files; held by whoever sends."""


class State(StrEnum):
    """Where a delivery stands; the value is stored in `alert_deliveries.state`."""

    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    REFUSED = "refused"
    HELD = "held"
    MUTED = "muted"

    @property
    def is_final(self) -> bool:
        """Whether nothing more will come of it."""
        return self in {State.SENT, State.REFUSED, State.MUTED}


_ORDER: Final = {State.HELD: 0, State.SENDING: 1, State.FAILED: 2, State.MUTED: 3, State.REFUSED: 4, State.SENT: 5}
"""Of the rows of one attempt, what counts: what is further on."""


@dataclass(frozen=True)
class Step:
    """One row of `alert_deliveries`."""

    alert_id: str
    episode_id: str
    route: str
    channel: str
    service: str
    state: State
    attempt: int
    taken_at: datetime
    next_at: datetime | None = None
    digest_id: str | None = None
    error: str | None = None

    @property
    def delivery_id(self) -> str:
        """Identity of the delivery this is a step of."""
        return delivery_id(self.alert_id, self.channel)

    def row(self) -> dict[str, Any]:
        """The row as `schemas.arrow.ALERT_DELIVERIES` has it."""
        step_id = delivery_step_id(self.delivery_id, self.attempt, self.state)
        return {**vars(self), "step_id": step_id, "delivery_id": self.delivery_id}

    @classmethod
    def of_row(cls, row: dict[str, Any]) -> Step:
        """A stored row, read back."""
        given = {name: row[name] for name in cls.__dataclass_fields__}
        return cls(**{**given, "state": State(given["state"])})


@dataclass
class Outbox:
    """Every delivery below `root`, by its steps. One object serves the threads of one sender."""

    root: str
    steps: dict[tuple[str, str], list[Step]] = field(default_factory=dict)
    _turn: Lock = field(default_factory=Lock)

    @classmethod
    def read(cls, root: str, *, since: datetime | None = None, as_of: datetime | None = None) -> Outbox:
        """As it is on disk, or was at an instant; steps before `since` are left out."""
        outbox = cls(root)
        for row in stored_rows(root, ALERT_DELIVERIES, since):
            if as_of is None or row["taken_at"] <= as_of:
                outbox._add(Step.of_row(row))
        return outbox

    def state(self, alert_id: str, channel: str) -> Step | None:
        """The step that counts of a delivery; None before the first."""
        return max(
            self.steps.get((alert_id, channel), ()),
            key=lambda step: (step.attempt, _ORDER[step.state], step.taken_at),
            default=None,
        )

    def states(self) -> Iterator[Step]:
        """Of every delivery the step that counts."""
        for alert_id, channel in list(self.steps):
            step = self.state(alert_id, channel)
            if step is not None:
                yield step

    def first_try(self, alert_id: str, channel: str) -> datetime | None:
        """When it was first tried; None before."""
        tried = (step.taken_at for step in self.steps.get((alert_id, channel), ()) if step.attempt)
        return min(tried, default=None)

    def told(self, alerts: Iterable[Alert], channel: str) -> list[Alert]:
        """Of the alerts those that the channel took."""
        return [
            alert
            for alert in alerts
            if (step := self.state(alert.alert_id, channel)) is not None and step.state is State.SENT
        ]

    def messages_since(self, channel: str, route: str, begin: datetime) -> int:
        """How many messages of a route the channel took from an instant on; a digest is one."""
        keys = {
            step.digest_id or step.delivery_id
            for steps in list(self.steps.values())  # other threads add to it
            for step in steps
            if (step.channel, step.route, step.state) == (channel, route, State.SENT) and step.taken_at >= begin
        }
        return len(keys)

    def latest_result(self, channel: str) -> Step | None:
        """What came of the channel's last attempt; None before the first."""
        results = (
            step
            for steps in list(self.steps.values())  # other threads add to it
            for step in steps
            if step.channel == channel and step.attempt and step.state is not State.SENDING
        )
        return max(results, key=lambda step: (step.taken_at, step.state is State.SENT), default=None)

    def take(self, step: Step) -> bool:
        """Commit a step; False where somebody has taken it already. On disk at the return."""
        with self._turn:
            done = append_rows(self.root, ALERT_DELIVERIES, [step.row()], step.taken_at)
            self._add(step)
        return done is not None and done.added == 1

    def take_all(self, steps: Iterable[Step]) -> None:
        """Commit steps that nobody else can take, in one transaction; on disk at the return."""
        taken = list(steps)
        if not taken:
            return
        with self._turn:
            append_rows(self.root, ALERT_DELIVERIES, [step.row() for step in taken], taken[0].taken_at)
            for step in taken:
                self._add(step)

    def _add(self, step: Step) -> None:
        self.steps.setdefault((step.alert_id, step.channel), []).append(step)


def wait_after(attempt: int) -> timedelta:
    """How long to wait after an attempt that failed: half a minute, doubling, to half an hour."""
    return timedelta(seconds=min(30 * 2 ** (min(attempt, 12) - 1), 1800))


@contextmanager
def sole_sender(root: str) -> Iterator[bool]:
    """Whether this process may send now; while the block runs, no other on this machine may.

    The kernel ends the hold with the process, however it ends.
    """
    folder = table_path(root, ALERT_DELIVERIES)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = Path(folder, LOCK_FILE).open("ab")  # noqa: SIM115 - closed below
    except OSError as error:
        raise TribometerError(
            f"{folder}: {error.strerror}; whoever delivers alerts must be able to write there"
        ) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
