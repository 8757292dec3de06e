"""A webhook of your own, signed as Standard Webhooks has it (standardwebhooks.com).

The header `webhook-id` is the same in every attempt: receivers drop what they had. Several secrets, one a line or apart
by spaces, sign side by side while one is being changed for another.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any, ClassVar, Final, Literal

from standardwebhooks.webhooks import Webhook as Signer

from pipelines.alerts.channels.address import WebAddress
from pipelines.alerts.channels.channel import Channel, Message
from pipelines.alerts.channels.http import post
from pipelines.alerts.credentials import CredentialError, Secret

_FEWEST_BYTES: Final = 24
"""Of a secret, as Standard Webhooks has it."""


class Webhook(Channel):
    """`url` may be a secret too, where its path is one."""

    recognises: ClassVar[bool] = True

    service: Literal["webhook"]
    url: Secret | WebAddress
    secret: Secret

    def check(self) -> None:
        super().check()
        self._signers()

    def send(self, message: Message) -> None:
        url = self.url.read() if isinstance(self.url, Secret) else self.url
        body = webhook_body(message)
        signatures = [signer.sign(message.delivery_id, message.sent_at, body) for signer in self._signers()]
        headers = {
            "webhook-id": message.delivery_id,
            "webhook-timestamp": str(int(message.sent_at.timestamp())),
            "webhook-signature": " ".join(signatures),
        }
        post(url, body.encode(), headers=headers)

    def _signers(self) -> list[Signer]:
        secrets = self.secret.read().split()
        if not all(_is_good(secret) for secret in secrets):
            raise CredentialError(
                f"its signing secret is not base64 of {_FEWEST_BYTES} bytes or more; "
                "make one with `echo whsec_$(openssl rand -base64 32)`"
            )
        return [Signer(secret) for secret in secrets]


def _is_good(secret: str) -> bool:
    try:
        return len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) >= _FEWEST_BYTES
    except ValueError:
        return False


def webhook_body(message: Message) -> str:
    """What is sent: type, timestamp and data, as Standard Webhooks proposes; `data` is the alert."""
    alert = message.alert
    body: Mapping[str, Any] = {
        "type": f"friction.{alert.kind}",
        "timestamp": alert.told_of.isoformat().replace("+00:00", "Z"),
        "data": {**alert.to_fields(), "route": message.route, "team": message.team, "trial": message.trial},
    }
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))
