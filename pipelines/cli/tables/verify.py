"""`tribometer tables verify`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pipelines.cli.options import reads_tables, table_or_json
from pipelines.cli.tables.options import some_tables
from pipelines.cli.tables.output import print_rows
from schemas.errors import TribometerError, UsageError

if TYPE_CHECKING:
    from pipelines.tables.finding import Finding
    from pipelines.tables.verify import Verified


@click.command(short_help="Check log, files and rows of every table; name what is wrong and the way out.")
@reads_tables
@some_tables
@table_or_json("an array and exact")
@click.option("--repair", is_flag=True, help="Take files that cannot be read out of the table; needs --yes.")
@click.option(
    "--yes", is_flag=True, help="Do what --repair is asked for; without it, it only says what it would do."
)
def verify(tables: str, names: tuple[str, ...], form: str, repair: bool, yes: bool) -> None:
    """Read every file and check that the tables are what their logs say.

    The log: entries contiguous and readable. Every file: there, of its size and digest, readable to the end, with
    the table's columns and as many rows as the log says. Every row: its identity once in the table, in the
    partition that its date names. Files that no log entry names are reported too; they are harmless.

    The exit status is 1 when something is wrong. A file taken out by --repair stays on disk until the next vacuum.
    """
    from pipelines.cli.tables.progress import files_done
    from pipelines.tables.chosen import chosen_tables
    from pipelines.tables.verify import verify as check

    if yes and not repair:
        raise UsageError("--yes confirms a --repair; give both")
    root, specs = chosen_tables(tables, names)
    with files_done("verifying") as progress:
        found = [check(root, spec, progress(spec.name)) for spec in specs]
    if form == "json":
        print_rows(map(_row, found), form)
    else:
        for table in found:
            _print(table)
    wrong = [finding for table in found for finding in table.findings if not finding.harmless]
    if repair:
        wrong = _repair(root, wrong, yes=yes)
    if wrong:
        raise TribometerError(f"{len(wrong):,} findings in {', '.join(sorted({one.table for one in wrong}))}")


def _repair(root: str, wrong: list[Finding], *, yes: bool) -> list[Finding]:
    """Take out what can be taken out, and return what stays wrong."""
    from pipelines.tables.repair import repair
    from schemas.tables import TABLES

    for name in sorted({finding.table for finding in wrong if finding.file is not None}):
        files = [finding for finding in wrong if finding.table == name and finding.file is not None]
        rows = sum(finding.file.rows for finding in files if finding.file is not None)
        if not yes:
            click.echo(
                f"{name}: --yes would take {len(files):,} files with {rows:,} rows out of the table", err=True
            )
            continue
        removed = repair(root, TABLES[name], files)
        click.echo(f"{name}: took {len(files):,} files with {removed:,} rows out of the table", err=True)
        wrong = [finding for finding in wrong if finding not in files]
    return wrong


def _row(table: Verified) -> dict[str, object]:
    findings = [
        {
            "subject": finding.subject,
            "problem": finding.problem,
            "way_out": finding.way_out,
            "harmless": finding.harmless,
        }
        for finding in table.findings
    ]
    return {
        "table": table.table,
        "version": table.version,
        "files": table.files,
        "rows": table.rows,
        "findings": findings,
    }


def _print(table: Verified) -> None:
    wrong = sum(not finding.harmless for finding in table.findings)
    verdict = f"{wrong:,} findings" if wrong else "right"
    click.echo(
        f"{table.table}: {verdict}; {table.files:,} files, {table.rows:,} rows read, version {table.version}"
    )
    for finding in table.findings:
        click.echo(f"  {finding.subject}: {finding.problem}\n    {finding.way_out}")
