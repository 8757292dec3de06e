"""`tribometer tables vacuum`."""

from __future__ import annotations

from datetime import timedelta

import click
from rich.filesize import decimal

from pipelines.cli.options import reads_tables
from pipelines.cli.tables.options import duration_option, some_tables
from schemas.errors import UsageError


@click.command(short_help="Delete files that no snapshot names any more.")
@reads_tables
@some_tables
@duration_option(
    "--retention",
    default="24h",
    show_default=True,
    help="Keep what was replaced or written within AGE (30d, 24h, 90m): longer than any query or batch takes.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be deleted.")
@click.option(
    "--force", is_flag=True, help="Allow a retention below one hour; running queries may have to start again."
)
def vacuum(tables: str, names: tuple[str, ...], retention: timedelta, dry_run: bool, force: bool) -> None:
    """Delete files that compaction, retention or an erasure replaced, and what crashed writers left behind.

    Ages are judged by the clock of the file system, not of this process. A batch that a process held back for
    longer than AGE before its commit fails and is run again; nothing is lost.
    """
    from pipelines.tables.chosen import chosen_tables
    from pipelines.tables.vacuum import LEAST_RETENTION
    from pipelines.tables.vacuum import vacuum as clean

    if retention < LEAST_RETENTION and not force:
        raise UsageError(
            "--retention below 1h takes files from under running queries and batches; --force allows it"
        )
    root, specs = chosen_tables(tables, names)
    for spec in specs:
        done = clean(root, spec, retention, dry_run=dry_run)
        would = "would delete" if dry_run else "deleted"
        restored = f", restored {done.restored:,} that were committed late" if done.restored else ""
        click.echo(
            f"{done.table}: {would} {done.files:,} files, {decimal(done.size_bytes)}; "
            f"{done.kept:,} too young{restored}"
        )
