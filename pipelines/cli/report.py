"""`tribometer report`: one HTML page and a terminal summary about one product."""

from __future__ import annotations

import re
import sys
from datetime import date, datetime
from pathlib import Path

import click
import duckdb
from rich.console import Console

from pipelines.cli.options import DAY, reads_as_of, reads_tables
from pipelines.cli.progress import StepProgress
from pipelines.connect import unreadable, with_fresh_snapshot
from pipelines.opening import open_views
from pipelines.snapshot import open_snapshot
from pipelines.whole_file import whole_file
from schemas.errors import TribometerError, UsageError
from transforms.engine import open_engine

_UNSAFE = re.compile(r"[^\w.-]+")


@click.command(short_help="Write one product's friction report.")
@click.argument("product")
@reads_tables
@reads_as_of
@click.option(
    "--output",
    "output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="HTML file to write.  [default: friction-PRODUCT.html]",
)
@click.option("--from", "first_day", type=DAY, metavar="DAY", help="First day, as 2021-01-01.")
@click.option("--to", "last_day", type=DAY, metavar="DAY", help="Last day, included.")
def report(
    product: str,
    tables: str,
    as_of: datetime | None,
    output: Path | None,
    first_day: datetime | None,
    last_day: datetime | None,
) -> None:
    """Measure the friction of PRODUCT over time and around its launches.

    Writes one HTML page that needs no network, and prints a summary. Without --from and --to the report covers
    everything there is.
    """
    try:
        from pipelines.report.page import render
        from pipelines.report.terminal import page_wide_console, write_summary
    except ModuleNotFoundError as error:
        raise UsageError(f"reports need {error.name}; install 'tribometer[report]'") from error
    from pipelines.report.report import Report, compose
    from pipelines.report.scope import find_scope

    path = output or Path(f"friction-{_UNSAFE.sub('-', product).strip('-.') or 'report'}.html")
    if not path.parent.is_dir():
        raise UsageError(f"{path.parent}: no such folder; name an existing one with --output")

    def measure() -> Report:
        snapshot = open_snapshot(tables, as_of)
        try:
            with open_engine() as connection:
                open_views(connection, snapshot)
                scope = find_scope(connection, product, _day(first_day), _day(last_day))
                return compose(connection, scope, snapshot.versions, as_of)
        except duckdb.IOException as error:
            raise unreadable(snapshot.root, error) from error

    with StepProgress(Console(stderr=True, quiet=not sys.stderr.isatty())) as progress:
        progress.say(f"measuring the friction of {product}")
        composed = with_fresh_snapshot(measure)
        progress.say(f"writing {path}")
        try:
            with whole_file(path) as file:
                file.write_text(render(composed), encoding="utf-8")
        except OSError as error:
            raise TribometerError(
                f"{path}: cannot be written ({error.strerror}); name another file with --output"
            ) from error
    console = page_wide_console()
    write_summary(console, composed)
    console.print(f"\nThe whole report: {path}", soft_wrap=True)


def _day(instant: datetime | None) -> date | None:
    return None if instant is None else instant.date()
