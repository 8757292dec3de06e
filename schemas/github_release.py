"""GitHub's webhook event `release`: what it says of a launch.

https://docs.github.com/en/webhooks/webhook-events-and-payloads#release. A published or edited release is a launch with
the tag as its version, without a leading v; a deleted or unpublished one is taken back.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from schemas.identity import launch_id
from schemas.launch import InvalidLaunch, Launch, LaunchKind
from schemas.launch_statement import NothingSaid, Statement

EVENT: Final = "release"

_STANDS: Final = frozenset({"published", "released", "edited"})
_TAKEN_BACK: Final = frozenset({"deleted", "unpublished"})
_LEADING_V: Final = re.compile(r"^[vV](?=\d)")

_NOTE_CHARACTERS: Final = 500
"""Release notes are for the page the url names; the ledger keeps their beginning."""


def read_release(payload: Mapping[str, Any], products: Mapping[str, str], *, prereleases: bool) -> Statement:
    """The launch in the payload of an event `release`; `products` by lower-case `owner/repo`.

    Raises `NothingSaid` for another repository, a draft, a pre-release unless asked for, and other actions;
    `InvalidLaunch` for a payload that is not GitHub's.
    """
    repository, release = _object(payload, "repository"), _object(payload, "release")
    name, action = str(repository.get("full_name")), str(payload.get("action"))
    product = products.get(name.lower())
    if product is None:
        raise NothingSaid(f"the repository {name[:100]} has no product here")
    if action not in _STANDS | _TAKEN_BACK:
        raise NothingSaid(f"the action {action[:40]} changes no launch")
    version = _version(release.get("tag_name"))
    if action in _TAKEN_BACK:
        return Statement(None, takes_back=_identity(product, version))
    if release.get("draft") is True:
        raise NothingSaid("a draft has reached nobody")
    if release.get("prerelease") is True and not prereleases:
        raise NothingSaid("a pre-release; --prereleases takes them too")
    launch = Launch.parse(
        {
            "product": product,
            "launched_at": release.get("published_at"),
            "version": version,
            "title": release.get("name"),
            "note": _shortened(release.get("body")),
            "url": release.get("html_url"),
        }
    )
    return Statement(launch, _earlier_identity(payload, product, version), partial=True)


def _earlier_identity(payload: Mapping[str, Any], product: str, version: str) -> str | None:
    """The launch under the tag that this edit has replaced, where it has."""
    changes = payload.get("changes")
    changed = changes.get("tag_name") if isinstance(changes, Mapping) else None
    earlier = changed.get("from") if isinstance(changed, Mapping) else None
    if not earlier or _version(earlier) == version:
        return None
    return _identity(product, _version(earlier))


def _identity(product: str, version: str) -> str:
    return launch_id(product, LaunchKind.RELEASE.value, version)


def _version(tag: Any) -> str:
    if not isinstance(tag, str) or not tag.strip():
        raise InvalidLaunch("release.tag_name is missing", "version")
    return _LEADING_V.sub("", tag.strip())


def _shortened(body: Any) -> str | None:
    if not isinstance(body, str):
        return None
    words = body.strip()
    return words if len(words) <= _NOTE_CHARACTERS else words[: _NOTE_CHARACTERS - 1].rstrip() + "…"


def _object(payload: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = payload.get(name)
    if not isinstance(value, Mapping):
        raise InvalidLaunch(f"{name} is missing; is this GitHub's event {EVENT}?")
    return value
