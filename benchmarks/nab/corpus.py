"""Corpus: the Numenta Anomaly Benchmark's series and labelled windows, read from where it was unpacked.

The data are not part of this project: https://github.com/numenta/NAB, folders `data` and `labels`.
"""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Series:
    """One file: N values five minutes apart, when the first was taken, and its windows, first and last place."""

    name: str
    start: datetime
    values: NDArray[np.float64]
    windows: tuple[tuple[int, int], ...]


def read_corpus(folder: Path, kind: str = "realTweets") -> list[Series]:
    """The files whose name begins with `kind`, in order of name; all of them where it is empty.

    Raises `FileNotFoundError` that names the folder where the benchmark is not there.
    """
    labels = folder / "labels" / "combined_windows.json"
    if not labels.exists():
        raise FileNotFoundError(f"{labels} is missing; unpack the Numenta Anomaly Benchmark into {folder}")
    windows = json.loads(labels.read_text(encoding="utf-8"))
    return [_read(folder, name, windows[name]) for name in sorted(windows) if name.startswith(kind)]


def _read(folder: Path, name: str, windows: list[list[str]]) -> Series:
    with (folder / "data" / name).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    times = [datetime.fromisoformat(row["timestamp"]) for row in rows]
    place = {time: at for at, time in reversed(list(enumerate(times)))}
    limits = tuple(
        (place[datetime.fromisoformat(first)], place[datetime.fromisoformat(last)]) for first, last in windows
    )
    return Series(name, times[0], np.array([float(row["value"]) for row in rows]), limits)
