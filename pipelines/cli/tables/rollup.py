"""`tribometer tables rollup`."""

from __future__ import annotations

import click

from pipelines.cli.options import reads_tables


@click.command(short_help="Store what the costly views say of each day, so that queries are fast.")
@reads_tables
def rollup(tables: str) -> None:
    """Compute and store, by day, what the views over mentions say, so that queries need not.

    Only days that changed since the last time are computed, and what is out of date is deleted. Answers are the same
    before, after and while it runs: a day that is not rolled up, or has changed since, is computed when it is asked
    for.
    """
    from pipelines.cli.tables.progress import done_of
    from pipelines.connect import with_fresh_snapshot
    from pipelines.rollup.refresh import refresh

    with done_of("days") as progress:
        done = with_fresh_snapshot(lambda: refresh(tables, progress("rolling up")))
    click.echo(f"{done.computed:,} of {done.days:,} days computed, {done.swept:,} outdated ones deleted")
