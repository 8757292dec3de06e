"""Characters that no stored text may hold, and one kind of line end."""

from __future__ import annotations

import re
from typing import Final

_LINE_ENDS: Final = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_FORBIDDEN: Final = re.compile("[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff]")
_SUSPECT: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]")


def clean(text: str) -> str:
    r"""Text without control characters and unpaired surrogates, with `\n` as its only line end, trimmed.

    Nothing else is changed: case, accents, emoji and inner spaces are the customer's. Idempotent.

    >>> clean(" one\r\ntwo\x00 ")
    'one\ntwo'
    """
    # Printable text has none of them, nor a line end; asking is ten times faster than searching.
    if not text.isprintable() and _SUSPECT.search(text):
        text = _FORBIDDEN.sub("", _LINE_ENDS.sub("\n", text))
    return text.strip()
