"""Publish: records of files as messages of a topic; every answer of the server is looked at.

What the server has accepted is counted in the order of sending, so that a run that was cut short can go on where it
ended. Messages behind the first unanswered one may have been accepted as well; sent again they are duplicates.
"""

from __future__ import annotations

import concurrent.futures
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from google.api_core import exceptions as api
from google.api_core.retry import Retry
from google.auth.exceptions import GoogleAuthError
from google.cloud import pubsub_v1
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport

from pipelines.pubsub.endpoint import transport
from pipelines.pubsub.names import Resource, parse_path
from pipelines.pubsub.pace import Pace
from pipelines.pubsub.payloads import LARGEST_PAYLOAD_BYTES
from pipelines.pubsub.refusals import refusal
from schemas.errors import TribometerError

_ANSWER_SECONDS: Final = 8.0
_PATIENCE_SECONDS: Final = 60.0
_AT_ONCE_MESSAGES: Final = 4_000
_AT_ONCE_BYTES: Final = 32 << 20

_BATCHES: Final = pubsub_v1.types.BatchSettings(max_messages=500, max_bytes=1_000_000, max_latency=0.02)
_FLOW: Final = pubsub_v1.types.PublishFlowControl(
    message_limit=_AT_ONCE_MESSAGES,
    byte_limit=_AT_ONCE_BYTES,
    limit_exceeded_behavior=pubsub_v1.types.LimitExceededBehavior.BLOCK,
)


@dataclass
class Published:
    """What became of a run, so far.

    `position` counts the messages, from the beginning of the input, behind which publishing can go on; `accepted`
    those the server took in this run; `empty` and `too_large` those that Pub/Sub would refuse, which were left out;
    `first_too_large` says where the first one is.
    """

    position: int = 0
    accepted: int = 0
    empty: int = 0
    too_large: int = 0
    first_too_large: str = ""


@dataclass(frozen=True)
class Outgoing:
    """One message and where it is from."""

    payload: bytes
    origin: str


class Publisher:
    """Publishes into the topic `projects/P/topics/T`; `published` may be read at any time, after an error too."""

    def __init__(self, topic: str, sleep: Callable[[float], None] = time.sleep) -> None:
        self._topic: Resource = parse_path(topic, "topics")
        self._sleep = sleep
        self._futures: deque[tuple[int, Any]] = deque()
        self.published = Published()

    def publish(self, messages: Iterable[Outgoing], pace: Pace, moved: Callable[[Published], None]) -> None:
        """Publish `messages`, each when it is due; returns when the server has accepted all of them.

        `moved` is called now and then. Raises `TribometerError` at the first message that the server refuses, or
        does not take within a minute. When interrupted, waits for what is under way before it raises.
        """
        try:
            client = pubsub_v1.PublisherClient(
                batch_settings=_BATCHES,
                publisher_options=pubsub_v1.types.PublisherOptions(flow_control=_FLOW),
                transport=transport(PublisherGrpcTransport),
            )
        except GoogleAuthError as error:
            raise refusal(error, self._topic) from error
        try:
            self._send_all(client, messages, pace, moved)
        except KeyboardInterrupt:
            client.stop()
            self._settle(wait=True)
            raise
        finally:
            client.transport.close()

    def _send_all(
        self, client: Any, messages: Iterable[Outgoing], pace: Pace, moved: Callable[[Published], None]
    ) -> None:
        done = self.published
        started = time.monotonic()
        for position, message in enumerate(messages, start=done.position + 1):
            if self._is_left_out(message):
                self._futures.append((position, None))
                continue
            wait_seconds = started + pace.due_seconds(message.payload) - time.monotonic()
            if wait_seconds > 0:
                moved(done)
                self._sleep(wait_seconds)
            self._futures.append((position, self._send(client, message.payload)))
            # The first one alone: a wrong topic or address is said at once, not after a minute of retries.
            self._settle(wait=done.accepted == 0)
            moved(done)
        client.stop()
        self._settle(wait=True)
        moved(done)

    def _send(self, client: Any, payload: bytes) -> Any:
        if self.published.accepted == 0:
            return client.publish(str(self._topic), payload, retry=None, timeout=_ANSWER_SECONDS)
        patience = Retry(predicate=_is_transient, initial=0.2, maximum=5.0, timeout=_PATIENCE_SECONDS)
        return client.publish(str(self._topic), payload, retry=patience, timeout=_ANSWER_SECONDS)

    def _is_left_out(self, message: Outgoing) -> bool:
        if not message.payload:
            self.published.empty += 1
        elif len(message.payload) > LARGEST_PAYLOAD_BYTES:
            self.published.too_large += 1
            self.published.first_too_large = self.published.first_too_large or message.origin
        else:
            return False
        return True

    def _settle(self, wait: bool) -> None:
        """Count what the server has answered, from the front; with `wait`, all of it."""
        while self._futures:
            position, future = self._futures[0]
            if future is not None:
                if not wait and not future.done():
                    return
                self._answer(future)
                self.published.accepted += 1
            self.published.position = position
            self._futures.popleft()

    def _answer(self, future: Any) -> None:
        try:
            future.result(timeout=_PATIENCE_SECONDS + _ANSWER_SECONDS)
        except (api.GoogleAPICallError, GoogleAuthError) as error:
            raise refusal(error, self._topic) from error
        except api.RetryError as error:
            cause = error.cause
            if isinstance(cause, (api.GoogleAPICallError, GoogleAuthError)):
                raise refusal(cause, self._topic) from error
            raise TribometerError(f"{self._topic}: cannot publish: {error}") from error
        except concurrent.futures.TimeoutError as error:
            raise TribometerError(f"{self._topic}: the server does not answer; check it and go on") from error


def _is_transient(error: BaseException) -> bool:
    return isinstance(
        error,
        (
            api.ServiceUnavailable,
            api.DeadlineExceeded,
            api.ResourceExhausted,
            api.Aborted,
            api.InternalServerError,
            api.Unknown,
            api.Cancelled,
        ),
    )
