"""Options and arguments of the alert commands."""

from __future__ import annotations

from pathlib import Path

import click

routes_file = click.option(
    "--routes",
    "routes_path",
    required=True,
    envvar="TRIBOMETER_ROUTES",
    show_envvar=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Channels and routes, as YAML.",
)

episode_argument = click.argument("episode")
