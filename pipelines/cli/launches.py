"""`tribometer launches`: say what reached customers, and when."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import click

from pipelines.cli.options import one_product, reads_as_of, reads_tables, tables_folder, writes_tables
from pipelines.cli.sql import show, terminal_width
from pipelines.clock import utc_now
from schemas.errors import UsageError
from schemas.launch import InvalidLaunch, Launch, LaunchKind


@click.group(short_help="Record releases, fixes, campaigns and outages.")
def launches() -> None:
    """Record releases, fixes, campaigns and outages, so that friction can be read launch by launch."""


@launches.command(short_help="Record one launch.")
@click.argument("product")
@click.argument("launched_at", metavar="WHEN")
@click.option("--version", metavar="TEXT", help="Version, spelt as in the feedback.")
@click.option(
    "--kind",
    type=click.Choice([kind.value for kind in LaunchKind]),
    default="release",
    show_default=True,
    help="What reached customers.",
)
@click.option("--touchpoints", metavar="A;B", help="Touchpoints it touches.")
@click.option("--title", metavar="TEXT", help="What people call it.")
@click.option("--note", metavar="TEXT", help="What changed.")
@click.option("--url", metavar="URL", help="Where to read more.")
@writes_tables
def add(product: str, launched_at: str, tables: str, **others: str | None) -> None:
    """Record one launch of PRODUCT at WHEN (2021-06-01 or 2021-06-01T12:30:00+02:00; no offset means UTC).

    A launch is known by product, kind and version (else title, else day): recording it again edits it.
    """
    from pipelines.launches import record

    try:
        launch = Launch.parse({"product": product, "launched_at": launched_at, **others})
    except InvalidLaunch as error:
        raise UsageError(str(error)) from error
    done = record(_folder(tables), [launch], now=utc_now())
    verb = "added" if done.added else "edited" if done.edited else "already there:"
    click.echo(f"{verb} {launch.launch_id[:8]} {product} {launch.version or launch.title or ''}".rstrip())


@launches.command(name="import", short_help="Record every launch of a file.")
@click.argument("file")
@writes_tables
@click.option("--dry-run", is_flag=True, help="Check the file and say what would change.")
def import_(file: str, tables: str, dry_run: bool) -> None:
    """Record every launch of FILE: CSV with a header or JSON lines, gzipped or not, - for standard input.

    Fields: product and launched_at, and version, kind, touchpoints (a;b), title, note, url. Other names in use
    are understood: date, released_at and release_date; release, release_notes, notes and description for note;
    name for title. All rows are recorded or, if one is wrong, none. Doing it again adds nothing.
    """
    from pipelines.launches import read_launches, record

    found = read_launches(file)
    done = record(_folder(tables, make=not dry_run), found, now=utc_now(), dry_run=dry_run)
    would = "would be " if dry_run else ""
    click.echo(f"{done.added:,} {would}added, {done.edited:,} {would}edited, {done.unchanged:,} already there")


@launches.command(name="list")
@reads_tables
@reads_as_of
@one_product
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "json"]),
    default="table",
    show_default=True,
    help="How to print them; csv and json have more columns.",
)
def list_(tables: str, as_of: datetime | None, product: str | None, form: str) -> None:
    """Show the launches, the newest first."""
    from pipelines.connect import connect, with_fresh_snapshot
    from pipelines.query import stream

    columns = "product, version, launched_at, kind, title, touchpoints, launch_id"
    if form != "table":
        columns += ", note, url, recorded_at"

    def answer() -> None:
        with connect(tables, as_of) as connection:
            connection.execute(
                f"SELECT {columns} FROM launches WHERE product = $product OR $product IS NULL "
                "ORDER BY launched_at DESC, product, version",
                {"product": product},
            )
            out = sys.stdout
            show(stream(connection), form, out, width=terminal_width(out), terminal=out.isatty())

    with_fresh_snapshot(answer)


@launches.command(short_help="Take a launch out of the views.")
@click.argument("launch_id")
@reads_tables
def remove(launch_id: str, tables: str) -> None:
    """Take the launch LAUNCH_ID (or its first digits) out of the views; the ledger keeps its history."""
    from pipelines.launches import remove as remove_launch

    launch = remove_launch(_folder(tables, make=False), launch_id, now=utc_now())
    click.echo(f"removed {launch.launch_id[:8]} {launch.product} {launch.version or launch.title or ''}".rstrip())


def _folder(tables: str, *, make: bool = True) -> str:
    if make:
        return str(tables_folder(tables))
    if Path(tables).is_file():
        raise UsageError(f"--tables {tables}: is a file; name a folder")
    return str(Path(tables).resolve())
