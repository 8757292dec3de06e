"""Slack, by an incoming webhook (docs.slack.dev/messaging/sending-messages-using-incoming-webhooks).

Slack has no key by which it would know a repetition. A message that was cut short is sent again and says so: twice is
better than not at all.
"""

from __future__ import annotations

import json
from typing import ClassVar, Literal

from pipelines.alerts.channels.channel import Channel, DeliveryError, Message
from pipelines.alerts.channels.http import post
from pipelines.alerts.credentials import Secret
from pipelines.alerts.render.slack import slack_message, slack_text


class Slack(Channel):
    """`url` is the webhook's address; whoever knows it may write."""

    gathers: ClassVar[bool] = True
    recognises: ClassVar[bool] = False

    service: Literal["slack"]
    url: Secret

    def send(self, message: Message) -> None:
        url = self.url.read()
        body = slack_message(message.alerts, again=message.again, trial=message.trial)
        try:
            post(url, json.dumps(body).encode(), strict=True)
        except DeliveryError as error:
            if not error.final:
                raise
            # Slack does not take these blocks. Somebody has to be told all the same.
            post(url, json.dumps(slack_text(message.alerts, trial=message.trial)).encode(), strict=True)
