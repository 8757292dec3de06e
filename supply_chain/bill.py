"""The bill of materials: every package of the lock file with licence and dependencies, as CycloneDX JSON."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from packaging.utils import canonicalize_name

from supply_chain.locked import Locked

SPEC_VERSION: Final = "1.6"


def write_bill(tools: Path, python: Path, project: Path, bill: Path) -> None:
    """Write what `python` has installed to the file `bill`; the same packages give the same bytes."""
    bill.parent.mkdir(exist_ok=True)
    command = [
        str(tools / "cyclonedx-py"), "environment", str(python), "--pyproject", str(project), "--sv", SPEC_VERSION,
        "--output-reproducible", "--of", "JSON", "-o", str(bill),
    ]  # fmt: skip
    subprocess.run(command, check=True)


def problems(bill: Path, locked: Sequence[Locked]) -> list[str]:
    """What is wrong with a bill: against the published schema of CycloneDX, and against the lock file."""
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    text = bill.read_text(encoding="utf-8")
    error = JsonStrictValidator(SchemaVersion.from_version(SPEC_VERSION)).validate_str(text)
    found = [] if error is None else [f"{bill.name} is no CycloneDX {SPEC_VERSION}: {error.data}"]
    return found + lacking(json.loads(text), locked)


def lacking(bill: dict[str, Any], locked: Sequence[Locked]) -> list[str]:
    """Locked packages of this system that the bill does not name in their version."""
    named = {(canonicalize_name(one["name"]), one.get("version")) for one in bill.get("components", [])}
    return [
        f"the bill of materials lacks {one.name} {one.version}"
        for one in locked
        if one.here and (one.name, one.version) not in named
    ]
