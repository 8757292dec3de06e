"""`tribometer alerts backtest`: what a watch of the past would have told."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from pipelines.cli.judging import judging_options
from pipelines.cli.options import days_between, reads_tables, some_days, table_or_json
from pipelines.cli.tables.output import print_rows

if TYPE_CHECKING:
    from pipelines.backtest.judge import Verdict
    from pipelines.backtest.replay import Page
    from pipelines.watch.course import Rules
    from pipelines.watch.evidence import HourEvidence

_TRIED: Final = (0.01, 0.02, 0.05, 0.1, 0.2)
"""Shares of false alarms that `--tune` tries."""


@click.command(short_help="Judge the past again and hold it against known incidents.")
@reads_tables
@click.option(
    "--incidents",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FILE",
    help="CSV with product, start, end, kind, touchpoint, what; kind is friction for what should be told.",
)
@some_days
@judging_options
@click.option("--tune", is_flag=True, help="Show what other values of --q would have told.")
@click.option(
    "--pictures", type=click.Path(path_type=Path), metavar="DIR", help="Write an SVG of each page there."
)
@table_or_json("one object: incidents, others, summary, and with --tune the curve")
def backtest(
    tables: str,
    incidents: Path,
    since: datetime | None,
    until: datetime | None,
    rules: Rules,
    tune: bool,
    pictures: Path | None,
    form: str,
) -> None:
    """Judge every hour of the tables below DIR again, in order, and hold what would have been told against FILE.

    No hour knows of a later one. A page is one time somebody would have been told that an episode is on. Incidents are
    known by the day: one is found where its product was paged from its first day to a day after its last, and within a
    day where that was before the end of the day after the first.
    """
    from pipelines.backtest.incidents import read_incidents
    from pipelines.backtest.judge import judge
    from pipelines.backtest.replay import ground_of, read_evidence, replay
    from pipelines.snapshot import open_snapshot
    from pipelines.watch.evidence import instant_of

    listed = read_incidents(incidents)
    first, last = days_between(since, until)
    evidence = read_evidence(open_snapshot(tables), first, last)
    if evidence:
        begin, end = instant_of(evidence[0].hour), instant_of(evidence[-1].hour + 1)
        listed = [one for one in listed if one.end > begin and one.start < end]
    ground = ground_of(tables, rules)
    verdict = judge(replay(evidence, ground), listed)
    curve = []
    if tune:
        for tried in _TRIED:
            tuned = replace(ground, rules=replace(rules, detector=replace(rules.detector, q=tried)))
            other = verdict if tried == rules.detector.q else judge(replay(evidence, tuned), listed)
            curve.append({"q": tried, **_summary(other)})
    if pictures is not None:
        _draw(verdict, evidence, pictures)
    if form == "json":
        said = {"incidents": _incidents(verdict), "others": _others(verdict), "summary": _summary(verdict)}
        click.echo(json.dumps({**said, **({"curve": curve} if tune else {})}, indent=2, ensure_ascii=False))
        return
    for title, rows in (("Incidents", _incidents(verdict)), ("Other pages", _others(verdict)), ("Curve", curve)):
        if rows:
            click.echo(title)
            print_rows(rows, "table")
    click.echo(", ".join(f"{name} {_said(value)}" for name, value in _summary(verdict).items()))


def _incidents(verdict: Verdict) -> list[dict[str, Any]]:
    from pipelines.backtest.judge import told_at

    return [
        {
            "product": finding.incident.product,
            "start": f"{finding.incident.start:%Y-%m-%d}",
            "kind": finding.incident.kind,
            "touchpoint": finding.incident.touchpoint,
            "what": finding.incident.what,
            "pages": len(finding.pages),
            "first page": f"{told_at(finding.pages[0]):%Y-%m-%d %H:%M}" if finding.pages else None,
            "about": _place(finding.pages[0]) if finding.pages else None,
            "hours": None if finding.delay_hours is None else round(finding.delay_hours),
            "within a day": finding.within_a_day if finding.incident.is_friction else None,
        }
        for finding in verdict.findings
    ]


def _others(verdict: Verdict) -> list[dict[str, Any]]:
    from pipelines.backtest.judge import told_at

    return [
        {
            "told at": f"{told_at(page):%Y-%m-%d %H:%M}",
            "about": _place(page),
            "people": round(page.observed, 1),
            "expected": round(page.expected, 1),
        }
        for page in verdict.others
    ]


def _summary(verdict: Verdict) -> dict[str, Any]:
    must_not = [finding for finding in verdict.findings if not finding.incident.is_friction]
    return {
        "recall": verdict.recall,
        "within a day": verdict.recall_within_a_day,
        "precision at least": verdict.precision,
        "median delay in hours": verdict.median_delay_hours,
        "pages": verdict.pages,
        "pages a week": verdict.pages_a_week,
        "pages where there must be none": sum(len(finding.pages) for finding in must_not),
    }


def _draw(verdict: Verdict, evidence: list[HourEvidence], folder: Path) -> None:
    from pipelines.backtest.picture import AFTER_HOURS, BEFORE_HOURS, picture
    from pipelines.backtest.replay import of_place

    folder.mkdir(parents=True, exist_ok=True)
    pages = {page.episode_id: page for finding in verdict.findings for page in reversed(finding.pages)}
    pages |= {page.episode_id: page for page in verdict.others}
    for name, page in pages.items():
        seen = of_place(evidence, page.place, page.hour - BEFORE_HOURS, page.hour + AFTER_HOURS)
        (folder / f"{name}.svg").write_text(picture(page, seen, _place(page)), encoding="utf-8")


def _place(page: Page) -> str:
    return page.place.product if page.place.touchpoint == "*" else f"{page.place.product}, {page.place.touchpoint}"


def _said(value: object) -> str:
    return "-" if value is None else f"{value:.2f}" if isinstance(value, float) else str(value)
