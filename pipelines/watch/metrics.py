"""What a watcher measures of itself, in the Prometheus format. docs/operations.md says what each one means."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from schemas.alert import Kind
from transforms.detect.floods import FloodKind

_SECONDS: Final = (0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300)


class WatchMetrics:
    """One registry for one watcher."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self.hours = Counter(
            "tribometer_watch_hours", "Hours judged, for the first time or again.", registry=self.registry
        )
        self.late = Counter(
            "tribometer_watch_late_data", "Times late data changed hours that were judged.", registry=self.registry
        )
        self.alerts = Counter(
            "tribometer_watch_alerts", "Alerts written, by kind.", ["kind"], registry=self.registry
        )
        for kind in Kind:
            self.alerts.labels(kind)
        self.floods = Counter(
            "tribometer_watch_floods",
            "Hours in which a source or a touchpoint was loud because of few, by what the posts have in common.",
            ["kind"],
            registry=self.registry,
        )
        for what in FloodKind:
            self.floods.labels(what)
        self.failures = Counter(
            "tribometer_watch_failures", "Looks at the tables that failed.", registry=self.registry
        )
        self.look_seconds = Histogram(
            "tribometer_watch_look_seconds",
            "One look at the tables, with its alerts.",
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.ready = Gauge(
            "tribometer_watch_ready", "1 while hours can be judged, else 0.", registry=self.registry
        )
        self.judged_until = Gauge(
            "tribometer_watch_judged_until_seconds",
            "Unix time up to which hours are judged; 0 before the first.",
            registry=self.registry,
        )
        self.series = Gauge("tribometer_watch_series", "Series watched, sums included.", registry=self.registry)
        self.open_episodes = Gauge(
            "tribometer_watch_open_episodes", "Episodes that are on.", registry=self.registry
        )

    def exposition(self) -> bytes:
        """The text a monitoring system reads."""
        return generate_latest(self.registry)
