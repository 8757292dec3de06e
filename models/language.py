"""English as feedback writers use it: a linear-time tokenizer and lexical attributes made for hashed features.

spaCy computes a lexical attribute once per distinct word and then serves it as a 64-bit hash, so what the model
needs of a word is put there and no Python runs per token:

| attribute | here                                                                                           |
|-----------|------------------------------------------------------------------------------------------------|
| NORM      | lower case, runs of a letter cut to two, digits as `0`, links and handles as one word, `can't` |
| PREFIX    | a light stem: crash, crashes, crashed and crashing share it                                    |
| SUFFIX    | the last three letters of NORM                                                                 |
| SHAPE     | the kind of token, one of `Kind`: what clause splitting looks at                               |
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import StrEnum
from typing import Any, Final

import spacy
from spacy.attrs import NORM, PREFIX, SHAPE, SUFFIX
from spacy.lang.en import English
from spacy.language import BaseDefaults

from models.tokenizer import TOKENIZER

LANGUAGE: Final = "feedback_en"

Getter = Callable[[str], str]
"""What gives a word's lexical attribute."""

_LONGEST_WORD: Final = 64
"""Letters of a word that count; longer ones are noise (base64, key mashing)."""

_RUN: Final = re.compile(r"(.)\1{2,}", re.DOTALL)
_DIGIT: Final = re.compile(r"\d")
_LINK: Final = re.compile(r"^(https?://|www\.)|\.(com|org|net)(/|$)")
_DOUBLED: Final = re.compile(r"([bdgklmnprt])\1$")
_BARE_NEGATION: Final = re.compile(
    r"^(ca|do|does|did|wo|is|are|was|were|has|have|had|would|could|should|ai|need|must)nt$"
)


class Kind(StrEnum):
    """What a token is to a clause splitter."""

    UPPER = "upper"
    """a word that begins with a capital"""
    LOWER = "lower"
    """any other word or number"""
    END = "end"
    """closes a sentence: . ! ? and their runs"""
    SEMICOLON = "semicolon"
    COMMA = "comma"
    OPEN = "open"
    """belongs to what follows: brackets and quotes that open, bullets"""
    LINE = "line"
    """white space with one line break"""
    PARAGRAPH = "paragraph"
    """white space with several"""
    SPACE = "space"
    SIGN = "sign"
    """anything else: emoji, closing brackets, operators"""


def kind(word: str) -> str:
    """The `Kind` of a token.

    >>> [str(kind(word)) for word in ("Tabs", "are", "gone", "!!!", "(", "\\n\\n")]
    ['upper', 'lower', 'lower', 'end', 'open', 'paragraph']
    """
    if word.isspace():
        breaks = word.count("\n")
        return Kind.PARAGRAPH if breaks > 1 else Kind.LINE if breaks else Kind.SPACE
    if word[0] in ".!?…" or word in {"。", "！", "？"}:
        return Kind.END
    if word == ";":
        return Kind.SEMICOLON
    if word == ",":
        return Kind.COMMA
    if word in {"(", "[", "{", "“", "‘", "«", "•", "*", "-", "–", "—", "#", "$", "€", "£"}:
        return Kind.OPEN
    if any(letter.isalnum() for letter in word[:8]):
        return Kind.UPPER if word[0].isupper() else Kind.LOWER
    return Kind.SIGN


def norm(word: str) -> str:
    """The form under which a word is counted.

    >>> norm("SOOOOO"), norm("2021"), norm("https://example.org/x"), norm("DONT")
    ('soo', '0000', '<link>', "don't")
    """
    lower = word[:_LONGEST_WORD].lower().replace("’", "'")
    if _LINK.search(lower):
        return "<link>"
    if lower[0] == "@" and len(lower) > 1:
        return "<handle>"
    if lower == "cannot":
        return "can't"
    if _BARE_NEGATION.match(lower):
        return lower[:-2] + "n't"
    return _DIGIT.sub("0", _RUN.sub(r"\1\1", lower))


def stem(word: str) -> str:
    """A light stem, for grouping inflections only; it need not be a word.

    >>> [stem(word) for word in ("crashes", "crashing", "crashed", "updates", "updating", "stopped", "tabs",
    "this")] ['crash', 'crash', 'crash', 'updat', 'updat', 'stop', 'tab', 'this']
    """
    base = norm(word)
    if len(base) < 4 or not base.isalpha():
        return base
    if base.endswith("ies") and len(base) > 4:
        return base[:-3] + "y"
    for ending, shortest in (("ing", 6), ("ed", 5)):
        if base.endswith(ending) and len(base) >= shortest and not base.endswith("eed"):
            bare = base[: -len(ending)]
            return _DOUBLED.sub(r"\1", bare).removesuffix("e")
    if base.endswith(("ches", "shes", "xes", "sses", "zes")):
        return base[:-2].removesuffix("e")
    if base.endswith("s") and not base.endswith(("ss", "us", "is")):
        base = base[:-1]
    return base.removesuffix("e") if len(base) > 3 else base


def _suffix(word: str) -> str:
    return norm(word)[-3:]


def settings(language: str) -> dict[str, Any]:
    """What spaCy is told of a language of ours: its tokenizer, and that it has no tables to look words up in."""
    return {"nlp": {"lang": language, "tokenizer": {"@tokenizers": TOKENIZER}}, "initialize": {"lookups": None}}


def lexical_attributes(base: type[BaseDefaults], norm: Getter, stem: Getter, ending: Getter) -> dict[int, Any]:
    """What spaCy computes of a word: as `base` does, but for the attributes that the model looks at."""
    return {**base.lex_attr_getters, NORM: norm, PREFIX: stem, SUFFIX: ending, SHAPE: kind}


class FeedbackEnglishDefaults(English.Defaults):
    """English with the lexical attributes of this module."""

    config: Final[Any] = settings(LANGUAGE)
    lex_attr_getters: Final[dict[int, Any]] = lexical_attributes(English.Defaults, norm, stem, _suffix)


@spacy.registry.languages(LANGUAGE)
class FeedbackEnglish(English):
    """spaCy language `feedback_en`."""

    lang = LANGUAGE
    Defaults = FeedbackEnglishDefaults
