"""`tribometer tables retention`."""

from __future__ import annotations

from datetime import timedelta

import click

from pipelines.cli.options import reads_tables
from pipelines.cli.tables.options import duration_option
from schemas.errors import UsageError


@click.command(short_help="Drop rows older than an age.")
@reads_tables
@duration_option(
    "--feedback", help="Drop feedback with its scores and themes that occurred more than AGE ago, as 400d."
)
@duration_option("--raw", help="Drop original bytes received more than AGE ago, as 30d.")
@duration_option("--dead-letters", help="Drop dead letters received more than AGE ago, as 90d.")
@click.option("--dry-run", is_flag=True, help="Say what would go.")
def retention(
    tables: str,
    feedback: timedelta | None,
    raw: timedelta | None,
    dead_letters: timedelta | None,
    dry_run: bool,
) -> None:
    """Drop old rows, to the whole UTC day; tables whose age is not given keep everything.

    Feedback with an impossible date goes by the time it was received. The rows are out of every snapshot at once
    and off the disk after the next `tables vacuum`. A replay of the old messages would bring them back.
    """
    from datetime import UTC, datetime

    from pipelines.cli.tables.progress import files_done
    from pipelines.tables.chosen import chosen_tables
    from pipelines.tables.disk import file_system_now
    from pipelines.tables.retention import RETAINED, cutoff_of, retain

    ages = dict.fromkeys(("feedback", "scores", "theme_mentions"), feedback)
    ages |= {"raw": raw, "dead_letters": dead_letters}
    if not any(ages.values()):
        raise UsageError("no age given; say for instance --raw 30d --feedback 400d --dead-letters 90d")
    root, specs = chosen_tables(tables)
    now = datetime.fromtimestamp(file_system_now(root), UTC)
    for spec in RETAINED:
        age = ages[spec.name]
        if age is None or spec not in specs:
            continue
        cutoff = cutoff_of(age, now)
        with files_done("retention of") as progress:
            done = retain(root, spec, cutoff, dry_run=dry_run, progress=progress(spec.name))
        click.echo(
            f"{spec.name}: {'would drop' if dry_run else 'dropped'} {done.rows:,} rows from before {cutoff:%Y-%m-%d}; "
            f"{done.dropped_files:,} whole files, {done.rewritten_files:,} written again"
        )
