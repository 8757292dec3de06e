"""Page: a report as one HTML file that loads nothing from anywhere."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from typing import Any, Final

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from pipelines.report import charts, wording
from pipelines.report.report import Report
from pipelines.report.vega import vega_script
from schemas.touchpoint import OTHER

_TOUCHPOINTS_DRAWN: Final = 8
_STAND_OUTS_TOLD: Final = 6
"""Days that stand out with words and quotes; the others are rows of a table."""


def render(report: Report) -> str:
    """The page. The same report gives the same text.

    A content security policy names the page's own two scripts by their hashes, so that nothing else could run or
    be loaded even if text from feedback were mistaken for markup; all text is escaped as well.
    """
    scripts = {"vega": vega_script(), "js": _asset("page.js")}
    charted = [name for name in report.by_touchpoint.touchpoints if name != OTHER][:_TOUCHPOINTS_DRAWN]
    ranked = [impact for impact in report.impacts if impact.overall is not None]
    return (
        _environment()
        .from_string(_asset("page.html.j2"))
        .render(
            scope=report.scope,
            headline=wording.headline(report),
            totals=report.totals,
            series=report.series,
            by_touchpoint=report.by_touchpoint,
            launches=report.launches,
            impacts=report.impacts,
            ranked=ranked,
            drawn=charts.LAUNCHES_DRAWN,
            hurt=sum(impact.overall is not None and impact.overall.low > 0 for impact in ranked),
            worst=report.worst,
            worst_by_touchpoint=report.worst_by_touchpoint,
            stand_outs=report.stand_outs,
            told=_STAND_OUTS_TOLD,
            charted=charted,
            found_quotes={name: report.quotes.get(name, ()) for name in charted},
            sources=report.sources,
            versions=report.versions,
            as_of=report.as_of,
            models=report.models,
            tribometer_version=version("tribometer"),
            specs={name: _json(spec) for name, spec in _specs(report, charted).items()},
            css=Markup(_asset("page.css")),  # noqa: S704 - our own file
            policy=_policy(scripts),
            **{name: Markup(text) for name, text in scripts.items()},  # noqa: S704 - our own file and the charting library
        )
    )


def _specs(report: Report, charted: list[str]) -> dict[str, charts.Spec]:
    specs = {"overview": charts.overview(report)}
    if report.worst is not None:
        specs["worst"] = charts.around_launch(report, report.worst)
    if any(impact.overall is not None for impact in report.impacts):
        specs["ranking"] = charts.ranking(report.impacts)
    for place, name in enumerate(charted, start=1):
        specs[f"volume-{place}"] = charts.volume(report, name)
        specs[f"rate-{place}"] = charts.rate(report, name)
    return specs


def _json(spec: charts.Spec) -> Markup:
    """JSON that can stand inside a script element, whatever text it holds."""
    text = json.dumps(spec, separators=(",", ":"), ensure_ascii=False)
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))  # noqa: S704


def _policy(scripts: Mapping[str, str]) -> str:
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
        for text in scripts.values()
    )
    # Vega compiles its expressions with Function, hence unsafe-eval; no script but the two named can reach it.
    return f"default-src 'none'; script-src {hashes} 'unsafe-eval'; style-src 'unsafe-inline'; img-src data:"


@cache
def _asset(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    filters: dict[str, Any] = {
        name: getattr(wording, name)
        for name in (
            "called", "compared", "day", "days", "interval", "named", "nearest_launch", "number", "people", "percent",
            "rose_and_fell", "signed", "touchpoint",
        )
    }  # fmt: skip
    environment.filters |= filters | {"capitalize_first": _capitalized}
    return environment


def _capitalized(text: str) -> str:
    return text[:1].upper() + text[1:]
