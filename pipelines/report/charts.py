"""Charts: measures as Vega-Lite. Colours and fonts are the page's (marks carry styles, page.js fills them in)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from statistics import mean
from typing import Any, Final

import altair as alt

from pipelines.report.impact import WINDOW_DAYS, Impact, Launch
from pipelines.report.report import Report, WorstLaunch
from pipelines.report.series import ANY, Point
from pipelines.report.wording import interval, signed, touchpoint

Spec = dict[str, Any]


class Datasets:
    """Rows of one spec, by name, kept out of the chart objects: Altair copies what they hold at every step."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = {}

    def chart(self, name: str, rows: Sequence[Mapping[str, Any]]) -> alt.Chart:
        """A chart that reads these rows."""
        self.rows[name] = [dict(row) for row in rows]
        return alt.Chart(alt.NamedData(name=name))


LAUNCHES_DRAWN: Final = 15
_LAUNCHES_MARKED: Final = 5
_LONGEST_WINDOW_NAMED_BY_DAYS: Final = 200
"""Beyond this the ticks of a time axis are months."""

_BASELINE_WEEKS: Final = 4
_DAYS_AFTER: Final = 28


def overview(report: Report) -> Spec:
    """People with friction over the whole window, with every launch and the days that stand out."""
    points, data = report.series.points[ANY], Datasets()
    description = (
        f"People with friction per {report.series.grain}, all touchpoints, with 95 % interval; "
        f"{len(report.launches)} launches are marked."
    )
    peaks = {found.peak for found in report.stand_outs}
    step = timedelta(days=7 if report.series.grain == "week" else 1)
    marked = [
        {"begins": point.begins.isoformat(), "people": point.friction_authors}
        for point in points
        if any(point.begins <= peak < point.begins + step for peak in peaks)
    ]
    layers = _volume(data, points, report.series.grain)
    if marked:
        layers.append(
            data.chart("marked", marked)
            .mark_point(style="standout", shape="triangle-down", size=70, yOffset=-9, filled=True)
            .encode(x=_time(), y=alt.Y("people:Q"), tooltip=[_when(), alt.Tooltip("people:Q", title="stands out")])
        )
    worst = report.worst.impact.launch if report.worst else None
    return _finish(_with_launches(data, layers, report.launches, worst), data, description, 260)


def volume(report: Report, name: str) -> Spec:
    """People with friction at one touchpoint over time."""
    grain = report.by_touchpoint.grain
    data = Datasets()
    layers = _volume(data, report.by_touchpoint.points[name], grain)
    description = f"People with friction at {touchpoint(name)} per {grain}, with 95 % interval."
    return _finish(_with_launches(data, layers, *_telling(report, name)), data, description, 140)


def rate(report: Report, name: str) -> Spec:
    """Share of the people who speak of one touchpoint that meet friction there, over time."""
    grain, points = report.by_touchpoint.grain, report.by_touchpoint.points[name]
    rows = [
        {
            "begins": point.begins.isoformat(),
            "rate": point.friction_rate,
            "low": point.rate_low,
            "high": point.rate_high,
            "authors": point.authors,
        }
        for point in points
    ]
    data = Datasets()
    base = data.chart("rate", rows)
    share = alt.Scale(domain=[0, 1])
    axis = alt.Axis(format=".0%", tickCount=3, title=None)
    layers = [
        base.mark_area(style="rate-band").encode(
            x=_time(_dates(points)), y=alt.Y("low:Q", scale=share, axis=axis), y2=alt.Y2("high:Q")
        ),
        base.mark_line(style="rate").encode(
            x=_time(),
            y=alt.Y("rate:Q", scale=share),
            tooltip=[
                _when(),
                alt.Tooltip("rate:Q", format=".1%", title="friction rate"),
                alt.Tooltip("low:Q", format=".1%", title="from"),
                alt.Tooltip("high:Q", format=".1%", title="to"),
                alt.Tooltip("authors:Q", format=",", title="people speaking of it"),
            ],
        ),
    ]
    description = f"Share of the people who speak of {touchpoint(name)} that meet friction there, per {grain}."
    return _finish(_with_launches(data, layers, *_telling(report, name)), data, description, 140)


