"""docs/operations.md names every metric and every event of the log."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipelines.alerts.metrics import DeliveryMetrics
from pipelines.listen.metrics import Metrics
from pipelines.watch.metrics import WatchMetrics
from tests.docs.pages import DOCS, ROOT

PAGE = (DOCS / "operations.md").read_text(encoding="utf-8")
REGISTRY = Metrics().registry
DeliveryMetrics(REGISTRY)
OF_A_WATCHER = WatchMetrics().registry
METRICS = sorted(
    family.name + ("_total" if family.type == "counter" else "")
    for registry in (REGISTRY, OF_A_WATCHER)
    for family in registry.collect()
    if family.name.startswith("tribometer_")
)
EVENTS = sorted(
    {
        event
        for folder in ("listen", "alerts", "watch")
        for file in Path(ROOT, "pipelines", folder).glob("*.py")
        for event in re.findall(r'\bsay\(\s*"([^"]+)"', file.read_text(encoding="utf-8"))
    }
)


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_has_its_row(name: str) -> None:
    assert f"| `{name}` |" in PAGE


def test_no_other_metric_is_named() -> None:
    assert set(re.findall(r"^\| `(tribometer_\w+)` \|", PAGE, re.MULTILINE)) == set(METRICS)


@pytest.mark.parametrize("event", EVENTS)
def test_every_event_of_the_log_is_described(event: str) -> None:
    assert f"`{event}`" in PAGE


def test_there_are_events_to_describe() -> None:
    assert len(EVENTS) > 15
