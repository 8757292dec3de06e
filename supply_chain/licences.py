"""Every package of the lock file has a licence that is allowed, or an exception that says why."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from packaging.utils import canonicalize_name

from supply_chain.locked import Locked

POLICY: Final = Path(__file__).with_name("licences.toml")

_ALL: Final = re.compile(r"\s+AND\s+|;\s*")
_ONE: Final = re.compile(r"\s+OR\s+")
_GROUP: Final = re.compile(r"\(([^()]*)\)")


@dataclass(frozen=True)
class Policy:
    """Licences that are allowed; packages that are although theirs is not; packages only other systems install.

    `exceptions` and `elsewhere` are by name: the licence the package must still have, and the reason.
    """

    allowed: frozenset[str]
    exceptions: Mapping[str, tuple[str, str]]
    elsewhere: Mapping[str, tuple[str, str]]


def read_policy(path: Path = POLICY) -> Policy:
    """The policy as written in licences.toml; every exception has a reason."""
    written = tomllib.loads(path.read_text(encoding="utf-8"))
    named: dict[str, dict[str, tuple[str, str]]] = {
        part: {canonicalize_name(one["name"]): (one["licence"], one["reason"]) for one in written.get(part, [])}
        for part in ("exceptions", "elsewhere")
    }
    return Policy(frozenset(written["allowed"]), named["exceptions"], named["elsewhere"])


def stated(tools: Path, python: Path) -> dict[str, tuple[str, str]]:
    """Version and licence of every package that `python` has installed, by name, as pip-licenses finds them."""
    command = [str(tools / "pip-licenses"), "--python", str(python), "--format", "json", "--with-system"]
    rows = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return {canonicalize_name(row["Name"]): (row["Version"], row["License"]) for row in rows}


def is_allowed(licence: str, allowed: Iterable[str]) -> bool:
    """Whether an SPDX expression, or a list of classifiers, can be met: all of AND and `;`, one of OR."""
    allowed = frozenset(allowed)
    while group := _GROUP.search(licence):
        met = is_allowed(group[1], allowed)
        if group[0] == licence or re.search(r"\b(AND|OR)\b", group[1]):
            licence = licence.replace(group[0], "yes" if met else "no", 1)
        else:
            licence = licence.replace(group[0], group[1], 1)  # `ISC License (ISCL)` is a name
    return all(any(one.strip() in allowed | {"yes"} for one in _ONE.split(part)) for part in _ALL.split(licence))


def problems(locked: Sequence[Locked], installed: Mapping[str, tuple[str, str]], policy: Policy) -> list[str]:
    """What is wrong, one sentence each; empty where every locked package may be used."""
    found = []
    for one in locked:
        if not one.here:
            if one.name not in policy.elsewhere and one.name not in installed:
                found.append(
                    f"{one.name} is installed on other systems only: name its licence under [[elsewhere]]"
                )
            continue
        version, licence = installed.get(one.name, ("", ""))
        if version != one.version:
            found.append(f"{one.name} {one.version} is locked, {version or 'nothing'} is installed: make install")
        elif one.name in policy.exceptions:
            expected, _ = policy.exceptions[one.name]
            if licence != expected:
                found.append(f"{one.name} has the licence {licence!r}, its exception is for {expected!r}")
        elif not is_allowed(licence, policy.allowed):
            found.append(
                f"{one.name} {version} has the licence {licence!r}: use another package, or write down in "
                "supply_chain/licences.toml why it may be used"
            )
    names = {one.name for one in locked}
    for name in sorted({*policy.exceptions, *policy.elsewhere} - names):
        found.append(f"{name} is not in the lock file any more: take it out of supply_chain/licences.toml")
    for name, (licence, reason) in policy.elsewhere.items():
        if not is_allowed(licence, policy.allowed):
            found.append(f"{name} has the licence {licence!r}, which is not allowed ({reason})")
    for name, (_, reason) in {**policy.exceptions, **policy.elsewhere}.items():
        if not reason.strip():
            found.append(f"{name} has no reason")
    return found
