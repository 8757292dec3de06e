"""What analysts ask, over ten million events: each view's typical query, and whole histories grouped.

Typical is one product over ninety days. The events are real ones drawn again (`benchmarks.resample`), rolled up.
"""

from __future__ import annotations

import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import click

from benchmarks.figure import Figure
from benchmarks.resample import resample
from pipelines.connect import connect
from pipelines.rollup.refresh import refresh
from tests.conftest import REPLAYS

LAUNCHES: Final = "firefox_launches"

_ROUNDS: Final = 7
_WHOLE_ROUNDS: Final = 3

_QUARTER: Final = "day BETWEEN '2021-04-01' AND '2021-06-29'"
_DAYS: Final = "from_day := '2021-04-01', to_day := '2021-06-29'"
_PRODUCT: Final = "of_product := 'firefox'"

TYPICAL: Final[Mapping[str, str]] = {
    "friction_hourly": f"""
        SELECT hour, sum(mentions), sum(friction_authors) FROM friction_hourly
        WHERE product = 'firefox' AND {_QUARTER} GROUP BY hour ORDER BY hour""",
    "friction_daily": f"""
        SELECT day, touchpoint, version, sum(friction_authors) FROM friction_daily
        WHERE product = 'firefox' AND {_QUARTER} GROUP BY ALL ORDER BY ALL""",
    "friction_daily_product": f"""
        SELECT day, friction_authors, friction_rate, rate_low, rate_high FROM friction_daily_product
        WHERE product = 'firefox' AND touchpoint = 'any' AND {_QUARTER} ORDER BY day""",
    "friction": f"FROM friction({_PRODUCT}, {_DAYS}, split := 'version', bucket := 'week')",
    "ratings_daily": f"FROM ratings_daily WHERE product = 'Gmail' AND {_QUARTER}",
    "launch_curve": """
        SELECT day_since, friction_authors, expected, excess_low, excess_high FROM launch_curve
        WHERE product = 'firefox' AND version = '89.0' AND touchpoint = 'usability' ORDER BY day_since""",
    "launch_impact": """
        SELECT version, touchpoint, excess, excess_low, excess_high, p_value, days_to_recover FROM launch_impact
        WHERE product = 'firefox' AND version = '89.0'""",
    "launch_comparison": f"FROM launch_comparison({_PRODUCT}, launch := '89.0')",
    "version_friction": f"""
        FROM version_friction({_PRODUCT}, {_DAYS}, at_touchpoint := 'usability') WHERE authors >= 10""",
    "drivers": f"""
        FROM drivers({_PRODUCT}, a_from := '2021-04-01', a_to := '2021-05-15', b_from := '2021-05-16',
            b_to := '2021-06-29')""",
    "segments": f"FROM segments({_PRODUCT}, {_DAYS}, at_touchpoint := 'any') WHERE segment = 'locale'",
    "journeys": f"FROM journeys({_PRODUCT}, {_DAYS})",
    "voice_balance": f"FROM voice_balance({_PRODUCT}, {_DAYS})",
    "rating_text_gap": f"FROM rating_text_gap(of_product := 'Gmail', {_DAYS})",
    "exposure_rates": f"""
        SELECT day, friction_authors, per_1000 FROM exposure_rates
        WHERE product = 'firefox' AND touchpoint = 'any' AND version = 'any' AND {_QUARTER}""",
    "source_health": "FROM source_health",
    "source_gaps": "FROM source_gaps",
    "verbatims": f"""
        SELECT occurred_at, quote, text
        FROM verbatims({_PRODUCT}, {_DAYS}, at_touchpoint := 'usability')""",
    "events": f"""
        SELECT day, count(*), avg(friction_p) FROM events WHERE product = 'firefox' AND {_QUARTER} GROUP BY day""",
    "mentions": f"""
        SELECT touchpoint, count(*) FROM mentions WHERE product = 'firefox' AND {_QUARTER} GROUP BY touchpoint""",
}
"""By view, what is asked of it most."""

ALL_AT_ONCE: Final[Mapping[str, str]] = {
    "version_friction, all touchpoints": f"FROM version_friction({_PRODUCT}, {_DAYS}) WHERE authors >= 10",
    "segments, all touchpoints and names": f"FROM segments({_PRODUCT}, {_DAYS}) WHERE authors >= 10",
}
"""More than one wants to know: what the costliest of them take for everything."""

