"""`tribometer tables compact`."""

from __future__ import annotations

import click
from rich.filesize import decimal

from pipelines.cli.options import reads_tables
from pipelines.cli.tables.options import some_tables
from schemas.errors import TribometerError


@click.command(short_help="Merge small files; the rows stay as they are.")
@reads_tables
@some_tables
@click.option(
    "--min-files",
    type=click.IntRange(min=2),
    default=4,
    show_default=True,
    help="Leave a partition alone that has fewer small files.",
)
def compact(tables: str, names: tuple[str, ...], min_files: int) -> None:
    """Merge the small files of each partition, so that queries open fewer, and write a checkpoint of the log.

    A file is written again only when it grows by half at least, so running this often costs little. The replaced
    files stay on disk for readers that still use them; `tables vacuum` deletes them later.
    """
    from pipelines.cli.tables.progress import files_done
    from pipelines.tables.checkpoint import checkpoint
    from pipelines.tables.chosen import chosen_tables
    from pipelines.tables.compact import compact as merge

    root, specs = chosen_tables(tables, names)
    refused = []
    for spec in specs:
        with files_done("compacting") as progress:
            done = merge(root, spec, min_files=min_files, progress=progress(spec.name))
        refused += done.refused
        if done.files_before:
            click.echo(
                f"{done.table}: {done.files_before:,} files became {done.files_after:,}, "
                f"{decimal(done.bytes_before)} became {decimal(done.bytes_after)}; {done.rows:,} rows as before"
            )
        else:
            click.echo(f"{done.table}: nothing to merge")
        checkpoint(root, spec)
    if refused:
        raise TribometerError(f"{len(refused):,} partitions were left as they are, the first because {refused[0]}")
