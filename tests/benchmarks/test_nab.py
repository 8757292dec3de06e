"""The benchmark's scorer against its definition, and the surge lane on the benchmark where it was unpacked."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from benchmarks.nab.corpus import read_corpus
from benchmarks.nab.lane import counts, hourly, told, unusual
from benchmarks.nab.report import chosen_elsewhere, rows
from benchmarks.nab.scorer import (
    PROFILES,
    Profile,
    expected_at_random,
    file_score,
    normalised,
    scaled_sigmoid,
    worth,
)

STANDARD = PROFILES["standard"]
POINTS, WINDOWS = 4000, ((1000, 1199), (2500, 2599), (3900, 3999))
NAB = Path(os.environ.get("TRIBOMETER_DATA", Path(__file__).resolve().parents[3] / "shared" / "data")) / "nab"


def score(places: list[int], profile: Profile = STANDARD) -> float:
    detected = np.zeros(POINTS, dtype=bool)
    detected[places] = True
    return file_score(detected, worth(POINTS, WINDOWS, profile), len(WINDOWS), profile)


def test_the_sigmoid_is_the_papers() -> None:
    # Lavin and Ahmad 2015, figure 2: the left edge of a window, its middle, its end, and far behind.
    said = scaled_sigmoid(np.array([-1.0, -0.5, 0.0, 1.0, 3.0, 9.0]))
    np.testing.assert_allclose(said, [0.98661, 0.84828, 0, -0.98661, -1, -1], atol=5e-6)


@pytest.mark.parametrize("profile", PROFILES.values())
def test_no_detection_is_0_and_perfection_is_100(profile: Profile) -> None:
    assert normalised(score([], profile), 3, profile) == pytest.approx(0)
    assert normalised(score([first for first, _ in WINDOWS], profile), 3, profile) == pytest.approx(100)


def test_the_earliest_detection_of_a_window_counts_and_learning_does_not() -> None:
    assert score([1000]) == score([1000, 1001, 1150])
    assert score([1150]) < score([1100]) < score([1000])
    assert score([599]) == score([])
    assert score([600]) == pytest.approx(score([]) - 0.11)


def test_false_detections_cost_less_close_behind_a_window() -> None:
    cost = [score([]) - score([place]) for place in (1201, 1250, 1398, 1900, 700)]
    assert cost == sorted(cost)
    assert cost[-1] == pytest.approx(0.11)
    assert score([700], PROFILES["low FP"]) == pytest.approx(score([], PROFILES["low FP"]) - 0.22)


def test_what_the_random_detector_should_score_is_what_it_scores() -> None:
    random, of = np.random.default_rng(1), worth(POINTS, WINDOWS, STANDARD)
    scored = [file_score(random.random(POINTS) < 0.01, of, 3, STANDARD) for _ in range(400)]
    error = np.std(scored) / np.sqrt(len(scored))
    assert abs(np.mean(scored) - expected_at_random(of, 3, 0.01, STANDARD)) < 4 * error


def test_a_choice_is_made_without_the_file_it_is_for() -> None:
    # The first choice is best on the whole for the first file's sake alone.
    assert chosen_elsewhere(np.array([[9.0, 0.0, 0.0], [0.0, 1.0, 1.0]])) == 0.0


def test_a_surge_is_told_once(tmp_path: Path) -> None:
    (tmp_path / "labels").mkdir()
    (tmp_path / "data" / "realTweets").mkdir(parents=True)
    values = np.random.default_rng(1).poisson(5, 3000)
    values[2000:2040] *= 8
    values[2060:2070] *= 8
    start = np.datetime64("2015-02-26T21:42:53")
    times = [str(start + np.timedelta64(300 * at, "s")).replace("T", " ") for at in range(3000)]
    lines = ["timestamp,value", *(f"{time},{value}" for time, value in zip(times, values, strict=True))]
    (tmp_path / "data" / "realTweets" / "a.csv").write_text("\n".join(lines), encoding="utf-8")
    windows = {"realTweets/a.csv": [[times[1990] + ".000000", times[2090] + ".000000"]]}
    (tmp_path / "labels" / "combined_windows.json").write_text(json.dumps(windows), encoding="utf-8")
    files = read_corpus(tmp_path)
    assert files[0].windows == ((1990, 2090),)
    begins = told(unusual(counts(files), hourly(files)), np.array([3.0]), np.array([12, 288]))[0]
    after_rests = [[int(at) for at in np.nonzero(of_rest)[0] if at > 500] for of_rest in begins]
    assert len(after_rests[0]) > 1
    assert len(after_rests[1]) == 1
    assert all(2000 <= of_rest[0] < 2006 for of_rest in after_rests)


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="unpack the Numenta Anomaly Benchmark"):
        read_corpus(tmp_path)


@pytest.mark.streams
def test_the_surge_lane_on_mentions_of_brands() -> None:
    if not NAB.exists():
        pytest.skip(f"{NAB} is missing: the Numenta Anomaly Benchmark is not part of the project")
    rule, standard, *_, elsewhere, _, _ = next(rows(NAB))
    assert rule == "surge"
    assert float(standard) > 79
    assert float(elsewhere) > 75
