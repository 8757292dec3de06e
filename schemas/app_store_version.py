"""App Store Connect's webhook event APP_STORE_VERSION_APP_VERSION_STATE_UPDATED: what it says of a launch.

https://developer.apple.com/documentation/appstoreconnectapi/configuring-webhook-notifications. The payload names the
state and an opaque identity of the version, neither the app nor the version as people spell it. So the product comes
from the address the webhook is sent to, and the version from a list of the user's; without it the launch is recorded
under the identity.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from schemas.launch import InvalidLaunch, Launch
from schemas.launch_statement import NothingSaid, Statement

EVENT: Final = "appStoreVersionAppVersionStateUpdated"
PLATFORM: Final = "ios"

_ON_SALE: Final = frozenset({"READY_FOR_DISTRIBUTION", "READY_FOR_SALE"})
"""The state in which customers can have it, by its present and its older name."""


def read_version_state(payload: Mapping[str, Any], product: str, versions: Mapping[str, str]) -> Statement:
    """The launch that a change of state makes; `versions` by the identity that App Store Connect gave them.

    Raises `NothingSaid` for other events and states, `InvalidLaunch` for a payload that is not App Store Connect's.
    """
    data = _object(payload, "data")
    event = str(data.get("type"))
    if event != EVENT:
        raise NothingSaid(f"the event {event[:80]} is about no launch")
    attributes = _object(data, "attributes")
    state = str(attributes.get("newValue"))
    if state not in _ON_SALE:
        raise NothingSaid(f"in the state {state[:40]} it has reached nobody")
    instance = _object(_object(_object(data, "relationships"), "instance"), "data")
    identity = instance.get("id")
    if not isinstance(identity, str) or not identity.strip():
        raise InvalidLaunch("data.relationships.instance.data.id is missing")
    version = versions.get(identity)
    launch = Launch.parse(
        {
            "product": product,
            "launched_at": attributes.get("timestamp"),
            "version": version,
            "title": None if version else f"App Store version {identity}",
            "platform": PLATFORM,
        }
    )
    return Statement(launch, partial=True)


def _object(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = value.get(name)
    if not isinstance(found, Mapping):
        raise InvalidLaunch(f"{name} is missing; is this a webhook of App Store Connect?")
    return found
