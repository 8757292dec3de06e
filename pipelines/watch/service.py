"""Service: look at the tables every few seconds and tell what there is to tell, until stopped."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator
from typing import Final

from pipelines.listen.backoff import Backoff
from pipelines.listen.health import HealthServer
from pipelines.listen.log import say
from pipelines.watch.evidence import instant_of
from pipelines.watch.metrics import WatchMetrics
from pipelines.watch.watcher import Look, Watcher
from schemas.errors import TribometerError

STUCK_SECONDS: Final = 1_800.0
"""A quarter of history takes a minute on a busy machine; what takes half an hour has stopped."""

DELIVER_SECONDS: Final = 30.0
"""Between two deliveries where nothing is new: what failed is tried again, what waited goes out."""

Deliver = Callable[[], None]
"""Sends what is due."""


class Service:
    """One watcher, kept going. `deliver` is called after a look that found something, `stopped` ends it between two."""

    def __init__(
        self,
        watcher: Watcher,
        deliver: Deliver,
        stopped: threading.Event,
        metrics: WatchMetrics,
        *,
        every_seconds: float,
        http: tuple[str, int] | None,
    ) -> None:
        self._watcher = watcher
        self._deliver = deliver
        self._stopped = stopped
        self._metrics = metrics
        self._every = every_seconds
        self._http = http
        self._trouble: str | None = "starting"
        self._began: float | None = None
        self._delivered = -DELIVER_SECONDS
        metrics.ready.set_function(lambda: not self.trouble())

    def trouble(self) -> list[str]:
        """Why no hour can be judged now."""
        told = [self._trouble, "stopping" if self._stopped.is_set() else None]
        return [reason for reason in told if reason is not None]

    def stuck(self) -> list[str]:
        """Why only a restart would help."""
        began = self._began
        if began is not None and time.monotonic() - began > STUCK_SECONDS:
            return [f"one look at the tables takes longer than {STUCK_SECONDS:.0f} s"]
        return []

    def watch(self) -> None:
        """Look until stopped. What fails is tried again, a little later each time."""
        with self._health():
            say("watching", every_seconds=self._every)
            backoff = Backoff()
            while not self._stopped.is_set():
                wait = self._every
                try:
                    if self._one().more:
                        wait = 0.0
                except TribometerError as error:
                    wait = backoff.next_seconds()
                    self._metrics.failures.inc()
                    say("cannot watch, trying again", logging.ERROR, why=str(error))
                    self._trouble = str(error)
                else:
                    if self._trouble not in {None, "starting"}:
                        say("watching again")
                    self._trouble = None
                    backoff.reset()
                self._stopped.wait(wait)
            say("stopped watching")

    def once(self) -> Iterator[Look]:
        """Looks until every hour that is over is judged and told. Raises what a look raises."""
        while True:
            look = self._one()
            yield look
            if not look.more or self._stopped.is_set():
                return

    def _one(self) -> Look:
        self._began = began = time.monotonic()
        try:
            look = self._watcher.look()
            _report(look, self._metrics, time.monotonic() - began)
            if look.alerts or time.monotonic() - self._delivered >= DELIVER_SECONDS:
                self._deliver()
                self._delivered = time.monotonic()
        finally:
            self._began = None
        return look

    @contextlib.contextmanager
    def _health(self) -> Iterator[None]:
        if self._http is None:
            yield
            return
        with HealthServer(self._http, self, self._metrics) as server:
            say("serving /healthz, /readyz and /metrics", address=server.address)
            yield


def _report(look: Look, metrics: WatchMetrics, seconds: float) -> None:
    metrics.look_seconds.observe(seconds)
    metrics.series.set(look.series)
    metrics.open_episodes.set(look.open_episodes)
    if look.judged_until is not None:
        metrics.judged_until.set(look.judged_until.timestamp())
    if look.late_from is not None:
        metrics.late.inc()
        say("late data", logging.WARNING, judged_again_from=look.late_from.isoformat())
    if look.judged:
        metrics.hours.inc(look.judged)
        say(
            "hours judged",
            hours=look.judged,
            until="" if look.judged_until is None else look.judged_until.isoformat(),
            series=look.series,
            open_episodes=look.open_episodes,
            left_out_as_promotion=look.quality.noise,
            left_out_as_pasted=look.quality.pasted,
            left_out_as_from_the_future=look.quality.in_future,
            seconds=seconds,
        )
    if look.clock_jump:
        say("clock jumped", logging.WARNING, seconds=look.clock_jump)
    for note in look.floods:
        metrics.floods.labels(note.kind).inc()
        say(
            "flood",
            place=note.place,
            hour=instant_of(note.hour).isoformat(),
            kind=note.kind,
            posts=note.posts,
            authors=note.authors,
        )
    if look.unwatched:
        say("too many series", logging.WARNING, left_out=look.unwatched)
    for alert in look.alerts:
        metrics.alerts.labels(alert.kind).inc()
        say("alert", alert=alert.alert_id, place=alert.place, severity=alert.severity, told=alert.notify)
