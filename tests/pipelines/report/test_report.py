"""The report of a story says what the story says."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from pipelines.connect import connect
from pipelines.report.page import render
from pipelines.report.report import Report, compose
from pipelines.report.scope import find_scope
from pipelines.report.series import ANY
from pipelines.report.terminal import page_wide_console, write_summary
from schemas.errors import UsageError
from tests.pipelines.report.story import BEGINS, DAYS, HOSTILE, LAUNCHED, OUTAGE, PASTED, tell


def test_totals(report: Report) -> None:
    assert report.totals["authors"] == DAYS * 9 + 16 * 14 + 38 + 3  # the hostile, the paster, nobody in particular
    assert (
        report.totals["friction_authors"] == DAYS * 6 + 16 * 14 + 38 + 3
    )  # the hostile, the paster, nobody in particular
    assert report.totals["rate_low"] < report.totals["friction_rate"] < report.totals["rate_high"]


def test_the_launch_that_hurt_is_first_with_its_numbers(report: Report) -> None:
    assert [impact.launch.version for impact in report.impacts] == ["2.0", "1.0", "3.0"]
    worst = report.worst
    assert worst is not None
    assert worst.touchpoint == "usability"
    assert (worst.excess.observed, worst.excess.expected, worst.excess.excess) == (280, 56, 224)
    assert worst.excess.dispersion == 1
    assert 185 < worst.excess.low < 224 < worst.excess.high < 265
    assert worst.overall.excess == 224
    assert "redesign" in worst.words
    assert any("redesign" in quote.text for quote in worst.quotes)


def test_a_calm_launch_is_not_blamed(report: Report) -> None:
    (calm,) = [impact for impact in report.impacts if impact.launch.version == "1.0"]
    assert calm.overall is not None
    assert not calm.overall.is_clear
    assert "account" not in dict(calm.parts)


def test_a_launch_of_the_last_days_is_not_ranked(report: Report) -> None:
    (late,) = [impact for impact in report.impacts if impact.launch.version == "3.0"]
    assert late.overall is None
    assert late.unranked == "only 3 days of feedback after it"


def test_worst_launch_of_each_touchpoint(report: Report) -> None:
    assert {name: impact.launch.version for name, (impact, _) in report.worst_by_touchpoint.items()} == {
        "usability": "2.0"
    }


def test_the_outage_stands_out_with_its_words_and_no_launch(report: Report) -> None:
    first = report.stand_outs[0]
    assert (first.first_day, first.last_day, first.touchpoint) == (OUTAGE, OUTAGE, "reliability")
    assert (first.exceedance.observed, first.exceedance.expected) == (40, 2)
    assert "server" in first.words
    assert first.launch is None


def test_the_days_after_the_launch_stand_out_and_name_it(report: Report) -> None:
    (after,) = [found for found in report.stand_outs if found.touchpoint == "usability"]
    assert after.first_day == LAUNCHED
    assert after.launch is not None
    assert after.launch.version == "2.0"


def test_pasted_text_is_no_quote_and_quotes_differ(report: Report) -> None:
    quotes = [quote.text for found in report.quotes.values() for quote in found]
    assert quotes
    assert PASTED not in quotes
    assert HOSTILE in quotes
    assert len({quote[:25] for quote in quotes}) == len(quotes)


def test_one_text_without_author_is_one_voice(report: Report) -> None:
    flooded = BEGINS + timedelta(days=12)
    assert [found for found in report.stand_outs if found.first_day <= flooded <= found.last_day] == []
    assert report.totals["events"] > report.totals["authors"]


def test_series_counts_a_person_once_and_has_no_gaps(report: Report) -> None:
    assert report.series.grain == "day"
    points = report.series.points[ANY]
    assert len(points) == DAYS
    assert max(points, key=lambda point: point.friction_authors).begins == OUTAGE
    assert report.by_touchpoint.grain == "week"
    weeks = report.by_touchpoint.points["account"]
    assert (len(weeks), sum(point.friction_authors for point in weeks)) == (DAYS // 7, 2)


def test_days_without_any_source_are_unknown_and_not_calm(tmp_path: Path) -> None:
    silent = range(49, 52)
    tell(str(tmp_path), silent)
    with connect(str(tmp_path)) as connection:
        found = compose(connection, find_scope(connection, "app", None, None), {})
    points = found.series.points[ANY]
    assert [place for place, point in enumerate(points) if point.friction_authors is None] == list(silent)
    assert found.daily.gaps == {BEGINS + timedelta(days=day) for day in silent}
    why = {impact.launch.version: impact.unranked for impact in found.impacts}
    assert why["2.0"] == "all sources were silent on 3 of the days compared: see launch_impact"
    assert any(one.first_day == OUTAGE for one in found.stand_outs)
    assert render(found).count(">not heard<") >= 3
    write_summary(page_wide_console(), found)


def test_sources_say_what_was_lost(report: Report) -> None:
    (source,) = report.sources
    assert (source["source"], source["dead_letters"], source["unscored"]) == ("tickets", 1, 0)
    assert report.models == ["made-up"]


def test_a_window_narrows_the_report_and_keeps_the_baseline(connection: duckdb.DuckDBPyConnection) -> None:
    scope = find_scope(connection, "app", date(2024, 4, 22), date(2024, 5, 19))
    narrow = compose(connection, scope, {})
    assert [impact.launch.version for impact in narrow.impacts] == ["2.0"]
    assert narrow.worst is not None
    assert narrow.worst.excess.excess == 224
    assert len(narrow.series.points[ANY]) == 28


def test_without_launches_there_is_still_a_report(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("CREATE OR REPLACE VIEW launches AS SELECT * FROM tables.launches WHERE false")
    connection.execute(
        "CREATE OR REPLACE VIEW launches AS SELECT launch_id, product, version, launched_at, launched_at::DATE AS day, "
        "kind, touchpoints, title FROM tables.launches WHERE false"
    )
    report = compose(connection, find_scope(connection, "app", None, None), {})
    assert report.worst is None
    assert report.launches == []
    assert report.stand_outs[0].peak == OUTAGE


@pytest.mark.parametrize(
    ("product", "first", "last", "says"),
    [
        ("apq", None, None, "did you mean app?"),
        ("zzzzz", None, None, "(products: app)"),
        ("app", date(2030, 1, 1), None, "there is some from 2024-03-04 to 2024-05-26"),
        ("app", date(2024, 5, 2), date(2024, 5, 1), "turn them round"),
    ],
)
def test_refusals_say_what_to_do(
    connection: duckdb.DuckDBPyConnection, product: str, first: date | None, last: date | None, says: str
) -> None:
    with pytest.raises(UsageError) as refused:
        find_scope(connection, product, first, last)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)
