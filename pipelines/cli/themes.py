"""`tribometer themes`: what people speak of, found once and counted from then on."""

from __future__ import annotations

import sys
import time

import click
from rich.console import Console
from rich.progress import BarColumn, TaskProgressColumn, TimeElapsedColumn

from pipelines.cli.options import one_product, reads_tables
from pipelines.cli.sql import show, terminal_width
from pipelines.clock import utc_now


@click.group(short_help="Find what people speak of, and follow it.")
def themes() -> None:
    """Find themes: what at least five people say in much the same words. A theme keeps its identity for good."""


@themes.command(short_help="Find new themes and assign new feedback.")
@reads_tables
@one_product
@click.option("--again", is_flag=True, help="Assign all days anew, without looking for new themes.")
def update(tables: str, product: str | None, again: bool) -> None:
    """Find new themes in feedback that has changed, and assign the days they reach. Run it after `replay`, or daily.

    A theme never changes its meaning: a mention that has one keeps it, however many themes are found later. Run twice
    it changes nothing. It may be interrupted at any time and run again, beside listeners, readers and maintenance.
    """
    from pipelines.cli.progress import BAR_WIDTH, drawn_on
    from pipelines.snapshot import readable_folder
    from pipelines.themes.update import Updater

    started = time.monotonic()
    columns = (BarColumn(BAR_WIDTH), TaskProgressColumn(), TimeElapsedColumn())
    with drawn_on(Console(stderr=True), "themes", *columns) as drawn:
        task = drawn.add_task("", total=None)
        done = Updater(
            str(readable_folder(tables)),
            utc_now,
            product,
            lambda part, total: drawn.update(task, completed=part, total=total),
        ).run(again=again)
    click.echo(
        f"{done.themes:,} new themes; {done.days:,} days assigned, {done.mentions:,} of their mentions have a theme, "
        f"in {time.monotonic() - started:.1f} s"
    )


@themes.command(name="list", short_help="Show the themes, the largest first.")
@reads_tables
@one_product
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "json"]),
    default="table",
    show_default=True,
    help="How to print them.",
)
def list_(tables: str, product: str | None, form: str) -> None:
    """Show the themes of five authors or more, those of the most friction authors first."""
    from pipelines.connect import connect, with_fresh_snapshot
    from pipelines.query import stream

    def answer() -> None:
        with connect(tables) as connection:
            connection.execute(
                "SELECT theme_id[:8] AS theme, product, title, touchpoint, friction_authors, first_seen, last_seen, "
                "growth FROM themes WHERE product = $product OR $product IS NULL "
                "ORDER BY friction_authors DESC, theme_id",
                {"product": product},
            )
            out = sys.stdout
            show(stream(connection), form, out, width=terminal_width(out), terminal=out.isatty())

    with_fresh_snapshot(answer)


@themes.command(short_help="Count one theme under another.")
@click.argument("theme_id")
@click.argument("into")
@reads_tables
def merge(theme_id: str, into: str, tables: str) -> None:
    """Count the theme THEME_ID under the theme INTO (or their first digits) in every view. The ledger keeps both."""
    from pipelines.snapshot import readable_folder
    from pipelines.themes.ledger import merge as merge_themes

    merged, target = merge_themes(str(readable_folder(tables)), theme_id, into, now=utc_now())
    click.echo(f"{merged.theme_id[:8]} {merged.title} counts as {target.theme_id[:8]} {target.title}")


@themes.command(short_help="Give a theme a name.")
@click.argument("theme_id")
@click.argument("text")
@reads_tables
def name(theme_id: str, text: str, tables: str) -> None:
    """Call the theme THEME_ID (or its first digits) TEXT in every view; an empty TEXT takes the name back."""
    from pipelines.snapshot import readable_folder
    from pipelines.themes.ledger import rename

    named = rename(str(readable_folder(tables)), theme_id, text, now=utc_now())
    click.echo(f"{named.theme_id[:8]} is called {named.title}")
