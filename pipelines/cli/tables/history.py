"""`tribometer tables history`."""

from __future__ import annotations

from dataclasses import asdict

import click

from pipelines.cli.options import reads_tables, table_or_json
from pipelines.cli.tables.output import print_rows
from schemas.tables import TABLES


@click.command(short_help="What every version of a table changed.")
@reads_tables
@click.option(
    "--table",
    "name",
    type=click.Choice(list(TABLES)),
    default="feedback",
    show_default=True,
    help="The table.",
)
@click.option(
    "--limit", type=click.IntRange(min=1), default=50, show_default=True, help="Only the newest versions, so many."
)
@table_or_json("an array and exact")
def history(tables: str, name: str, limit: int, form: str) -> None:
    """List the versions of a table, the newest first: when, what was done, rows added and removed, by which batch.

    Versions are in the order of the commits. Times are those of the committing process and may disagree with it.
    Log entries of more than thirty days are cleaned away behind a checkpoint.
    """
    from pipelines.tables.chosen import chosen_tables
    from pipelines.tables.history import history as changes

    root, (spec,) = chosen_tables(tables, [name])
    newest = list(changes(root, spec))[-limit:]
    print_rows((asdict(change) for change in reversed(newest)), form)
