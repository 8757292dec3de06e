"""What delivery measures of itself, in the Prometheus format. docs/operations.md says what each one means."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge

if TYPE_CHECKING:
    from pipelines.alerts.round import Delivered


class DeliveryMetrics:
    """Registered with the metrics of whichever process delivers."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.deliveries = Counter(
            "tribometer_alert_deliveries",
            "Deliveries of alerts, by what came of them.",
            ["state"],
            registry=registry,
        )
        for state in ("sent", "failed", "refused", "held", "muted"):
            self.deliveries.labels(state)
        self.failing = Gauge(
            "tribometer_alert_channel_failing",
            "1 while a channel's last attempt failed, else 0.",
            ["channel"],
            registry=registry,
        )
        self.waiting = Gauge(
            "tribometer_alert_deliveries_waiting", "Deliveries that are held or tried again.", registry=registry
        )

    def add(self, done: Delivered, channels: Iterable[str]) -> None:
        """What one round did."""
        for state in ("sent", "failed", "refused", "held", "muted"):
            self.deliveries.labels(state).inc(getattr(done, state))
        for channel in channels:
            self.failing.labels(channel).set(float(channel in done.failing))
        self.waiting.set(done.waiting)
