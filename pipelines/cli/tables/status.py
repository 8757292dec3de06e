"""`tribometer tables status`."""

from __future__ import annotations

from dataclasses import asdict

import click
from rich.filesize import decimal

from pipelines.cli.options import reads_tables, table_or_json
from pipelines.cli.tables.options import some_tables
from pipelines.cli.tables.output import print_rows


@click.command(short_help="Rows, files, size and freshness of every table.")
@reads_tables
@some_tables
@table_or_json("an array and exact")
def status(tables: str, names: tuple[str, ...], form: str) -> None:
    """Say how large and how fresh every table is, and what maintenance would bring.

    Small files are those that `tables compact` would merge now. Reclaimable are files that no snapshot names:
    replaced ones, left-overs of a crash, and those being written just now; `tables vacuum` deletes the old ones.
    """
    from pipelines.tables.chosen import chosen_tables
    from pipelines.tables.status import status as look

    root, specs = chosen_tables(tables, names)
    found = [look(root, spec) for spec in specs]
    if form == "json":
        print_rows((asdict(table) for table in found), form)
        return
    print_rows(
        (
            {
                "table": table.table,
                "rows": table.rows,
                "files": table.files,
                "size": decimal(table.size_bytes),
                "partitions": table.partitions,
                "version": table.version,
                "newest commit": None if table.committed_at is None else table.committed_at.replace(microsecond=0),
                "small files": table.small_files,
                "reclaimable": decimal(table.reclaimable_bytes),
            }
            for table in found
        ),
        form,
    )
