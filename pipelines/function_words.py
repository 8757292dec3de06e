"""English words that say how a sentence is built and not what it is about."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def function_words() -> frozenset[str]:
    """All of them, in lower case."""
    return frozenset(files(__package__).joinpath("function_words.txt").read_text(encoding="utf-8").split())