def around_launch(report: Report, worst: WorstLaunch) -> Spec:
    """Day by day from four weeks before the launch to four weeks after, against the same weekdays before it."""
    launched = worst.impact.launch.day
    first = launched - timedelta(days=7 * _BASELINE_WEEKS)
    before = list(report.daily.between(worst.touchpoint, first, launched - timedelta(days=1)))
    rows: list[dict[str, Any]] = []
    for offset in range(-7 * _BASELINE_WEEKS, _DAYS_AFTER):
        on = launched + timedelta(days=offset)
        observed = report.daily.between(worst.touchpoint, on, on)
        same_weekday = [count for count in before[::-1][(-offset - 1) % 7 :: 7] if count is not None]
        if on >= report.daily.begins and observed and same_weekday:
            expected = round(mean(same_weekday), 2)
            rows.append(
                {"begins": on.isoformat(), "people": observed[0], "expected": expected, "after": offset >= 0}
            )
    data = Datasets()
    base = data.chart("days", rows)
    bars = [
        data.chart(style, [row for row in rows if row["after"] == after])
        .mark_bar(style=style, width={"band": 0.8})
        .encode(x=_day(), y=_people())
        for style, after in (("bar-before", False), ("bar-after", True))
    ]
    tooltip = [_when(), alt.Tooltip("people:Q", title="people"), alt.Tooltip("expected:Q", title="expected")]
    layers = [
        *bars,
        base.mark_line(style="expected", interpolate="step").encode(x=_day(), y=alt.Y("expected:Q")),
        base.mark_bar(style="touch", width={"band": 1}).encode(x=_day(), y=_people(), tooltip=tooltip),
    ]
    description = (
        f"People with friction at {touchpoint(worst.touchpoint)} per day around the launch of "
        f"{worst.impact.launch.label}; the line is the mean of the same weekdays in the four weeks before."
    )
    return _finish(alt.layer(*layers), data, description, 210)


def ranking(impacts: Sequence[Impact]) -> Spec:
    """Excess people after each launch with its interval, the worst first."""
    drawn = [impact for impact in impacts if impact.overall is not None][:LAUNCHES_DRAWN]
    rows = [
        {
            "launch": impact.launch.label,
            "launched": impact.launch.day.isoformat(),
            "excess": round(found.excess, 1),
            "low": round(found.low, 1),
            "high": round(found.high, 1),
            "clear": found.is_clear,
        }
        for impact in drawn
        if (found := impact.overall) is not None
    ]
    data = Datasets()
    base = data.chart("ranking", rows)
    by_rank = alt.Y("launch:N", sort=None, title=None, axis=alt.Axis(ticks=False, domain=False, labelPadding=8))
    title = f"people more than expected, {WINDOW_DAYS} days after"
    tooltip = [
        alt.Tooltip("launch:N"),
        alt.Tooltip("launched:T", format="%-d %b %Y"),
        alt.Tooltip("excess:Q", format="+,.0f"),
        alt.Tooltip("low:Q", format="+,.0f"),
        alt.Tooltip("high:Q", format="+,.0f"),
    ]
    layers = [
        data.chart("zero", [{"zero": 0}]).mark_rule(style="zero").encode(x=alt.X("zero:Q")),
        base.mark_rule(style="interval").encode(
            x=alt.X("low:Q", title=title, axis=alt.Axis(format="+,.0f", grid=True, tickCount=7)),
            x2="high:Q",
            y=by_rank,
        ),
        base.mark_point(style="estimate", filled=True, size=70).encode(
            x="excess:Q",
            y=by_rank,
            tooltip=tooltip,
            opacity=alt.condition("datum.clear", alt.value(1), alt.value(0.45)),
        ),
    ]
    description = "Launches ranked by the friction that followed."
    if drawn and (first := drawn[0].overall) is not None:
        description += (
            f" First: {drawn[0].launch.label}, {signed(first.excess)} people, interval {interval(first)}."
        )
    return _finish(alt.layer(*layers), data, description, 24 * max(2, len(rows)))


def _volume(data: Datasets, points: Sequence[Point], grain: str) -> list[alt.Chart]:
    rows = [
        {
            "begins": point.begins.isoformat(),
            "people": point.friction_authors,
            "low": None if point.low is None else round(point.low, 1),
            "high": None if point.high is None else round(point.high, 1),
        }
        for point in points
    ]
    base = data.chart("volume", rows)
    tooltip = [
        _when(f"{grain} of"),
        alt.Tooltip("people:Q", format=",", title="people with friction"),
        alt.Tooltip("low:Q", format=",.0f", title="from"),
        alt.Tooltip("high:Q", format=",.0f", title="to"),
    ]
    axis = alt.Axis(tickCount=4, title=None)
    return [
        base.mark_area(style="friction-band").encode(
            x=_time(_dates(points)), y=alt.Y("low:Q", axis=axis), y2=alt.Y2("high:Q")
        ),
        base.mark_line(style="friction").encode(x=_time(), y=alt.Y("people:Q"), tooltip=tooltip),
    ]


