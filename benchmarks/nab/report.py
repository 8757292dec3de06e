"""Report: the surge lane on the benchmark's ten series of mentions of brands, each way of choosing its threshold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.nab.corpus import Series, read_corpus
from benchmarks.nab.lane import Flags, Floats, counts, hourly, told, unusual
from benchmarks.nab.scorer import PROFILES, Profile, Worth, expected_at_random, file_score, normalised, worth

THRESHOLDS: Final = np.arange(15, 61) / 10
EVERY_POINT: Final = np.arange(15, 151) / 10
RESTS: Final = np.array([144, 216, 288, 360])
"""Half a day to a day and a quarter."""

OTHER_WINDOWS: Final = ((6,), (12,), (24,), (6, 12), (6, 24), (12, 24))
OTHER_STEADIES: Final = (8.0, 12.0, 16.0)
"""What the lane's own windows and steady count were chosen from."""

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
    held, means = counts(files), hourly(files)
    said = unusual(held, means)
    detected = _of_files(files, told(said, THRESHOLDS, RESTS))
    yield ("surge", *_row(files, [detected]))
    yield ("the same, its windows and the twelve chosen too", *_row(files, _others(files, held, means)))
    points = _of_files(files, said[:, None, :] >= EVERY_POINT[:, None])
    yield ("the same without a life: every point", *_row(files, [points]))
    nothing = [np.zeros((1, len(file.values)), dtype=bool) for file in files]
    yield ("never detects", *_row(files, [nothing]))
    shown = [f"{normalised(_at_random(files, p), windows, p):.1f}" for p in PROFILES.values()]
    yield (f"at random, {RANDOM_CHANCE:.2%} of the points, to be expected", *shown, shown[0], "", "")


def _of_files(files: Sequence[Series], detected: Flags) -> list[Flags]:
    """Of each file, (choices, N), from (files, choices, points)."""
    return [of_file[:, : len(file.values)] for file, of_file in zip(files, detected, strict=True)]


def _others(files: Sequence[Series], held: Floats, means: Floats) -> Iterator[list[Flags]]:
    for windows in OTHER_WINDOWS:
        for steady in OTHER_STEADIES:
            yield _of_files(files, told(unusual(held, means, windows, steady), THRESHOLDS, RESTS))


def _row(files: Sequence[Series], lanes: Iterable[Sequence[Flags]]) -> tuple[str, ...]:
    """Of all choices of all lanes, which are taken one at a time as each is large."""
    windows, standard = sum(len(file.windows) for file in files), PROFILES["standard"]
    of_lanes: list[Scores] = []
    kept, most = list[Flags](), -np.inf
    for detected in lanes:
        of_lanes.append(scores(files, detected, standard))
        whole = of_lanes[-1].sum(axis=1)
        if whole.max() > most:
            kept, most = [of_file[[int(whole.argmax())]].copy() for of_file in detected], whole.max()
    best = [f"{normalised(scores(files, kept, p).sum(), windows, p):.1f}" for p in PROFILES.values()]
    elsewhere = normalised(chosen_elsewhere(np.concatenate(of_lanes)), windows, standard)
    return (*best, f"{elsewhere:.1f}", *_counts(files, kept))


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
