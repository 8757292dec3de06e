"""`tribometer tables`: look after the tables; one file per command."""

from __future__ import annotations

from typing import Final

import click

from pipelines.cli import LazyGroup

COMMANDS: Final = {
    "status": "pipelines.cli.tables.status:status",
    "verify": "pipelines.cli.tables.verify:verify",
    "compact": "pipelines.cli.tables.compact:compact",
    "rollup": "pipelines.cli.tables.rollup:rollup",
    "vacuum": "pipelines.cli.tables.vacuum:vacuum",
    "retention": "pipelines.cli.tables.retention:retention",
    "history": "pipelines.cli.tables.history:history",
    "export": "pipelines.cli.tables.export:export",
    "erase": "pipelines.cli.tables.erase:erase",
    "erasures": "pipelines.cli.tables.erasures:erasures",
}
"""Command to `module:attribute`, in the order of `tribometer tables --help`."""


@click.group(
    cls=LazyGroup, lazy=COMMANDS, short_help="Look after the tables: check, merge, shorten, export, erase."
)
def tables() -> None:
    """Look after the tables: how they are, whether they are right, fewer files, older rows and erased people away.

    Every command may run while listeners write and analysts read.
    """
