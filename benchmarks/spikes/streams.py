"""`python -m benchmarks.spikes.streams`: what a watch of the real streams would have told, into docs/spikes.md.

Nothing was chosen on these streams' incidents: the constants are those of the simulated worlds (docs/spikes.md).
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import click

from benchmarks.case_studies.study import STUDIES, make_tables
from pipelines.backtest.incidents import Incident, read_incidents
from pipelines.backtest.judge import Finding, Verdict, judge, told_at
from pipelines.backtest.replay import Page, ground_of, read_evidence, replay
from pipelines.cli import main as tribometer
from pipelines.clock import utc_now
from pipelines.machine import machine
from pipelines.snapshot import open_snapshot
from pipelines.watch.course import Rules
from transforms.detect.detector import Settings

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "spikes.md"
_BEGIN: Final = "<!-- spikes streams -->\n"
_END: Final = "<!-- /spikes streams -->\n"
SHOWN: Final = "0.05"
TRIED: Final = {
    "0.01": Rules(Settings(q=0.01)),
    SHOWN: Rules(Settings(q=0.05)),
    "0.2": Rules(Settings(q=0.2)),
    f"{SHOWN}, launches expected": Rules(Settings(q=0.05), expect_launches=True),
}


def table(tables: Path, incidents: Sequence[Incident], tried: Mapping[str, Rules]) -> list[str]:
    """The lines of the page's table, from tables of all the streams: one replay by each of the rules `tried`, those
    `SHOWN` among them."""
    evidence = read_evidence(open_snapshot(str(tables)), None, None)
    verdicts = {
        name: judge(replay(evidence, ground_of(str(tables), rules)), incidents) for name, rules in tried.items()
    }
    return [*_incidents(verdicts[SHOWN]), "", *_others(verdicts[SHOWN]), "", *_curve(verdicts)]


def _incidents(verdict: Verdict) -> Iterator[str]:
    yield "| product | listed as | from | told after | first told of |"
    yield "| --- | --- | --- | --- | --- |"
    for finding in verdict.findings:
        incident = finding.incident
        product = "the airlines" if incident.product == "*" else incident.product
        listed = incident.touchpoint if incident.is_friction else incident.kind
        yield f"| {product} | {listed} | {incident.start:%Y-%m-%d} | {_told(finding)} | {_first(finding)} |"


def _told(finding: Finding) -> str:
    if not finding.incident.is_friction:
        return "told, and must not be" if finding.pages else "never, as it must be"
    if finding.delay_hours is None:
        return "**missed**"
    return f"{finding.delay_hours:.0f} h" + ("" if finding.within_a_day else ", late")


def _first(finding: Finding) -> str:
    return _place(finding.pages[0]) if finding.pages else ""


def _others(verdict: Verdict) -> Iterator[str]:
    told = [f"{_place(page)} on {told_at(page):%Y-%m-%d} ({page.observed:g} people)" for page in verdict.others]
    yield f"Told beside these, {len(told)} times: {', '.join(told)}."


def _curve(verdicts: Mapping[str, Verdict]) -> Iterator[str]:
    yield "| q | found | within a day | told | of it in an incident | told a week | where there must be none |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for name, verdict in verdicts.items():
        friction = verdict.friction
        must_not = sum(len(one.pages) for one in verdict.findings if not one.incident.is_friction)
        yield (
            f"| {name} | {sum(bool(one.pages) for one in friction)} of {len(friction)} "
            f"| {sum(one.within_a_day for one in friction)} | {verdict.pages} | {verdict.precision:.2f} "
            f"| {verdict.pages_a_week:.2f} | {must_not} |"
        )


def _place(page: Page) -> str:
    return page.place.product if page.place.touchpoint == "*" else f"{page.place.product}, {page.place.touchpoint}"


@click.command()
@click.option(
    "--data", type=click.Path(exists=True, path_type=Path), required=True, help="Folder that holds streams/."
)
@click.option("--tables", type=click.Path(path_type=Path), help="Tables of all the streams. Default: made anew.")
@click.option("--write", is_flag=True, help="Put the table into docs/spikes.md.")
def main(data: Path, tables: Path | None, write: bool) -> None:
    """Watch the real streams from the first to the last hour, and hold it against their dated incidents."""
    incidents = read_incidents(data / "streams" / "incidents.csv")
    with tempfile.TemporaryDirectory() as folder:
        if tables is None:
            tables = Path(folder) / "tables"
            for study in STUDIES:
                make_tables(study, data / "streams", tables, tribometer)
        lines = table(tables, incidents, TRIED)
    stamp = f"{utc_now():%Y-%m-%d}, {machine()}; `python -m benchmarks.spikes.streams`"
    text = "\n".join([*lines, "", stamp]) + "\n"
    click.echo(text)
    if write:
        before, rest = PAGE.read_text(encoding="utf-8").split(_BEGIN, 1)
        PAGE.write_text(before + _BEGIN + text + _END + rest.split(_END, 1)[1], encoding="utf-8")


if __name__ == "__main__":
    main()
