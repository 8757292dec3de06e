"""Who and what: identities that a replay of the same message always computes again.

Event identity is a hash of immutable facts, so a second delivery meets the first one in the same partition and
is dropped there. Authors are keyed pseudonyms (HMAC): without the deployment's key nobody can go back from
`author_key` to a name, nor test whether a known name is in the table.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

ID_BYTES: Final = 16
"""Length of an identity before it is written as hexadecimal: 2^-64 collision odds at four billion events."""

_SEPARATOR: Final = b"\x1f"
"""Unit separator: keeps ("ab", "c") apart from ("a", "bc")."""


def _digest(kind: bytes, parts: tuple[str, ...]) -> str:
    body = _SEPARATOR.join(part.replace("\x1f", "\x1f\x1f").encode() for part in parts)
    return hashlib.blake2b(body, digest_size=ID_BYTES, person=kind).hexdigest()


def event_id(source: str, account: str | None, native_id: str, revision: str) -> str:
    """Identity of one revision of one event, 32 hexadecimal digits.

    >>> event_id("reviews", None, "42", "1") == event_id("reviews", "", "42", "1")
    True
    """
    return _digest(b"tribo-event", (source, account or "", native_id, revision))


def score_id(event_id: str, model_version: str) -> str:
    """Identity of what one model says of one revision of an event, 32 hexadecimal digits."""
    return _digest(b"tribo-score", (event_id, model_version))


def theme_id(terms_version: int, product: str | None, weights: Mapping[str, float]) -> str:
    """Identity of a theme, 32 hexadecimal digits: the same terms of the same product are the same theme."""
    terms = (f"{term}={weights[term]:.9f}" for term in sorted(weights))
    return _digest(b"tribo-theme", (str(terms_version), product or "", *terms))


def theme_mention_id(event_id: str, mention: int, committed_at: datetime) -> str:
    """Identity of the theme of one mention of one revision from an instant on, 32 hexadecimal digits."""
    return _digest(b"tribo-mention", (event_id, str(mention), committed_at.astimezone(UTC).isoformat()))


def event_key(source: str, account: str | None, native_id: str) -> str:
    """Identity of an event over all its revisions, 32 hexadecimal digits."""
    return _digest(b"tribo-key", (source, account or "", native_id))


def content_revision(text: str, rating: float | None, deleted: bool) -> str:
    """Revision of an event whose source numbers none: a hash of what the customer said.

    The same content read twice is one revision; any edit of it is another.
    """
    return _digest(b"tribo-content", (text, "" if rating is None else repr(float(rating)), str(int(deleted))))[:16]


def launch_id(product: str, kind: str, name: str, platform: str | None = None) -> str:
    """Identity of a launch over all its edits; `name` is its version, else its title, else its day.

    Without a platform it is what it was before launches had one.
    """
    return _digest(b"tribo-launch", (product, kind, name) if platform is None else (product, kind, name, platform))


def suppression_id(scope: str, key: str) -> str:
    """Identity of a suppression: what it keeps out."""
    return _digest(b"tribo-suppress", (scope, key))


def alert_action_id(about: str, act: str, who: str, recorded_at: datetime) -> str:
    """Identity of what somebody answered to an alert, 32 hexadecimal digits."""
    return _digest(b"tribo-answer", (about, act, who, recorded_at.astimezone(UTC).isoformat()))


def delivery_id(alert_id: str, channel: str) -> str:
    """Identity of telling one alert through one channel, 32 hexadecimal digits: the key of what is repeated."""
    return _digest(b"tribo-delivery", (alert_id, channel))


def delivery_step_id(delivery_id: str, attempt: int, state: str) -> str:
    """Identity of one step of a delivery, 32 hexadecimal digits: of two who take the same step one is refused."""
    return _digest(b"tribo-step", (delivery_id, str(attempt), state))


def dead_letter_id(source: str, payload: bytes) -> str:
    """Identity of a message that could not be accepted: its source and its exact bytes."""
    digest = hashlib.blake2b(source.encode() + _SEPARATOR, digest_size=ID_BYTES, person=b"tribo-dead")
    digest.update(payload)
    return digest.hexdigest()


@dataclass(frozen=True)
class AuthorKeyring:
    """The deployment's secret for author pseudonyms."""

    key: bytes

    def __repr__(self) -> str:
        return f"AuthorKeyring(key_id={self.key_id!r})"

    @property
    def key_id(self) -> str:
        """Eight digits that tell two keys apart and reveal neither; stored with the table."""
        return hmac.new(self.key, b"tribometer author key", hashlib.sha256).hexdigest()[:8]

    def sign(self, statement: bytes) -> str:
        """Signature of a statement under the key, 64 hexadecimal digits; no author has it as a pseudonym."""
        return hmac.new(self.key, b"tribometer statement" + _SEPARATOR + statement, hashlib.sha256).hexdigest()

    def author_key(self, source: str, account: str | None, author: str) -> str:
        """Pseudonym of an author, 32 hexadecimal digits; the same person in two sources gets two."""
        body = _SEPARATOR.join(part.encode() for part in (source, account or "", author))
        return hmac.digest(self.key, body, "sha256").hex()[: 2 * ID_BYTES]
