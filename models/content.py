"""Which clauses say anything: a greeting or thanks is no mention of a product."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.cues import COURTESY, PROBLEM
from models.language import Kind
from models.segments import counts
from models.tokens import Hashes, Positions, Tokens, word_hashes

_COURTEOUS: Final = 3
_FEW_WORDS: Final = 5

EMPTY_WORDS: Final = word_hashes(
    (
        *("a", "an", "the", "this", "that", "these", "those", "i", "me", "my", "we", "us", "our", "you"),
        *("your", "he", "she", "it", "its", "they", "them", "their", "and", "or", "so", "if", "then", "of"),
        *("to", "in", "on", "at", "by", "for", "with", "from", "as", "is", "am", "are", "was", "were", "be"),
        *("been", "being", "do", "does", "did", "have", "has", "had", "will", "would", "can", "could"),
        *("should", "may", "might", "just", "very", "really", "too", "also", "there", "here", "hi", "hello"),
        *("hey", "dear", "greetings", "good", "morning", "afternoon", "evening", "day", "thanks", "thank"),
        *("thx", "ty", "cheers", "regards", "best", "kind", "sincerely", "please", "pls", "ok", "okay"),
        *("yes", "yeah", "yep", "bye", "welcome", "all", "everyone", "team", "guys", "folks", "sir", "madam"),
        *("firefox", "mozilla", "help", "need", "someone", "anyone", "in", "advance", "much", "again", "any"),
    )
)
"""Words that alone say nothing about a product: a clause of them is no mention of anything."""


def has_content(
    tokens: Tokens, bounds: Positions, cues: NDArray[np.int64], empty_words: Hashes
) -> NDArray[np.bool_]:
    """Which clauses say anything beyond courtesies."""
    word = tokens.is_kind(Kind.UPPER, Kind.LOWER)
    telling = counts(word & ~np.isin(tokens.norm, empty_words), bounds) > 0
    courtesy = cues[:, COURTESY]
    polite = (courtesy >= _COURTEOUS) | ((courtesy > 0) & (counts(word, bounds) <= _FEW_WORDS))
    result: NDArray[np.bool_] = telling & ~(polite & (cues[:, PROBLEM] == 0))
    return result
