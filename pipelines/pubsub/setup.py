"""Setup: the topic, the subscription and the dead-letter topic a listener needs, made where they are missing.

Each resource is one step that knows the gcloud command which does the same. What exists is compared and left as it
is; `update` mends it.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final, Literal, Protocol

from google.api_core import exceptions as api
from google.auth.exceptions import GoogleAuthError
from google.cloud import pubsub_v1
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.schema_service.transports import SchemaServiceGrpcTransport
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport

from pipelines.pubsub.endpoint import transport
from pipelines.pubsub.names import Resource, resource
from pipelines.pubsub.refusals import refusal
from schemas.errors import TribometerError

ACK_DEADLINE_SECONDS: Final = 60
RETENTION_SECONDS: Final = 7 * 24 * 3600
SHORTEST_RETRY_SECONDS: Final = 10
LONGEST_RETRY_SECONDS: Final = 600
DELIVERY_ATTEMPTS: Final = 100

DEAD_LETTERS_SUFFIX: Final = "-dead-letters"
SCHEMA_NAME: Final = "tribometer-feedback-event-1"

_DEFINITION: Final = files("schemas").joinpath("wire/feedback_event.1.proto")

_CALL_SECONDS: Final = 10.0
_CALL: Final = {"timeout": _CALL_SECONDS, "retry": None}

State = Literal["made", "exists", "differs", "updated", "left out"]


@dataclass(frozen=True)
class Plan:
    """What is wanted. `with_schema` attaches the native contract to the topic."""

    topic: Resource
    subscription: Resource
    exactly_once: bool = False
    with_schema: bool = False

    @property
    def dead_letter_topic(self) -> Resource:
        return resource(self.topic.project, "topics", self.topic.name + DEAD_LETTERS_SUFFIX)

    @property
    def dead_letter_subscription(self) -> Resource:
        return resource(self.topic.project, "subscriptions", self.subscription.name + DEAD_LETTERS_SUFFIX)

    @property
    def schema(self) -> Resource:
        return resource(self.topic.project, "schemas", SCHEMA_NAME)


@dataclass(frozen=True)
class Done:
    """What became of one step; `differences` in words, and `mend` the gcloud command that would mend them."""

    resource: Resource
    state: State
    differences: Sequence[str] = ()
    mend: str | None = None


class Clients:
    """Connections to what steps ask. Raises `TribometerError` where there are no credentials."""

    def __init__(self, plan: Plan) -> None:
        try:
            self.publisher = pubsub_v1.PublisherClient(transport=transport(PublisherGrpcTransport))
            self.subscriber = pubsub_v1.SubscriberClient(transport=transport(SubscriberGrpcTransport))
            self.schemas = pubsub_v1.SchemaServiceClient(transport=transport(SchemaServiceGrpcTransport))
        except GoogleAuthError as error:
            raise refusal(error, plan.topic) from error

    def close(self) -> None:
        for client in (self.publisher, self.subscriber, self.schemas):
            client.transport.close()


class Step(Protocol):
    """One resource to have."""

    @property
    def resource(self) -> Resource: ...

    @property
    def gcloud(self) -> str:
        """The command that makes it."""

    def ensure(self, clients: Clients, update: bool) -> Done:
        """Make it, or compare it. Raises errors of the client library."""


def steps(plan: Plan) -> list[Step]:
    """In the order in which they must be made."""
    schema = [_Schema(plan.schema)] if plan.with_schema else []
    return [
        *schema,
        _Topic(plan.topic, plan.schema if plan.with_schema else None),
        _Topic(plan.dead_letter_topic, None),
        _Subscription(plan.dead_letter_subscription, plan.dead_letter_topic, None, False),
        _Subscription(plan.subscription, plan.topic, plan.dead_letter_topic, plan.exactly_once),
    ]


def set_up(plan: Plan, update: bool) -> Iterator[Done]:
    """Take the steps of `plan`, one after another. Raises `TribometerError` at the first that cannot be taken."""
    clients = Clients(plan)
    try:
        for step in steps(plan):
            try:
                yield step.ensure(clients, update)
            except (api.GoogleAPICallError, GoogleAuthError) as error:
                raise refusal(error, step.resource) from error
    finally:
        clients.close()


def grants(plan: Plan) -> list[str]:
    """gcloud commands that let Pub/Sub's own account forward dead letters; it may not by default."""
    project = plan.topic.project
    member = (
        "--member=serviceAccount:service-"
        f"$(gcloud projects describe {project} --format='value(projectNumber)')@gcp-sa-pubsub.iam.gserviceaccount.com"
    )
    return [
        f"gcloud pubsub topics add-iam-policy-binding {plan.dead_letter_topic.name} --project={project} "
        f"{member} --role=roles/pubsub.publisher",
        f"gcloud pubsub subscriptions add-iam-policy-binding {plan.subscription.name} --project={project} "
        f"{member} --role=roles/pubsub.subscriber",
    ]


