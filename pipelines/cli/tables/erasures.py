"""`tribometer tables erasures`: the erasure log, its signatures checked."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from pipelines.cli.options import author_key_file, reads_tables, table_or_json
from pipelines.cli.sql import show, terminal_width
from schemas.errors import TribometerError


@click.command(short_help="List what was erased, and check the signatures.")
@reads_tables
@table_or_json("an array and exact")
@author_key_file
def erasures(tables: str, form: str, author_key_file: Path | None) -> None:
    """List every erasure, the newest first, with what its signature is worth.

    `valid`: the row is as it was written under this author key. `forged`: it is not, and the exit status is 1.
    `other_key`: it was signed under another key, so this one cannot tell.
    """
    from pipelines.query import Result
    from pipelines.snapshot import open_snapshot
    from pipelines.tables.erasures import checked_log
    from schemas.author_key import load_keyring
    from schemas.erasure import Signature

    rows = checked_log(str(open_snapshot(tables).root), load_keyring(author_key_file, create=False))
    if not rows and form == "table":
        click.echo("nothing has been erased", err=True)
        return
    columns = tuple(rows[0]) if rows else ()
    out = sys.stdout
    pieces = iter([[tuple(row.values()) for row in rows]])
    show(Result(columns, pieces), form, out, width=terminal_width(out), terminal=out.isatty())
    forged = sum(row["signature"] == Signature.FORGED for row in rows)
    if forged:
        raise TribometerError(
            f"{forged} of {len(rows)} rows were not signed as they stand; somebody changed the log"
        )
