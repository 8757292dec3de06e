"""What of a text the model reads: its letters without left-overs of HTML and invisible signs, and where they stood.

People paste. What arrives between their words is not theirs:
- characters that nobody sees (zero-width spaces and joiners, soft hyphens, marks of direction, control characters) go;
- HTML left-overs go: a tag that ends a line or block is a line break, any other tag is nothing, an entity is its
  character, however often it was escaped;
- letters in disguise (full-width and mathematical alphabets, piles of combining marks) are read as the plain letter.

Words in a script that the model does not know are blanked: a guess about them would be one about nothing.

Every rule is one pass of a regular expression without nested repetition: linear in the length of the text.
"""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Places = NDArray[np.int32]

_UNSEEN: Final = (
    "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f"  # control characters that are no white space
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0"
    "\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""Default_Ignorable_Code_Point of Unicode 16 (DerivedCoreProperties.txt) without variation selectors, which belong to
the emoji before them."""

_BLOCK_TAGS: Final = (
    "br|p|div|li|ul|ol|tr|table|tbody|thead|h[1-6]|hr|blockquote|pre|html|head|body|title|dl|dd|dt|center|section"
)
_INLINE_TAGS: Final = (
    "a|b|i|u|s|em|strong|span|font|small|big|sub|sup|code|tt|td|th|img|label|strike|del|ins|mark|style|script|meta"
)
_ODD: Final = re.compile(
    rf"""
      [{_UNSEEN}]+[\ufe00-\ufe0f]* | (?<=\w)[\ufe00-\ufe0f]+
    | (?:<|&(?:amp;)?lt;)/?(?:(?P<block>{_BLOCK_TAGS})|{_INLINE_TAGS})(?:\s[^<>]{{0,1000}}?)?/?(?:>|&(?:amp;)?gt;)
    | (?P<entity>&(?:amp;){{0,5}}(?:\#\d{{1,7}}|\#x[0-9a-f]{{1,6}}|[a-z][a-z0-9]{{1,31}});)
    | (?P<marked>[^\W\d_][\u0300-\u036f]+)
    | (?P<disguised>[\uff01-\uff5e\U0001d400-\U0001d7ff])
    """,
    re.VERBOSE | re.IGNORECASE,
)
_MAY_BE_HTML: Final = re.compile(r"&[#a-zA-Z]|<[/a-zA-Z]")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0e-\x1b\x7f]")
_MAY_BE_ODD: Final = re.compile(rf"[\ufe00-\ufe0f\u0300-\u036f\uff01-\uff5e\U0001d400-\U0001d7ff{_UNSEEN}]")
_INVISIBLE: Final = re.compile(f"[{_UNSEEN}]+")
_MARKS: Final = re.compile(r"[\u0300-\u036f]+")
_ESCAPED_AT_MOST: Final = 6

_OTHER_SCRIPT: Final = (
    "\u0370-\u1cff\u1f00-\u1fff\u2c00-\u2c5f\u2c80-\u2dff\u2e80-\u2fdf\u3005-\u3007\u3040-\u31ff\u3400-\u4dbf"
    "\u4e00-\ua4cf\ua4d0-\ua71f\ua800-\uab2f\uab70-\ud7ff\uf900-\ufaff\ufb1d-\ufdff\ufe70-\ufefc\uff66-\uffdc"
    "\U00010000-\U0001cfff\U0001e000-\U0001efff\U00020000-\U0003ffff"
)
"""Blocks of Unicode 16 that hold the letters of other scripts than Latin."""
_OTHER_LETTER: Final = re.compile(f"[{_OTHER_SCRIPT}]")
_OTHER_WORDS: Final = re.compile(rf"[{_OTHER_SCRIPT}]{{2,}}(?:[^\w\n]{{1,3}}[{_OTHER_SCRIPT}]+)*[.!?…]*")
_LETTER: Final = re.compile(r"[^\W\d_]")


@dataclass(frozen=True)
class Reading:
    """A text as the model reads it.

    Character i of `text` stands for the characters `begin[i]` to `end[i]` (excluded) of the original; both are None
    where nothing was taken out and every character stands for itself. `script` names the script, in lower case, in
    which most of the letters are, where that is not Latin.
    """

    text: str
    begin: Places | None = None
    end: Places | None = None
    script: str | None = None


def read(text: str) -> Reading:
    """What of `text` is read. Never raises, whatever the text is.

    >>> read("ter\u200brible &amp;nbsp; caf&eacute;<br>").text
    'terrible   café\\n'
    """
    suspects = _CONTROL if text.isascii() else _MAY_BE_ODD
    odd = _MAY_BE_HTML.search(text) or suspects.search(text)
    reading = _without_odd(text) if odd else Reading(text)
    others = 0 if reading.text.isascii() else len(_OTHER_LETTER.findall(reading.text))
    if not others:
        return reading
    if 2 * others > len(_LETTER.findall(reading.text)):
        return Reading(reading.text, reading.begin, reading.end, _script(reading.text))
    return reading


def without_other_scripts(text: str) -> str:
    """The text with words in other scripts than Latin blanked, every other character in its place.

    >>> without_other_scripts("It works. Не работает. Great")
    'It works.              Great'
    """
    return text if text.isascii() else _OTHER_WORDS.sub(lambda words: " " * len(words[0]), text)


def _without_odd(text: str) -> Reading:
    parts: list[str] = []
    begin: list[int] = []
    end: list[int] = []
    done = 0
    for odd in _ODD.finditer(text):
        instead = _instead_of(odd)
        if instead == odd[0]:
            continue
        start, after = odd.span()
        parts += (text[done:start], instead)
        begin += (*range(done, start), *(start,) * len(instead))
        end += (*range(done + 1, start + 1), *(after,) * len(instead))
        done = after
    if not parts:
        return Reading(text)
    begin += range(done, len(text))
    end += range(done + 1, len(text) + 1)
    return Reading("".join([*parts, text[done:]]), np.array(begin, dtype=np.int32), np.array(end, dtype=np.int32))


def _instead_of(odd: re.Match[str]) -> str:
    if odd["entity"]:
        return _character(odd["entity"])
    if odd["marked"]:
        # What Unicode composes is a letter of some alphabet; the marks that are left over are decoration.
        return _MARKS.sub("", unicodedata.normalize("NFC", odd["marked"]))
    if odd["disguised"]:
        return unicodedata.normalize("NFKC", odd["disguised"])
    return "\n" if odd["block"] else ""


def _character(entity: str) -> str:
    for _ in range(_ESCAPED_AT_MOST):
        plain = html.unescape(entity)
        if plain == entity:
            break
        entity = plain
    return _INVISIBLE.sub("", entity.replace("\xa0", " "))


def _script(text: str) -> str:
    letter = _OTHER_LETTER.search(text)
    name = unicodedata.name(letter[0], "") if letter else ""
    return name.partition(" ")[0].lower() or "unknown"
