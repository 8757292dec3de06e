"""Options that several commands share, so that they mean the same everywhere."""

from __future__ import annotations

from pathlib import Path

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

author_key_file = click.option(
    "--author-key-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Secret for author pseudonyms. Default: TRIBOMETER_AUTHOR_KEY, else the file made for this user.",
)
