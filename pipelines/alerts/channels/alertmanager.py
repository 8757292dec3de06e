"""Prometheus Alertmanager, API v2. It forgets what it does not hear of for three hours, so every round of delivery
tells it what is still on."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, ClassVar, Literal, Self

from pydantic import model_validator

from pipelines.alerts.channels.address import WebAddress
from pipelines.alerts.channels.channel import Channel, Message
from pipelines.alerts.channels.http import post
from pipelines.alerts.credentials import Secret
from pipelines.alerts.render.alertmanager import postable
from schemas.alert import Alert


class Alertmanager(Channel):
    """`url` is that of Alertmanager, below which /api/v2/alerts is. `token` or `user` and `password` where it asks."""

    remembers: ClassVar[bool] = True
    forgets: ClassVar[bool] = True

    service: Literal["alertmanager"]
    url: WebAddress
    token: Secret | None = None
    user: str | None = None
    password: Secret | None = None

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password stand together; password names where it is")
        if self.token is not None and self.user is not None:
            raise ValueError("give a token, or user and password")
        return self

    def send(self, message: Message) -> None:
        self._post(postable(message.alert, at=message.sent_at, team=message.team, trial=message.trial))

    def keep_open(self, firing: tuple[Alert, ...], *, team: str | None, at: datetime) -> None:
        if firing:
            self._post([one for alert in firing for one in postable(alert, at=at, team=team)[:1]])

    def _post(self, alerts: list[dict[str, Any]]) -> None:
        headers = {} if self.token is None else {"Authorization": f"Bearer {self.token.read()}"}
        auth = None if self.user is None or self.password is None else (self.user, self.password.read())
        post(f"{self.url.rstrip('/')}/api/v2/alerts", json.dumps(alerts).encode(), headers=headers, auth=auth)
