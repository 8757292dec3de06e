"""Picture: one episode as SVG, people with friction hour by hour, what was usual, and when somebody was told."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Final

from pipelines.backtest.replay import Page
from pipelines.watch.evidence import instant_of

BEFORE_HOURS: Final = 72
AFTER_HOURS: Final = 72

_WIDTH: Final = 860
_HEIGHT: Final = 240
_LEFT: Final = 46
_TOP: Final = 34
_BOTTOM: Final = 34


def picture(page: Page, seen: Mapping[int, float], name: str) -> str:
    """An SVG document. `seen`: people in the hours from 72 before the page to 72 after it; hours without are empty."""
    first, last = page.hour - BEFORE_HOURS + 1, page.hour + AFTER_HOURS
    usual = dict(page.usual)
    by_hour_of_day = {hour % 24: count for hour, count in sorted(usual.items())}
    expected = {hour: usual.get(hour, by_hour_of_day.get(hour % 24, 0.0)) for hour in range(first, last + 1)}
    top = max([1.0, *seen.values(), *expected.values()])
    wide, high = (_WIDTH - _LEFT - 10) / (last - first + 1), _HEIGHT - _TOP - _BOTTOM

    def x(hour: int) -> float:
        return _LEFT + (hour - first) * wide

    def y(count: float) -> float:
        return _TOP + high * (1 - count / top)

    bars = "".join(
        f'<rect x="{x(hour):.1f}" y="{y(count):.1f}" width="{max(wide - 1, 0.5):.1f}" '
        f'height="{y(0) - y(count):.1f}"/>'
        for hour, count in sorted(seen.items())
        if count > 0 and first <= hour <= last
    )
    line = " ".join(f"{x(hour):.1f},{y(expected[hour]):.1f}" for hour in range(first, last + 1))
    days = "".join(
        f'<text x="{x(hour):.1f}" y="{_HEIGHT - 14}">{instant_of(hour):%d %b}</text>'
        f'<line x1="{x(hour):.1f}" x2="{x(hour):.1f}" y1="{_TOP}" y2="{y(0):.1f}" stroke="#ebe8e2"/>'
        for hour in range(first, last + 1)
        if hour % 24 == 0
    )
    told = x(page.hour) + wide
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}" font-family="sans-serif" '
        'font-size="11" fill="#5b6470">'
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>'
        f'<text x="{_LEFT}" y="16" fill="#1d2126" font-size="13">{escape(name)}: people with friction an hour</text>'
        f"{days}"
        f'<text x="{_LEFT - 6}" y="{_TOP + 4}" text-anchor="end">{top:.0f}</text>'
        f'<text x="{_LEFT - 6}" y="{y(0):.1f}" text-anchor="end">0</text>'
        f'<g fill="#b8430b">{bars}</g>'
        f'<polyline points="{line}" fill="none" stroke="#1d2126" stroke-width="1.5"/>'
        f'<line x1="{told:.1f}" x2="{told:.1f}" y1="{_TOP - 8}" y2="{y(0):.1f}" stroke="#0063a3" stroke-width="1.5"/>'
        f'<text x="{told + 4:.1f}" y="{_TOP}" fill="#0063a3">told {instant_of(page.hour + 1):%d %b %H:%M} UTC</text>'
        "</svg>\n"
    )
