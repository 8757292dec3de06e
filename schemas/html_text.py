"""HTML to the text a reader would see."""

from __future__ import annotations

import re
from typing import Final

from selectolax.lexbor import LexborHTMLParser

_BREAK: Final = "\x01"
_PARAGRAPH: Final = "\x02"

_BLOCKS: Final = re.compile(
    r"(?=</?(?:p|div|ul|ol|dl|pre|table|blockquote|section|article|header|footer|h[1-6]|hr)\b)", re.IGNORECASE
)
_LINES: Final = re.compile(r"(?=<(?:br|li|tr|dt|dd)\b)", re.IGNORECASE)
_CELLS: Final = re.compile(r"(?=<t[dh]\b)", re.IGNORECASE)
_PREFORMATTED: Final = re.compile(r"<pre\b.*?</pre\s*>", re.IGNORECASE | re.DOTALL)
_UNSEEN: Final = re.compile(r"<(?:script|style|template|noscript|title)\b", re.IGNORECASE)
_SPACES: Final = re.compile(r"\s+")
_BREAKS: Final = re.compile(r" ?[\x01\x02][ \x01\x02]*")
_MARKS: Final = re.compile("[\x01\x02]")


def html_to_text(html: str) -> str:
    r"""What a reader sees: entities decoded, blocks kept apart by an empty line, `<br>` and items by a line end.

    Text without a tag or an entity is returned as it is. Broken HTML is read as a browser reads it.

    >>> html_to_text("<p>It <b>crashes</b> &amp; burns.</p><p>Why?<br>Help</p>")
    'It crashes & burns.\n\nWhy?\nHelp'
    """
    if "<" not in html and "&" not in html:
        return html
    marked = _MARKS.sub("", html)
    if "<pre" in marked or "<PRE" in marked:
        marked = _PREFORMATTED.sub(lambda match: match[0].replace("\n", _BREAK), marked)
    # Marks go into the source, so that the parser, which is native code, does all of the walking.
    marked = _BLOCKS.sub(_PARAGRAPH, marked)
    marked = _CELLS.sub(" ", _LINES.sub(_BREAK, marked))
    tree = LexborHTMLParser(marked)
    if _UNSEEN.search(marked):
        tree.strip_tags(["script", "style", "template", "noscript", "title"])
    body = tree.body
    if body is None:
        return ""
    text = _SPACES.sub(" ", body.text())
    return _BREAKS.sub(_line_end, text).strip()


def _line_end(match: re.Match[str]) -> str:
    return "\n\n" if _PARAGRAPH in match[0] else "\n" * min(2, match[0].count(_BREAK))
