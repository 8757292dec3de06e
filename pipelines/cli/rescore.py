"""`tribometer rescore` and `tribometer switch-model`: another model's scores beside the old, then in their place."""

from __future__ import annotations

import time
from contextlib import nullcontext
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from pipelines.cli.options import days_between, own_model, reads_tables, scoring_workers, some_days

if TYPE_CHECKING:
    from pipelines.model_choice import Coverage


@click.command(short_help="Score stored events with another model, beside the scores they have.")
@own_model
@reads_tables
@some_days
@click.option("--switch", is_flag=True, help="Then have every reader see these scores, as `switch-model` does.")
@scoring_workers
def rescore(
    model: str | None, tables: str, since: datetime | None, until: datetime | None, switch: bool, workers: int
) -> None:
    """Score stored events with another model. The scores they have stay, and stay what readers see until --switch.

    Events that have scores of this model already, stored or added, are left alone, so running it again scores only
    what came since. The new scores of a day appear together. It may be interrupted at any time and run again, beside
    listeners, readers and maintenance. A model whose version, in its meta.json, is that of another is taken for it.

    `tribometer compare-models` shows before what would change.
    """
    from models.scorer import load_scorer
    from pipelines.cli.progress import ScoringProgress
    from pipelines.clock import utc_now
    from pipelines.model_choice import coverage
    from pipelines.rescore import Days, Rescorer
    from pipelines.rescore_workers import rescoring_workers
    from pipelines.snapshot import readable_folder

    first, last = days_between(since, until)
    root = str(readable_folder(tables))
    scorer = load_scorer(model)
    started = time.monotonic()
    with ScoringProgress(Console(stderr=True)) as progress:
        rescorer = Rescorer(root, scorer, utc_now, Days(first, last), progress.moved)
        spread: Any = nullcontext(map) if workers == 1 else rescoring_workers(workers, root, model)
        with spread as each:
            done = rescorer.run(each)
    seconds = time.monotonic() - started
    click.echo(
        f"{done.rows:,} rows = {done.scored:,} scored + {done.before:,} scored before + {done.suppressed:,} suppressed "
        f"by {scorer.version}, in {seconds:.1f} s"
        + (f" ({done.scored / seconds:,.0f} rows/s)" if done.scored else "")
    )
    if switch:
        whole = since is None and until is None
        _switch(
            root, scorer.version, partly=whole
        )  # of the whole table only what came in meanwhile can be missing
    else:
        covered = coverage(root, scorer.version)
        click.echo(
            f"{covered.scored:,} of {covered.events:,} events have scores of it; to have readers see them: "
            f"tribometer switch-model {scorer.version} --tables {tables}"
        )


@click.command("switch-model", short_help="Choose whose scores readers see.")
@click.argument("model_version", metavar="VERSION")
@reads_tables
@click.option("--partly", is_flag=True, help="Switch although some events have no scores of it.")
def switch_model(model_version: str, tables: str, partly: bool) -> None:
    """Have every reader see the scores of the model VERSION from now on, or with `stored` those events came in with.

    Nothing is scored and nothing is lost: switching back is the same command. The view `models` lists the versions.
    An event without scores of VERSION is shown with those it came in with, so the switch is refused while there is
    one, unless you say --partly.
    """
    from pipelines.snapshot import readable_folder

    _switch(str(readable_folder(tables)), model_version, partly=partly)


def _switch(root: str, model_version: str, *, partly: bool) -> None:
    from pipelines.clock import utc_now
    from pipelines.model_choice import STORED, switch

    covered = switch(root, model_version, utc_now, partly=partly)
    if model_version == STORED:
        click.echo(f"readers see the scores that each of {covered.events:,} events came in with")
        return
    click.echo(f"readers see the scores of {model_version}: {_share(covered)}")


def _share(covered: Coverage) -> str:
    if not covered.missing:
        return f"all {covered.events:,} events"
    return (
        f"{covered.scored:,} of {covered.events:,} events; the other {covered.missing:,} are shown with the scores "
        "they came in with"
    )
