"""PagerDuty, Events API v2. The key of an episode opens one incident, updates it and ends it; a repetition changes
nothing."""

from __future__ import annotations

import json
from typing import ClassVar, Literal

from pipelines.alerts.channels.address import WebAddress
from pipelines.alerts.channels.channel import Channel, Message
from pipelines.alerts.channels.http import post
from pipelines.alerts.credentials import Secret
from pipelines.alerts.render.pagerduty import pagerduty_event


class PagerDuty(Channel):
    """`key` is the integration's routing key. `url` is another for accounts in the EU."""

    remembers: ClassVar[bool] = True

    service: Literal["pagerduty"]
    key: Secret
    url: WebAddress = "https://events.pagerduty.com/v2/enqueue"

    def send(self, message: Message) -> None:
        event = pagerduty_event(message.alert, self.key.read(), team=message.team, trial=message.trial)
        post(self.url, json.dumps(event).encode())
