"""Every view's numbers, worked out by hand from made-up rows."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb
import pytest

from pipelines.connect import connect
from schemas import tables
from schemas.views import FUNCTIONS, load_views
from tests.pipelines.feedback_table import dead_letter, event, launch, mention, store, store_small

DAY = "2024-03-04"
LAUNCH = "2024-05-06"  # a Monday


def _series(product: str, counts: dict[int, tuple[int, int]]) -> Iterator[dict[str, Any]]:
    """Days since LAUNCH to (friction authors, authors) at touchpoint account."""
    for since, (friction, authors) in counts.items():
        day = (date.fromisoformat(LAUNCH) + timedelta(days=since)).isoformat()
        for number in range(authors):
            probability = 0.9 if number < friction else 0.1
            yield event(
                f"{since}/{number}",
                day,
                mention("account", probability),
                source=product,
                product=product,
                author=f"{number}",
            )


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    root = str(tmp_path_factory.mktemp("tables"))
    slow = mention("usability", 0.9, span=(0, 5), effort=3)
    nice = mention("features", 0.1, span=(6, 11), label="positive", sentiment=0.5)
    store(
        root,
        [
            event("1", DAY, slow, nice, author="ann"),
            event("2", DAY, mention("usability", 0.8, effort=5), author="ann"),
            event("3", DAY, mention("usability", 0.2, label="neutral", sentiment=0)),
            event("4", DAY, mention("usability", 0.9), author="bob"),
            event("4", DAY, mention("usability", 0.1, label="positive", sentiment=0.5), author="bob", revision=2),
            event("5", DAY, mention("usability", 0.9), author="cid"),
            event("6", DAY, mention("usability", 0.5)),
            event("7", DAY, mention("usability", 0.99), author="eve", author_kind="agent"),
            event("8", "1970-01-01", mention("usability", 0.9), author="dan"),
            event("9", DAY, author="fay", unscored_reason="noise:spam", text="Call now."),
            event(
                "1", DAY, mention("usability", 0.6), source="stars", channel="review", author="gus", rating=-1.0
            ),
            event("2", DAY, nice, source="stars", channel="review", author="hal", rating=1.0),
        ],
    )
    # The deletion arrives in a later batch and is older than nothing: it has the greatest revised_at.
    store(root, [event("5", DAY, author="cid", revision=2, deleted=True, text="")], "batch-2")
    store(root, [*_series("shop", SHOP), *_series("noisy", NOISY), *_series("fresh", {0: (3, 4), 1: (1, 1)})], "3")
    store_small(
        root,
        tables.LAUNCHES,
        [
            launch("L-shop", "shop", LAUNCH, touchpoints=["account"], title="old title"),
            launch("L-gone", "shop", LAUNCH),
            launch("L-noisy", "noisy", LAUNCH),
            launch("L-fresh", "fresh", LAUNCH),
            launch("L-ghost", "ghost", LAUNCH),
        ],
    )
    later = datetime(2024, 8, 1, tzinfo=UTC)
    store_small(
        root,
        tables.LAUNCHES,
        [
            launch("L-shop", "shop", LAUNCH, touchpoints=["account"], title="new title", recorded_at=later),
            launch("L-gone", "shop", LAUNCH, deleted=True, recorded_at=later),
        ],
    )
    store_small(root, tables.DEAD_LETTERS, [dead_letter("tickets", b"{"), dead_letter("mute", b"[")])
    connection = connect(root)
    yield connection
    connection.close()


SHOP = dict.fromkeys(range(-28, 3), (1, 1)) | {-28: (1, 2), -21: (2, 2), -14: (3, 4), -7: (2, 2), 0: (6, 8)}
NOISY = {since: ((1, 9) if since // 7 % 2 else (9, 9)) for since in range(-28, 1)}


def rows(db: duckdb.DuckDBPyConnection, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
    return db.execute(query, list(parameters)).fetchall()


def wilson(k: int, n: int) -> tuple[float, float]:
    """The two roots of (p - k/n)² = z² p (1 - p) / n, which define the interval."""
    z2 = 1.959963984540054**2
    a, b, c = 1 + z2 / n, -(2 * k / n + z2 / n), (k / n) ** 2
    root = math.sqrt(b * b - 4 * a * c)
    return (-b - root) / (2 * a), (-b + root) / (2 * a)


class TestEvents:
    def test_holds_the_latest_revision_of_what_is_not_deleted(self, db: duckdb.DuckDBPyConnection) -> None:
        found = rows(db, "SELECT native_id, revision FROM events WHERE source = 'tickets' ORDER BY native_id")
        assert found == [
            ("1", "1"),
            ("2", "1"),
            ("3", "1"),
            ("4", "2"),
            ("6", "1"),
            ("7", "1"),
            ("8", "1"),
            ("9", "1"),
        ]

    def test_the_same_native_id_in_two_sources_is_two_events(self, db: duckdb.DuckDBPyConnection) -> None:
        assert rows(db, "SELECT count(*) FROM events WHERE native_id = '1'") == [(2,)]

    def test_an_impossible_date_has_no_day(self, db: duckdb.DuckDBPyConnection) -> None:
        assert rows(db, "SELECT native_id FROM events WHERE day IS NULL") == [("8",)]

    def test_every_revision_stays_in_feedback(self, db: duckdb.DuckDBPyConnection) -> None:
        found = rows(db, "SELECT revision, deleted FROM feedback WHERE native_id = '5' ORDER BY revision")
        assert found == [("1", False), ("2", True)]


class TestMentions:
    def test_are_the_clauses_of_customers(self, db: duckdb.DuckDBPyConnection) -> None:
        found = rows(
            db,
            """SELECT native_id, mention, m.touchpoint, friction, delight, m.text
            FROM mentions m JOIN events USING (event_id)
            WHERE m.source = 'tickets' AND m.day = $1 ORDER BY native_id, mention""",
            DAY,
        )
        assert found == [
            ("1", 1, "usability", True, False, "Slow."),
            ("1", 2, "features", False, True, "Nice."),
            ("2", 1, "usability", True, False, "Slow"),
            ("3", 1, "usability", False, False, "Slow"),
            ("4", 1, "usability", False, True, "Slow"),
            ("6", 1, "usability", True, False, "Slow"),
        ]

    def test_an_event_without_author_counts_as_one_author(self, db: duckdb.DuckDBPyConnection) -> None:
        found = rows(
            db, "SELECT count(DISTINCT author), count(DISTINCT author_key) FROM mentions WHERE product = 'app'"
        )
        assert found == [(2 + 2 + 1 + 2, 2 + 1 + 2)]

    def test_offsets_count_characters(self, tmp_path: Any) -> None:
        text = "🙂 Müde. Nice."
        store(str(tmp_path), [event("1", DAY, mention("other", 0.9, span=(2, 7)), text=text)])
        assert rows(connect(str(tmp_path)), "SELECT text FROM mentions") == [(text[2:7],)]


def test_verbatims_come_strongest_first(db: duckdb.DuckDBPyConnection) -> None:
    found = rows(
        db,
        """SELECT round(friction_p, 2), quote, text
        FROM verbatims(of_product := 'app', from_day := $1, to_day := $1, most := 3)""",
        DAY,
    )
    assert found == [
        (pytest.approx(0.9), "Slow.", "Slow. Nice."),
        (pytest.approx(0.8), "Slow", "Slow. Nice."),
        (pytest.approx(0.6), "Slow", "Slow. Nice."),
    ]


class TestFrictionDaily:
    def test_counts_people_not_messages(self, db: duckdb.DuckDBPyConnection) -> None:
        found = rows(
            db,
            """SELECT touchpoint, source, events, mentions, authors, friction_authors, friction_rate, delight_rate,
                mean_sentiment, mean_effort, mean_rating
            FROM friction_daily WHERE product = 'app' ORDER BY ALL""",
        )
        assert found == [
            ("features", "stars", 1, 1, 1, 0, 0.0, 1.0, 0.5, None, 1.0),
            ("features", "tickets", 1, 1, 1, 0, 0.0, 1.0, 0.5, None, None),
            ("usability", "stars", 1, 1, 1, 1, 1.0, 0.0, -0.5, None, -1.0),
            # ann twice, bob's edit, two without a name; the deleted, the agent and 1970 are out.
            ("usability", "tickets", 5, 5, 4, 2, 0.5, 0.25, -0.2, 4.0, None),
        ]

    def test_a_product_counts_each_person_once(self, db: duckdb.DuckDBPyConnection) -> None:
        found = rows(
            db,
            """SELECT touchpoint, events, mentions, authors, friction_authors, mean_rating
            FROM friction_daily_product WHERE product = 'app' ORDER BY ALL""",
        )
        assert found == [
            ("any", 7, 8, 6, 3, 0.0),
            ("features", 2, 2, 2, 0, 1.0),
            ("usability", 6, 6, 5, 3, -1.0),
        ]

    @pytest.mark.parametrize("view", ["friction_daily", "friction_daily_product"])
    def test_the_interval_is_wilsons(self, db: duckdb.DuckDBPyConnection, view: str) -> None:
        found = rows(db, f"SELECT friction_authors, authors, rate_low, rate_high FROM {view}")
        assert len(found) > 60
        for friction, authors, low, high in found:
            assert (low, high) == pytest.approx(wilson(friction, authors), abs=1e-12)

    def test_the_interval_needs_trials(self, db: duckdb.DuckDBPyConnection) -> None:
        assert rows(db, "SELECT wilson_low(0, 0), wilson_high(0, 0)") == [(None, None)]

    def test_a_filter_on_day_reads_only_its_files(self, db: duckdb.DuckDBPyConnection) -> None:
        for view in ("events", "mentions", "superseded", "friction_daily", "friction_daily_product"):
            for condition in (f"day = '{DAY}'", f"day BETWEEN '{DAY}' AND '2024-03-10'"):
                plan = db.execute(f"EXPLAIN SELECT * FROM {view} WHERE {condition}").fetchall()[0][1]
                scanned = set(re.findall(r"Scanning Files: (\d+)/", plan))
                assert "2" in scanned, f"{view} WHERE {condition}"
                assert scanned <= {"0", "1", "2"}, f"{view} WHERE {condition}"  # 1: that of impossible dates


class TestLaunches:
    def test_the_last_edit_counts_and_a_deleted_launch_is_gone(self, db: duckdb.DuckDBPyConnection) -> None:
        found = rows(db, "SELECT launch_id, title FROM launches WHERE product = 'shop'")
        assert found == [("L-shop", "new title")]


def _curve(
    db: duckdb.DuckDBPyConnection, launch_id: str, since: int, touchpoint: str = "account"
) -> dict[str, Any]:
    relation = db.execute(
        "SELECT * FROM launch_curve WHERE launch_id = $1 AND day_since = $2 AND touchpoint = $3",
        [launch_id, since, touchpoint],
    )
    names = [column[0] for column in relation.description or []]
    found = relation.fetchall()
    assert len(found) == 1
    return dict(zip(names, found[0], strict=True))


class TestLaunchCurve:
    def test_has_57_days_for_each_series(self, db: duckdb.DuckDBPyConnection) -> None:
        found = rows(
            db,
            """SELECT launch_id, touchpoint, count(*), min(day_since), max(day_since), min(day)
            FROM launch_curve GROUP BY ALL ORDER BY ALL""",
        )
        start = date.fromisoformat(LAUNCH) - timedelta(days=28)
        assert found == [
            (launch_id, touchpoint, 57, -28, 28, start)
            for launch_id, touchpoint in [
                ("L-fresh", "account"),
                ("L-fresh", "any"),
                ("L-ghost", "any"),
                ("L-noisy", "account"),
                ("L-noisy", "any"),
                ("L-shop", "account"),
                ("L-shop", "any"),
            ]
        ]

    def test_the_launch_day_against_four_mondays(self, db: duckdb.DuckDBPyConnection) -> None:
        day = _curve(db, "L-shop", 0)
        margin = 1.959963984540054 * math.sqrt(6 + 2 / 4)
        assert day["day"] == date.fromisoformat(LAUNCH)
        assert (day["friction_authors"], day["authors"], day["expected"], day["baseline_days"]) == (6, 8, 2.0, 4)
        assert (day["excess"], day["lift"]) == (4.0, 3.0)
        assert (day["excess_low"], day["excess_high"]) == pytest.approx((4 - margin, 4 + margin))
        assert (day["friction_rate"], day["baseline_rate"]) == (6 / 8, 8 / 10)
        assert (day["rate_low"], day["rate_high"]) == pytest.approx(wilson(6, 8))
        assert day["touched"] is True
        assert day["null_reason"] is None

    def test_a_restless_baseline_widens_the_interval(self, db: duckdb.DuckDBPyConnection) -> None:
        # Each weekday has 9, 1, 9, 1 before the launch: mean 5, Pearson's statistic 4 * 16 / 5, seven times over.
        phi = 7 * 4 * 16 / 5 / (28 - 7)
        day = _curve(db, "L-noisy", 0)
        assert (day["friction_authors"], day["expected"]) == (9, 5.0)
        assert day["excess_high"] - day["excess"] == pytest.approx(
            1.959963984540054 * math.sqrt(phi * (9 + 5 / 4))
        )

    def test_a_day_nobody_heard_is_not_a_day_without_friction(self, db: duckdb.DuckDBPyConnection) -> None:
        day = _curve(db, "L-shop", 5)
        assert (day["friction_authors"], day["excess"], day["expected"]) == (None, None, 1.0)
        assert day["null_reason"].startswith("day not heard")

    def test_a_launch_without_a_past_has_no_expectation(self, db: duckdb.DuckDBPyConnection) -> None:
        day = _curve(db, "L-fresh", 0)
        assert (day["friction_authors"], day["expected"], day["lift"], day["baseline_days"]) == (3, None, None, 0)
        assert day["null_reason"].startswith("no baseline")

    def test_a_product_nobody_speaks_about(self, db: duckdb.DuckDBPyConnection) -> None:
        assert _curve(db, "L-ghost", 0, "any")["null_reason"] == "no feedback about this product"

    def test_no_friction_before_leaves_the_lift_undefined(self, tmp_path: Any) -> None:
        root = str(tmp_path)
        store(root, list(_series("calm", dict.fromkeys(range(-28, 0), (0, 2)) | {0: (2, 2)})))
        store_small(root, tables.LAUNCHES, [launch("L", "calm", LAUNCH)])
        day = _curve(connect(root), "L", 0)
        assert (day["expected"], day["excess"], day["lift"]) == (0.0, 2.0, None)
        assert day["null_reason"].startswith("no friction in the baseline")


class TestSourceHealth:
    def test_counts_what_the_series_leave_out(self, db: duckdb.DuckDBPyConnection) -> None:
        found = rows(
            db,
            """SELECT events, revisions, deleted, unscored, noise, invalid_dated, dead_letters,
                dead_share, last_event_at FROM source_health WHERE source = 'tickets'""",
        )
        last = datetime(2024, 3, 4, 12, tzinfo=UTC)
        assert [(*row[:-1], row[-1].astimezone(UTC)) for row in found] == [(8, 11, 1, 1, 1, 1, 1, 1 / 12, last)]

    def test_a_source_of_dead_letters_only(self, db: duckdb.DuckDBPyConnection) -> None:
        found = rows(db, "SELECT events, days_silent, dead_share FROM source_health WHERE source = 'mute'")
        assert found == [(0, None, 1.0)]

    def test_days_silent_count_up_to_today(self, tmp_path: Any) -> None:
        two_days_ago = (datetime.now(UTC).date() - timedelta(days=2)).isoformat()
        store(str(tmp_path), [event("1", two_days_ago)])
        # Midnight may pass between the two clocks.
        assert rows(connect(str(tmp_path)), "SELECT days_silent FROM source_health")[0][0] in (2, 3)

    def test_a_revision_on_another_day_is_reported(self, tmp_path: Any) -> None:
        store(str(tmp_path), [event("1", DAY), event("1", "2024-03-05", revision=2)])
        assert rows(connect(str(tmp_path)), "SELECT native_id, days FROM split_events") == [("1", 2)]


def test_dead_letters_come_without_their_bytes(db: duckdb.DuckDBPyConnection) -> None:
    relation = db.execute("SELECT * FROM dead_letters ORDER BY source")
    assert "payload" not in [column[0] for column in relation.description or []]
    assert len(relation.fetchall()) == 2


@pytest.mark.parametrize("view", [view for view in load_views() if view.name != FUNCTIONS], ids=lambda v: v.name)
class TestEveryView:
    def test_documents_its_columns(self, db: duckdb.DuckDBPyConnection, view: Any) -> None:
        described = rows(db, f"DESCRIBE SELECT * FROM {view.relation}")
        words = {
            "VARCHAR": "text",
            "TIMESTAMP WITH TIME ZONE": "instant",
            "VARCHAR[]": "text[]",
            "INTEGER": "int",
            "MAP(VARCHAR, VARCHAR)": "map",
            "MAP(VARCHAR, INTEGER)": "map",
        }
        kinds = [
            (row[0], "struct[]" if row[1].startswith("STRUCT") else words.get(row[1], row[1].lower()))
            for row in described
        ]
        assert [(column.name, column.kind) for column in view.columns] == kinds

    def test_documents_its_parameters(self, db: duckdb.DuckDBPyConnection, view: Any) -> None:
        found = rows(db, "SELECT parameters FROM duckdb_functions() WHERE function_name = $1", view.name)
        assert [parameter.name for parameter in view.parameters] == (found[0][0] if found else [])

    def test_runs_its_example(self, db: duckdb.DuckDBPyConnection, view: Any) -> None:
        assert db.execute(view.example).description

    def test_exists_over_empty_tables(self, tmp_path: Any, view: Any) -> None:
        store_small(
            str(tmp_path),
            tables.EXPOSURE,
            [
                {
                    "product": "none",
                    "day": date(2024, 1, 1),
                    "measure": "sessions",
                    "count": 1.0,
                    "recorded_at": datetime(2024, 1, 2, tzinfo=UTC),
                }
            ],
        )
        relation = connect(str(tmp_path)).execute(f"SELECT * FROM {view.relation}")
        assert [column[0] for column in relation.description or []] == [column.name for column in view.columns]
        assert len(relation.fetchall()) == (1 if view.name in {"exposure", "exposure_daily"} else 0)
