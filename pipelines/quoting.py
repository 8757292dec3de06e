"""Quoting: names and texts as SQL writes them."""

from __future__ import annotations

from collections.abc import Iterable


def literal(text: str) -> str:
    """A text constant."""
    return "'" + text.replace("'", "''") + "'"


def list_of(texts: Iterable[str]) -> str:
    """A list of text constants."""
    return f"[{', '.join(map(literal, texts))}]"


def quoted(name: str) -> str:
    """A column's name, whatever it is made of."""
    return '"' + name.replace('"', '""') + '"'
