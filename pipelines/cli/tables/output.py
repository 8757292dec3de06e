"""How the commands of `tribometer tables` print: aligned text for people, one JSON object a line for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import click

from pipelines.cli.sql import terminal_width


def print_rows(rows: Iterable[Mapping[str, Any]], form: str) -> None:
    """Print rows of the same keys; a table of none prints nothing."""
    found = list(rows)
    if form == "json":
        for row in found:
            click.echo(json.dumps({name: _plain(value) for name, value in row.items()}, ensure_ascii=False))
    elif found:
        from pipelines.render import format_table

        columns = tuple(found[0])
        lines, hint = format_table(columns, [tuple(row.values()) for row in found], terminal_width(sys.stdout))
        click.echo("\n".join(lines))
        if hint:
            click.echo(f"({hint})", err=True)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
