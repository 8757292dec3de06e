"""`python -m benchmarks.spikes`: how well spikes are found in simulated worlds, beside rules that are in use.

Constants of the detector were chosen on seeds 1 to 6; seeds 11 to 16 are for reporting.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import click
import numpy as np
from scipy.stats import chi2

from benchmarks.nab import report
from benchmarks.spikes import judge as judged
from benchmarks.spikes.rivals import RIVALS
from benchmarks.spikes.watching import Known, Watched, live, oracle, watch
from benchmarks.spikes.world import SERIES, WARM_UP, ZONE, World, worlds
from pipelines.clock import utc_now
from pipelines.machine import machine, one_core
from transforms.detect import calibration

HELD_OUT: Final = (11, 12, 13, 14, 15, 16)
PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "spikes.md"
FRICTION: Final = (
    "plain",
    "bursty 2 %",
    "bursty 6 %",
    "outage",
    "clock change",
    "cold start",
    "plain, 0.7 an hour",
)
KNOWN: Final = {
    "plain": {"launches known": Known(calendar=True)},
    "clock change": {"hours in local time": Known(zone=ZONE)},
}
"""What the detector may be told besides, by world."""


def _row(*cells: object) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def _head(*cells: str) -> str:
    return _row(*cells) + "\n" + _row(*("---" for _ in cells))


def _recall(verdicts: Sequence[judged.Verdict]) -> str:
    return " / ".join(f"{share:.2f}" for share in judged.recall(verdicts))


def _delay(verdicts: Sequence[judged.Verdict]) -> str:
    median, slow = judged.delays(verdicts)
    return f"{median:.1f} / {slow:.1f}"


def by_world(seeds: Sequence[int]) -> Iterator[str]:
    """The detector in each world: at the budget, and as it runs, with false-discovery control."""
    yield _head(
        "world", "recall >= 10 / 20 / 40 at budget", "delay h, median / p90", "recall at q = 0.05",
        "delay h", "false share", "false a series-week", "why false", "notices an incident",
    )  # fmt: skip
    speeds, sizes = [], []
    for name in FRICTION:
        made = list(worlds(name, tuple(seeds)))
        said = [watch(world, world.evidence) for world in made]
        yield _world_row(name, made, said)
        for more, known in KNOWN.get(name, {}).items():
            yield _world_row(
                f"{name}, {more}", made, [watch(world, world.evidence, known=known) for world in made]
            )
        speeds += [each.key_hours_per_second for each in said]
        sizes += [each.state_bytes_per_key for each in said]
        if name.startswith("bursty"):
            said = [watch(world, world.authors) for world in made]
            yield _world_row(f"{name}, nothing collapsed", made, said)
    yield ""
    yield f"{np.median(speeds):,.0f} key-hours a second on one core; {max(sizes):,.0f} bytes of state a series."


def _world_row(name: str, made: Sequence[World], said: Sequence[Watched]) -> str:
    at_budget = judged.at_budget(made, [each.score for each in said])
    as_run = [
        judged.judge(world, each.active, judged.truth(world.incidents), opens=each.alarm)
        for world, each in zip(made, said, strict=True)
    ]
    false = sum(each.false_episodes for each in as_run)
    causes: Counter[str] = sum((each.causes for each in as_run), Counter())
    sent, noticed = np.sum(
        [judged.notifications(world, each.active) for world, each in zip(made, said, strict=True)], axis=0
    )
    return _row(
        name, _recall(at_budget), _delay(at_budget), _recall(as_run), _delay(as_run),
        f"{false / max(1, false + sum(each.found_episodes for each in as_run)):.3f}",
        f"{judged.false_per_series_week(as_run):.4f}",
        ", ".join(f"{cause} {count}" for cause, count in causes.most_common()) or "none",
        f"{sent / max(1, noticed):.2f}",
    )  # fmt: skip


def by_rule(seeds: Sequence[int]) -> Iterator[str]:
    """Every rule in the plain and the burstier world at the same budget, on posts and on evidence."""
    yield _head(
        "rule",
        "counts",
        "world",
        "recall >= 10 / 20 / 40 at budget",
        "delay h",
        "as shipped: precision, false a series-week",
    )
    for name in ("plain", "bursty 2 %", "plain, 0.7 an hour"):
        made = list(worlds(name, tuple(seeds)))
        for rule, (score, shipped) in RIVALS.items() if "0.7" not in name else ():
            for counts in ("posts", "evidence"):
                scores = [score(getattr(world, counts).astype(np.float64)).astype(np.float32) for world in made]
                at_budget = judged.at_budget(made, scores)
                as_shipped = [
                    judged.judge(world, each >= shipped, judged.truth(world.incidents))
                    for world, each in zip(made, scores, strict=True)
                ]
                true, false = (
                    sum(getattr(v, f"{kind}_episodes") for v in as_shipped) for kind in ("found", "false")
                )
                yield _row(
                    rule, counts, name, _recall(at_budget), _delay(at_budget),
                    f"{true / max(1, true + false):.3f}, {judged.false_per_series_week(as_shipped):.2f}",
                )  # fmt: skip
        for rule, scores in (
            ("oracle: true mean", [oracle(world).astype(np.float32) for world in made]),
            ("Tribometer", [watch(world, world.evidence).score for world in made]),
            ("Tribometer, sources only", [watch(world, world.evidence).score[:SERIES] for world in made]),
        ):
            at_budget = judged.at_budget(made, scores)
            yield _row(rule, "evidence", name, _recall(at_budget), _delay(at_budget), "")


def null_world(seeds: Sequence[int]) -> Iterator[str]:
    """Calibration by volume where nothing happens, and the alarms there."""
    limits = ["0", *(f"{limit:g}" for limit in calibration.STRATA)]
    alarms, unlikely = 0, 0
    yield _head("world", "authors expected a day", "hours", "P(p < 1e-3) / 1e-3", "P(p < 1e-4) / 1e-4")
    for name in ("null", "null, quiet"):
        strata = len(limits)
        hours = np.zeros(strata, dtype=np.int64)
        below, excursions = (np.zeros((2, strata), dtype=np.int64) for _ in range(2))
        for world in worlds(name, tuple(seeds)):
            said = watch(world, world.evidence)
            ready = said.ready.copy()
            ready[:, :WARM_UP] = False
            hours += np.bincount(said.stratum[ready], minlength=strata)
            for at, digits in enumerate((3, 4)):
                on = ready & (said.surprise >= digits)
                began = judged.episodes(on)
                below[at] += np.bincount(said.stratum[on], minlength=strata)
                excursions[at] += np.bincount(said.stratum[began.row, began.start], minlength=strata)
            if name == "null":
                alarms += int(said.alarm[:, WARM_UP:].sum())
                unlikely += len(judged.episodes(said.score >= 4).row)
        usual = below.sum(axis=1) / np.maximum(1, excursions.sum(axis=1))
        for stratum in np.nonzero(hours)[0]:
            upper = f"-{limits[stratum + 1]}" if stratum < strata - 1 else " and more"
            yield _row(
                name, limits[stratum] + upper, f"{hours[stratum]:,}",
                *(
                    _calibrated(hours[stratum], digits, below[at, stratum], excursions[at, stratum], usual[at])
                    for at, digits in enumerate((3, 4))
                ),
            )  # fmt: skip
        shares = [
            _calibrated(hours.sum(), digits, below[at].sum(), excursions[at].sum(), 1.0)
            for at, digits in enumerate((3, 4))
        ]
        yield _row(name, "all", f"{hours.sum():,}", *shares)
    weeks = len(seeds) * SERIES * judged.TEST_WEEKS
    yield ""
    yield (
        f"False episodes a series and week of null: {alarms / weeks:.5f} as it runs (q = 0.05), "
        f"{unlikely / weeks:.4f} if every p < 1e-4 were an alarm."
    )


def _calibrated(hours: int, digits: int, below: int, excursions: int, usual_length: float) -> str:
    """Share of hours below 10^-digits in units of that, with its 95 % interval.

    Hours come in excursions, and excursions are what is counted: their number is taken for a Poisson one. Where there
    was none, one is taken to last `usual_length` hours.
    """
    length = below / excursions if excursions else usual_length
    of_one = length / hours * 10**digits
    low = chi2.ppf(0.025, 2 * excursions) / 2 if excursions else 0.0
    high = chi2.ppf(0.975, 2 * excursions + 2) / 2
    return f"{below / hours * 10**digits:.2f} ({low * of_one:.2f} to {high * of_one:.2f})"


def lives(seeds: Sequence[int]) -> Iterator[str]:
    """What people are told in the plain world once the lifecycle has grouped it."""
    kinds: Counter[str] = Counter()
    true_opens, false_opens, noticed = 0, 0, 0
    for world in worlds("plain", tuple(seeds)):
        told = [event for event in live(world) if event.notify]
        kinds.update(event.kind.value for event in told)
        true, false, incidents = judged.opens(world, told)
        true_opens, false_opens, noticed = true_opens + true, false_opens + false, noticed + incidents
    weeks = len(seeds) * judged.TEST_WEEKS
    yield _head("told", "a week, 600 series")
    for kind, count in kinds.most_common():
        yield _row(kind, f"{count / weeks:.1f}")
    yield ""
    yield (
        f"{noticed / weeks:.1f} incidents a week are noticed by {true_opens / weeks:.1f} notifications that something "
        f"opened or reopened, {true_opens / max(1, noticed):.2f} an incident; {false_opens / weeks:.1f} a week are "
        "about nothing."
    )


def nab(seeds: Sequence[int]) -> Iterator[str]:
    """The surge lane on the Numenta Anomaly Benchmark's mentions of brands; there is no chance in it, so no seeds."""
    del seeds
    yield _head(
        "rule", "standard", "low FP", "low FN", "standard, chosen on the other nine", "windows found", "false"
    )
    for row in report.rows(NAB):
        yield _row(*row)


