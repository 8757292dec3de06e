"""`tribometer train`: the shipped model again from labelled sets, or a model of one's own from one's own labels."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from pipelines.cli.options import own_touchpoints
from pipelines.cli.progress import StepProgress
from schemas.errors import UsageError

if TYPE_CHECKING:
    from spacy.language import Language

    from models.judging import GroupReport


@click.command(short_help="Train a model, or adapt one with your own labels.")
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="DIR", help="The model to write.")
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Folder that holds labels/, to train from nothing.",
)
@click.option(
    "--cues-only", is_flag=True, help="With --data: keep the learned weights of --out; renew cues and seeds."
)
@click.option("--adapt", is_flag=True, help="Adapt a model with your own labels, touchpoints or ratings.")
@click.option("--labels", type=click.Path(path_type=Path), metavar="FILE|DIR", help="What `label import` keeps.")
@own_touchpoints
@click.option(
    "--from-ratings",
    metavar="TABLES",
    help="Learn sentiment and friction from the rated events of these tables too.",
)
@click.option("--model", metavar="DIR", help="The model to adapt. Default: the one shipped.")
@click.option("--name", default="adapted", show_default=True, metavar="TEXT", help="Name of the adapted model.")
@click.option(
    "--precision",
    type=click.FloatRange(0.0, 1.0),
    default=0.8,
    show_default=True,
    help="Share of the touchpoints it gives that should be right.",
)
def train(
    out: Path,
    data: Path | None,
    cues_only: bool,
    adapt: bool,
    labels: Path | None,
    touchpoints: Path | None,
    from_ratings: str | None,
    model: str | None,
    name: str,
    precision: float,
) -> None:
    """Train a model and write it to a folder, which every command takes as --model.

    With --data the shipped model is made again from the labelled sets, in minutes; a run that was interrupted goes on
    where it was. With --adapt a model learns what your labels, your own touchpoints and your rated events teach, in
    seconds; what it shows is measured by cross-validation, and a part that would not get better stays as it is. Needs
    the extra tribometer[train].
    """
    _check_target(out, may_exist=cues_only)
    _need_scikit_learn()
    if adapt:
        if data is not None or cues_only:
            raise UsageError("--adapt learns from --labels, --touchpoints and --from-ratings; leave --data out")
        nlp = _adapted(out, labels, touchpoints, from_ratings, model, name, precision)
        _write(nlp, out)
    else:
        if data is None:
            raise UsageError("say what to learn from: --data DIR, or --adapt with --labels FILE")
        nlp = _trained(data, out, cues_only)
    click.echo(f"{nlp.meta['name']}-{nlp.meta['version']} written to {out}")


def _trained(data: Path, out: Path, cues_only: bool) -> Language:
    from models.data import LabelledSets
    from models.training.build import build, renew_cues, source_files
    from models.training.kept import Kept

    sets = LabelledSets(data)
    if cues_only:
        nlp = renew_cues(out, sets)
        _write(nlp, out)
        return nlp
    place = out.absolute()
    kept = Kept(place.with_name(f".{place.name}.training"), source_files(sets))
    with StepProgress(Console(stderr=True, highlight=False)) as progress:
        nlp = build(sets, progress.say, kept)
    _write(nlp, out)
    kept.forget()
    return nlp


def _adapted(
    out: Path,
    labels: Path | None,
    touchpoints: Path | None,
    from_ratings: str | None,
    model: str | None,
    name: str,
    precision: float,
) -> Language:
    from models import SHIPPED
    from models.adapt import adapt
    from models.scorer import load_scorer
    from pipelines.labels import load_labels, rated
    from schemas.own_touchpoints import NO_OWN, load_own_touchpoints

    if labels is None and touchpoints is None and from_ratings is None:
        raise UsageError("--adapt needs something to learn from: --labels, --touchpoints or --from-ratings")
    base = SHIPPED if model is None else Path(model)
    if out.resolve() in (base.resolve(), SHIPPED.resolve()):
        raise UsageError(f"--out {out}: is the base model; an adapted model goes to a folder of its own")
    load_scorer(str(base))  # whatever is wrong with it is told before anything is learned
    own = NO_OWN if touchpoints is None else load_own_touchpoints(touchpoints)
    known = [] if labels is None else load_labels(labels, own.names)
    if from_ratings is not None:
        known += rated(from_ratings)
    with StepProgress(Console(stderr=True, quiet=not sys.stderr.isatty())) as progress:
        progress.say(f"learning from {len(known):,} labels" if known else "reading seeds")
        nlp, reports = adapt(base, known, own, precision=precision, name=name)
    _tell(reports, len(known), precision)
    return nlp


def _tell(reports: Sequence[GroupReport], labels: int, precision: float) -> None:
    """Show what the labels did, judged on rows that were not learned from."""
    from pipelines.render import format_table

    if not reports:
        few = f"{labels:,} labels are too few to learn from" if labels else "no labels"
        click.echo(f"{few}: the model differs from its base by touchpoints and seeds alone", err=True)
        return
    columns = ("", "labels", "adapted", "macro-F1", "log loss", "given", "right of these")
    rows = [
        (
            report.group,
            f"{report.labels:,}",
            "yes" if report.learned else "no, the base is as good",
            f"{report.before.macro_f1:.3f} -> {report.after.macro_f1:.3f}",
            f"{report.before.log_loss:.3f} -> {report.after.log_loss:.3f}",
            f"{report.before.coverage:.0%} -> {report.after.coverage:.0%}",
            f"{report.before.precision:.0%} -> {report.after.precision:.0%}",
        )
        for report in reports
    ]
    lines, _ = format_table(columns, rows, None)
    click.echo("\n".join(["base -> adapted, five-fold cross-validation on the labels:", *lines]))
    about = next((report.after for report in reports if report.group == "touchpoint"), None)
    if about is not None and about.precision < precision:
        click.echo(
            f"no threshold makes {precision:.0%} of the touchpoints given right; label more, or lower --precision",
            err=True,
        )


def _check_target(out: Path, *, may_exist: bool) -> None:
    """Refuse to write over anything but a model."""
    if out.exists() and not out.is_dir():
        raise UsageError(f"--out {out}: is a file; name a folder")
    if out.is_dir() and any(out.iterdir()) and not (out / "feedback_heads").is_dir():
        raise UsageError(f"--out {out}: holds other things than a model; name a new folder")
    if may_exist and not (out / "meta.json").is_file():
        raise UsageError(f"--out {out}: holds no model whose weights could be kept; leave --cues-only out")
    if not out.absolute().parent.is_dir():
        raise UsageError(f"--out {out}: the folder {out.absolute().parent} does not exist; make it first")
    if not os.access(out.absolute().parent, os.W_OK):
        raise UsageError(f"--out {out}: the folder {out.absolute().parent} may not be written to; name another")


def _need_scikit_learn() -> None:
    from importlib.util import find_spec

    if find_spec("sklearn") is None or find_spec("vaderSentiment") is None:
        raise UsageError("training needs scikit-learn and vaderSentiment: pip install 'tribometer[train]'")


def _write(nlp: Language, out: Path) -> None:
    """Write a model beside its place and then put it there: a run that is interrupted leaves the old one whole."""
    place = out.absolute()
    with tempfile.TemporaryDirectory(dir=place.parent, prefix=f".{place.name}.") as folder:
        fresh, old = Path(folder) / "fresh", Path(folder) / "old"
        nlp.to_disk(fresh)
        if place.exists():
            place.rename(old)
        fresh.rename(place)
