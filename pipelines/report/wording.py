"""Wording: numbers and findings as the page and the terminal say them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from pipelines.report.excess import Excess
from pipelines.report.impact import WINDOW_DAYS, Impact, Launch
from pipelines.report.report import Report
from pipelines.report.series import ANY
from pipelines.report.standouts import StandOut
from schemas.touchpoint import OTHER

_NAMES = {ANY: "all touchpoints", OTHER: "unassigned"}


@dataclass(frozen=True)
class Headline:
    """What a reader should take away: a sentence, and the numbers behind it."""

    title: str
    detail: str


def headline(report: Report) -> Headline:
    """The launch that hurt most, or why none can be named."""
    worst = report.worst
    if worst is not None:
        launch, found = worst.impact.launch, worst.excess
        title = f"{named(launch, report.scope.product)} hurt most."
        if worst.touchpoint != ANY:
            title = f"{named(launch, report.scope.product)} hurt most, at {touchpoint(worst.touchpoint)}."
        days = f"In the {worst.impact.days} days from {day(launch.day)} on,"
        where = "" if worst.touchpoint == ANY else f" at {touchpoint(worst.touchpoint)}"
        detail = f"{days} {people(found.observed)} met friction{where}: {compared(found)}."
        if worst.touchpoint != ANY:
            detail += f" Over all touchpoints it was {people(worst.overall.observed)}, {compared(worst.overall)}."
        return Headline(title, detail)
    if not report.launches:
        return Headline(
            "No launch is recorded in this window.",
            f"`tribometer launches add` or `import` records them for {report.scope.product}; the report then says "
            "what friction followed each.",
        )
    if not any(impact.overall for impact in report.impacts):
        reasons = {impact.unranked for impact in report.impacts}
        return Headline("No launch can be judged.", f"Why: {'; '.join(sorted(filter(None, reasons)))}.")
    judged = sum(impact.overall is not None for impact in report.impacts)
    return Headline(
        "No launch was followed by a rise beyond chance.",
        f"{judged} {'launch was' if judged == 1 else 'launches were'} compared with the weeks before.",
    )


def named(launch: Launch, product: str) -> str:
    """Product, version and title, without saying anything twice."""
    plain = f"{product} {launch.version}" if launch.version else product
    if launch.title is None:
        return plain if launch.version else f"{plain}, {launch.name}"
    return launch.title if launch.title.lower() == plain.lower() else f"{plain} ({launch.title})"


def called(launch: Launch) -> str:
    """Version and title, without saying anything twice."""
    if launch.version and launch.title and launch.version not in launch.title:
        return f"{launch.version} {launch.title}"
    return launch.title or launch.label


def compared(found: Excess) -> str:
    """`194 more than the 120 expected (95 % interval 140 to 251)`."""
    more = "more" if found.excess >= 0 else "fewer"
    return (
        f"{number(abs(found.excess))} {more} than the {number(found.expected)} expected "
        f"(95 % interval {interval(found)})"
    )


def interval(found: Excess) -> str:
    """Bounds of the excess."""
    return f"{signed(found.low)} to {signed(found.high)}"


def touchpoint(name: str) -> str:
    """A touchpoint in words."""
    return _NAMES.get(name, name)


def people(count: int) -> str:
    """`1 person`, `1,234 people`."""
    return "1 person" if count == 1 else f"{count:,} people"


def number(value: float) -> str:
    """A count; one decimal where it is small and not whole."""
    rounded = round(value, 1)
    return f"{rounded:,.1f}" if abs(rounded) < 10 and rounded != round(rounded) else f"{round(value):,}"


def signed(value: float) -> str:
    """A difference with its sign, a true minus."""
    text = number(abs(value))
    return text if text == "0" else ("+" if value > 0 else "−") + text


def percent(share: float | None) -> str:
    """A share as a percentage, or a dash."""
    return "–" if share is None else f"{100 * share:.1f} %"


def day(when: date) -> str:
    """`1 June 2021`."""
    return f"{when.day} {when:%B %Y}"


def days(found: StandOut) -> str:
    """The day of an episode, or its first and last."""
    if found.days == 1:
        return day(found.peak)
    first = f"{found.first_day.day} {found.first_day:%B}"
    if found.first_day.year != found.last_day.year:
        first += f" {found.first_day.year}"
    elif found.first_day.month == found.last_day.month:
        first = str(found.first_day.day)
    return f"{first} to {day(found.last_day)}"


def days_short(found: StandOut) -> str:
    """The same in a narrow column: `1–9 Jun 2021`."""
    if found.days == 1:
        return f"{found.peak.day} {found.peak:%b %Y}"
    last = f"{found.last_day.day} {found.last_day:%b %Y}"
    if (found.first_day.year, found.first_day.month) == (found.last_day.year, found.last_day.month):
        return f"{found.first_day.day}–{last}"
    return f"{found.first_day.day} {found.first_day:%b} – {last}"


def nearest_launch(found: StandOut) -> str:
    """How long after which launch."""
    if found.launch is None:
        return f"no launch in the {WINDOW_DAYS} days before"
    after = (found.peak - found.launch.day).days
    when = "on the day of" if after == 0 else f"{after} day{'s' if after > 1 else ''} after"
    return f"{when} the launch of {found.launch.label}"


def rose_and_fell(impact: Impact) -> tuple[list[tuple[str, Excess]], list[tuple[str, Excess]]]:
    """Touchpoints where friction surely rose after the launch, and where it surely fell, the clearest first."""
    rose = [part for part in impact.parts if part[1].low > 0]
    fell = [part for part in impact.parts if part[1].high < 0]
    rose.sort(key=lambda part: (part[0] == OTHER, -part[1].low))
    fell.sort(key=lambda part: (part[0] == OTHER, part[1].high))
    return rose, fell
