"""How the commands of `tribometer tables` print: aligned text for people, a JSON array for programs."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import Any

import click

from pipelines.cli.sql import terminal_width


def print_rows(rows: Iterable[Mapping[str, Any]], form: str) -> None:
    """Print rows of the same keys; a table of none prints nothing."""
    from pipelines.render import format_table, write_json

    found = list(rows)
    columns = tuple(found[0]) if found else ()
    values = [tuple(row.values()) for row in found]
    if form == "json":
        write_json(columns, values, sys.stdout)
    elif found:
        lines, hint = format_table(columns, values, terminal_width(sys.stdout))
        click.echo("\n".join(lines))
        if hint:
            click.echo(f"({hint})", err=True)
