"""Terminal: the report in a hundred columns."""

from __future__ import annotations

import sys

import plotext
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from pipelines.report.quotes import Quote
from pipelines.report.report import Report
from pipelines.report.series import ANY
from pipelines.report.wording import (
    called,
    day,
    days_short,
    headline,
    interval,
    nearest_launch,
    number,
    rose_and_fell,
    signed,
    touchpoint,
)

WIDTH = 100
_PLOT_LINES = 14
_PLOT_TICKS = 6
_LAUNCHES_SHOWN = 5
_DAYS_SHOWN = 5
_QUOTES_SHOWN = 3


def summary(report: Report, *, width: int = WIDTH) -> RenderableType:
    """Headline, plot, launches, days that stand out and quotes, at most `width` columns wide."""
    found = headline(report)
    parts: list[RenderableType] = [
        Text(
            f"{report.scope.product}, {day(report.scope.first_day)} to {day(report.scope.last_day)}", style="dim"
        ),
        Text(found.title, style="bold"),
        Text(found.detail),
        Text(),
        Text(f"People with friction per {report.series.grain}", style="bold"),
        _plot(report, width),
    ]
    if any(impact.overall for impact in report.impacts):
        parts += [Text(), _launches(report)]
    if report.stand_outs:
        parts += [Text(), _days(report)]
    if quotes := _quotes(report):
        parts += [Text(), Text("In their words", style="bold"), *map(_quote, quotes)]
    return Group(*parts)


def page_wide_console() -> Console:
    """Standard output; a hundred columns without colours where it is no terminal."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH)


def write_summary(console: Console, report: Report) -> None:
    """Print the summary, as wide as the terminal but not wider than a hundred columns."""
    width = min(WIDTH, console.width)
    console.print(summary(report, width=width), width=width)


def _plot(report: Report, width: int) -> Text:
    """People with friction over time; the worst launch is an upright line. No colours: terminals differ in theirs."""
    points, first = report.series.points[ANY], report.scope.first_day
    heard = [(point.begins, point.friction_authors) for point in points if point.friction_authors is not None]
    positions = [(begins - first).days for begins, _ in heard]
    people = [count for _, count in heard]
    figure = plotext.figure
    plotext.terminal.limit(width=False, height=False)  # the caller knows the width; a pipe has none
    figure.clear()
    figure.plot_size(width, _PLOT_LINES)
    figure.theme("colorless")
    worst = report.worst.impact.launch if report.worst else None
    if worst is not None:
        figure.line((worst.day - first).days, orientation="vertical")
    signal = figure.signal(positions, people, marker="braille")
    signal.lines()
    figure.draw(signal)
    ticks = range(0, len(heard), max(1, -(-len(heard) // _PLOT_TICKS)))
    labels = [f"{heard[tick][0]:%d %b %y}" for tick in ticks]
    figure.ruler("x").ticks([positions[tick] for tick in ticks], labels)
    highest = max([1, *people])
    figure.ruler("y").lim(0, highest)
    figure.ruler("y").ticks([0, highest / 2, highest], ["0", number(highest / 2), number(highest)])
    drawn = plotext.uncolorize(figure.build().string()).rstrip("\n")
    text = Text(drawn, no_wrap=True, overflow="crop")
    if worst is not None:
        text.append(f"\nThe upright line is the launch of {worst.label}.", style="dim")
    return text


def _launches(report: Report) -> Table:
    table = _table("Launches by the friction that followed (14 days, against the 28 before)")
    table.add_column("launch", overflow="ellipsis", no_wrap=True, max_width=30)
    table.add_column("day", no_wrap=True)
    table.add_column("excess", justify="right", no_wrap=True)
    table.add_column("95 % interval", justify="right", no_wrap=True)
    table.add_column("clearly rose or fell at")
    for impact in report.impacts[:_LAUNCHES_SHOWN]:
        if impact.overall is None:
            continue
        rose, fell = rose_and_fell(impact)
        where = ", ".join(f"{touchpoint(name)} {signed(part.excess)}" for name, part in [*rose[:3], *fell[:2]])
        table.add_row(
            called(impact.launch),
            impact.launch.day.isoformat(),
            signed(impact.overall.excess),
            interval(impact.overall),
            where or "nowhere",
        )
    return table


def _days(report: Report) -> Table:
    table = _table("Days that stand out (against the same weekdays before)")
    table.add_column("day", no_wrap=True)
    table.add_column("touchpoint", no_wrap=True)
    table.add_column("people", justify="right", no_wrap=True)
    table.add_column("expected", justify="right", no_wrap=True)
    table.add_column("launch", overflow="ellipsis", no_wrap=True, max_width=24)
    table.add_column("words", overflow="ellipsis", no_wrap=True)
    for found in report.stand_outs[:_DAYS_SHOWN]:
        table.add_row(
            days_short(found),
            touchpoint(found.touchpoint),
            str(found.exceedance.observed),
            number(found.exceedance.expected),
            nearest_launch(found).replace(" the launch of", "") if found.launch else "none near",
            ", ".join(found.words[:4]),
        )
    return table


def _table(title: str) -> Table:
    return Table(
        title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, header_style="dim"
    )


def _quotes(report: Report) -> list[Quote]:
    if report.worst is not None and report.worst.quotes:
        return list(report.worst.quotes[:_QUOTES_SHOWN])
    firsts = [quotes[0] for quotes in report.quotes.values() if quotes]
    return firsts[:_QUOTES_SHOWN]


def _quote(quote: Quote) -> RenderableType:
    said = Text(f"“{quote.text}”")
    said.append(f"  {quote.source}, {quote.day.isoformat()}", style="dim")
    return Padding(said, (0, 0, 0, 2))