def _with_launches(
    data: Datasets, layers: Sequence[alt.Chart], launches: Sequence[Launch], worst: Launch | None
) -> alt.LayerChart:
    """The layers above a rule for every launch, named along the top; the worst one stands out."""
    if not launches:
        return alt.layer(*layers).resolve_axis(x="independent")
    tooltip = [alt.Tooltip("launch:N"), alt.Tooltip("title:N"), _when("launched")]
    drawn: list[alt.Chart] = []
    names: alt.Axis | None = _names(launches, worst)
    for style in ("launch", "worst"):
        rows = [
            {"begins": launch.day.isoformat(), "launch": launch.label, "title": launch.title or launch.label}
            for launch in launches
            if (launch == worst) == (style == "worst")
        ]
        if rows:
            drawn.append(data.chart(style, rows).mark_rule(style=style).encode(x=_time(names), tooltip=tooltip))
            names = None
    return alt.layer(*drawn, *layers).resolve_axis(x="independent")


def _names(launches: Sequence[Launch], worst: Launch | None) -> alt.Axis:
    """Launch names along the top. An axis leaves out labels that would overlap, whatever the width of the page."""
    names = {launch.day: launch.label for launch in sorted(launches, key=lambda launch: launch == worst)}
    lookup = ", ".join(f"{_quoted(on.isoformat())}: {_quoted(name)}" for on, name in names.items())
    return alt.Axis(
        orient="top",
        values=[{"year": on.year, "month": on.month, "date": on.day, "utc": True} for on in sorted(names)],
        labelExpr=f"{{{lookup}}}[utcFormat(datum.value, '%Y-%m-%d')]",
        labelOverlap="greedy",
        labelSeparation=5,
        ticks=False,
        domain=False,
        grid=False,
        title=None,
    )


def _telling(report: Report, name: str) -> tuple[list[Launch], Launch | None]:
    """Launches worth marking at one touchpoint, and the worst of them: all where they are few, else those after
    which friction clearly rose there."""
    rose = [
        (found.low, impact.launch)
        for impact in report.impacts
        for part, found in impact.parts
        if part == name and found.low > 0
    ]
    rose.sort(key=lambda item: -item[0])
    worst = rose[0][1] if rose else None
    if len(report.launches) <= _LAUNCHES_MARKED:
        return list(report.launches), worst
    return [launch for _, launch in rose[:_LAUNCHES_MARKED]], worst


def _time(axis: alt.Axis | None = None) -> alt.X:
    """Time along the window; of several layers one carries the axis."""
    return alt.X("begins:T", scale=alt.Scale(type="utc"), title=None, axis=axis)


def _dates(points: Sequence[Point]) -> alt.Axis:
    """The axis of time, named by days or by months."""
    days = (points[-1].begins - points[0].begins).days if points else 0
    form = "%-d %b" if days <= _LONGEST_WINDOW_NAMED_BY_DAYS else "%b %Y"
    return alt.Axis(
        format=form, grid=False, labelFlush=True, labelOverlap="greedy", labelSeparation=8, tickCount=9
    )


def _day() -> alt.X:
    return alt.X(
        "begins:T",
        timeUnit="utcyearmonthdate",
        title=None,
        axis=alt.Axis(grid=False, format="%-d %b", tickCount=8),
    )


def _people() -> alt.Y:
    return alt.Y("people:Q", axis=alt.Axis(tickCount=4, title=None))


def _when(title: str = "from") -> alt.Tooltip:
    return alt.Tooltip("begins:T", timeUnit="utcyearmonthdate", format="%-d %b %Y", title=title)


def _quoted(text: str) -> str:
    """A string of Vega's expression language."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", " ") + "'"


def _finish(chart: alt.LayerChart, data: Datasets, description: str, height: int) -> Spec:
    spec: Spec = chart.properties(width="container", height=height, description=description).to_dict()
    # The page sets colours for light and dark, and nothing on it is loaded from elsewhere.
    spec.pop("config", None)
    spec.pop("$schema", None)
    spec["datasets"] = data.rows
    spec["autosize"] = {"type": "fit-x", "contains": "padding"}
    return spec
