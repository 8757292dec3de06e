"""Versions written as tags without dots, as support forums do: `firefox-890` is 89.0, `firefox-8902` is 89.0.2."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

_MAXIMUM_TAGS: Final = 50
"""Tags are compared pairwise; no honest message carries this many versions."""


def version_from_tags(tags: Sequence[str], prefix: str) -> str | None:
    """The highest version that the tags name, or None.

    A tag is the prefix and the version's digits without dots, with or without a beta suffix (`930b`) or the
    `_1` that forums add to make a name unique. The major version has two digits, or three when it begins with 1
    (no product with such tags is below version 20). The rest is the minor version, unless it begins with 0 (then
    0 and a patch) or a shorter tag beside it says where the minor ends (`1021` beside `10210`: 102.1.0).

    >>> version_from_tags(["desktop", "firefox-890"], "firefox-")
    '89.0'
    >>> version_from_tags(["firefox-1060", "firefox-10605"], "firefox-")
    '106.0.5'
    >>> version_from_tags(["firefox-7815", "firefox-78150"], "firefox-")
    '78.15.0'
    """
    found = tuple(dict.fromkeys(tag for tag in tags if isinstance(tag, str) and tag.startswith(prefix)))
    found = found[:_MAXIMUM_TAGS]
    return _highest(found, prefix) if found else None


@lru_cache(maxsize=4096)
def _highest(tags: tuple[str, ...], prefix: str) -> str | None:
    form = re.compile(re.escape(prefix) + r"([0-9]{3,8})([ab][0-9]*)?(?:_[0-9]+)?")
    named = [(match[1], match[2] or "") for match in map(form.fullmatch, tags) if match]
    versions = [(_dotted(digits, [other for other, _ in named]), stage) for digits, stage in named]
    if not versions:
        return None
    numbers, stage = max(versions)
    return ".".join(map(str, numbers)) + stage


def _dotted(digits: str, beside: list[str]) -> tuple[int, ...]:
    major_digits = 3 if digits[0] == "1" and len(digits) > 3 else 2
    major, rest = int(digits[:major_digits]), digits[major_digits:]
    shorter = [
        other for other in beside if len(other) > major_digits and other != digits and digits.startswith(other)
    ]
    if shorter:
        minor_digits = len(min(shorter, key=len)) - major_digits
    elif rest[0] == "0":
        minor_digits = 1
    else:
        minor_digits = min(len(rest), 2)
    minor, patch = rest[:minor_digits], rest[minor_digits:]
    return (major, int(minor), int(patch)) if patch else (major, int(minor))