@dataclass(frozen=True)
class _Schema:
    resource: Resource

    @property
    def gcloud(self) -> str:
        return _gcloud(
            "schemas create", self.resource, {"type": "protocol-buffer", "definition-file": str(_DEFINITION)}
        )

    def ensure(self, clients: Clients, update: bool) -> Done:
        # The emulator wants the name in the schema as well.
        request = {
            "parent": f"projects/{self.resource.project}",
            "schema_id": self.resource.name,
            "schema": {
                "name": str(self.resource),
                "type_": "PROTOCOL_BUFFER",
                "definition": _DEFINITION.read_text("utf-8"),
            },
        }
        try:
            clients.schemas.create_schema(request=request, **_CALL)
        except api.AlreadyExists:
            return Done(self.resource, "exists")
        except api.MethodNotImplemented:
            return Done(self.resource, "left out", ["an emulator knows no schemas of Protocol Buffers"])
        return Done(self.resource, "made")


@dataclass(frozen=True)
class _Topic:
    resource: Resource
    schema: Resource | None

    @property
    def gcloud(self) -> str:
        return _gcloud("topics create", self.resource, self._flags)

    @property
    def _flags(self) -> dict[str, str | None]:
        return {} if self.schema is None else {"schema": self.schema.name, "message-encoding": "json"}

    def ensure(self, clients: Clients, update: bool) -> Done:
        settings = {"schema": str(self.schema), "encoding": "JSON"}
        request: dict[str, Any] = {"name": str(self.resource)}
        if self.schema is not None and self._schema_is_there(clients):
            request["schema_settings"] = settings
        try:
            clients.publisher.create_topic(request=request, **_CALL)
        except api.AlreadyExists:
            return self._compared(clients, update, request)
        return Done(self.resource, "made")

    def _schema_is_there(self, clients: Clients) -> bool:
        try:
            clients.schemas.get_schema(name=str(self.schema), **_CALL)
        except api.NotFound:
            return False
        return True

    def _compared(self, clients: Clients, update: bool, request: Mapping[str, Any]) -> Done:
        if "schema_settings" not in request:
            return Done(self.resource, "exists")
        found = clients.publisher.get_topic(topic=str(self.resource), **_CALL).schema_settings.schema
        if found == str(self.schema):
            return Done(self.resource, "exists")
        differences = [f"its schema is {found or 'none'}, not {self.schema}"]
        mend = _gcloud("topics update", self.resource, self._flags)
        if not update:
            return Done(self.resource, "differs", differences, mend)
        clients.publisher.update_topic(
            request={"topic": request, "update_mask": {"paths": ["schema_settings"]}}, **_CALL
        )
        return Done(self.resource, "updated", differences, mend)


@dataclass(frozen=True)
class _Setting:
    """One setting of a subscription: how it is read from what exists, what it should be, and how that is said."""

    words: str
    path: str
    wanted: Any
    read: Callable[[Any], Any]
    flags: Mapping[str, str | None]


