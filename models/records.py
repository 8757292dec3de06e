"""Turns evidence and cues into the records that a model leaves on a document."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.adapted import probabilities
from models.cues import EFFORT, INTENT
from models.evidence import Evidence, Seen
from models.language import Kind
from models.scores import INTENTS
from models.tokens import Positions, Tokens

_MOST_EFFORT: Final = 5
_NO_FRICTION: Final = 0.02
"""Friction of a clause that says nothing about a product."""
_PRAISE: Final = 0.6
_COMPLAINT: Final = 0.5
_OF_WHOLE: Final = 0.7
"""Share of the whole text in an event's friction; the rest is that of its worst clause."""


def fill(records: NDArray[Any], seen: Seen, content: NDArray[np.bool_], evidence: Evidence) -> None:
    """Write the scores of clauses or texts into their records; those without content say nothing of a product."""
    found = evidence.corrected(seen, content)
    sentiment, friction = probabilities(found["sentiment"]), probabilities(found["friction"])[:, 0]
    touchpoint, p = evidence.named(found["touchpoint"])
    records["sentiment_p"] = np.round(sentiment, 4)
    records["friction_p"] = np.round(np.where(content, friction, _NO_FRICTION), 4)
    records["touchpoint"] = np.where(content, touchpoint, evidence.other)
    records["touchpoint_p"] = np.round(np.where(content, p, 1.0), 4)
    effort = seen.cues[:, EFFORT]
    records["has_effort"] = content & (effort != 0)
    records["effort"] = np.clip(effort, -_MOST_EFFORT, _MOST_EFFORT)
    records["intents"] = _intents(sentiment, records["friction_p"], seen.cues, content)


def gather(events: NDArray[Any], clauses: NDArray[Any], document: Positions, other: int) -> None:
    """Let an event say what its clauses say: its touchpoint, friction and intents are theirs."""
    # An event is about the touchpoint its clauses speak of most surely, each weighed by the friction it carries.
    weight = np.zeros((len(events), other + 1))
    named = clauses["touchpoint"] != other
    np.add.at(
        weight,
        (document[named], clauses["touchpoint"][named]),
        (clauses["touchpoint_p"] * (0.25 + clauses["friction_p"]))[named].astype(np.float64),
    )
    best = np.argmax(weight, axis=1)
    some = weight.max(axis=1, initial=0) > 0
    strongest = np.zeros((len(events), other + 1), dtype=np.float32)
    np.maximum.at(strongest, (document, clauses["touchpoint"]), clauses["touchpoint_p"])
    events["touchpoint"] = np.where(some, best, other)
    events["touchpoint_p"] = strongest[np.arange(len(events)), events["touchpoint"]]
    friction = np.zeros(len(events), dtype=np.float32)
    np.maximum.at(friction, document, clauses["friction_p"])
    events["friction_p"] = np.round(_OF_WHOLE * events["friction_p"] + (1 - _OF_WHOLE) * friction, 4)
    intents = np.zeros(len(events), dtype=np.uint16)
    np.bitwise_or.at(intents, document, clauses["intents"])
    events["intents"] = intents


def spans(tokens: Tokens, bounds: Positions) -> tuple[Positions, Positions, NDArray[np.bool_]]:
    """First and last character of each segment without the white space around it, and whether anything is left."""
    visible = np.flatnonzero(~tokens.is_kind(Kind.SPACE, Kind.LINE, Kind.PARAGRAPH))
    first, after = np.searchsorted(visible, bounds[:-1]), np.searchsorted(visible, bounds[1:])
    spoken = after > first
    start, end = np.zeros(len(spoken), dtype=np.int64), np.zeros(len(spoken), dtype=np.int64)
    start[spoken] = tokens.start[visible[first[spoken]]]
    end[spoken] = tokens.end[visible[after[spoken] - 1]]
    return start, end, spoken


def _intents(
    sentiment: NDArray[np.float64],
    friction: NDArray[np.float32],
    cues: NDArray[np.int64],
    content: NDArray[np.bool_],
) -> NDArray[np.uint16]:
    """Bits of `INTENTS`: what cues say, a complaint where friction is told in anger, praise where all is good."""
    found = {intent: cues[:, column] > 0 for intent, column in INTENT.items()}
    found["complaint"] |= (friction >= _COMPLAINT) & (np.argmax(sentiment, axis=1) == 0)
    found["praise"] |= (sentiment[:, 2] >= _PRAISE) & (friction < _COMPLAINT)
    bits = np.zeros(len(content), dtype=np.uint16)
    for number, intent in enumerate(INTENTS):
        bits |= (found[intent] & content).astype(np.uint16) << number
    return bits
