"""Webhook payloads as their senders write them, with made-up contents."""

from __future__ import annotations

from typing import Any


def release(action: str = "published", **others: Any) -> dict[str, Any]:
    """GitHub's event `release`; `others` are fields of the release."""
    fields: dict[str, Any] = {
        "id": 1,
        "tag_name": "v4.2",
        "name": "One-page checkout",
        "body": "Pay on one page.",
        "html_url": "https://github.com/parcelbird/app/releases/tag/v4.2",
        "draft": False,
        "prerelease": False,
        "created_at": "2025-04-21T08:00:00Z",
        "published_at": "2025-04-22T08:00:00Z",
        "assets": [],
    }
    repository = {"id": 2, "full_name": "Parcelbird/App", "private": True}
    return {
        "action": action,
        "release": {**fields, **others},
        "repository": repository,
        "sender": {"login": "ann"},
    }


def version_state(
    state: str = "READY_FOR_DISTRIBUTION", identity: str = "ad7e-1", **others: Any
) -> dict[str, Any]:
    """App Store Connect's event about the state of a version."""
    attributes = {
        "newValue": state,
        "oldValue": "PENDING_DEVELOPER_RELEASE",
        "timestamp": "2025-06-10T12:00:00.745Z",
        **others,
    }
    instance = {
        "data": {"type": "appStoreVersions", "id": identity},
        "links": {"self": f"https://api.appstoreconnect.apple.com/v1/appStoreVersions/{identity}"},
    }
    return {
        "data": {
            "type": "appStoreVersionAppVersionStateUpdated",
            "id": "7c81-2",
            "version": 1,
            "attributes": attributes,
            "relationships": {"instance": instance},
        }
    }
