"""`tribometer dbt-sources`."""

from __future__ import annotations

import click


@click.command("dbt-sources", short_help="Print the views as sources and exposures of a dbt project.")
@click.option(
    "--parquet",
    metavar="DIR",
    help="Folder that holds VIEW.parquet of each view, for dbt-duckdb to read; without it they are found by name.",
)
@click.option("--schema", default="main", show_default=True, help="Schema of the views.")
@click.option(
    "--owner-email", default="analytics@example.com", show_default=True, help="Owner that the exposures name."
)
def dbt_sources(parquet: str | None, schema: str, owner_email: str) -> None:
    """Print a properties file for dbt: every view as a source with its columns, and what is made of them as exposures.

    Put it into models/ of the project; models then select from source('tribometer', 'friction_daily'). Table macros
    take parameters, so they are no sources.
    """
    from pipelines.dbt_sources import properties

    click.echo(properties(schema, owner_email, parquet), nl=False)
