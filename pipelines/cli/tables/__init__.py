"""`tribometer tables`: look after the tables."""

from __future__ import annotations

from typing import Final

import click

from pipelines.cli import LazyGroup

COMMANDS: Final = {
    "erase": "pipelines.cli.tables.erase:erase",
    "erasures": "pipelines.cli.tables.erasures:erasures",
}
"""Command to `module:attribute`, in the order of the help."""


@click.group(cls=LazyGroup, lazy=COMMANDS)
def tables() -> None:
    """Look after the tables: check them, tidy them, erase people from them."""
