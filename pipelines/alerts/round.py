"""A round: one channel's part of a delivery. Each attempt is in the outbox before it is made, its result after it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from pipelines.alerts.channels.channel import Channel, DeliveryError, Message
from pipelines.alerts.credentials import CredentialError, secrets_of, without_secrets
from pipelines.alerts.outbox import State, Step, wait_after
from pipelines.alerts.plan import Due, Planner
from pipelines.listen.log import say
from schemas.alert import Alert
from schemas.identity import delivery_id
from transforms.failpoints import failpoint

MOST_AT_ONCE: Final = 5
"""More than so many alerts at once go to people as one digest."""


@dataclass
class Delivered:
    """What one round did, in deliveries; `failing` are channels with what they last said.

    `busy`: another process delivers. `unrouted`: alerts that somebody is to be told of and no route fits.
    """

    busy: bool = False
    sent: int = 0
    failed: int = 0
    refused: int = 0
    held: int = 0
    muted: int = 0
    waiting: int = 0
    unrouted: int = 0
    failing: dict[str, str] = field(default_factory=dict)


@dataclass
class Round:
    """One channel's part of a round."""

    planner: Planner
    name: str
    channel: Channel
    said: dict[str, Alert]
    clock: Callable[[], datetime]

    def run(self, queue: list[Due]) -> Delivered:
        """Send the queue until something fails, then tell a receiver that forgets what is still on."""
        done = Delivered()
        for messages in gathered(queue, self.channel):
            if not self._send(messages, done):
                return done
        self._keep_open()
        return done

    def _send(self, messages: list[Due], done: Delivered) -> bool:
        """Whether the next message may be tried."""
        outbox, now = self.planner.outbox, self.clock()
        taken = []
        digest = messages[0].digest_id or (_digest_id(messages) if len(messages) > 1 else None)
        for one in messages:
            old = self.planner.old_news(one)
            if old is not None:
                outbox.take_all([old])
                done.muted += 1
                say("alert muted", alert=old.alert_id, channel=self.name, reason=old.error)
            elif outbox.take(self._step(one, State.SENDING, now, digest_id=digest)):
                taken.append(one)
        if not taken:
            return True
        failpoint("after_intent")
        message = self._message(taken, digest, now)
        result = self._try(message, taken[0].attempt)
        failpoint("after_send")
        outbox.take_all(
            [
                self._step(one, result.state, self.clock(), digest, result.next_at, result.error)
                for one in taken
            ]
        )  # fmt: skip
        self._tell(taken, result, done)
        return result.state is not State.FAILED

    def _try(self, message: Message, attempt: int) -> _Result:
        try:
            self.channel.send(message)
        except DeliveryError as error:
            text = self._clean(str(error))
            if error.final:
                return _Result(State.REFUSED, text)
            asked = timedelta(seconds=error.retry_after_seconds or 0)
            return _Result(State.FAILED, text, self.clock() + max(wait_after(attempt), asked))
        except CredentialError as error:
            return _Result(State.FAILED, self._clean(str(error)), self.clock() + wait_after(attempt))
        except Exception as error:  # noqa: BLE001 - a library's defect must not keep the other channels from telling
            text = f"{type(error).__name__} while sending; please report it"
            return _Result(State.FAILED, text, self.clock() + wait_after(attempt))
        return _Result(State.SENT)

    def _message(self, taken: list[Due], digest: str | None, now: datetime) -> Message:
        alerts = [self.said.get(one.alert.alert_id, one.alert) for one in taken]
        if not self.channel.quotes:
            alerts = [alert.without_words() for alert in alerts]
        first = taken[0]
        return Message(
            delivery_id=digest or delivery_id(first.alert.alert_id, self.name),
            alerts=tuple(alerts),
            sent_at=now,
            route=first.route.name,
            team=first.route.team,
            again=any(one.again for one in taken),
        )

    def _step(
        self,
        one: Due,
        state: State,
        at: datetime,
        digest_id: str | None = None,
        next_at: datetime | None = None,
        error: str | None = None,
    ) -> Step:
        alert, service = one.alert, self.channel.service
        about = alert.alert_id, alert.episode_id, one.route.name, self.name, service
        return Step(*about, state, one.attempt, at, next_at, digest_id, error)

    def _tell(self, taken: list[Due], result: _Result, done: Delivered) -> None:
        for one in taken:
            about: dict[str, Any] = {"alert": one.alert.alert_id, "channel": self.name, "attempt": one.attempt}
            if result.state is State.SENT:
                done.sent += 1
                say("alert sent", **about)
            elif result.state is State.REFUSED:
                done.refused += 1
                say("alert refused", logging.ERROR, **about, reason=result.error)
            else:
                done.failed += 1
                say("alert not sent, trying again", logging.WARNING, **about, reason=result.error)

    def _keep_open(self) -> None:
        last = self.planner.outbox.latest_result(self.name)
        if not self.channel.forgets or (last is not None and last.state is State.FAILED):
            return
        of_team: dict[str | None, list[Alert]] = {}
        for one in self.planner.firing(self.name):
            alert = self.said.get(one.alert_id, one) if self.channel.quotes else one
            for route, name in self.planner.routes.leading_from(alert):
                if name == self.name:
                    of_team.setdefault(route.team, []).append(alert)
        for team, firing in of_team.items():
            try:
                self.channel.keep_open(tuple(firing), team=team, at=self.clock())
            except (DeliveryError, CredentialError) as error:
                say(
                    "alert not sent, trying again",
                    logging.WARNING,
                    channel=self.name,
                    reason=self._clean(str(error)),
                )

    def _clean(self, text: str) -> str:
        """Without the channel's secrets: a receiver may have said them back."""
        return without_secrets(text, secrets_of(self.channel))


@dataclass(frozen=True)
class _Result:
    state: State
    error: str | None = None
    next_at: datetime | None = None


def gathered(queue: list[Due], channel: Channel) -> list[list[Due]]:
    """The queue as messages: for people, what has waited together and more than five at once are one."""
    if not channel.gathers:
        return [[one] for one in queue]
    digests: dict[str, list[Due]] = {}
    waited, single = [], []
    for one in queue:
        if one.digest_id is not None:
            digests.setdefault(one.digest_id, []).append(one)
        elif one.waited:
            waited.append(one)
        else:
            single.append(one)
    if len(single) > MOST_AT_ONCE:
        waited, single = waited + single, []
    messages = [[one] for one in single]
    messages += [_newest(waited)] if waited else []
    return [*messages, *digests.values()]


def _newest(messages: list[Due]) -> list[Due]:
    """By hour; of an episode the newest last."""
    return sorted(messages, key=lambda one: (one.alert.hour, one.alert.alert_id))


def _digest_id(messages: list[Due]) -> str:
    return delivery_id("|".join(sorted(one.alert.alert_id for one in messages)), messages[0].channel)
