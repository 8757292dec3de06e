"""`python -m benchmarks`: measure, print one table and, with --write, keep it in docs/performance.md."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import click

from benchmarks.machine import machine
from benchmarks.main_job import Figure, main_job
from pipelines.clock import utc_now

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- bench -->\n", "<!-- /bench -->\n"


@click.command()
@click.option("--data", type=click.Path(path_type=Path), required=True, help="Folder that holds streams/.")
@click.option("--rows", default=20_000, show_default=True, help="Support questions to replay.")
@click.option("--write", is_flag=True, help="Keep the table in docs/performance.md.")
def bench(data: Path, rows: int, write: bool) -> None:
    """Measure speed, memory and bytes per event on real support questions."""
    stream = data / "streams" / "firefox_support.jsonl.gz"
    if not stream.exists():
        raise click.ClickException(f"{stream}: not there; give the folder that holds streams/ with --data")
    logging.basicConfig(level=logging.CRITICAL)  # Beam warns about optional parts at import
    click.echo("about three minutes, on one core …", err=True)
    table = _markdown(list(main_job(stream, ROOT / "examples" / "sources" / "firefox_support.yaml", rows)))
    click.echo(table)
    if write:
        page = PAGE.read_text()
        before, rest = page.split(BEGIN, 1)
        PAGE.write_text(before + BEGIN + table + END + rest.split(END, 1)[1])


def _markdown(figures: list[Figure]) -> str:
    lines = ["| what | measured | bar |", "|---|---|---|"]
    lines += [f"| {figure.what} | {figure.value} | {figure.bar} |" for figure in figures]
    return "\n".join([*lines, "", f"{utc_now():%Y-%m-%d}, {machine()}; `make bench`", ""])


if __name__ == "__main__":
    sys.exit(bench())
