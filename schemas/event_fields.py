"""The fields a source mapping can fill, and what each may hold."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from schemas.converters import Refused
from schemas.event import AuthorKind, Channel, SurveyKind
from schemas.hygiene import clean
from schemas.rating import RatingScale
from schemas.violations import ViolationKind

MAXIMUM_LABEL_CHARACTERS: Final = 4096
"""Longest value of a field that names something; text and title have no limit but the message's."""

LARGEST_EXACT_FLOAT: Final = 2**53
"""JSON numbers beyond the 64-bit integers arrive as floats, which cannot tell two such identities apart."""


@dataclass(frozen=True)
class EventField:
    """One field: what it means and the check that its value passes. `hold` raises `Refused`."""

    meaning: str
    hold: Callable[[Any], Any]
    required: bool = False


def _label(value: Any) -> str | None:
    if isinstance(value, str):
        text = value
    elif isinstance(value, int) and not isinstance(value, bool):
        text = str(value)
    elif isinstance(value, float) and value.is_integer() and abs(value) <= LARGEST_EXACT_FLOAT:
        text = str(int(value))
    else:
        raise Refused(ViolationKind.WRONG_TYPE, f"is {type(value).__name__}, not text or a whole number")
    text = clean(text)
    if len(text) > MAXIMUM_LABEL_CHARACTERS:
        raise Refused(ViolationKind.INVALID_VALUE, f"is longer than {MAXIMUM_LABEL_CHARACTERS} characters")
    return text or None


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise Refused(ViolationKind.WRONG_TYPE, f"is {type(value).__name__}, not text")
    return clean(value)


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Refused(ViolationKind.WRONG_TYPE, f"is {type(value).__name__}, not true or false")
    return value


def _instant(value: Any) -> datetime:
    if not isinstance(value, datetime):
        raise Refused(ViolationKind.INVALID_TIMESTAMP, "is not a time")
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Refused(ViolationKind.WRONG_TYPE, f"is {type(value).__name__}, not a number")
    if not math.isfinite(value):
        raise Refused(ViolationKind.INVALID_RATING, "is not a finite number")
    return float(value)


def _scale(value: Any) -> str | None:
    label = _label(value)
    if label is None:
        return None
    try:
        return str(RatingScale.parse(label))
    except ValueError:
        raise Refused(ViolationKind.INVALID_RATING, "is not a rating scale, as in 1-5") from None


def _one_of(words: Iterable[str]) -> Callable[[Any], Any]:
    known = frozenset(str(word) for word in words)

    def hold(value: Any) -> str | None:
        label = _label(value)
        if label is not None and label not in known:
            raise Refused(ViolationKind.INVALID_VALUE, f"is not one of {', '.join(sorted(known))}")
        return label

    return hold


EVENT_FIELDS: Final[dict[str, EventField]] = {
    "id": EventField("the source's own identity of the event; never changes", _label, required=True),
    "occurred_at": EventField("when the customer said it; never changes", _instant, required=True),
    "source": EventField("name of the source, where messages carry it; else the mapping's `source`", _label),
    "channel": EventField(
        "where people speak, where messages carry it; else the mapping's `channel`", _one_of(Channel)
    ),
    "account": EventField("which of several accounts, shops or workspaces of the source", _label),
    "revision": EventField("the source's number of this edit; without it a hash of the content", _label),
    "supersedes": EventField("the revision that this one replaces", _label),
    "revised_at": EventField("when this revision was made; without it `occurred_at`", _instant),
    "author": EventField("who spoke; stored only as a keyed pseudonym", _label),
    "author_kind": EventField("customer (the default), agent or bot", _one_of(AuthorKind)),
    "product": EventField("the product spoken about, as its users would type it", _label),
    "version": EventField("version of the product", _label),
    "language": EventField("language of the text, as in en", _label),
    "title": EventField("headline; put before the text with an empty line between", _text),
    "text": EventField("what the customer said, in full", _text),
    "rating": EventField("the answer on its scale", _number),
    "rating_scale": EventField("worst and best answer, as in 1-5, where messages carry it", _scale),
    "survey_kind": EventField("nps, csat or ces, where the rating answers such a question", _one_of(SurveyKind)),
    "thread": EventField("the conversation the event belongs to", _label),
    "url": EventField("where the event can be read", _label),
    "deleted": EventField("true when the source says that the customer took it back", _boolean),
}
"""Every field by the name a mapping calls it."""


def hold_segment(value: Any) -> str | None:
    """Any scalar as text; `Refused` for lists and objects."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and not value.is_integer():
        return repr(value)
    return _label(value)
