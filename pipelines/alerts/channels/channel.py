"""What every channel is: its settings as the routes file has them, and `send`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final

from pydantic import BaseModel, ConfigDict

from pipelines.alerts.credentials import Secret
from schemas.alert import Alert, Status


@dataclass(frozen=True)
class Message:
    """What is sent at once: one alert, or several as a digest.

    `delivery_id` is the key of an alert at a channel (of a digest, the digest's): the same in every attempt. `again`:
    an attempt before was cut short, and nobody knows whether it arrived. `trial`: somebody tries a route.
    """

    delivery_id: str
    alerts: tuple[Alert, ...]
    sent_at: datetime
    route: str = ""
    team: str | None = None
    again: bool = False
    trial: bool = False

    @property
    def alert(self) -> Alert:
        """The one that is sent, or the last of a digest."""
        return self.alerts[-1]

    @property
    def is_digest(self) -> bool:
        """Whether there are several."""
        return len(self.alerts) > 1

    @property
    def resolved(self) -> bool:
        """Whether everything in it is over."""
        return all(alert.status is Status.RESOLVED for alert in self.alerts)


NO_ANSWER: Final = "no answer"
"""Beginning of an error that leaves open whether the receiver has it."""


class DeliveryError(Exception):
    """It was not taken, or with a text that begins with `NO_ANSWER` nobody knows.

    `retry_after_seconds` is what the receiver asked for; `final` says that it never will be taken.
    """

    def __init__(self, text: str, *, retry_after_seconds: float | None = None, final: bool = False) -> None:
        super().__init__(text)
        self.retry_after_seconds = retry_after_seconds
        self.final = final


class Channel(BaseModel, ABC):
    """Settings of one channel and the way it sends.

    `gathers`: people read it, so several alerts at once are one digest. `remembers`: the receiver has a state that must
    end, so an end is always sent where the beginning was. `forgets`: it does so by itself, and is told each round what
    is still on (`keep_open`). `recognises`: the receiver knows a repetition by its key, or this program can look if
    it arrived.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    gathers: ClassVar[bool] = False
    remembers: ClassVar[bool] = False
    forgets: ClassVar[bool] = False
    recognises: ClassVar[bool] = True

    service: Any
    quotes: bool = True

    def secrets(self) -> Iterator[Secret]:
        """Every secret it is set up with."""
        for name in type(self).model_fields:
            value = getattr(self, name)
            if isinstance(value, Secret):
                yield value

    def check(self) -> None:
        """Look whether all that sending needs is there, without sending. Raises `CredentialError` or `UsageError`."""
        for secret in self.secrets():
            secret.read()

    @abstractmethod
    def send(self, message: Message) -> None:
        """Send it; at the return the receiver has it. Raises `DeliveryError`, `CredentialError`."""

    def keep_open(self, firing: tuple[Alert, ...], *, team: str | None, at: datetime) -> None:
        """Tell a receiver that forgets what is still on. Raises like `send`."""
