"""What of a text is scored: the author's own words, or why there are none.

Taken away, in this order: what lies beyond `MAX_SCORED_CHARACTERS`, left-overs of HTML and invisible signs, quoted
parts, agents' replies pasted below the author's words, and words in other scripts. What stays keeps its place: parts
are blanked, and `Reading.begin` and `end` lead back to the stored text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from models.noise import is_agents, noise, sounds_like_an_agent
from models.quoted import Span, quoted_parts
from models.reading import Reading, read, without_other_scripts

MAX_SCORED_CHARACTERS: Final = 20_000

QUOTED: Final = "quoted"
_PARAGRAPH: Final = re.compile(r"(?:^|(?<=\n\n))[^\n]+(?:\n[^\n]+)*")


@dataclass(frozen=True)
class OwnWords:
    """`text` is what the model reads; empty where `reason` says why nothing is.

    A reason is `script:cyrillic` (most letters are of a script the model cannot read), `noise:spam` (or another kind
    of `noise.KINDS`) or `quoted` (nothing in it is the author's).
    """

    text: str
    reading: Reading
    reason: str | None = None


def own_words(text: str) -> OwnWords:
    """The words of `text` that are scored. Never raises; linear in the length of the text up to the cap."""
    reading = read(text[:MAX_SCORED_CHARACTERS])
    if reading.script is not None:
        return OwnWords("", reading, f"script:{reading.script}")
    own = _blanked(reading.text, quoted_parts(reading.text))
    kind = noise(own)
    if kind is not None:
        return OwnWords("", reading, f"noise:{kind}")
    own = without_other_scripts(_blanked(own, _agents_paragraphs(own)))
    if own != reading.text and not any(map(str.isalnum, own)) and any(map(str.isalnum, reading.text)):
        return OwnWords("", reading, QUOTED)
    return OwnWords(own, reading)


def _agents_paragraphs(text: str) -> list[Span]:
    if not sounds_like_an_agent(text):
        return []
    return [paragraph.span() for paragraph in _PARAGRAPH.finditer(text) if is_agents(paragraph[0])]


def _blanked(text: str, parts: list[Span]) -> str:
    if not parts:
        return text
    pieces: list[str] = []
    done = 0
    for start, end in parts:
        # Line breaks, so that no clause reaches over what was taken out.
        pieces += (text[done:start], "\n" * (end - start))
        done = end
    return "".join([*pieces, text[done:]])
