"""Judge: which incidents were told, how soon, and what else was.

Incidents are known by the day. One is found where somebody was told of its product between the beginning of its first
day and a day after its last; it is found *within a day* where that was before the end of the day after the first. A
page belongs to every incident that it falls into; one that falls into none is another page: it may be about something
that nobody listed. What must not alert does so where a page falls into it and into no friction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Final

from pipelines.backtest.incidents import Incident
from pipelines.backtest.replay import Page, Replayed
from pipelines.watch.evidence import instant_of

GRACE: Final = timedelta(days=1)
WITHIN: Final = timedelta(days=2)
"""From the beginning of the first day: dates do not say at which hour of it an incident began."""


@dataclass(frozen=True)
class Finding:
    """An incident and the pages that fall into it, the first first."""

    incident: Incident
    pages: tuple[Page, ...]

    @property
    def delay_hours(self) -> float | None:
        """From the beginning of its first day to the first page; None where there was none."""
        return (told_at(self.pages[0]) - self.incident.start).total_seconds() / 3600 if self.pages else None

    @property
    def within_a_day(self) -> bool:
        """Whether it was told before the end of the day after its first."""
        return bool(self.pages) and told_at(self.pages[0]) <= self.incident.start + WITHIN


@dataclass(frozen=True)
class Verdict:
    """What a replay comes to against a list of incidents."""

    findings: tuple[Finding, ...]
    others: tuple[Page, ...]
    pages: int
    weeks: float

    @property
    def friction(self) -> list[Finding]:
        """Those that should be told."""
        return [finding for finding in self.findings if finding.incident.is_friction]

    @property
    def recall(self) -> float | None:
        """Share of the incidents with friction that were told at all."""
        found = [bool(finding.pages) for finding in self.friction]
        return sum(found) / len(found) if found else None

    @property
    def recall_within_a_day(self) -> float | None:
        """Share of them that were told within a day."""
        found = [finding.within_a_day for finding in self.friction]
        return sum(found) / len(found) if found else None

    @property
    def precision(self) -> float | None:
        """Share of the pages that fall into listed friction: a lower bound, since no list is complete."""
        return 1 - len(self.others) / self.pages if self.pages else None

    @property
    def median_delay_hours(self) -> float | None:
        """Of the incidents that were told."""
        delays = [finding.delay_hours for finding in self.friction if finding.delay_hours is not None]
        return median(delays) if delays else None

    @property
    def pages_a_week(self) -> float:
        """Of seven days with feedback."""
        return self.pages / self.weeks if self.weeks else 0.0


def told_at(page: Page) -> datetime:
    """The close of the hour that a page is about."""
    return instant_of(page.hour + 1)


def judge(replayed: Replayed, incidents: Sequence[Incident]) -> Verdict:
    """Hold what was told against what happened."""
    findings = tuple(
        Finding(incident, tuple(page for page in replayed.pages if _falls_into(page, incident)))
        for incident in incidents
    )
    found = {id(page) for finding in findings if finding.incident.is_friction for page in finding.pages}
    others = tuple(page for page in replayed.pages if id(page) not in found)
    kept = tuple(
        finding
        if finding.incident.is_friction
        else Finding(finding.incident, tuple(page for page in finding.pages if id(page) not in found))
        for finding in findings
    )
    return Verdict(kept, others, len(replayed.pages), replayed.days / 7)


def _falls_into(page: Page, incident: Incident) -> bool:
    return incident.is_of(page.place.product) and incident.start <= told_at(page) <= incident.end + GRACE
