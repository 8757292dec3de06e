"""Report: the surge lane on the benchmark's ten series of mentions of brands, each way of choosing its threshold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.nab.corpus import Series, read_corpus
from benchmarks.nab.lane import Flags, ratios, told
from benchmarks.nab.scorer import PROFILES, Profile, Worth, expected_at_random, file_score, normalised, worth

THRESHOLDS: Final = np.log(np.arange(2.0, 8.01, 0.1))
EVERY_POINT: Final = np.log(np.geomspace(2, 200, 93))
RESTS: Final = np.array([288, 324, 360, 396, 432])
"""A day to a day and a half."""

RANDOM_CHANCE: Final = 0.0015
"""Of a point: the benchmark's random detector is at its best where it seldom detects."""

Scores = NDArray[np.float64]


def scores(files: Sequence[Series], detected: Sequence[Flags], profile: Profile) -> Scores:
    """(choices, files), not normalised."""
    return np.array(
        [
            [file_score(choice, of, len(file.windows), profile) for choice in choices]
            for file, choices in zip(files, detected, strict=True)
            for of in [worth(len(file.values), file.windows, profile)]
        ]
    ).T


def chosen_elsewhere(of_choices: Scores) -> float:
    """Sum over files of what the choice that is best for all the others scores there."""
    whole = of_choices.sum(axis=1)
    return sum(
        float(of_choices[int(np.argmax(whole - of_choices[:, file])), file]) for file in range(of_choices.shape[1])
    )


def rows(folder: Path) -> Iterator[tuple[str, ...]]:
    """Rule, standard, low FP, low FN, leave-one-file-out, windows found, false detections; choices by the standard."""
    files = read_corpus(folder)
    windows = sum(len(file.windows) for file in files)
    ratio = ratios(files)
    detected = told(ratio, THRESHOLDS, RESTS)
    yield ("surge", *_row(files, detected))
    points = [of_file >= EVERY_POINT[:, None] for of_file in ratio]
    yield ("the same ratio without a life: every point", *_row(files, points))
    nothing = [np.zeros((1, len(file.values)), dtype=bool) for file in files]
    yield ("never detects", *_row(files, nothing))
    shown = [f"{normalised(_at_random(files, p), windows, p):.1f}" for p in PROFILES.values()]
    yield (f"at random, {RANDOM_CHANCE:.2%} of the points, to be expected", *shown, shown[0], "", "")


def _row(files: Sequence[Series], detected: Sequence[Flags]) -> tuple[str, ...]:
    windows, standard = sum(len(file.windows) for file in files), PROFILES["standard"]
    of_choices = scores(files, detected, standard)
    kept = [of_file[[int(of_choices.sum(axis=1).argmax())]] for of_file in detected]
    best = [f"{normalised(scores(files, kept, p).sum(), windows, p):.1f}" for p in PROFILES.values()]
    return (*best, f"{normalised(chosen_elsewhere(of_choices), windows, standard):.1f}", *_counts(files, kept))


def _at_random(files: Sequence[Series], profile: Profile) -> float:
    return sum(
        expected_at_random(worth(len(f.values), f.windows, profile), len(f.windows), RANDOM_CHANCE, profile)
        for f in files
    )


def _counts(files: Sequence[Series], kept: Sequence[Flags]) -> tuple[str, str]:
    hits, false = 0, 0
    for file, choice in zip(files, kept, strict=True):
        of: Worth = worth(len(file.values), file.windows, PROFILES["standard"])
        counted = choice[0] & of.counted
        hits += len(set(of.window[counted].tolist()) - {-1})
        false += int((counted & (of.window < 0)).sum())
    return f"{hits} of {sum(len(file.windows) for file in files)}", str(false)
