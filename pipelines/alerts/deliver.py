"""Deliver: tell people what is due, once, each channel by itself.

Killed between an attempt and its record, the attempt is made again: receivers that know a repetition by its key drop
it, chats and mails show it twice and say so. A channel that fails waits longer each time and holds no other up.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any, Final

from pipelines.alerts.answers import Answers
from pipelines.alerts.ledger import stored_actions, stored_alerts
from pipelines.alerts.metrics import DeliveryMetrics
from pipelines.alerts.outbox import Outbox, State, Step, sole_sender
from pipelines.alerts.plan import Due, Planner, by_channel, unrouted
from pipelines.alerts.quoting import with_recent_words, with_words
from pipelines.alerts.round import Delivered, Round
from pipelines.alerts.routes import Routes
from pipelines.clock import utc_now
from pipelines.listen.log import say
from schemas.alert import Alert
from schemas.errors import TribometerError

_AT_ONCE_CHANNELS: Final = 16

_LOOKED_BACK: Final = timedelta(days=17)
"""No episode is on for longer than a week, nothing waits for longer than the next day its route is open, and nothing is
tried for longer than a day. So what is older needs not be read."""


def deliver(
    root: str,
    routes: Routes,
    *,
    clock: Callable[[], datetime] = utc_now,
    only: Collection[str] = (),
    metrics: DeliveryMetrics | None = None,
) -> Delivered:
    """Send what is due of the alerts below `root`, and record what became of it.

    Call it after every evaluation, and now and then: it also sends what has waited. Two at a time do no harm, the
    second does nothing. `only` names channels, all unless said. Never raises for what a channel does; raises
    `TribometerError` where the tables cannot be read or written.
    """
    with sole_sender(root) as alone:
        if not alone:
            return Delivered(busy=True)
        now = clock()
        since = now - max(_LOOKED_BACK, 2 * routes.forget_after)
        outbox = Outbox.read(root, since=since)
        alerts = stored_alerts(root, since=since)
        planner = Planner(routes, outbox, Answers(stored_actions(root)), alerts, now)
        done = Delivered(unrouted=len([alert for alert in unrouted(alerts, routes) if not planner.is_old(alert)]))
        due = [one for one in planner.due() if not only or one.channel in only]
        _record(outbox, done, [one.step for one in due if one.step is not None])
        queues = by_channel(one for one in due if one.step is None)
        queues = {name: queue for name, queue in queues.items() if not _backs_off(outbox, name, now)}
        said = _with_words(root, queues, planner)
        rounds = [Round(planner, name, routes.channels[name], said, clock) for name in routes.channels]
        rounds = [one for one in rounds if not only or one.name in only]
        with ThreadPoolExecutor(_AT_ONCE_CHANNELS, thread_name_prefix="alerts") as pool:
            for tally in pool.map(lambda one: one.run(queues.get(one.name, [])), rounds):
                done.sent += tally.sent
                done.failed += tally.failed
                done.refused += tally.refused
                done.muted += tally.muted
        _sum_up(done, outbox, routes, metrics)
        return done


def _record(outbox: Outbox, done: Delivered, steps: Sequence[Step]) -> None:
    """Commit what is held, muted or given up, without sending anything."""
    outbox.take_all(steps)
    for step in steps:
        about: dict[str, Any] = {"alert": step.alert_id, "channel": step.channel, "reason": step.error}
        if step.state is State.HELD:
            done.held += 1
            say("alert held", **about)
        elif step.state is State.MUTED:
            done.muted += 1
            say("alert muted", **about)
        else:
            done.refused += 1
            say("alert refused", logging.ERROR, **about)


def _backs_off(outbox: Outbox, name: str, now: datetime) -> bool:
    last = outbox.latest_result(name)
    return last is not None and last.state is State.FAILED and last.next_at is not None and now < last.next_at


def _with_words(root: str, queues: dict[str, list[Due]], planner: Planner) -> dict[str, Alert]:
    """The alerts that are sent somewhere with their quotes, by identity."""
    quoting = {name: channel for name, channel in planner.routes.channels.items() if channel.quotes}
    sent = {one.alert.alert_id: one.alert for name in quoting for one in queues.get(name, ())}
    told_again = [alert for name, channel in quoting.items() if channel.forgets for alert in planner.firing(name)]
    if not sent and not told_again:
        return {}
    try:
        said = [*with_recent_words(root, told_again, planner.now), *with_words(root, list(sent.values()))]
        return {alert.alert_id: alert for alert in said}
    except TribometerError as error:  # an alert without quotes is better than none
        say("alert without its quotes", logging.WARNING, reason=str(error))
        return {}


def _sum_up(done: Delivered, outbox: Outbox, routes: Routes, metrics: DeliveryMetrics | None) -> None:
    for name in routes.channels:
        last = outbox.latest_result(name)
        if last is not None and last.state in {State.FAILED, State.REFUSED}:
            done.failing[name] = last.error or last.state.value
    done.waiting = sum(not step.state.is_final for step in outbox.states())
    if done.unrouted:
        say("alerts without a route", logging.WARNING, alerts=done.unrouted)
    if metrics is not None:
        metrics.add(done, routes.channels)
