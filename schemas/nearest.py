"""The name somebody probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`; did you mean X?` for the nearest known name; all of the names where none is near and they are few.

    >>> did_you_mean("chanel", ["source", "channel"])
    '; did you mean channel?'
    """
    names = list(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    if close:
        return f"; did you mean {close[0]}?"
    return f"; it may be {', '.join(names)}" if 0 < len(names) <= 12 else ""