@dataclass(frozen=True)
class _Subscription:
    resource: Resource
    topic: Resource
    dead_letter_topic: Resource | None
    exactly_once: bool

    @property
    def gcloud(self) -> str:
        flags: dict[str, str | None] = {"topic": self.topic.name}
        for setting in self._settings():
            flags |= setting.flags
        flags.pop("no-enable-exactly-once-delivery", None)
        return _gcloud("subscriptions create", self.resource, flags)

    def ensure(self, clients: Clients, update: bool) -> Done:
        request = self._request()
        try:
            clients.subscriber.create_subscription(request=request, **_CALL)
        except api.AlreadyExists:
            return self._compared(clients, update, request)
        return Done(self.resource, "made")

    def _compared(self, clients: Clients, update: bool, request: Mapping[str, Any]) -> Done:
        found = clients.subscriber.get_subscription(subscription=str(self.resource), **_CALL)
        if found.topic != str(self.topic):
            raise TribometerError(
                f"{self.resource}: belongs to {found.topic}, which cannot be changed; name another subscription, or "
                f"delete it with `gcloud pubsub subscriptions delete {self.resource.name} "
                f"--project={self.resource.project}`"
            )
        plain = type(found).pb(found)
        wrong = [setting for setting in self._settings() if setting.read(plain) != setting.wanted]
        differences = [f"its {one.words} is {_shown(one.read(plain))}, not {_shown(one.wanted)}" for one in wrong]
        if not wrong:
            return Done(self.resource, "exists")
        mend = _gcloud(
            "subscriptions update", self.resource, {k: v for one in wrong for k, v in one.flags.items()}
        )
        if not update:
            return Done(self.resource, "differs", differences, mend)
        mask = {"paths": [setting.path for setting in wrong]}
        clients.subscriber.update_subscription(request={"subscription": request, "update_mask": mask}, **_CALL)
        return Done(self.resource, "updated", differences, mend)

    def _request(self) -> dict[str, Any]:
        request: dict[str, Any] = {
            "name": str(self.resource),
            "topic": str(self.topic),
            "ack_deadline_seconds": ACK_DEADLINE_SECONDS,
            "message_retention_duration": {"seconds": RETENTION_SECONDS},
            "expiration_policy": {},
            "retry_policy": {
                "minimum_backoff": {"seconds": SHORTEST_RETRY_SECONDS},
                "maximum_backoff": {"seconds": LONGEST_RETRY_SECONDS},
            },
            "enable_exactly_once_delivery": self.exactly_once,
        }
        if self.dead_letter_topic is not None:
            request["dead_letter_policy"] = {
                "dead_letter_topic": str(self.dead_letter_topic),
                "max_delivery_attempts": DELIVERY_ATTEMPTS,
            }
        return request

    def _settings(self) -> Iterator[_Setting]:
        yield _Setting(
            "acknowledgement deadline in seconds",
            "ack_deadline_seconds",
            ACK_DEADLINE_SECONDS,
            lambda found: found.ack_deadline_seconds,
            {"ack-deadline": str(ACK_DEADLINE_SECONDS)},
        )
        yield _Setting(
            "retention in seconds",
            "message_retention_duration",
            RETENTION_SECONDS,
            lambda found: found.message_retention_duration.seconds,
            {"message-retention-duration": "7d"},
        )
        yield _Setting(
            "expiration in seconds",
            "expiration_policy",
            "never",
            lambda found: (
                found.expiration_policy.ttl.seconds or "never"
                if found.HasField("expiration_policy")
                else "31 days"
            ),
            {"expiration-period": "never"},
        )
        yield _Setting(
            "delay before a retry in seconds",
            "retry_policy",
            (SHORTEST_RETRY_SECONDS, LONGEST_RETRY_SECONDS),
            lambda found: (
                found.retry_policy.minimum_backoff.seconds,
                found.retry_policy.maximum_backoff.seconds,
            ),
            {"min-retry-delay": f"{SHORTEST_RETRY_SECONDS}s", "max-retry-delay": f"{LONGEST_RETRY_SECONDS}s"},
        )
        yield _Setting(
            "exactly-once delivery",
            "enable_exactly_once_delivery",
            self.exactly_once,
            lambda found: found.enable_exactly_once_delivery,
            {"enable-exactly-once-delivery" if self.exactly_once else "no-enable-exactly-once-delivery": None},
        )
        if self.dead_letter_topic is not None:
            yield _Setting(
                "dead-letter topic with delivery attempts",
                "dead_letter_policy",
                (str(self.dead_letter_topic), DELIVERY_ATTEMPTS),
                lambda found: (
                    found.dead_letter_policy.dead_letter_topic,
                    found.dead_letter_policy.max_delivery_attempts,
                ),
                {
                    "dead-letter-topic": self.dead_letter_topic.name,
                    "max-delivery-attempts": str(DELIVERY_ATTEMPTS),
                },
            )


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return " and ".join(_shown(part) for part in value)
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else str(value) or "none"


def _gcloud(command: str, made: Resource, flags: Mapping[str, str | None]) -> str:
    words = ["gcloud", "pubsub", *command.split(), made.name, f"--project={made.project}"]
    words += [f"--{flag}" if value is None else f"--{flag}={value}" for flag, value in flags.items()]
    return shlex.join(words)
