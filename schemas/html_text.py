"""HTML to the text a reader would see."""

from __future__ import annotations

import re
from html import unescape
from typing import Final

from selectolax.lexbor import LexborHTMLParser

_LINE: Final = "\x01"
_PARAGRAPH: Final = "\x02"
_MARKS: Final = {
    **dict.fromkeys(("br", "li", "tr", "dt", "dd"), _LINE),
    **dict.fromkeys(("td", "th"), " "),
    **dict.fromkeys(
        [
            "p",
            "div",
            "ul",
            "ol",
            "dl",
            "pre",
            "table",
            "blockquote",
            "section",
            "article",
            "header",
            "footer",
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "hr",
        ],
        _PARAGRAPH,
    ),
}
"""What stands in for a tag; other tags leave no trace."""

_TAG: Final = re.compile(r"</?([A-Za-z][A-Za-z0-9]{0,15})")
_PLAIN_TAG: Final = re.compile(r"</?([a-z][a-z0-9]{0,15})(?: [a-z][a-z-]{0,30}=\"[^\"<>&]*\")*(?: ?/)?>")
_UNSEEN: Final = ("script", "style", "template", "noscript", "title")
_NOT_PLAIN: Final = {
    *_UNSEEN, "textarea", "xmp", "iframe", "noembed", "noframes", "plaintext", "select", "option", "svg", "math",
    "frameset", "head", "html", "body", "image", "pre", "table",
}  # fmt: skip
"""Tags that change how a browser reads what follows them."""
_PREFORMATTED: Final = re.compile(r"<pre\b[^>]*>[^<]*", re.IGNORECASE)


def html_to_text(html: str) -> str:
    r"""What a reader sees: entities decoded, blocks kept apart by an empty line, `<br>` and items by a line end.

    Text without a tag or an entity is returned as it is. Broken HTML is read as a browser reads it.

    >>> html_to_text("<p>It <b>crashes</b> &amp; burns.</p><p>Why?<br>Help</p>")
    'It crashes & burns.\n\nWhy?\nHelp'
    """
    if "<" not in html and "&" not in html:
        return html
    if _LINE in html or _PARAGRAPH in html:
        html = html.replace(_LINE, "").replace(_PARAGRAPH, "")
    text = _plain_text(html)
    return _laid_out(_parsed_text(html) if text is None else text)


def _plain_text(html: str) -> str | None:
    """The marked text of HTML that needs no parser, as most editors write it; None for any other."""
    plain = True

    def mark(match: re.Match[str]) -> str:
        nonlocal plain
        name = match[1]
        if name in _NOT_PLAIN:
            plain = False
        return _mark(name, match)

    text = _PLAIN_TAG.sub(mark, html)
    if not plain or "<" in text:
        return None
    return unescape(text) if "&" in text else text


def _parsed_text(html: str) -> str:
    """The marked text of any HTML."""
    if "<pre" in html or "<PRE" in html:
        html = _PREFORMATTED.sub(lambda match: match[0].replace("\n", _LINE), html)
    # Marks go into the source, so that the parser, which is native code, does all of the walking.
    tree = LexborHTMLParser(_TAG.sub(lambda match: _mark(match[1].lower(), match) + match[0], html))
    tree.strip_tags(list(_UNSEEN))
    body = tree.body
    return "" if body is None else body.text()


def _mark(name: str, tag: re.Match[str]) -> str:
    mark = _MARKS.get(name, "")
    # An item's end is not another line: the next item begins one.
    return "" if mark == _LINE and tag[0][1] == "/" else mark


def _laid_out(marked: str) -> str:
    # Split and join instead of regular expressions: this is the busiest line of the step.
    paragraphs = (_lines(paragraph) for paragraph in " ".join(marked.split()).split(_PARAGRAPH))
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph)


def _lines(paragraph: str) -> str:
    if _LINE not in paragraph:
        return paragraph.strip()
    text = "\n".join(line.strip() for line in paragraph.split(_LINE)).strip()
    while "\n\n\n" in text:
        text = text.replace("\n\n\n", "\n\n")
    return text
