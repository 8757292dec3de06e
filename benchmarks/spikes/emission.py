"""`python -m benchmarks.spikes.emission`: how long it takes from the commit that closes an hour to its alerts on disk.

600 series in tables: 20 products, 6 touchpoints, 5 sources, four weeks of history. Then hour after hour is committed
beside a running `tribometer watch`, at moments that know nothing of its looks; incidents begin in every fourth hour.
Measured is from the return of the commit to the watcher's word that the hour before is judged, which it gives when its
alerts and its memory are on disk.
"""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import click
import numpy as np
import pyarrow as pa

from pipelines.alerts.ledger import stored_alerts
from pipelines.clock import utc_now
from pipelines.machine import machine
from schemas.event import partition_day
from schemas.identity import event_id
from schemas.tables import FEEDBACK
from transforms.commit import commit
from transforms.write import write

START: Final = datetime(2024, 3, 1, tzinfo=UTC)
HISTORY_DAYS: Final = 28
PRODUCTS, TOUCHPOINTS, SOURCES = 20, 6, 5
PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "spikes.md"
_BEGIN: Final = "<!-- spikes emission -->\n"
_END: Final = "<!-- /spikes emission -->\n"
_WORDS: Final = (
    "slow",
    "login",
    "fails",
    "payment",
    "screen",
    "freezes",
    "again",
    "today",
    "since",
    "update",
    "cannot",
)


class Stream:
    """Feedback of one hour after the other; the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self._chance = np.random.default_rng(seed)
        self._number = 0
        self._level = self._chance.uniform(0.05, 0.5, (PRODUCTS, TOUCHPOINTS, SOURCES))
        self._raised: dict[tuple[int, int, int], int] = {}

    def hour(self, number: int, *, incident: bool = False) -> list[dict[str, Any]]:
        """The events of an hour since START."""
        if incident:
            series = self._chance.integers((PRODUCTS, TOUCHPOINTS, SOURCES))
            self._raised[int(series[0]), int(series[1]), int(series[2])] = number + 8
        mean = self._level.copy()
        for place, until in self._raised.items():
            if number < until:
                mean[place] += 8.0
        rows = []
        for (product, touchpoint, source), count in np.ndenumerate(self._chance.poisson(mean)):
            rows += [self._row(number, product, source, touchpoint) for _ in range(int(count))]
        for product in range(PRODUCTS):
            rows += [
                self._row(number, product, int(self._chance.integers(SOURCES)), None)
                for _ in range(int(self._chance.poisson(5)))
            ]
        return rows

    def _row(self, number: int, product: int, source: int, touchpoint: int | None) -> dict[str, Any]:
        self._number += 1
        at = START + timedelta(hours=number, seconds=int(self._chance.integers(3600)))
        text = " ".join(self._chance.choice(_WORDS, 9))
        friction = touchpoint is not None
        mention = {
            "start": 0, "end": len(text), "touchpoint": f"touchpoint {touchpoint}" if friction else "other",
            "touchpoint_p": 0.9, "sentiment_label": "negative" if friction else "positive",
            "sentiment": -0.5 if friction else 0.5, "sentiment_p": 0.9, "effort": None,
            "friction_p": 0.9 if friction else 0.1, "intents": [], "theme_id": None,
        }  # fmt: skip
        name = f"source {source}"
        return {
            "event_id": event_id(name, None, str(self._number), "1"), "source": name, "channel": "support",
            "native_id": str(self._number), "revision": "1", "author_key": f"author {self._number}",
            "author_kind": "customer", "segment": {}, "occurred_at": at, "revised_at": at,
            "received_at": at + timedelta(days=3), "product": f"product {product:02}", "text": text, "deleted": False,
            "redactions": {}, "intents": [], "mentions": [mention], "day": partition_day(at),
        }  # fmt: skip


def store(tables: str, rows: Sequence[dict[str, Any]]) -> None:
    """Commit rows of `feedback`."""
    schema = pa.schema(
        [field for field in FEEDBACK.table_schema if field.name not in {"committed_at", "batch_id"}]
    )
    batch = pa.RecordBatch.from_pylist(list(rows), schema=schema)
    name = str(time.time_ns())
    commit(tables, FEEDBACK, write(tables, FEEDBACK, [batch], batch_id=name, clock=utc_now), batch_id=name)


def measure(hours: int, spacing_seconds: float, seed: int) -> tuple[list[float], int]:
    """Seconds of each hour from commit to word, and how many alerts were written meanwhile."""
    chance, stream = np.random.default_rng(seed + 1), Stream(seed)
    with tempfile.TemporaryDirectory() as folder:
        for day in range(HISTORY_DAYS):
            store(folder, [row for hour in range(24) for row in stream.hour(24 * day + hour)])
        watcher = subprocess.Popen(
            [sys.executable, "-m", "pipelines.cli", "watch", "--tables", folder, "--http", "none",
             "--log-format", "json", "--tell-within", "90000d"],
            stderr=subprocess.PIPE,
            text=True,
        )  # fmt: skip
        try:
            judged: queue.Queue[tuple[float, datetime]] = queue.Queue()
            threading.Thread(target=_follow, args=(watcher, judged), daemon=True).start()
            end = START + timedelta(days=HISTORY_DAYS)
            while judged.get(timeout=600)[1] < end - timedelta(hours=1):
                pass
            before, seconds = len(stored_alerts(folder)), []
            for number in range(HISTORY_DAYS * 24, HISTORY_DAYS * 24 + hours):
                store(folder, stream.hour(number, incident=number % 4 == 0))
                closed, committed = START + timedelta(hours=number), time.monotonic()
                said = judged.get(timeout=300)
                while said[1] < closed:
                    said = judged.get(timeout=300)
                seconds.append(said[0] - committed)
                time.sleep(chance.uniform(0, 2 * spacing_seconds))
            return seconds, len(stored_alerts(folder)) - before
        finally:
            watcher.terminate()
            watcher.wait()


def _follow(watcher: subprocess.Popen[str], judged: queue.Queue[tuple[float, datetime]]) -> None:
    for line in watcher.stderr or ():
        said = json.loads(line) if line.startswith("{") else {}
        if said.get("event") == "hours judged":
            judged.put((time.monotonic(), datetime.fromisoformat(said["until"])))


@click.command()
@click.option("--hours", default=40, show_default=True)
@click.option("--spacing", default=4.0, show_default=True, help="Mean seconds between two hours.")
@click.option("--seed", default=1, show_default=True)
@click.option("--write", "keep", is_flag=True, help="Keep the figures in docs/spikes.md.")
def program(hours: int, spacing: float, seed: int, keep: bool) -> None:
    """Measure how soon after its data an hour is judged and told."""
    seconds, alerts = measure(hours, spacing, seed)
    middle, late, worst = np.percentile(seconds, [50, 95, 100])
    text = (
        f"From the commit that closes an hour to its alerts on disk, {hours} hours of 600 series with {alerts} alerts, "
        f"a look every 10 s: median {middle:.1f} s, 95 % within {late:.1f} s, at most {worst:.1f} s.\n\n"
        f"{utc_now():%Y-%m-%d}, seed {seed}, {machine()}, busy; `python -m benchmarks.spikes.emission`\n"
    )
    click.echo(text)
    if keep:
        before, rest = PAGE.read_text(encoding="utf-8").split(_BEGIN, 1)
        PAGE.write_text(before + _BEGIN + text + _END + rest.split(_END, 1)[1], encoding="utf-8")


if __name__ == "__main__":
    sys.exit(program())
