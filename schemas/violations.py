"""Why a message could not become an event: the closed list of typed failures.

Decode and normalize raise `Violation` and nothing else for bad input; whatever else is raised is a defect of
the program and fails the batch. `evidence` names what was found and what was allowed, with units in its keys;
it never holds the message's text.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import partial
from typing import Any


class ViolationKind(StrEnum):
    """What was wrong. The value is stored in `dead_letters.violation`."""

    # decode: bytes to a JSON object
    EMPTY_MESSAGE = "empty_message"
    TOO_LARGE = "too_large"
    INVALID_UTF8 = "invalid_utf8"
    INVALID_JSON = "invalid_json"
    NOT_AN_OBJECT = "not_an_object"
    INVALID_CSV = "invalid_csv"
    # normalize: a vendor's object to an event
    MISSING_FIELD = "missing_field"
    WRONG_TYPE = "wrong_type"
    INVALID_TIMESTAMP = "invalid_timestamp"
    INVALID_RATING = "invalid_rating"
    INVALID_VALUE = "invalid_value"
    # worker: a message that no process survived, found by halving its batch
    PROCESS_DIED = "process_died"
    PROCESS_HUNG = "process_hung"
    DEFECT = "defect"


class Violation(ValueError):
    """Bad input, typed. `field` is the event field or byte position concerned, where there is one."""

    def __init__(
        self,
        kind: ViolationKind,
        reason: str,
        *,
        field: str | None = None,
        evidence: Mapping[str, str | int | float] | None = None,
    ) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason
        self.field = field
        self.evidence = dict(evidence or {})

    def __reduce__(self) -> tuple[Any, ...]:
        # An exception is pickled by its positional arguments alone, and dead letters cross shuffles.
        return (partial(Violation, field=self.field, evidence=self.evidence), (self.kind, self.reason))
