"""`python -m models.scorecard.footprint MODEL`: memory of a process that loads a scorer and scores texts.

Reads a JSON list of texts from standard input and writes megabytes, `loaded` and `peak`, as a JSON object.
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path
from typing import Final

from models.scorer import load_scorer

_BATCH: Final = 512
_STATUS: Final = Path("/proc/self/status")


def footprint(model: str, texts: list[str]) -> dict[str, float]:
    """Resident memory in MB once the scorer is loaded, and the largest until all texts are scored."""
    scorer = load_scorer(model)
    scorer.score(["The first text makes everything ready."])
    loaded = _megabytes("VmRSS")
    for start in range(0, len(texts), _BATCH):
        scorer.score(texts[start : start + _BATCH])
    return {"loaded": loaded, "peak": _megabytes("VmHWM")}


def _megabytes(line: str) -> float:
    # Linux hands the peak of `getrusage` down from the process that started this one.
    if _STATUS.exists():
        [kib] = [text.split()[1] for text in _STATUS.read_text().splitlines() if text.startswith(f"{line}:")]
        return int(kib) * 1024 / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


if __name__ == "__main__":
    json.dump(footprint(sys.argv[1], json.load(sys.stdin)), sys.stdout)
