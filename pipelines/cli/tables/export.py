"""`tribometer tables export`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from pipelines.cli.options import reads_as_of, reads_tables
from pipelines.cli.tables.options import some_tables


@click.command(short_help="Write a snapshot as plain Parquet.")
@click.argument("target", type=click.Path(path_type=Path), metavar="DIR")
@reads_tables
@some_tables
@reads_as_of
@click.option(
    "--one-file",
    is_flag=True,
    help="One file a table, with its partition as a column, instead of a folder a partition.",
)
def export(target: Path, tables: str, names: tuple[str, ...], as_of: datetime | None, one_file: bool) -> None:
    """Write the newest snapshot into the new folder DIR, for any reader of Parquet.

    Each table becomes a folder, with one below it for every partition, as day=2025-06-01. DIR appears when all of
    it is written; an export that fails leaves nothing. Restricted tables (raw, dead_letters, suppressions) are
    exported only where --table names them. An erasure does not reach exports: delete them then.
    """
    from pipelines.cli.tables.progress import files_done
    from pipelines.connect import with_fresh_snapshot
    from pipelines.tables.chosen import chosen_tables
    from pipelines.tables.export import export as write

    root, specs = chosen_tables(tables, names)
    wanted = [spec for spec in specs if names or not spec.restricted]
    with files_done("exporting") as progress:
        done = with_fresh_snapshot(
            lambda: write(root, wanted, target, as_of=as_of, one_file=one_file, progress=progress(str(target)))
        )
    for table in done:
        click.echo(f"{table.table}: {table.rows:,} rows in {table.files:,} files, version {table.version}")
