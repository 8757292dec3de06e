"""The lock file: what is installed, on which Python, and by which hashes it is recognised."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

_HASH: Final = re.compile(r"--hash=(\w+:[0-9a-f]+)")


@dataclass(frozen=True)
class Locked:
    """One requirement of a lock file. `here` says whether its marker holds for the Python that asks."""

    name: str
    version: str
    here: bool
    hashes: tuple[str, ...]


def read_lock(path: Path) -> list[Locked]:
    """Every requirement of the lock file, in its order. Raises `ValueError` for one that names no single version."""
    found = []
    text = path.read_text(encoding="utf-8").replace("\\\n", " ")
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        requirement = Requirement(line.split("--hash", 1)[0].strip())
        versions = [one.version for one in requirement.specifier if one.operator == "=="]
        if len(versions) != 1:
            raise ValueError(f"{path.name}: {requirement} is not locked to one version; run `make lock`")
        here = requirement.marker is None or requirement.marker.evaluate()
        hashes = tuple(_HASH.findall(line))
        found.append(Locked(canonicalize_name(requirement.name), versions[0], here, hashes))
    return found
