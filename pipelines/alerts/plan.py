"""What is due: of every alert and channel whether it is sent now, later or never. A pure function of what is stored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from pipelines.alerts.answers import Answers
from pipelines.alerts.channels.channel import NO_ANSWER, Channel
from pipelines.alerts.hours import at_time, clock
from pipelines.alerts.outbox import Outbox, State, Step, wait_after
from pipelines.alerts.routes import Route, Routes
from schemas.alert import Alert, Kind, Status

GIVE_UP_AFTER: Final = timedelta(hours=24)
"""From the first attempt; then a delivery is refused for good."""

LONGEST_OPEN: Final = timedelta(days=8)
"""No episode is on for longer: after seven days it is split."""

_CUT_SHORT_AT_ONCE: Final = 2
"""Attempts that were cut short are taken again at once up to this many; from then on they wait like failed ones."""


@dataclass(frozen=True)
class Due:
    """One delivery and what to do with it: send it now (`step` is None), or record `step`.

    `again`: nobody knows whether an attempt before arrived. `waited`: it was held back until now. `digest_id`: of the
    digest it was part of before.
    """

    alert: Alert
    route: Route
    channel: str
    step: Step | None = None
    attempt: int = 1
    again: bool = False
    waited: bool = False
    digest_id: str | None = None


@dataclass
class Planner:
    """Plans for `routes` what is in `outbox`, with `alerts` (all of the episodes that matter) by hour, at `now`."""

    routes: Routes
    outbox: Outbox
    answers: Answers
    alerts: Sequence[Alert]
    now: datetime

    def __post_init__(self) -> None:
        self._episodes: dict[str, list[Alert]] = {}
        for alert in self.alerts:
            self._episodes.setdefault(alert.episode_id, []).append(alert)
        self._counted: dict[tuple[str, str], int] = {}

    def due(self) -> Iterator[Due]:
        """What is to be done now, by hour; what waits, is over or has no route is not in it."""
        led: set[tuple[str, str]] = set()
        for alert in self.alerts:
            for route, channel in self.routes.leading_from(alert):
                led.add((alert.alert_id, channel))
                found = self._of(alert, route, channel)
                if found is not None:
                    yield found
        yield from self._without_route(led)

    def _of(self, alert: Alert, route: Route, name: str) -> Due | None:
        channel = self.routes.channels[name]
        last = self.outbox.state(alert.alert_id, name)
        if last is None:
            return self._first(alert, route, name, channel)
        if last.state.is_final or (last.next_at is not None and self.now < last.next_at):
            return None
        cut_short_often = last.state is State.SENDING and last.attempt > _CUT_SHORT_AT_ONCE
        if cut_short_often and self.now < last.taken_at + wait_after(last.attempt):
            return None
        if (reason := self._overtaken(alert, name, channel, last)) is not None:
            return Due(alert, route, name, self._step(alert, route, name, State.MUTED, last.attempt, error=reason))
        first_try = self.outbox.first_try(alert.alert_id, name)
        if first_try is not None and self.now - first_try >= GIVE_UP_AFTER:
            text = f"given up after {last.attempt} attempts" + (f": {last.error}" if last.error else "")
            return Due(alert, route, name, self._step(alert, route, name, State.REFUSED, last.attempt, error=text))
        waits = last.state in {State.HELD, State.FAILED}
        if waits and (reason := self._muted(alert, route, name, channel)) is not None:
            return Due(alert, route, name, self._step(alert, route, name, State.MUTED, last.attempt, error=reason))
        unsure = last.state is State.FAILED and (last.error or "").startswith(NO_ANSWER)
        return Due(
            alert,
            route,
            name,
            attempt=last.attempt + 1,
            again=unsure or last.state is State.SENDING,
            waited=last.state is State.HELD,
            digest_id=last.digest_id,
        )

    def old_news(self, due: Due) -> Step | None:
        """Just before it is sent: the step that records why it is not, where something later was told meanwhile."""
        later = self._told_later(due.alert, due.channel, self.routes.channels[due.channel])
        if later is None:
            return None
        attempt = due.attempt - 1
        return self._step(due.alert, due.route, due.channel, State.MUTED, attempt, error=_overtaken_by(later))

    def firing(self, channel: str) -> list[Alert]:
        """The latest that a channel took of every episode that is on."""
        told = (self.outbox.told(alerts, channel) for alerts in self._episodes.values())
        latest = (alerts[-1] for alerts in told if alerts)
        return [
            alert
            for alert in latest
            if alert.status is Status.FIRING
            and self.now - alert.started_at < LONGEST_OPEN
            and self._episodes[alert.episode_id][-1].status is Status.FIRING
        ]

    def _first(self, alert: Alert, route: Route, name: str, channel: Channel) -> Due | None:
        must_end = self._must_end(alert, name, channel)
        if not must_end and (self.is_old(alert) or not (alert.notify or route.everything)):
            return None
        if (reason := self._muted(alert, route, name, channel)) is not None:
            return Due(alert, route, name, self._step(alert, route, name, State.MUTED, 0, error=reason))
        if not must_end and (held := self._held(alert, route, name)) is not None:
            until, reason = held
            step = self._step(alert, route, name, State.HELD, 0, next_at=until, error=reason)
            return Due(alert, route, name, step)
        return Due(alert, route, name)

    def is_old(self, alert: Alert) -> bool:
        """Whether it happened too long ago to be told for the first time."""
        return self.now - alert.told_of > self.routes.forget_after

    def _must_end(self, alert: Alert, name: str, channel: Channel) -> bool:
        """Whether the receiver holds the episode open, and this is its end."""
        if not channel.remembers or alert.status is not Status.RESOLVED or alert.kind is Kind.AMENDED:
            return False
        before = [other for other in self._episodes[alert.episode_id] if other.hour <= alert.hour]
        told = self.outbox.told([other for other in before if other.alert_id != alert.alert_id], name)
        return bool(told) and told[-1].status is Status.FIRING

    def _muted(self, alert: Alert, route: Route, name: str, channel: Channel) -> str | None:
        if route.everything or self._must_end(alert, name, channel):
            return None
        mute = self.routes.mute_of(alert, self.now)
        if mute is not None:
            return f"muted by the routes file: {mute.reason}"
        openings = (
            other
            for other in self._episodes[alert.episode_id]
            if other.kind in {Kind.OPENED, Kind.REOPENED} and other.hour <= alert.hour
        )
        begun = max((other.told_of for other in openings), default=None)
        return self.answers.held_back(alert, self.now, begun)

    def _held(self, alert: Alert, route: Route, name: str) -> tuple[datetime, str] | None:
        """Until when it waits, and why."""
        if alert.severity in route.at_any_hour:
            return None
        place = self.routes.zone_of(route)
        if route.hours is not None:
            opens = route.hours.next_open(self.now, place)
            if opens > self.now:
                return opens, f"outside of the hours of route {route.name}"
        if route.at_most_a_day is None:
            return None
        today = self.now.astimezone(place).date()
        key = name, route.name
        if key not in self._counted:
            begin = at_time(today, 0, place)
            self._counted[key] = self.outbox.messages_since(name, route.name, begin)
        if self._counted[key] < route.at_most_a_day:
            self._counted[key] += 1
            return None
        digest = at_time(today, self.routes.digest_at, place)
        if digest <= self.now:
            digest = at_time(today + timedelta(days=1), self.routes.digest_at, place)
        if route.hours is not None:
            digest = route.hours.next_open(digest, place)
        return digest, f"more than {route.at_most_a_day} today, told at {clock(self.routes.digest_at)}"

    def _overtaken(self, alert: Alert, name: str, channel: Channel, last: Step) -> str | None:
        """What makes it old news for people and for receivers with a state: something later of the episode was told, or
        waits with it and says more. Receivers that only record get everything."""
        if not (channel.gathers or channel.remembers):
            return None
        told = self._told_later(alert, name, channel)
        if told is not None:
            return _overtaken_by(told)
        if last.state is not State.HELD:
            return None
        waiting = [other for other in self._later(alert) if self._waits(other, name)]
        if waiting:
            return f"told together with {waiting[-1].kind}"
        earlier = [other for other in self._episodes[alert.episode_id] if other.hour < alert.hour]
        if channel.remembers and alert.status is Status.RESOLVED and not self.outbox.told(earlier, name):
            return "over before anybody was told"
        return None

    def _told_later(self, alert: Alert, name: str, channel: Channel) -> Alert | None:
        if not (channel.gathers or channel.remembers):
            return None
        told = self.outbox.told(self._later(alert), name)
        return told[-1] if told else None

    def _later(self, alert: Alert) -> list[Alert]:
        of_episode = self._episodes[alert.episode_id]
        return of_episode[of_episode.index(alert) + 1 :]

    def _without_route(self, led: set[tuple[str, str]]) -> Iterator[Due]:
        """What waits and no route leads to any more: the routes file was changed."""
        by_id = {alert.alert_id: alert for alert in self.alerts}
        for step in self.outbox.states():
            if step.state.is_final or (step.alert_id, step.channel) in led or step.alert_id not in by_id:
                continue
            muted = replace(
                step,
                state=State.MUTED,
                taken_at=self.now,
                next_at=None,
                error="no route leads there any more",
            )
            route = self.routes.routes[0]
            yield Due(by_id[step.alert_id], route, step.channel, muted)

    def _waits(self, alert: Alert, name: str) -> bool:
        step = self.outbox.state(alert.alert_id, name)
        return step is not None and step.state is State.HELD

    def _step(
        self,
        alert: Alert,
        route: Route,
        name: str,
        state: State,
        attempt: int,
        *,
        next_at: datetime | None = None,
        error: str | None = None,
    ) -> Step:
        service = self.routes.channels[name].service
        return Step(
            alert.alert_id,
            alert.episode_id,
            route.name,
            name,
            service,
            state,
            attempt,
            self.now,
            next_at,
            None,
            error,
        )


def _overtaken_by(later: Alert) -> str:
    return f"overtaken: {later.kind} was told meanwhile"


def unrouted(alerts: Iterable[Alert], routes: Routes) -> list[Alert]:
    """Those that somebody is to be told of and no route fits."""
    return [alert for alert in alerts if alert.notify and not any(routes.leading_from(alert))]


def by_channel(due: Iterable[Due]) -> Mapping[str, list[Due]]:
    """What is to be sent, by channel: what was never tried before what was, so that nothing stands in its way."""
    queues: dict[str, list[Due]] = {}
    for one in due:
        queues.setdefault(one.channel, []).append(one)
    for queue in queues.values():
        queue.sort(key=lambda one: (one.attempt > 1 and not one.again, one.alert.hour, one.alert.alert_id))
    return queues
