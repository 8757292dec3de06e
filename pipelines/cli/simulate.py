"""`tribometer simulate`: write the simulated feedback of a product that does not exist."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from pipelines.simulate import LAUNCHES_FILE, MINIMUM_EVENTS, TRUTH_FILE, Simulated
from pipelines.simulate import simulate as write_simulation
from schemas.errors import UsageError


@click.command(short_help="Write simulated feedback to try things on.")
@click.option("--out", "folder", type=click.Path(path_type=Path), required=True, help="Folder to write to.")
@click.option(
    "--events",
    type=click.IntRange(min=MINIMUM_EVENTS),
    default=20_000,
    show_default=True,
    help="Messages to write.",
)
@click.option("--seed", type=int, default=7, show_default=True, help="The same seed gives the same bytes.")
def simulate(folder: Path, events: int, seed: int) -> None:
    """Write a SIMULATION: four months of made-up feedback about a product that does not exist.

    Three sources (support tickets, app reviews, survey answers) with three launches, one outage, one flood of
    advertisements, duplicates, edits, deletions, made-up personal data and malformed lines. truth.json beside
    them says what was put in.
    """
    try:
        simulated = write_simulation(folder, events=events, seed=seed)
    except (FileExistsError, NotADirectoryError) as error:
        raise UsageError(f"{folder}: is not a folder; name a folder to write to") from error
    except OSError as error:
        raise UsageError(f"{folder}: cannot write there ({error.strerror}); name another folder") from error
    _print(simulated)


def _print(simulated: Simulated) -> None:
    truth = simulated.truth
    console = Console(highlight=False)
    table = Table(title=f"Simulated feedback about {truth['product']}, seed {truth['seed']}", title_justify="left")
    for column in ("file", "messages", "duplicates", "malformed"):
        table.add_column(column, justify="left" if column == "file" else "right")
    for path in simulated.files:
        counts = truth["files"][path.name]
        table.add_row(
            path.name,
            f"{counts['messages']:,}",
            f"{counts['duplicate']:,}",
            f"{sum(counts['dead'].values()):,}",
        )
    console.print(table)
    console.print(
        f"{simulated.folder / LAUNCHES_FILE}: the launches   {simulated.folder / TRUTH_FILE}: what was put in"
    )
