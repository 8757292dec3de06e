"""No secret stands in the tree: detect-secrets over every file, against what was looked at before.

`python -m supply_chain --accept` writes the findings of now into secrets.json; look at each before committing it.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any, Final

BASELINE: Final = Path(__file__).with_name("secrets.json")

NO_TEXT: Final = (
    r"\.(npz|png|parquet|xz|gz)$|(^|/)_delta_log/|\.lock$|supply_chain/secrets\.json$"
    r"|^models/(\w+_feedback/|figures\.json$)"
)
"""Files that are not looked into: binary ones, log entries with digests of files, hashes of packages, and the weights
and figures that training writes."""


def scan(tools: Path, root: Path) -> dict[str, list[dict[str, Any]]]:
    """What looks like a secret, by file; ignored files are not in the tree."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"],
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
    )
    files = [name for name in listed.stdout.split("\0") if name and (root / name).is_file()]
    command = [str(tools / "detect-secrets"), "scan", "--exclude-files", NO_TEXT, *files]
    said = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout
    results: dict[str, list[dict[str, Any]]] = json.loads(said)["results"]
    return results


def accept(found: dict[str, list[dict[str, Any]]], baseline: Path = BASELINE) -> None:
    """Take the findings as looked at: kind and digest of each, by file."""
    known = {
        name: sorted({f"{one['type']} {one['hashed_secret']}" for one in ones}) for name, ones in found.items()
    }
    baseline.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def problems(found: dict[str, list[dict[str, Any]]], baseline: Path = BASELINE) -> list[str]:
    """Findings that nobody has looked at, by file and line; never the secret itself."""
    known: dict[str, list[str]] = json.loads(baseline.read_text(encoding="utf-8"))
    return [
        f"{name}:{one['line_number']}: looks like a secret ({one['type']}); take it out and revoke it, or, where it is "
        "none, `python -m supply_chain --accept`"
        for name, ones in sorted(found.items())
        for one in ones
        if f"{one['type']} {one['hashed_secret']}" not in known.get(name, ())
    ]
