"""Who may send webhooks: where their signature stands, and how their payload becomes a statement about a launch."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from pipelines.launches.secrets import Secrets
from schemas.app_store_version import read_version_state
from schemas.errors import UsageError
from schemas.github_release import EVENT, read_release
from schemas.launch import RecordedBy
from schemas.launch_statement import NothingSaid, Statement

Header = Callable[[str], str | None]
"""The value of a header of the request, by its name in any spelling."""


class Sender(Protocol):
    """One kind of webhook, below one path."""

    @property
    def secrets(self) -> Secrets:
        """Those it may sign with."""

    @property
    def by(self) -> RecordedBy:
        """The way its launches come in."""

    def signature(self, header: Header) -> str | None:
        """The signature, hexadecimal, None where there is none in the sender's form."""

    def delivery(self, header: Header, payload: Mapping[str, Any]) -> str | None:
        """What the sender calls this delivery, for the log."""

    def statement(self, header: Header, account: str, payload: Mapping[str, Any]) -> Statement:
        """What it says; `account` is the end of the path. Raises `NothingSaid` and `InvalidLaunch`."""


@dataclass(frozen=True)
class GitHub:
    """Releases of repositories, `products` by lower-case `owner/repo`."""

    secrets: Secrets
    products: Mapping[str, str]
    prereleases: bool = False
    by: RecordedBy = RecordedBy.GITHUB

    def signature(self, header: Header) -> str | None:
        return _after("sha256=", header("X-Hub-Signature-256"))

    def delivery(self, header: Header, payload: Mapping[str, Any]) -> str | None:
        return header("X-GitHub-Delivery")

    def statement(self, header: Header, account: str, payload: Mapping[str, Any]) -> Statement:
        event = header("X-GitHub-Event")
        if event == "ping":
            raise NothingSaid("ping: the webhook is set up")
        if event != EVENT:
            raise NothingSaid(f"the event {str(event)[:40]} is about no launch; send {EVENT} only")
        return read_release(payload, self.products, prereleases=self.prereleases)


@dataclass(frozen=True)
class AppStore:
    """Versions of apps, `products` by the app's Apple ID. `versions` is a CSV file with the columns id and version,
    read at every use."""

    secrets: Secrets
    products: Mapping[str, str]
    versions: Path | None = None
    by: RecordedBy = RecordedBy.APP_STORE

    def signature(self, header: Header) -> str | None:
        """Apple documents the prefix `hmacsha256=`; bare hexadecimal is taken too."""
        given = header("x-apple-signature")
        return _after("hmacsha256=", given) or given

    def delivery(self, header: Header, payload: Mapping[str, Any]) -> str | None:
        data = payload.get("data")
        identity = data.get("id") if isinstance(data, Mapping) else None
        return identity if isinstance(identity, str) else None

    def statement(self, header: Header, account: str, payload: Mapping[str, Any]) -> Statement:
        product = self.products.get(account)
        if product is None and not account and len(self.products) == 1:
            (product,) = self.products.values()
        if product is None:
            raise NothingSaid("the path names no app of --app-store-product; it is /app-store/APPLE_ID")
        return read_version_state(payload, product, read_versions(self.versions))


def read_versions(path: Path | None) -> dict[str, str]:
    """Versions as people spell them by App Store Connect's identity. Raises `UsageError`."""
    if path is None:
        return {}
    try:
        rows = list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if any(not row.get("id") or not row.get("version") for row in rows):
        raise UsageError(f"{path}: is no list of versions; write a CSV with the columns id and version")
    return {row["id"].strip(): row["version"].strip() for row in rows}


def _after(prefix: str, text: str | None) -> str | None:
    return text[len(prefix) :] if text is not None and text.lower().startswith(prefix) else None
