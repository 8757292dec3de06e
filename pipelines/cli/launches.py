"""`tribometer launches`: say what reached customers, and when."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from pipelines.cli.options import (
    log_format,
    one_product,
    reads_as_of,
    reads_tables,
    table_or_json,
    tables_folder,
    writes_tables,
)
from pipelines.cli.signals import stop_signals
from pipelines.cli.sql import show, terminal_width
from pipelines.cli.tables.output import print_rows
from pipelines.clock import utc_now
from schemas.errors import UsageError
from schemas.launch import InvalidLaunch, Launch, LaunchKind, RecordedBy


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
@click.option("--platform", metavar="NAME", help="Where it came out, as in ios or android. Default: everywhere.")
@click.option("--touchpoints", metavar="A;B", help="Touchpoints it touches.")
@click.option(
    "--rollout",
    metavar="WHEN=SHARE;…",
    help="From when which share of users had it, as in 2024-05-01=0.1;2024-05-08=1.",
)
@click.option("--title", metavar="TEXT", help="What people call it.")
@click.option("--note", metavar="TEXT", help="What changed.")
@click.option("--url", metavar="URL", help="Where to read more.")
@writes_tables
def add(product: str, launched_at: str, tables: str, **others: str | None) -> None:
    """Record one launch of PRODUCT at WHEN (2021-06-01 or 2021-06-01T12:30:00+02:00; no offset means UTC).

    A launch is known by product, kind, version (else title, else day) and platform: recording it again edits it. One
    that is still to come is recorded as planned. A product that no feedback is about, and other launches within 14
    days, are recorded and said on standard error.
    """
    from pipelines.launches.ledger import record

    try:
        launch = Launch.parse({"product": product, "launched_at": launched_at, **others})
    except InvalidLaunch as error:
        raise UsageError(str(error)) from error
    root, now = _folder(tables), utc_now()
    done = record(root, [launch], now=now, by=RecordedBy.CLI)
    verb = "added" if done.added else "edited" if done.edited else "already there:"
    planned = " (planned)" if launch.launched_at > now else ""
    click.echo(f"{verb} {_named(launch)}{planned}")
    _say_notices(root, [launch])


@launches.command(name="import", short_help="Record every launch of a file.")
@click.argument("file")
@writes_tables
@click.option("--dry-run", is_flag=True, help="Check the file and say what would change.")
def import_(file: str, tables: str, dry_run: bool) -> None:
    """Record every launch of FILE: CSV with a header or JSON lines, gzipped or not, - for standard input.

    Fields: product and launched_at, and version, kind, platform, touchpoints (a;b), rollout
    (2024-05-01=0.1;2024-05-08=1), title, note, url. Other names in use are understood: date, released_at and
    release_date; release, release_notes, notes and description for note; name for title. All rows are recorded or,
    if one is wrong, none. Doing it again adds nothing.
    """
    from pipelines.launches.files import read_launches
    from pipelines.launches.ledger import record

    found = read_launches(file)
    root, now = _folder(tables, make=not dry_run), utc_now()
    done = record(root, found, now=now, by=RecordedBy.IMPORT, dry_run=dry_run)
    would = "would be " if dry_run else ""
    planned = sum(launch.launched_at > now for launch in found)
    of_them = f" ({planned:,} planned)" if planned else ""
    click.echo(
        f"{done.added:,} {would}added, {done.edited:,} {would}edited, {done.unchanged:,} already there{of_them}"
    )
    _say_notices(root, found)


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
    """Show the launches, the newest first; planned ones too."""
    from pipelines.connect import connect, with_fresh_snapshot
    from pipelines.query import stream

    columns = "product, version, platform, launched_at, planned, kind, title, touchpoints, launch_id"
    if form != "table":
        columns += ", note, url, rollout, neighbours, recorded_at, recorded_by"

    def answer() -> None:
        with connect(tables, as_of) as connection:
            connection.execute(
                f"SELECT {columns} FROM launches WHERE product = $product OR $product IS NULL "
                "ORDER BY launched_at DESC, product, version, platform",
                {"product": product},
            )
            out = sys.stdout
            show(stream(connection), form, out, width=terminal_width(out), terminal=out.isatty())

    with_fresh_snapshot(answer)


@launches.command(short_help="Show every edit of one launch.")
@click.argument("launch_id")
@reads_tables
@table_or_json("an array with the fields old and new")
def history(launch_id: str, tables: str, form: str) -> None:
    """Show every edit of the launch LAUNCH_ID (or its first digits), the oldest first: what changed, when, which way.

    A launch that was taken out has its history too. Ways are cli, import, pubsub, github and app_store; an edit that
    an older version recorded names none.
    """
    from pipelines.launches.ledger import history as edits_of

    launch, edits = edits_of(_folder(tables, make=False), launch_id)
    if form == "table":
        click.echo(_named(launch), err=True)
    rows = []
    for edit in edits:
        changes = edit.changes.items()
        told: Any = {name: {"old": old, "new": new} for name, (old, new) in changes}
        if form == "table":
            told = "; ".join(_change(name, old, new, edit.action) for name, (old, new) in changes)
        rows.append(
            {"recorded_at": edit.recorded_at, "by": edit.recorded_by, "action": edit.action, "changes": told}
        )
    print_rows(rows, form)


@launches.command(short_help="Take a launch out of the views.")
@click.argument("launch_id")
@reads_tables
def remove(launch_id: str, tables: str) -> None:
    """Take the launch LAUNCH_ID (or its first digits) out of the views; the ledger keeps its history."""
    from pipelines.launches.ledger import remove as remove_launch

    launch = remove_launch(_folder(tables, make=False), launch_id, now=utc_now(), by=RecordedBy.CLI)
    click.echo(f"removed {_named(launch)}")


@launches.command(short_help="Take launches from a Pub/Sub subscription.")
@click.option(
    "--subscription", required=True, metavar="PATH", help="Pub/Sub: projects/PROJECT/subscriptions/NAME."
)
@writes_tables
@click.option("--once", is_flag=True, help="Stop when no message is left.")
@log_format
def listen(subscription: str, tables: str, once: bool, form: str) -> None:
    """Record the launches that arrive as messages `launch/1`, until SIGTERM or Ctrl-C.

    A message is acknowledged only when its launch is on disk, so the command may be killed at any time; what is
    delivered twice changes nothing. What cannot be a launch becomes a dead letter of the source `launches`. The
    subscription is one of its own: `tribometer listen` would take the messages for feedback.
    """
    from pipelines.launches.subscriber import take_launches
    from pipelines.listen.log import configure, say
    from pipelines.listen.subscription import Subscription

    configure(form)
    source = Subscription(subscription)
    with stop_signals() as stopped:
        say("listening", source=source.name)
        take_launches(source, _folder(tables), utc_now, stopped, once=once)
    say("stopped")


@launches.command(short_help="Take releases from GitHub and the App Store by signed webhook.")
@writes_tables
@click.option("--http", default="127.0.0.1:9471", show_default=True, metavar="HOST:PORT", help="Where to serve.")
@click.option(
    "--github-secret-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Secrets of GitHub's webhooks, one a line.",
)
@click.option(
    "--github-product",
    "repositories",
    multiple=True,
    metavar="OWNER/REPO=PRODUCT",
    help="A repository whose releases are launches of the product; may be repeated.",
)
@click.option("--prereleases", is_flag=True, help="Pre-releases of GitHub are launches too.")
@click.option(
    "--app-store-secret-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Secrets of App Store Connect's webhooks, one a line.",
)
@click.option(
    "--app-store-product",
    "apps",
    multiple=True,
    metavar="APPLE_ID=PRODUCT",
    help="An app whose versions are launches of the product; may be repeated.",
)
@click.option(
    "--app-store-versions",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="CSV with the columns id and version: how App Store Connect's versions are called.",
)
@click.option("--check", is_flag=True, help="Check options, files and address, and stop.")
@log_format
def serve(
    tables: str,
    http: str,
    github_secret_file: Path | None,
    repositories: tuple[str, ...],
    prereleases: bool,
    app_store_secret_file: Path | None,
    apps: tuple[str, ...],
    app_store_versions: Path | None,
    check: bool,
    form: str,
) -> None:
    """Take webhooks until SIGTERM or Ctrl-C: POST /github, POST /app-store/APPLE_ID and GET /healthz.

    A request must be signed with one of the secrets of its sender's file, which is read each time: for a rotation it
    holds the new secret beside the old. It is answered with 200 when its launch is recorded and on disk, with 202
    where it is about none, else with a reason. Said twice it changes nothing.
    """
    from pipelines.launches.intake import IntakeServer
    from pipelines.launches.secrets import Secrets
    from pipelines.launches.senders import AppStore, GitHub, Sender, read_versions
    from pipelines.listen.health import parse_address
    from pipelines.listen.log import configure, say

    senders: dict[str, Sender] = {}
    if github_secret_file is not None:
        products = {name.lower(): product for name, product in _products("--github-product", repositories).items()}
        senders["github"] = GitHub(Secrets(github_secret_file), products, prereleases)
    if app_store_secret_file is not None:
        read_versions(app_store_versions)
        products = _products("--app-store-product", apps)
        senders["app-store"] = AppStore(Secrets(app_store_secret_file), products, app_store_versions)
    if not senders:
        raise UsageError("name --github-secret-file, --app-store-secret-file or both")
    configure(form)
    server = IntakeServer(parse_address(http), _folder(tables), senders, utc_now)
    with server, stop_signals() as stopped:
        say("serving", address=server.address, senders=",".join(senders))
        if not check:
            stopped.wait()
    say("stopped")


def _products(option: str, words: Sequence[str]) -> dict[str, str]:
    pairs = [(name.strip(), product.strip()) for name, _, product in (word.partition("=") for word in words)]
    if not pairs or not all(name and product for name, product in pairs):
        raise UsageError(f"{option}: write what it is, = and the product as the feedback spells it")
    return dict(pairs)


def _named(launch: Launch) -> str:
    from pipelines.launches.notices import label

    return f"{launch.launch_id[:8]} {label(launch)}"


def _say_notices(root: str, recorded: Sequence[Launch]) -> None:
    """What to know of them, on standard error."""
    from pipelines.launches.ledger import standing
    from pipelines.launches.notices import shared_days, unheard_products

    for line in unheard_products(root, {launch.product for launch in recorded}):
        click.echo(f"warning: {line}", err=True)
    if note := shared_days(recorded, standing(root)):
        click.echo(f"note: {note}", err=True)


def _change(name: str, old: Any, new: Any, action: str) -> str:
    return f"{name} {_words(new)}" if action == "added" else f"{name} {_words(old)} → {_words(new)}"


def _words(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, list):
        return ", ".join(map(_words, value))
    if isinstance(value, dict):
        return f"{value['share']:g} from {_words(value['at'])}"
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else str(value)


def _folder(tables: str, *, make: bool = True) -> str:
    if make:
        return str(tables_folder(tables))
    if Path(tables).is_file():
        raise UsageError(f"--tables {tables}: is a file; name a folder")
    return str(Path(tables).resolve())
