"""`tribometer dead-letters`: see what was refused, mend the mapping, try it again."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.progress import Progress

from pipelines.cli.options import past_instant, reads_as_of, reads_tables, table_or_json, writing_options
from pipelines.cli.sql import show as show_rows
from pipelines.cli.sql import terminal_width
from schemas.errors import UsageError
from schemas.violations import ViolationKind

_VIOLATIONS: Final = click.Choice([kind.value for kind in ViolationKind])

violation_option = click.option(
    "--violation",
    "violations",
    type=_VIOLATIONS,
    multiple=True,
    help="Only letters with this violation; may be repeated.",
)


@click.group("dead-letters", short_help="See what could not be accepted, and try it again.")
def dead_letters() -> None:
    """See the messages that could not be accepted, and try them again."""


@dead_letters.command("list", short_help="Count the dead letters, or list them.")
@reads_tables
@reads_as_of
@click.option("--source", metavar="NAME", help="Only letters of this source.")
@violation_option
@click.option(
    "--since", callback=past_instant, metavar="TIME", help="Only letters received since this date or time."
)
@click.option("--rows", is_flag=True, help="A row for each letter, instead of counts by violation.")
@table_or_json("an array and exact")
def list_letters(
    tables: str,
    as_of: datetime | None,
    source: str | None,
    violations: tuple[str, ...],
    since: datetime | None,
    rows: bool,
    form: str,
) -> None:
    """Count the dead letters by source and violation, or list them, without their bytes.

    With --as-of those that were there at that time, but for letters that have been accepted or erased since.
    """
    from pipelines.connect import connect
    from pipelines.query import stream

    _open_to_this_user(tables)
    columns = (
        "dead_letter_id, source, violation, field, reason, attempts, payload_bytes, received_at, origin"
        if rows
        else "source, processor, violation, field, reason, count(*) AS letters, max(attempts) AS attempts, "
        "min(received_at) AS first_received_at, max(received_at) AS last_received_at, "
        "min(dead_letter_id) AS for_example"
    )
    ending = (
        "ORDER BY received_at, dead_letter_id" if rows else "GROUP BY ALL ORDER BY letters DESC, source, violation"
    )
    with connect(tables, as_of) as connection:
        connection.execute(
            f"SELECT {columns} FROM dead_letters WHERE ($source IS NULL OR source = $source) "
            f"AND (len($violations) = 0 OR list_contains($violations, violation)) "
            f"AND ($since IS NULL OR received_at >= $since) {ending}",
            {"source": source, "violations": list(violations), "since": since},
        )
        out = sys.stdout
        show_rows(stream(connection), form, out, width=terminal_width(out), terminal=out.isatty())


@dead_letters.command(short_help="Show one dead letter with its message.")
@click.argument("letter_id", metavar="ID")
@reads_tables
@click.option("--raw", is_flag=True, help="Write the bytes of the message and nothing else, as they are.")
def show(letter_id: str, tables: str, raw: bool) -> None:
    """Show the dead letter ID (or the beginning of one) with its message. It may hold personal data.

    Control and direction characters are written as escapes; --raw writes the bytes exactly.
    """
    from pipelines.dead_letters import find_letter
    from pipelines.render import cell_text, printable

    letter = find_letter(_open_to_this_user(tables), letter_id)
    if raw:
        sys.stdout.buffer.write(letter["payload"])
        return
    for name, value in letter.items():
        if name != "payload" and value is not None:
            click.echo(f"{name}: {printable(cell_text(dict(value) if name == 'evidence' else value))}")
    click.echo()
    for line in letter["payload"].decode("utf-8", "backslashreplace").split("\n"):
        click.echo(printable(line))


@dead_letters.command(short_help="Try dead letters again with a mended mapping.")
@click.argument("ids", nargs=-1, metavar="[ID]...")
@writing_options
@reads_tables
@violation_option
@click.option(
    "--header", metavar="A,B,C", help="Header of CSV letters that were stored without it, by version 0.1."
)
def replay(
    ids: tuple[str, ...],
    source: str,
    tables: str,
    author_key_file: Path | None,
    model: str | None,
    keep_raw: bool,
    violations: tuple[str, ...],
    header: str | None,
) -> None:
    """Try dead letters again with a mended mapping: all of its source, or those named by ID or --violation.

    What is accepted now, or was known already, leaves the dead letters; what is refused again stays, with the new
    reason and one attempt more. The command may be interrupted and run again at any time, and beside itself. Messages
    that took a worker process with them are tried only when named; those meant as launches are not tried here.
    """
    from pipelines.clock import utc_now
    from pipelines.dead_letters import choose, no_launches, replay_letters, with_header
    from pipelines.embedded import EmbeddedHost
    from schemas.launch_message import LAUNCHES_SOURCE
    from schemas.mapping import load_mapping

    if source == LAUNCHES_SOURCE:
        raise no_launches()
    mapping = load_mapping(source)
    root = _open_to_this_user(tables)
    letters = with_header(
        choose(root, mapping.source, violations, ids), _names(header), csv=mapping.format == "csv"
    )
    host = EmbeddedHost(
        command="dead-letters replay",
        tables=root,
        mapping=mapping,
        clock=utc_now,
        author_key_file=author_key_file,
        model=model,
        keep_raw=keep_raw,
    )
    if letters:
        host.prepare()
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("trying again", total=len(letters))
        done = replay_letters(
            host,
            letters,
            lambda some: bar.advance(task, some.accepted + some.known + some.suppressed + some.refused),
        )
    click.echo(
        f"{len(letters):,} dead letters = {done.accepted:,} accepted + {done.known:,} known already + "
        f"{done.suppressed:,} suppressed + {done.refused:,} refused again"
    )


def _names(header: str | None) -> tuple[str, ...] | None:
    from schemas.violations import Violation
    from transforms.decode import decode_header

    try:
        return None if header is None else decode_header(header.encode())
    except Violation as violation:
        raise UsageError(f"--header {header}: {violation.reason}") from None


def _open_to_this_user(tables: str) -> str:
    from pipelines.snapshot import open_snapshot
    from schemas.tables import DEAD_LETTERS

    snapshot = open_snapshot(tables)
    if DEAD_LETTERS.name in snapshot.closed:
        raise UsageError(
            f"{snapshot.root / DEAD_LETTERS.name}: is closed to this user; "
            "run it as the user who runs `tribometer replay`"
        )
    return str(snapshot.root)
