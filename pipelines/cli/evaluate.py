"""`tribometer evaluate`: the scorecard of a model, measured."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
from rich.console import Console
from rich.table import Table as RichTable

from pipelines.cli.options import own_model, table_or_json
from pipelines.cli.progress import StepProgress
from pipelines.clock import utc_now
from pipelines.machine import machine
from pipelines.scorecard.sections import SECTIONS, Subject
from schemas.errors import UsageError

if TYPE_CHECKING:
    from models.scorecard.table import Table

_WIDTH: Final = 130
"""Columns of a table that is read later, not on a terminal."""


@click.command(short_help="Measure how good the scorer is.")
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Folder that holds labels/ and streams/; negation, sarcasm and bias need none.",
)
@own_model
@click.option(
    "--only",
    multiple=True,
    metavar="SECTION,…",
    help=f"Measure just these: {', '.join(SECTIONS)}.",
)
@table_or_json("one object, a key a section")
@click.option(
    "--write", is_flag=True, help="Keep the figures in models/figures.json and show them in models/CARD.md."
)
def evaluate(data: Path | None, model: str | None, only: tuple[str, ...], form: str, write: bool) -> int:
    """Measure a model on labelled data it did not learn from, and print its scorecard.

    \b
    training     what the model learned from, with licences
    sentiment    macro-F1, accuracy and calibration error on unseen sets, beside VADER, TextBlob,
                 the commonest class, and TF-IDF + SVM trained on the rows the model learned from
    touchpoints  macro-F1 in-domain, and on each domain by a model that never learned from it
    friction     how well friction ranks reviews with few stars over those with many
    gold         touchpoint, sentiment and friction of labelled mentions of real streams
    robustness   what typos, case, emoji and stretched words change
    negation     whether a negation turns what is said
    sarcasm      whether irony is noticed
    bias         whether a name or a way of speaking changes the scores
    speed        texts a second on one core, and memory
    languages    of the model for other languages: what it learned from, sentiment on unseen
                 rows beside TF-IDF + SVM, and friction against stars

    All of it takes about a quarter of an hour on two cores, most of it training what the model is compared with.
    Sections that compare it with others need the extra `train`. Without --only a section that cannot be measured
    here is left out, said on standard error, and the exit status is 1.
    """
    chosen = _chosen(only)
    if data is None and any(SECTIONS[name].needs_data for name in chosen):
        free = ",".join(name for name, section in SECTIONS.items() if not section.needs_data)
        raise UsageError(
            f"--data is missing; name the folder that holds labels/ and streams/, or choose --only {free}"
        )
    if data is not None and not data.is_dir():
        raise UsageError(f"--data {data}: no such folder; name the one that holds labels/ and streams/")
    from models import SHIPPED
    from models.scorecard.card import FOLDER, Measured, as_json, keep
    from models.scorer import load_scorer

    folder = str(SHIPPED if model is None else model)
    if write and Path(folder).resolve() != SHIPPED.resolve():
        raise UsageError("--write keeps the figures of the shipped model; leave out --model, or use --format json")
    scorer = load_scorer(folder)
    measured: dict[str, Measured] = {}
    left_out = 0
    errors = Console(stderr=True, highlight=False)
    for name in chosen:
        with StepProgress(errors) as progress:
            subject = Subject(scorer, folder, data, progress.say)
            try:
                tables = SECTIONS[name].measure(subject)
            except UsageError as error:
                if only:
                    raise
                left_out += 1
                errors.print(f"{name}: left out: {error}", soft_wrap=True)
                continue
        measured[name] = Measured(scorer.version, f"{utc_now():%Y-%m-%d}", machine(), tuple(tables))
        if form == "table":
            _show(name, tables)
        if write:
            # Section by section: whoever interrupts the rest keeps what was measured.
            keep({name: measured[name]})
    if form == "json":
        sys.stdout.write(as_json(measured))
    if write:
        errors.print(f"written to {FOLDER}")
    return 1 if left_out else 0


def _chosen(only: Sequence[str]) -> list[str]:
    """The sections named, in the order of the scorecard; all where none is."""
    named = {name.strip() for given in only for name in given.split(",")}
    for name in sorted(named - set(SECTIONS)):
        raise UsageError(f"--only {name}: no such section; choose from {', '.join(SECTIONS)}")
    return [name for name in SECTIONS if not named or name in named]


def _show(name: str, tables: Sequence[Table]) -> None:
    console = Console(highlight=False, width=None if sys.stdout.isatty() else _WIDTH)
    for table in tables:
        shown = RichTable(title=f"{name}: {SECTIONS[name].what}", title_justify="left")
        for column in table.columns:
            is_text = column.form == "text"
            shown.add_column(column.title, justify="left" if is_text else "right", no_wrap=is_text)
        for cells in table.cells():
            shown.add_row(*cells)
        console.print(shown)
