"""Dashboard: the address an alert leads to, made of one a team gives, such as that of a Grafana dashboard."""

from __future__ import annotations

import string
from datetime import datetime
from typing import Final
from urllib.parse import quote, urlsplit

from schemas.errors import UsageError

PLACES: Final = ("product", "touchpoint", "episode", "from", "to")


def checked(template: str) -> str:
    """The address, if it is one that can be filled: http or https, and no places but those known.

    Raises `UsageError` that says what is wrong.
    """
    known = ", ".join(f"{{{place}}}" for place in PLACES)
    try:
        named = [name for _, name, _, _ in string.Formatter().parse(template) if name is not None]
    except ValueError as error:
        raise UsageError(f"--dashboard: {error}; write a brace of the address itself twice") from error
    unknown = [name for name in named if name not in PLACES]
    if unknown:
        raise UsageError(f"--dashboard: nothing is known of {{{unknown[0]}}}; there are {known}")
    if urlsplit(template).scheme not in {"http", "https"}:
        raise UsageError("--dashboard: give an address that begins with http:// or https://")
    return template


def filled(template: str, *, product: str, touchpoint: str, episode: str, begin: datetime, end: datetime) -> str:
    """The address with its places filled: percent-encoded, instants as Grafana takes them, in milliseconds."""
    values = {
        "product": product,
        "touchpoint": touchpoint,
        "episode": episode,
        "from": str(int(begin.timestamp() * 1000)),
        "to": str(int(end.timestamp() * 1000)),
    }
    return template.format_map({name: quote(value, safe="") for name, value in values.items()})
