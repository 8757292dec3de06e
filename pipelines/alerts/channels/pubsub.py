"""A Pub/Sub topic: one message an alert, its JSON as payload. Subscribers know a repetition by the attribute
`delivery_id`."""

from __future__ import annotations

import concurrent.futures
from typing import Annotated, ClassVar, Final, Literal

from google.api_core.exceptions import GoogleAPICallError, RetryError
from google.auth.exceptions import GoogleAuthError
from google.cloud import pubsub_v1
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from pydantic import AfterValidator

from pipelines.alerts.channels.channel import Channel, DeliveryError, Message
from pipelines.pubsub.endpoint import transport
from pipelines.pubsub.names import parse_path
from schemas.errors import UsageError

_SECONDS: Final = 10.0
_LONGEST_ATTRIBUTE: Final = 1024


def _topic(value: str) -> str:
    try:
        return str(parse_path(value, "topics"))
    except UsageError as error:
        raise ValueError(str(error)) from None


class PubSub(Channel):
    """`topic` is projects/PROJECT/topics/TOPIC. Credentials are those of the machine (Application Default
    Credentials)."""

    recognises: ClassVar[bool] = True

    service: Literal["pubsub"]
    topic: Annotated[str, AfterValidator(_topic)]

    def send(self, message: Message) -> None:
        alert = message.alert
        attributes = {
            "delivery_id": message.delivery_id,
            "alert_id": alert.alert_id,
            "episode_id": alert.episode_id,
            "kind": alert.kind.value,
            "status": alert.status.value,
            "severity": alert.severity.value,
            "product": alert.product[:_LONGEST_ATTRIBUTE // 4],
            "touchpoint": alert.touchpoint,
            "route": message.route,
            "trial": str(message.trial).lower(),
            **({"team": message.team} if message.team else {}),
        }  # fmt: skip
        try:
            client = pubsub_v1.PublisherClient(transport=transport(PublisherGrpcTransport))
        except GoogleAuthError as error:
            raise DeliveryError(f"no credentials for Pub/Sub ({type(error).__name__})") from None
        try:
            client.publish(
                self.topic, alert.to_json().encode(), retry=None, timeout=_SECONDS, **attributes
            ).result(_SECONDS + 1)
        except GoogleAPICallError as error:
            raise DeliveryError(f"Pub/Sub answered {error.code}: {str(error.message)[:120]}") from None
        except (RetryError, GoogleAuthError, concurrent.futures.TimeoutError) as error:
            raise DeliveryError(f"Pub/Sub does not answer ({type(error).__name__})") from None
        finally:
            client.transport.close()
