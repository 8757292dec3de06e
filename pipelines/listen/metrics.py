"""What a listener measures of itself, in the Prometheus format. docs/operations.md says what each one means."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

_SECONDS: Final = (0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 20, 30, 60, 120, 300, 900, 3600)
_MESSAGES: Final = (1, 10, 50, 100, 250, 500, 1_000, 2_000, 5_000)


class Metrics:
    """One registry for one listener."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self.received = self._counter("received_messages", "Messages received from the source.")
        self.received_bytes = self._counter("received_bytes", "Bytes of their payloads.")
        self.messages = self._counter("messages", "Messages committed, by what became of them.", "outcome")
        for outcome in ("accepted", "duplicate", "dead", "suppressed"):
            self.messages.labels(outcome)
        self.acknowledged = self._counter("acknowledged_messages", "Messages acknowledged to the source.")
        self.released = self._counter("released_messages", "Messages handed back uncommitted.")
        self.batches = self._counter("batches", "Batches committed.")
        self.conflicts = self._counter("commit_conflicts", "Commits that met a faster rival and checked again.")
        self.failures = self._counter("batch_failures", "Attempts at a batch that failed, by reason.", "reason")
        for reason in ("unavailable", "defect", "died", "hung"):
            self.failures.labels(reason)
        self.source_errors = self._counter("source_errors", "Times the source could not be reached.")
        self.worker_starts = self._counter("worker_starts", "Worker processes started.")
        self.batch_seconds = self._histogram(
            "batch_seconds", "From taking a batch to its acknowledgement.", _SECONDS
        )
        self.batch_messages = self._histogram("batch_messages", "Messages of a batch.", _MESSAGES)
        self.lag_seconds = self._histogram("lag_seconds", "From publishing a message to its commit.", _SECONDS)
        self.ready = self._gauge("ready", "1 while messages can be received and committed, else 0.")
        self.oldest_seconds = self._gauge(
            "oldest_unacknowledged_seconds",
            "Age, since it was published, of the oldest message held; 0 without one.",
        )
        self.held = self._gauge("held_messages", "Messages received and not acknowledged.")
        self.held_bytes = self._gauge("held_bytes", "Bytes of their payloads.")
        self.batch_limit = self._gauge("batch_limit_messages", "Messages a batch may have at the present load.")
        self.workers = self._gauge("workers", "Worker processes alive.")

    def follow(self, gauge: Gauge, value: Callable[[], float]) -> None:
        """Have `gauge` ask `value` whenever somebody looks."""
        gauge.set_function(value)

    def exposition(self) -> bytes:
        """The text a monitoring system reads."""
        return generate_latest(self.registry)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"tribometer_{name}", text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str) -> Gauge:
        return Gauge(f"tribometer_{name}", text, registry=self.registry)

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...]) -> Histogram:
        return Histogram(f"tribometer_{name}", text, buckets=buckets, registry=self.registry)
