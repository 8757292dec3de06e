"""Picture: people with friction day by day, from one query.

The query has a column `day` and a column `people`, drawn as bars. `part` stacks the bars by what it names, `expected`
is a stepped line over them, `event` names the days on which it is not null; `rate`, `rate_low` and `rate_high` are a
line with its interval in a panel below.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import altair as alt
import duckdb

from pipelines.query import run_query
from pipelines.render import plain_value

_WIDTH: Final = 760
_FRICTION: Final = "#b8430b"
_RATE: Final = "#0063a3"
_INK: Final = "#1d2126"
_MUTED: Final = "#5b6470"
_GRID: Final = "#ebe8e2"
_PARTS: Final = ["#b8430b", "#0063a3", "#8a8f5c", "#d9a441", "#6b5b95", "#7d8791"]


def draw(connection: duckdb.DuckDBPyConnection, query: str, target: Path) -> None:
    """Write the picture of what `query` says as a PNG."""
    result = run_query(connection, query)
    rows = [
        dict(zip(result.columns, map(plain_value, row), strict=True)) for piece in result.pieces for row in piece
    ]
    chart = _people(rows, set(result.columns))
    if "rate" in result.columns:
        chart = alt.vconcat(chart, _rate(rows), spacing=14)
    chart.configure_view(stroke=None).configure_axis(
        labelColor=_MUTED,
        titleColor=_MUTED,
        gridColor=_GRID,
        domainColor=_GRID,
        tickColor=_GRID,
        titleFontWeight="normal",
    ).save(target, scale_factor=1.4)


def _people(rows: list[dict[str, Any]], columns: set[str]) -> alt.LayerChart:
    base = alt.Chart(alt.InlineData(rows))
    bars = base.mark_bar(width={"band": 0.85}).encode(
        x=_day(),
        y=alt.Y("sum(people):Q", title="people with friction a day", axis=alt.Axis(tickCount=5, format=",.0f")),
    )
    if "part" in columns:
        parts = sorted({row["part"] for row in rows}, key=lambda part: -_people_of(rows, part))
        colours = alt.Scale(domain=parts, range=_PARTS[: len(parts)])
        bars = bars.encode(color=alt.Color("part:N", scale=colours, title=None), order=alt.Order("part:N"))
    else:
        bars = bars.encode(color=alt.value(_FRICTION))
    layers = [bars]
    if "expected" in columns:
        layers.append(
            base.mark_line(interpolate="step", color=_INK, strokeWidth=1.5).encode(x=_day(), y="expected:Q")
        )
    if "event" in columns:
        named = alt.Chart(alt.InlineData([row for row in rows if row["event"] is not None])).encode(x=_day())
        layers += [
            named.mark_rule(color=_MUTED, strokeDash=[3, 3]),
            named.mark_text(align="left", dx=4, dy=-4, color=_INK, fontSize=11).encode(
                y=alt.value(0), text="event:N"
            ),
        ]
    return alt.layer(*layers).properties(width=_WIDTH, height=220)


def _rate(rows: list[dict[str, Any]]) -> alt.LayerChart:
    share = alt.Y(
        "rate:Q", title="friction rate", scale=alt.Scale(domainMin=0), axis=alt.Axis(format=".0%", tickCount=4)
    )
    base = alt.Chart(alt.InlineData(rows)).encode(x=_day())
    band = base.mark_area(color=_RATE, opacity=0.18).encode(y="rate_low:Q", y2="rate_high:Q")
    line = base.mark_line(color=_RATE).encode(y=share)
    return alt.layer(band, line).properties(width=_WIDTH, height=110)


def _people_of(rows: list[dict[str, Any]], part: str) -> int:
    return sum(row["people"] for row in rows if row["part"] == part)


def _day() -> alt.X:
    axis = alt.Axis(
        format="%-d %b", title=None, grid=False, labelOverlap="greedy", labelSeparation=10, labelFlush=True
    )
    return alt.X("day:T", timeUnit="utcyearmonthdate", axis=axis)
