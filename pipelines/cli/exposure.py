"""`tribometer exposure`: how many people could have complained."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import click

from pipelines.cli.options import one_product, reads_as_of, reads_tables, tables_folder, writes_tables
from pipelines.cli.sql import FORMATS, show, terminal_width
from pipelines.clock import utc_now
from schemas.errors import UsageError


@click.group(short_help="Record sessions, orders or active devices to divide friction by.")
def exposure() -> None:
    """Record sessions, orders or active devices, so that friction can be read per person who could have complained."""


@exposure.command(name="import", short_help="Record the numbers of a file.")
@click.argument("file")
@writes_tables
@click.option("--measure", metavar="TEXT", help="What is counted. Default: the name of the count's column.")
@click.option("--product", metavar="NAME", help="The product, where no column says it.")
@click.option("--product-column", metavar="NAME", help="Column of the product, spelt as in the feedback.")
@click.option("--day-column", metavar="NAME", help="Column of the day.")
@click.option("--hour-column", metavar="NAME", help="Column of the hour's start, in place of a day.")
@click.option("--count-column", metavar="NAME", help="Column of the number.")
@click.option(
    "--version-column", metavar="NAME", help="Column of the version; an empty cell is all versions together."
)
@click.option(
    "--segment-column",
    "segments",
    multiple=True,
    metavar="NAME=COLUMN",
    help="A segment of the users and its column, as in plan=plan_name; may be repeated.",
)
@click.option("--zone", default="UTC", show_default=True, metavar="ZONE", help="Zone of hours without an offset.")
@click.option("--dry-run", is_flag=True, help="Check the file and say what would change.")
def import_(
    file: str,
    tables: str,
    measure: str | None,
    product: str | None,
    product_column: str | None,
    day_column: str | None,
    hour_column: str | None,
    count_column: str | None,
    version_column: str | None,
    segments: tuple[str, ...],
    zone: str,
    dry_run: bool,
) -> None:
    """Record the numbers of FILE: CSV with a header, gzipped or not, or Parquet.

    Columns with usual names are found: product or app; day or date, hour, time or timestamp; version; count, sessions,
    orders, active_devices and the like. A number for the same product, time, version, segment and measure replaces the
    one before. All rows are recorded or, if one is wrong, none. Doing it again adds nothing. Zero is a number.
    """
    from pipelines.exposure.columns import Asked
    from pipelines.exposure.files import read_exposure
    from pipelines.exposure.store import record_exposure
    from pipelines.launches.notices import unheard_products
    from schemas.timestamps import parse_zone

    try:
        hours_in = parse_zone(zone)
    except ValueError as error:
        raise UsageError(f"--zone {zone}: {error}") from error
    asked = Asked(
        product=product,
        product_column=product_column,
        day=day_column,
        hour=hour_column,
        version=version_column,
        count=count_column,
        measure=measure,
        segments=dict(map(_segment, segments)),
    )
    counts = read_exposure(file, asked, hours_in)
    root = str(Path(tables).resolve() if dry_run else tables_folder(tables))
    done = record_exposure(root, counts, now=utc_now(), dry_run=dry_run)
    would = "would be " if dry_run else ""
    what = next(iter(counts)).measure
    click.echo(
        f"{what}: {done.added:,} {would}added, {done.changed:,} {would}changed, {done.unchanged:,} already there"
    )
    for line in unheard_products(root, {key.product for key in counts}):
        click.echo(f"warning: {line}", err=True)


@exposure.command(name="list", short_help="Show what was recorded, from when to when.")
@reads_tables
@reads_as_of
@one_product
@click.option(
    "--format",
    "form",
    type=click.Choice([form for form in FORMATS if form != "parquet"]),
    default="table",
    show_default=True,
    help="How to print them.",
)
def list_(tables: str, as_of: datetime | None, product: str | None, form: str) -> None:
    """Show what was recorded: for each product, measure, version and set of segments, from when to when.

    `gaps` are the days between the first and the last that have no number.
    """
    from pipelines.connect import connect, with_fresh_snapshot
    from pipelines.query import stream

    def answer() -> None:
        with connect(tables, as_of) as connection:
            connection.execute(
                """SELECT product, measure, version, map_keys(segment) AS segments,
                    if(hour IS NULL, 'day', 'hour') AS by, min(day) AS first_day, max(day) AS last_day,
                    count(DISTINCT day) AS days, sum(count) AS total,
                    date_diff('day', first_day, last_day) + 1 - days AS gaps
                FROM exposure WHERE product = $product OR $product IS NULL GROUP BY ALL ORDER BY ALL""",
                {"product": product},
            )
            out = sys.stdout
            show(stream(connection), form, out, width=terminal_width(out), terminal=out.isatty())

    with_fresh_snapshot(answer)


def _segment(words: str) -> tuple[str, str]:
    name, _, column = words.partition("=")
    if not name or not column:
        raise UsageError(f"--segment-column {words}: write NAME=COLUMN, as in plan=plan_name")
    return name, column
