"""Ways in which people write the same thing differently; each a function of a text and a seeded generator."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from typing import Final

Perturbation = Callable[[str, random.Random], str]

_NEIGHBOURS: Final[Mapping[str, str]] = {
    **{"q": "wa", "w": "qes", "e": "wrd", "r": "etf", "t": "ryg", "y": "tuh", "u": "yij", "i": "uok", "o": "ipl"},
    **{"p": "ol", "a": "qsz", "s": "adwx", "d": "sfec", "f": "dgrv", "g": "fhtb", "h": "gjyn", "j": "hkum"},
    **{"k": "jli", "l": "kop", "z": "asx", "x": "zsc", "c": "xdv", "v": "cfb", "b": "vgn", "n": "bhm", "m": "njk"},
}
"""Keys beside one another on a QWERTY keyboard."""
_EVERY_LETTERS: Final = 20
"""One letter in so many is wrong or missing: one word in four or five."""
_STRETCHED_WORDS: Final = 0.2
_NEUTRAL_EMOJI: Final = ("📱", "💻", "📦", "✈️", "🛒", "📧")
"""Things, not feelings."""
_EMOJI: Final = re.compile(r"[\U0001F000-\U0001FAFF\u2600-\u27BF\uFE0F\u200D]+")
_LAST_VOWEL: Final = re.compile(r"([aeiou])(?=[^aeiou]*$)", re.IGNORECASE)
_WORD: Final = re.compile(r"[A-Za-z]{3,}")


def keyboard_typos(text: str, chance: random.Random) -> str:
    """Some letters replaced by a key beside them."""
    return "".join(_mistyped(letter, chance) for letter in text)


def dropped_letters(text: str, chance: random.Random) -> str:
    """Some letters left out."""
    return "".join("" if letter.isalpha() and _now(chance) else letter for letter in text)


def upper_case(text: str, chance: random.Random) -> str:
    """Everything shouted."""
    return text.upper()


def lower_case(text: str, chance: random.Random) -> str:
    """Nothing capitalised."""
    return text.lower()


def neutral_emoji(text: str, chance: random.Random) -> str:
    """The picture of a thing behind the text."""
    return f"{text} {chance.choice(_NEUTRAL_EMOJI)}"


def emoji_removed(text: str, chance: random.Random) -> str:
    """The same without its emoji; a text of nothing else stays."""
    return _EMOJI.sub("", text).strip() or text


def stretched_words(text: str, chance: random.Random) -> str:
    """The last vowel of some words drawn out ("reaaally")."""

    def stretched(word: re.Match[str]) -> str:
        return _LAST_VOWEL.sub(r"\1\1\1", word[0]) if chance.random() < _STRETCHED_WORDS else word[0]

    return _WORD.sub(stretched, text)


def no_punctuation(text: str, chance: random.Random) -> str:
    """The same without commas and full stops, as typed on a phone."""
    return re.sub(r"[.,;:]+(?=\s|$)", "", text)


PERTURBATIONS: Final[Mapping[str, Perturbation]] = {
    "keyboard typos": keyboard_typos,
    "dropped letters": dropped_letters,
    "upper case": upper_case,
    "lower case": lower_case,
    "neutral emoji added": neutral_emoji,
    "emoji removed": emoji_removed,
    "stretched words": stretched_words,
    "no punctuation": no_punctuation,
}


def _now(chance: random.Random) -> bool:
    return chance.random() * _EVERY_LETTERS < 1


def _mistyped(letter: str, chance: random.Random) -> str:
    beside = _NEIGHBOURS.get(letter.lower())
    if beside is None or not _now(chance):
        return letter
    other = chance.choice(beside)
    return other.upper() if letter.isupper() else other
