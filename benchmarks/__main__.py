"""`python -m benchmarks`: measure, print a table for each section and, with --write, keep it in docs/performance.md."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from benchmarks.commits import commits
from benchmarks.figure import Figure
from benchmarks.listening import listening
from benchmarks.main_job import main_job
from benchmarks.memory import memory
from benchmarks.table_layer import table_layer
from benchmarks.views import views
from pipelines.clock import utc_now
from pipelines.machine import machine

ROOT: Final = Path(__file__).resolve().parents[1]
PAGE: Final = ROOT / "docs" / "performance.md"
OWN_PAGES: Final = {"commits": ROOT / "docs" / "scale.md"}
"""Sections whose figures stand in another page than that one."""
MAPPING: Final = ROOT / "examples" / "sources" / "firefox_support.yaml"


@dataclass(frozen=True)
class Effort:
    """How much is measured: support questions to replay, minutes to watch the listener's memory, events to query."""

    data: Path
    rows: int
    minutes: float
    events: int
    keep: Path | None

    @property
    def stream(self) -> Path:
        """The support questions."""
        return self.data / "streams" / "firefox_support.jsonl.gz"


SECTIONS: Final[Mapping[str, Callable[[Effort], Iterator[Figure]]]] = {
    "main-job": lambda effort: main_job(effort.stream, MAPPING, effort.rows),
    "listening": lambda effort: listening(effort.stream, MAPPING),
    "memory": lambda effort: memory(effort.stream, MAPPING, effort.minutes),
    "tables": lambda _: table_layer(),
    "commits": lambda _: commits(),
    "views": lambda effort: views(effort.data, effort.events, effort.keep),
}
"""What can be measured; each has its place in docs/performance.md, or in the page of `OWN_PAGES`."""

MADE_UP: Final = frozenset({"tables", "commits"})
"""Sections that make their rows up and need no streams."""


@click.command()
@click.option("--data", type=click.Path(path_type=Path), required=True, help="Folder that holds streams/.")
@click.option("--rows", default=20_000, show_default=True, help="Support questions to replay.")
@click.option("--minutes", default=3.0, show_default=True, help="How long to watch the listener's memory.")
@click.option("--events", default=10_000_000, show_default=True, help="Events to query.")
@click.option("--keep", type=click.Path(path_type=Path), help="Folder to keep these events in, for another time.")
@click.option("--only", type=click.Choice(list(SECTIONS)), multiple=True, help="Measure just this.")
@click.option("--write", is_flag=True, help="Keep the tables in the pages.")
def bench(
    data: Path, rows: int, minutes: float, events: int, keep: Path | None, only: tuple[str, ...], write: bool
) -> None:
    """Measure speed, memory and bytes per event on real support questions."""
    effort = Effort(data, rows, minutes, events, keep)
    if not effort.stream.exists() and not (only and set(only) <= MADE_UP):
        raise click.ClickException(f"{effort.stream}: not there; give the folder that holds streams/ with --data")
    logging.basicConfig(level=logging.CRITICAL)  # Beam warns about optional parts at import
    for name in only or SECTIONS:
        click.echo(f"{name}: takes some minutes …", err=True)
        figures = []
        for figure in SECTIONS[name](effort):
            click.echo(f"  {figure.what}: {figure.value}", err=True)
            figures.append(figure)
        table = _markdown(name, figures)
        click.echo(table)
        if write:
            _keep(name, table)


def _markdown(name: str, figures: list[Figure]) -> str:
    lines = ["| what | measured | bar |", "|---|---|---|"]
    lines += [f"| {figure.what} | {figure.value} | {figure.bar} |" for figure in figures]
    return "\n".join([*lines, "", f"{utc_now():%Y-%m-%d}, {machine()}; `make bench ONLY={name}`", ""])


def _keep(name: str, table: str) -> None:
    begin, end = f"<!-- bench {name} -->\n", f"<!-- /bench {name} -->\n"
    page = OWN_PAGES.get(name, PAGE)
    before, rest = page.read_text(encoding="utf-8").split(begin, 1)
    page.write_text(before + begin + table + end + rest.split(end, 1)[1], encoding="utf-8")


if __name__ == "__main__":
    sys.exit(bench())