NAB: Final = Path(os.environ.get("TRIBOMETER_DATA", PAGE.parents[2] / "shared" / "data")) / "nab"
SECTIONS: Final = {"worlds": by_world, "rules": by_rule, "null": null_world, "lives": lives, "nab": nab}


@click.command()
@click.option("--seeds", default="11-16", show_default=True, help="First and last seed.")
@click.option("--only", type=click.Choice(list(SECTIONS)), multiple=True, help="Print just this.")
@click.option("--write", is_flag=True, help="Keep the tables in docs/spikes.md.")
def program(seeds: str, only: tuple[str, ...], write: bool) -> None:
    """Print how well spikes are found, and write it where it is documented."""
    first, last = (int(part) for part in seeds.split("-"))
    with one_core():
        for name in only or SECTIONS:
            if name == "nab" and not NAB.exists():
                click.echo(f"nab is left out: unpack the Numenta Anomaly Benchmark into {NAB}")
                continue
            lines = []
            for line in SECTIONS[name](range(first, last + 1)):
                click.echo(line)
                lines.append(line)
            of_seeds = "" if name == "nab" else f"seeds {seeds}, "
            lines += ["", f"{utc_now():%Y-%m-%d}, {of_seeds}{machine()}; `make spikes`", ""]
            if write:
                _keep(name, "\n".join(lines))


def _keep(name: str, table: str) -> None:
    begin, end = f"<!-- spikes {name} -->\n", f"<!-- /spikes {name} -->\n"
    before, rest = PAGE.read_text(encoding="utf-8").split(begin, 1)
    PAGE.write_text(before + begin + table + end + rest.split(end, 1)[1], encoding="utf-8")


if __name__ == "__main__":
    sys.exit(program())
