"""Find a name in the bytes of a message that may be no valid JSON or CSV."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from typing import Final

from schemas.hygiene import clean

_JSON_STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_BETWEEN: Final = re.compile(r'[\s,;:\[\]{}"]+')


def values_in(payload: bytes) -> set[str]:
    r"""Every whole value that the bytes spell, with or without quotes: JSON strings and numbers, CSV fields, words.

    Works on what does not parse, too: nothing is refused, more is found rather than less.

    >>> "Zo\xeb K" in values_in(b'{"author": {"id": "Zo\\u00eb K"}, "n": 7')
    True
    """
    text = payload.decode("utf-8", "replace")
    return {clean(value) for value in _values(text)} - {""}


def _values(text: str) -> Iterator[str]:
    yield text
    yield from text.split('"')  # also where a quote too many makes the strings look like what is between them
    yield from _BETWEEN.split(text)
    for found in _JSON_STRING.finditer(text):
        try:
            yield json.loads(found[0], strict=False)
        except ValueError:
            continue
    for delimiter in ",;\t":
        try:
            for record in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
                yield from record
        except csv.Error:
            continue
