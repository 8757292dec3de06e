"""What the tests of delivery share: a receiver, a table of alerts, a clock that stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines.alerts.deliver import deliver
from pipelines.alerts.ledger import record_alerts
from pipelines.alerts.outbox import Outbox
from pipelines.alerts.round import Delivered
from pipelines.alerts.routes import Routes, read_routes
from schemas.alert import Alert, hour_start
from tests.pipelines.alerts.receiver import Receiver, receiving
from tests.pipelines.alerts.sample import HOUR, sample


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


@dataclass
class Desk:
    """A tables folder with alerts and the routes that lead out of it, at an instant of one's choice."""

    root: str
    folder: Path
    routes: Routes | None = None
    now: datetime = field(default_factory=lambda: hour_start(HOUR + 1) + timedelta(minutes=2))

    def use(self, text: str) -> Routes:
        path = self.folder / "routes.yaml"
        path.write_text(text, encoding="utf-8")
        self.routes = read_routes(path)
        self.routes.check()
        return self.routes

    def alerts(self, *alerts: Alert) -> None:
        record_alerts(self.root, alerts or [sample()], now=self.now)

    def later(self, **time: float) -> None:
        self.now += timedelta(**time)

    def deliver(self, **options: Any) -> Delivered:
        assert self.routes is not None
        return deliver(self.root, self.routes, clock=lambda: self.now, **options)

    def states(self) -> dict[tuple[str, str], str]:
        """Kind and channel to state and attempt."""
        return {
            (step.alert_id.split("/")[1], step.channel): f"{step.state} {step.attempt}"
            for step in Outbox.read(self.root).states()
        }


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    (tmp_path / "tables").mkdir()
    return Desk(str(tmp_path / "tables"), tmp_path)


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def put(**values: str) -> None:
        for name, value in values.items():
            monkeypatch.setenv(name, value)

    return put
