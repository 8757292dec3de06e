"""`tribometer label`: have people say what mentions are about, and keep what they said."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import click
from rich.console import Console

from pipelines.cli.options import one_product, own_touchpoints, past_instant, reads_as_of, reads_tables
from pipelines.cli.progress import StepProgress


@click.group(short_help="Draw mentions to label, and keep the labels.")
def label() -> None:
    """Draw mentions worth a person's label, and keep the labels for `train --adapt`."""


@label.command(short_help="Write a sheet of mentions to fill in.")
@reads_tables
@reads_as_of
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="FILE", help="The sheet to write.")
@click.option("--count", type=click.IntRange(min=1), default=200, show_default=True, help="Mentions to draw.")
@click.option(
    "--strategy",
    type=click.Choice(["uncertain", "random", "mixed"]),
    default="mixed",
    show_default=True,
    help="Where the scorer is unsure, by chance, or half of each.",
)
@one_product
@click.option("--since", callback=past_instant, metavar="TIME", help="Only what was said from TIME on.")
@click.option(
    "--labels",
    type=click.Path(path_type=Path),
    metavar="FILE|DIR",
    help="Labels there are; their events are not drawn again.",
)
@click.option(
    "--model", metavar="DIR", help="Score what is drawn from with this model. Default: scores as stored."
)
@click.option("--blind", is_flag=True, help="Leave out what the scorer thinks.")
@click.option("--seed", type=int, default=1, show_default=True, help="Another number draws others.")
@own_touchpoints
def export(
    tables: str,
    as_of: datetime | None,
    out: Path,
    count: int,
    strategy: str,
    product: str | None,
    since: datetime | None,
    labels: Path | None,
    model: str | None,
    blind: bool,
    seed: int,
    touchpoints: Path | None,
) -> None:
    """Write a sheet of mentions to fill in, one an event, as CSV for a spreadsheet.

    Fill in touchpoint, sentiment (negative, neutral, positive) and friction (1, 0), or some of them, as
    docs/labelling.md says, and leave the other columns as they are. The texts are those of the tables: redacted, and
    still people's words.
    """
    from models.scorer import load_scorer
    from pipelines.labels import candidates, check_sheet, draw, load_labels, write_mentions

    check_sheet(out)
    named = names(touchpoints, model)
    known = load_labels(labels, named) if labels is not None and labels.exists() else []
    with StepProgress(Console(stderr=True, quiet=not sys.stderr.isatty())) as progress:
        if model is not None:
            progress.say(f"scoring with {model}")
        scorer = None if model is None else load_scorer(model)
        found = candidates(
            tables,
            as_of=as_of,
            product=product,
            since=since,
            count=count,
            seed=seed,
            labelled=known,
            scorer=scorer,
        )
    drawn = draw(found, count, strategy, seed)
    write_mentions(out, drawn, blind=blind)
    short = f", all that was found of {count:,}" if len(drawn) < count else ""
    click.echo(f"{len(drawn):,} mentions to label in {out}{short}")


@label.command(name="import", short_help="Check a filled-in sheet and keep its labels.")
@click.argument("sheet", type=click.Path(path_type=Path))
@click.option(
    "--labels",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FILE|DIR",
    help="Where the labels are kept; made if missing, labels.csv in a folder.",
)
@own_touchpoints
@click.option("--model", metavar="DIR", help="A model whose touchpoints may be given too.")
@click.option(
    "--replace", "replace_labels", is_flag=True, help="Take the new label where there is another already."
)
def import_(sheet: Path, labels: Path, touchpoints: Path | None, model: str | None, replace_labels: bool) -> None:
    """Check a filled-in SHEET and add its labels to those that are kept.

    Lines without labels are left out; all others are taken or, if one is wrong, none. Doing it again adds nothing. A
    sheet of your own needs a column text and one or more of touchpoint, sentiment and friction. The labels file holds
    people's words: keep it where the tables may be kept, and delete lines of events that are erased.
    """
    from pipelines.labels import import_sheet

    read, changed, target = import_sheet(sheet, labels, names(touchpoints, model), replace_labels=replace_labels)
    click.echo(f"{read:,} labelled mentions read, {changed:,} of them new or changed, kept in {target}")


def names(touchpoints: Path | None, model: str | None) -> tuple[str, ...]:
    """Touchpoints that a label may name: the shipped ones, a file's own, those of a model."""
    from models.scorer import load_scorer
    from schemas.own_touchpoints import NO_OWN, load_own_touchpoints
    from schemas.touchpoint import ALL_TOUCHPOINTS

    own = NO_OWN if touchpoints is None else load_own_touchpoints(touchpoints)
    known = own.names if model is None else (*load_scorer(model).touchpoints, *own.definitions)
    return tuple(dict.fromkeys([*known, *(() if touchpoints or model else ALL_TOUCHPOINTS)]))
