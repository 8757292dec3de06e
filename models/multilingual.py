"""Several languages in one vocabulary: how their words are counted, and how they are kept apart.

German, Spanish, French, Italian and Portuguese share one spaCy language, one weight table and one tokenizer. A document
says which of them it is in (`speak`); the hashes of its words then differ from those of the same letters in another
language ("mais" is "but" in French and "more" in Portuguese), while emoji and punctuation are the same everywhere.

| attribute | here                                                                                             |
|-----------|--------------------------------------------------------------------------------------------------|
| NORM      | as in `models.language`, without an elided article or pronoun: `l'hôtel` is `hôtel`              |
| PREFIX    | a stem: no accents, no letters of endings: gut, gute and gutes, bueno and buenas share it        |
| SUFFIX    | the first letters of the stem: what most words of one root share                                 |
| SHAPE     | the kind of token                                                                                |
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any, Final

import spacy
from spacy.language import BaseDefaults, Language

from models import language as english

LANGUAGE: Final = "feedback_xx"
LANGUAGES: Final = ("de", "es", "fr", "it", "pt")

_ELIDED: Final = re.compile(
    r"^(?:[cdjlmnstç]|qu|jusqu|lorsqu|puisqu|quoiqu|un|dell|all|nell|sull|dall|quell|quest|com|cos|dov|anch|sant|bell)['’](?=\w\w)"
)
_ENDINGS: Final = "aeiouymnrst"
_SHORTEST_STEM: Final = 4
_LONG_WORD: Final = 7
"""Letters from which a word keeps five letters at least: four do not tell a victory from a victim."""
_ROOT_LETTERS: Final = 5


def norm(word: str) -> str:
    """The form under which a word is counted.

    >>> norm("L'HÔTEL"), norm("qu’elle"), norm("SUPEEEER"), norm("2021")
    ('hôtel', 'elle', 'supeer', '0000')
    """
    return english.norm(_ELIDED.sub("", word.lower()) or word)


def stem(word: str) -> str:
    """A rough stem, the same for all five languages; it need not be a word.

    >>> [stem(word) for word in ("buenas", "bueno", "schlechtes", "schlecht", "funciona", "funcionan")]
    ['buen', 'buen', 'schlech', 'schlech', 'funci', 'funci']
    """
    base = _without_accents(norm(word))
    if len(base) <= _SHORTEST_STEM or not base.isalpha():
        return base
    kept = _SHORTEST_STEM + (len(base) >= _LONG_WORD)
    return base[:kept] + base[kept:].rstrip(_ENDINGS)


def root(word: str) -> str:
    """The first letters of a word without accents."""
    return _without_accents(norm(word))[:_ROOT_LETTERS]


def _without_accents(word: str) -> str:
    if word.isascii():
        return word
    parts = unicodedata.normalize("NFD", word.replace("ß", "ss"))
    return "".join(letter for letter in parts if not unicodedata.combining(letter))


class FeedbackLanguagesDefaults(BaseDefaults):
    """No language's rules, with the lexical attributes of this module."""

    config: Final[Any] = english.settings(LANGUAGE)
    lex_attr_getters: Final[dict[int, Any]] = english.lexical_attributes(BaseDefaults, norm, stem, root)


@spacy.registry.languages(LANGUAGE)
class FeedbackLanguages(Language):
    """spaCy language `feedback_xx`."""

    lang = LANGUAGE
    Defaults = FeedbackLanguagesDefaults
