"""A quick gate on three worlds: the report is `make spikes`."""

from __future__ import annotations

import importlib
from multiprocessing import managers

import numpy as np
import pytest
from apache_beam import Row

from benchmarks.spikes import judge as judged
from benchmarks.spikes.rivals import beam_iqr, beam_robust_zscore, beam_zscore, ears_c2, three_deviations
from benchmarks.spikes.watching import Known, Watched, watch
from benchmarks.spikes.world import HOURS, SERIES, SOURCES, WARM_UP, WORLDS, World, make_world, worlds


@pytest.fixture(scope="module")
def plain() -> list[tuple[World, Watched]]:
    return [(world, watch(world, world.evidence)) for world in worlds("plain", (1, 2, 3))]


def test_incidents_are_found_at_the_budget(plain: list[tuple[World, Watched]]) -> None:
    found = judged.recall(judged.at_budget([world for world, _ in plain], [said.score for _, said in plain]))
    assert found > (0.74, 0.86, 0.95)
    assert judged.recall(judged.at_budget([plain[0][0]], [ears_c2(plain[0][0].posts.astype(float))]))[1] < 0.5


def test_few_alarms_are_false(plain: list[tuple[World, Watched]]) -> None:
    verdicts = [
        judged.judge(world, said.active, judged.truth(world.incidents), opens=said.alarm) for world, said in plain
    ]
    false = sum(verdict.false_episodes for verdict in verdicts)
    assert false / (false + sum(verdict.found_episodes for verdict in verdicts)) <= 0.05
    assert sum(verdict.causes["loud author"] + verdict.causes["flood"] for verdict in verdicts) == 0


def test_launches_that_are_known_raise_no_false_alarm(plain: list[tuple[World, Watched]]) -> None:
    world, unknowing = plain[0]
    said = watch(world, world.evidence, known=Known(calendar=True))
    truth = judged.truth(world.incidents)
    told, untold = (judged.judge(world, each.active, truth, opens=each.alarm) for each in (said, unknowing))
    assert told.causes["launch"] == 0
    assert judged.recall([told])[0] > judged.recall([untold])[0] - 0.02


def test_a_world_without_incidents_is_quiet_and_calibrated() -> None:
    said = watch(*(world := make_world(WORLDS["null"], 1), world.evidence))
    surprise = said.surprise[:, WARM_UP:][said.ready[:, WARM_UP:]]
    assert said.alarm[:, WARM_UP:].sum() <= 2
    assert 1 / 1.5 < (surprise >= 3).mean() * 1e3 < 1.5


def test_the_same_seed_is_the_same_world() -> None:
    one, two, other = (make_world(WORLDS["bursty 2 %"], seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.evidence, two.evidence)
    assert (one.evidence != other.evidence).any()


def test_posts_are_never_fewer_than_authors_nor_authors_than_evidence() -> None:
    for name in ("bursty 6 %", "outage", "cold start"):
        world = make_world(WORLDS[name], 1)
        assert (world.posts >= world.authors).all()
        assert (world.authors >= world.evidence).all()
        assert (world.evidence >= 0).all()


def test_episodes_bridge_short_gaps() -> None:
    on = np.zeros((2, HOURS), dtype=bool)
    on[1, [WARM_UP - 1, WARM_UP + 5, WARM_UP + 20, WARM_UP + 60]] = True
    found = judged.episodes(on)
    assert found.row.tolist() == [1, 1]
    assert found.start.tolist() == [WARM_UP + 5, WARM_UP + 60]
    assert found.end.tolist() == [WARM_UP + 21, WARM_UP + 61]


def test_a_perfect_rule_is_judged_perfect(plain: list[tuple[World, Watched]]) -> None:
    world = plain[0][0]
    owner = judged.truth(world.incidents)
    verdict = judged.judge(world, owner[:SERIES] >= 0, owner)
    assert judged.recall([verdict]) == (1, 1, 1)
    assert verdict.false_episodes == 0
    assert judged.delays([verdict]) == (0, 0)


def test_a_rule_that_fires_at_random_is_judged_false(plain: list[tuple[World, Watched]]) -> None:
    world = plain[0][0]
    on = np.random.default_rng(1).random((SERIES, HOURS)) < 1e-4
    verdict = judged.judge(world, on, judged.truth(world.incidents))
    assert verdict.false_episodes > 10 * verdict.found_episodes


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(beam_zscore, "zscore.ZScore"), (beam_robust_zscore, "robust_zscore.RobustZScore"), (beam_iqr, "iqr.IQR")],
)
def test_the_rivals_of_beam_are_beams(ours: object, theirs: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Beam's module replaces this on import, and then no other test of this process can start a manager.
    monkeypatch.setattr(managers, "AutoProxy", managers.AutoProxy)  # type: ignore[attr-defined]
    module, name = theirs.split(".")
    detectors = importlib.import_module(f"apache_beam.ml.anomaly.detectors.{module}")
    counts = np.random.default_rng(7).poisson(3, 1300)
    detector, scores = getattr(detectors, name)(), []
    for count in counts:
        scores.append(detector.score_one(Row(x=float(count))))
        detector.learn_one(Row(x=float(count)))
    said = ours(counts[None].astype(float))[0]  # type: ignore[operator]
    np.testing.assert_allclose(said[50:], np.array(scores, dtype=float)[50:], rtol=1e-6, atol=1e-9)


def test_three_deviations_are_from_the_same_hour() -> None:
    counts = np.tile(np.arange(24.0), 20)[None]
    counts[0, -1] += 5
    assert three_deviations(counts)[0, 15 * 24 : -1].max() == 0
    assert three_deviations(counts)[0, -1] == pytest.approx(10)


def test_a_touchpoint_incident_shows_in_all_its_sources(plain: list[tuple[World, Watched]]) -> None:
    world = plain[0][0]
    wide = [incident for incident in world.incidents if incident.is_touchpoint]
    assert len(wide) == 12
    assert all(len(set((incident.series // SOURCES).tolist())) == 1 for incident in wide)
