"""An erasure that was carried out: one signed row of the erasure log."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from schemas.identity import AuthorKeyring


class Signature(StrEnum):
    """What can be said of a row's signature."""

    VALID = "valid"
    FORGED = "forged"
    OTHER_KEY = "other_key"
    """Signed under a key that is not at hand."""


@dataclass(frozen=True)
class Erasure:
    """One row of `erasures`; it names nobody.

    Rows are counted once each, however many files held them.
    """

    erasure_id: str
    suppression_id: str
    started_at: datetime
    finished_at: datetime
    feedback_rows: int
    raw_rows: int
    score_rows: int
    dead_letters: int
    deleted_files: int
    theme_rows: int | None

    def row(self, keyring: AuthorKeyring) -> dict[str, Any]:
        """The row in `arrow.ERASURES`, signed."""
        row = {**asdict(self), "key_id": keyring.key_id}
        return {**row, "signature": keyring.sign(_statement(row))}


def check_signature(row: Mapping[str, Any], keyring: AuthorKeyring) -> Signature:
    """Whether the row is as it was signed."""
    if row["key_id"] != keyring.key_id:
        return Signature.OTHER_KEY
    signed = hmac.compare_digest(keyring.sign(_statement(row)), row["signature"])
    return Signature.VALID if signed else Signature.FORGED


def _statement(row: Mapping[str, Any]) -> bytes:
    """Every column but the signature as JSON with sorted keys and no spaces, instants in UTC to the microsecond.

    A null is left out: a column that is younger than the row.
    """
    plain = {
        name: value.astimezone(UTC).isoformat(timespec="microseconds") if isinstance(value, datetime) else value
        for name, value in row.items()
        if name != "signature" and value is not None
    }
    return json.dumps(plain, sort_keys=True, separators=(",", ":")).encode()
