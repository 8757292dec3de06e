"""The wire contract `launch/1`: one message of a queue to a statement about a launch, or a typed violation.

`schemas/wire/launch.1.json` publishes it. Stricter than what a person may type: field names are exact, unknown fields
are refused, and times carry their offset.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from schemas.launch import FIELDS, InvalidLaunch, Launch, LaunchKind
from schemas.launch_statement import Statement
from schemas.nearest import did_you_mean
from schemas.touchpoint import OWN_NAME
from schemas.violations import Violation, ViolationKind

SCHEMA: Final = "launch/1"

LAUNCHES_SOURCE: Final = "launches"
"""`source` and `processor` of dead letters that were meant as launches."""

_TEXTS: Final = ("product", "kind", "version", "platform", "title", "note", "url")
_KNOWN: Final = ("schema", *FIELDS, "deleted")
_LONGEST_CHARACTERS: Final = 4096
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d))?", re.ASCII)


def read_message(message: Mapping[str, Any]) -> Statement:
    """What the message says. Raises `Violation`, which never repeats a text of the message."""
    stated = {name: value for name, value in message.items() if value not in (None, "", [])}
    if "schema" not in stated:
        raise Violation(ViolationKind.MISSING_FIELD, f"schema is missing; it is {SCHEMA}", field="schema")
    if stated["schema"] != SCHEMA:
        raise _bad_value("schema", f"is not {SCHEMA}")
    for name in message:
        if name not in _KNOWN:
            raise _bad_value(name[:40], f"is no field of {SCHEMA}{did_you_mean(name, _KNOWN)}")
    for name in ("product", "launched_at"):
        if name not in stated:
            raise Violation(ViolationKind.MISSING_FIELD, f"{name} is missing", field=name)
    for name in _TEXTS:
        _check_text(name, stated.get(name, ""))
    if not stated["product"].strip():
        raise Violation(ViolationKind.MISSING_FIELD, "product is blank", field="product")
    if stated.get("kind", LaunchKind.RELEASE) not in set(LaunchKind):
        raise _bad_value("kind", f"is none of {', '.join(LaunchKind)}")
    _check_instant("launched_at", stated["launched_at"])
    _check_touchpoints(stated.get("touchpoints", []))
    _check_rollout(stated.get("rollout", []))
    deleted = stated.pop("deleted", False)
    if not isinstance(deleted, bool):
        raise _bad_type("deleted", "true or false")
    try:
        launch = Launch.parse({name: stated[name] for name in FIELDS if name in stated})
    except InvalidLaunch as error:
        kind = ViolationKind.INVALID_TIMESTAMP if error.field == "launched_at" else ViolationKind.INVALID_VALUE
        # Its text quotes what a person typed; this one may be read by others.
        raise Violation(kind, f"{error.field} is refused: {_RULES[error.field]}", field=error.field) from None
    return Statement(None, launch.launch_id) if deleted else Statement(launch)


_RULES: Final[Mapping[str | None, str]] = {
    "launched_at": "it must be a date of the calendar, 1990 to 2099",
    "rollout": "its steps must be dates of the calendar, rise in time and share, and not begin before the launch",
    "touchpoints": "one reads like a shipped touchpoint misspelt",
}
"""What the fields must keep beyond JSON Schema."""


def _check_text(name: str, value: Any) -> None:
    if not isinstance(value, str):
        raise _bad_type(name, "text")
    if len(value) > _LONGEST_CHARACTERS:
        raise _bad_value(name, f"has more than {_LONGEST_CHARACTERS:,} characters")


def _check_instant(name: str, value: Any) -> None:
    if not isinstance(value, str):
        raise _bad_type(name, "text")
    if not _INSTANT.fullmatch(value):
        reason = f"{name} is neither a date nor a time with an offset, as in 2021-06-01T12:30:00+02:00"
        raise Violation(ViolationKind.INVALID_TIMESTAMP, reason, field=name)


def _check_touchpoints(names: Any) -> None:
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise _bad_type("touchpoints", "a list of text")
    if not all(OWN_NAME.fullmatch(name) for name in names):
        raise _bad_value("touchpoints", "has a name that is not lower-case letters, digits and _, or is any")


def _check_rollout(steps: Any) -> None:
    if not isinstance(steps, list) or not all(isinstance(step, dict) for step in steps):
        raise _bad_type("rollout", "a list of objects")
    for step in steps:
        if set(step) != {"at", "share"}:
            raise _bad_value("rollout", "has a step that is not at and share")
        _check_instant("rollout", step["at"])
        if isinstance(step["share"], bool) or not isinstance(step["share"], int | float):
            raise _bad_type("rollout", "numbers as shares")
        if not 0 < step["share"] <= 1:
            raise _bad_value("rollout", "has a share that is not above 0 and at most 1")


def _bad_type(name: str, wanted: str) -> Violation:
    return Violation(ViolationKind.WRONG_TYPE, f"{name} must be {wanted}", field=name)


def _bad_value(name: str, reason: str) -> Violation:
    return Violation(ViolationKind.INVALID_VALUE, f"{name} {reason}", field=name)
