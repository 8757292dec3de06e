"""`tribometer sql` and `tribometer shell-init`: the tables for people who write SQL."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

import click

from pipelines.cli.options import reads_as_of, reads_tables
from schemas.errors import UsageError

if TYPE_CHECKING:
    import duckdb

    from pipelines.query import Result

FORMATS: Final = ("table", "csv", "json", "parquet")


@click.command(short_help="Ask the tables in SQL; with no query, an interactive prompt.")
@click.argument("query", required=False)
@reads_tables
@reads_as_of
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="table",
    show_default=True,
    help="How to write the rows.",
)
@click.option("--output", metavar="FILE", help="Write here instead of the terminal; needed for parquet.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0),
    default=300,
    show_default=True,
    help="Seconds a query may run; 0: no limit.",
)
def sql(
    query: str | None, tables: str, as_of: datetime | None, form: str, output: str | None, timeout: float
) -> None:
    """Run QUERY, one SELECT, over the views (SHOW TABLES lists them; docs/views.md explains them).

    Without QUERY it is read from standard input, or typed at a prompt on a terminal. Only reading is possible:
    other statements are refused, and no file but the tables' can be opened. CSV puts an apostrophe before text
    that a spreadsheet would run as a formula.
    """
    from pipelines.connect import connect_locked, with_fresh_snapshot

    if form == "parquet" and output is None:
        raise UsageError("parquet is not for a terminal; name a file with --output")
    if query is None and not sys.stdin.isatty():
        query = sys.stdin.read()
    seconds = timeout or None
    if query is None:
        from pipelines.repl import Repl

        if output is not None:
            raise UsageError("--output needs a query; write it behind the command")
        Repl(lambda: connect_locked(tables, as_of), form, seconds).run()
        return

    def answer() -> None:
        with connect_locked(tables, as_of) as connection:
            _answer(connection, query, form, output, seconds)

    with_fresh_snapshot(answer)


@click.command("shell-init", short_help="Print SQL with which the plain DuckDB CLI sees the same views.")
@reads_tables
@reads_as_of
def shell_init(tables: str, as_of: datetime | None) -> None:
    """Print SQL that makes the views over the newest snapshot in a plain DuckDB.

    \b
        duckdb -init <(tribometer shell-init --tables DIR)

    The script names the snapshot's files, so it is a view of this moment: print it again to see newer rows. The
    plain DuckDB CLI is not locked down.
    """
    from pipelines.definitions import definitions
    from pipelines.snapshot import open_snapshot

    for statement in definitions(open_snapshot(tables, as_of)):
        click.echo(statement.rstrip(";") + ";")


def _answer(
    connection: duckdb.DuckDBPyConnection, query: str, form: str, output: str | None, seconds: float | None
) -> None:
    from pipelines.connect import time_limit
    from pipelines.query import run_query, write_parquet
    from pipelines.whole_file import whole_file

    target = None if output is None else _output_path(output)
    with time_limit(connection, seconds):
        if form == "parquet" and target is not None:
            write_parquet(connection, query, target)
            return
        result = run_query(connection, query)
        if target is None:
            out = sys.stdout
            show(result, form, out, width=terminal_width(out), terminal=out.isatty())
        else:
            with whole_file(target) as place, place.open("w", encoding="utf-8", newline="") as file:
                show(result, form, file, width=None, terminal=False)


def show(result: Result, form: str, out: IO[str], *, width: int | None, terminal: bool) -> None:
    """Write a `pipelines.query.Result` to `out`; hints about what was left out go to stderr."""
    from pipelines.render import TABLE_ROWS, format_table, write_csv, write_json

    rows = _rows(result)
    if form == "json":
        write_json(result.columns, rows, out)
    elif form == "csv":
        write_csv(result.columns, rows, out, terminal=terminal)
    else:
        shown = [row for row, _ in zip(rows, range(TABLE_ROWS), strict=False)]
        lines, hint = format_table(result.columns, shown, width)
        out.write("\n".join(lines) + "\n")
        if next(rows, None) is not None:
            hint = f"the first {TABLE_ROWS:,} rows are shown; --format csv, json or parquet write all"
        if hint:
            out.flush()
            click.echo(f"({hint})", err=True)


def _rows(result: Result) -> Iterator[tuple[Any, ...]]:
    for piece in result.pieces:
        yield from piece


def _output_path(output: str) -> Path:
    target = Path(output)
    if target.is_dir():
        raise UsageError(f"{output}: is a folder; name a file")
    if not target.parent.is_dir():
        raise UsageError(f"{output}: the folder {target.parent} does not exist; make it first")
    return target


def terminal_width(out: IO[str]) -> int | None:
    """Columns of the terminal; None where `out` is none."""
    return shutil.get_terminal_size().columns if out.isatty() else None