WHOLE: Final[Mapping[str, str]] = {
    "friction_daily_product by month": """
        SELECT product, date_trunc('month', day) AS month, sum(friction_authors) FROM friction_daily_product
        WHERE touchpoint = 'any' GROUP BY ALL""",
    "friction_daily by touchpoint": """
        SELECT product, touchpoint, sum(mentions), sum(friction_authors) FROM friction_daily GROUP BY ALL""",
    "friction_hourly by hour of the day": """
        SELECT product, hour(hour) AS hour_of_day, sum(mentions) FROM friction_hourly GROUP BY ALL""",
    "event_touchpoints by language": """
        SELECT product, language, count(*), avg(friction::INTEGER) FROM event_touchpoints
        WHERE touchpoint = 'any' GROUP BY ALL""",
}
"""Group-bys over the whole history of all products."""


def views(data: Path, events: int, keep: Path | None) -> Iterator[Figure]:
    """Figures of `events` events made in `keep`, or taken from there where they are already."""
    with tempfile.TemporaryDirectory() as folder:
        tables = _made(data, events, keep or Path(folder))
        with ProcessPoolExecutor(
            1, mp_context=get_context("spawn")
        ) as process:  # whose memory is that of asking alone
            yield from process.submit(ask, str(tables)).result()


def _made(data: Path, events: int, folder: Path) -> Path:
    """Tables of so many events, rolled up; each step once."""
    real, tables, unfinished = folder / "real", folder / "tables", folder / "unfinished"
    if not tables.exists():
        if not real.exists():
            shutil.rmtree(unfinished, ignore_errors=True)
            _run("launches", "import", data / "streams" / f"{LAUNCHES}.jsonl.gz", "--tables", unfinished)
            for stream, mapping in REPLAYS.items():
                source = Path(__file__).resolve().parents[1] / "examples" / "sources" / f"{mapping}.yaml"
                file = data / "streams" / f"{stream}.jsonl.gz"
                _run("replay", file, "--source", source, "--no-raw", "--tables", unfinished)
            unfinished.rename(real)
        shutil.rmtree(unfinished, ignore_errors=True)
        for rows in resample(str(real), str(unfinished), events):
            click.echo(f"\r  {rows:,} events drawn", err=True, nl=False)
        click.echo(err=True)
        shutil.copytree(real / "launches", unfinished / "launches")
        unfinished.rename(tables)
    refresh(
        str(tables), lambda done, days: click.echo(f"\r  {done:,} of {days:,} days rolled up", err=True, nl=False)
    )
    click.echo(err=True)
    return tables


def _run(*arguments: str | Path) -> None:
    subprocess.run([sys.executable, "-m", "pipelines.cli", *map(str, arguments)], check=True, stdout=sys.stderr)


def ask(tables: str) -> list[Figure]:
    """The time of each question over tables, and the memory it took this process."""
    opening = time.perf_counter()
    with connect(tables) as connection:
        opened = time.perf_counter() - opening
        rows = connection.execute("SELECT count(*), count(DISTINCT day) FROM tables.feedback").fetchall()[0]
        figures = [
            Figure("events, days", f"{rows[0]:,}, {rows[1]:,}"),
            Figure("opening the tables", f"{opened * 1000:,.0f} ms"),
        ]
        for queries, rounds, bar in (
            (TYPICAL, _ROUNDS, "≤ 300 ms"),
            (ALL_AT_ONCE, _ROUNDS, ""),
            (WHOLE, _WHOLE_ROUNDS, "≤ 3,000 ms"),
        ):
            for name, query in queries.items():
                seconds = []
                for _ in range(rounds):
                    started = time.perf_counter()
                    connection.execute(query).fetchall()
                    seconds.append(time.perf_counter() - started)
                whole = "whole history: " if queries is WHOLE else ""
                figures.append(Figure(f"{whole}{name}, p50", f"{statistics.median(seconds) * 1000:,.0f} ms", bar))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return [*figures, Figure("peak memory of the process that asks", f"{peak / 1e9:,.1f} GB", "≤ 4 GB")]
