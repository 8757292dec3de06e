"""Options that several commands share, so that they mean the same everywhere."""

from __future__ import annotations

import click

TABLES_VARIABLE = "TRIBOMETER_TABLES"

reads_tables = click.option(
    "--tables",
    required=True,
    envvar=TABLES_VARIABLE,
    show_envvar=True,
    metavar="DIR",
    help="Folder of the tables.",
)

writes_tables = click.option(
    "--tables",
    required=True,
    envvar=TABLES_VARIABLE,
    show_envvar=True,
    metavar="DIR",
    help="Folder of the tables; made if missing.",
)
