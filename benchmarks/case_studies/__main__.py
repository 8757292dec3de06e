"""`python -m benchmarks.case_studies`: make the tables of the case studies, and print what the pages' queries say."""

from __future__ import annotations

import logging
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from benchmarks.case_studies.page import answer, filled
from benchmarks.case_studies.picture import draw
from benchmarks.case_studies.study import ROOT, STUDIES, Study, make_tables
from pipelines.cli import main as tribometer
from pipelines.connect import connect_locked

BY_NAME: Final = {study.name: study for study in STUDIES}


@click.command()
@click.option("--data", type=click.Path(path_type=Path), required=True, help="Folder that holds streams/.")
@click.option("--only", type=click.Choice(list(BY_NAME)), multiple=True, help="Just this study.")
@click.option(
    "--built",
    type=click.Path(path_type=Path),
    default=ROOT / "build" / "case-studies",
    help="Folder of the tables, one folder each study; what is there is not made again.",
)
@click.option("--write", is_flag=True, help="Keep tables and pictures in docs/.")
def case_studies(data: Path, only: Sequence[str], built: Path, write: bool) -> None:
    """Replay the streams, ask the queries of docs/case-studies and print each with its table."""
    streams = data / "streams"
    if not streams.is_dir():
        raise click.ClickException(f"{streams}: not there; give the folder that holds streams/ with --data")
    logging.basicConfig(level=logging.CRITICAL)  # Beam warns about optional parts at import
    studies = [BY_NAME[name] for name in only or BY_NAME]
    differing = [study.name for study in studies if not shown(study, streams, built, write)]
    if differing:
        raise click.ClickException(f"other tables than on the page: {', '.join(differing)}; --write keeps them")


def shown(study: Study, streams: Path, built: Path, write: bool) -> bool:
    """Print a study's tables, and keep them if asked; whether the page says the same in the end."""
    page = study.page.read_text(encoding="utf-8")
    with connect_locked(str(tables_of(study, streams, built))) as connection:

        def ask(query: str) -> str:
            table = answer(connection, query)
            click.echo(f"{query}\n{table}")
            return table

        now = filled(page, ask)
        if write:
            study.page.write_text(now, encoding="utf-8")
            draw(connection, study.query.read_text(encoding="utf-8"), study.picture)
    return write or now == page


def tables_of(study: Study, streams: Path, built: Path) -> Path:
    """The study's tables, made where they are not there yet: they get their name when they are complete."""
    complete = built / study.name
    if not complete.exists():
        begun = built / f"{study.name}.begun"
        shutil.rmtree(begun, ignore_errors=True)
        make_tables(study, streams, begun, tribometer)
        begun.rename(complete)
    return complete


if __name__ == "__main__":
    sys.exit(case_studies())
