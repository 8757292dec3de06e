"""Addresses in a routes file, and those in alerts."""

from __future__ import annotations

from typing import Annotated, Final
from urllib.parse import quote, urlsplit

from pydantic import AfterValidator


def _web_address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("is no address; write https://host/path")
    if parts.username or parts.password:
        raise ValueError("has a user or password in it; put them where credentials belong, and name that")
    return value


LONGEST_LINK: Final = 1000

WebAddress = Annotated[str, AfterValidator(_web_address)]
"""An http or https address without credentials."""


def safe_link(url: str | None) -> str | None:
    """An address that may be made a link, with all but its own characters encoded; None for anything else.

    >>> safe_link("https://example.com/a b|c>"), safe_link("javascript:alert(1)")
    ('https://example.com/a%20b%7Cc%3E', None)
    """
    if url is None:
        return None
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname or len(url) > LONGEST_LINK:
        return None
    return quote(url.strip(), safe="/:?#[]@!$&'()*+,;=%~-._")
