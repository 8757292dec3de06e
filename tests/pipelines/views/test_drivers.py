"""drivers against a person-by-person count, Kitagawa's formula, and simulated samples of a known population."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from tests.pipelines.views.relations import ask, connect_over

A, B = date(2024, 1, 1), date(2024, 1, 29)
"""First days of two periods of 28 days, which end on the last day heard."""

SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("product", "touchpoint", "author", "source", "channel", "version")),
        ("day", pa.date32()),
        ("friction", pa.bool_()),
        ("segment", pa.map_(pa.string(), pa.string())),
    ]
)
THEMELESS = pa.schema(
    {
        "event_id": pa.string(),
        "day": pa.date32(),
        "theme_id": pa.string(),
        "author": pa.string(),
        "friction": pa.bool_(),
    }
).empty_table()
Said = tuple[str, str, date, bool]
"""Author, touchpoint, day and whether it is friction."""


def connect_to(mentions: pa.Table) -> duckdb.DuckDBPyConnection:
    """The relations that drivers reads, made of mentions as the views make them."""
    with duckdb.connect() as maker:
        maker.register("mentions", mentions)
        events = maker.sql(
            """SELECT * EXCLUDE (author) REPLACE (unnest([touchpoint, 'any']) AS touchpoint), author AS person
            FROM mentions"""
        ).to_arrow_table()
        daily = maker.sql("SELECT DISTINCT product, day FROM mentions").to_arrow_table()
    return connect_over(
        {
            "mentions": mentions,
            "event_touchpoints": events.append_column("event_id", pa.array(map(str, range(len(events))))),
            "rollup_daily_product": daily,
            "theme_mentions": THEMELESS,
        },
        "drivers",
    )


def table(said: Sequence[Said], **columns: Any) -> pa.Table:
    """Mentions of the product app; `columns` say what else is the same for all, or by author where they are dicts."""
    rows = [
        {
            "product": "app",
            "author": author,
            "touchpoint": touchpoint,
            "day": day,
            "friction": friction,
            "source": "tickets",
            "channel": "support",
        }
        | {name: value.get(author) if isinstance(value, dict) else value for name, value in columns.items()}
        for author, touchpoint, day, friction in said
    ]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def drivers(mentions: pa.Table, arguments: str = "") -> dict[str | None, dict[str, Any]]:
    rows = ask(connect_to(mentions), f"SELECT * FROM drivers({arguments})")
    return {row["part"]: row for row in rows}


def crowd(seed: int, authors: int = 300) -> list[Said]:
    rng = np.random.default_rng(seed)
    touchpoints = ("usability", "account", "billing", "other")
    said = []
    for start, tempers in ((A, (0.2, 0.5, 0.7, 0.1)), (B, (0.6, 0.5, 0.4, 0.1))):
        for number in range(authors):
            for _ in range(rng.integers(1, 5)):
                place = int(rng.choice(4, p=(0.4, 0.3, 0.2, 0.1) if start == A else (0.2, 0.2, 0.5, 0.1)))
                day = start + timedelta(days=int(rng.integers(28)))
                said.append(
                    (str(number * (1 + rng.integers(2))), touchpoints[place], day, rng.random() < tempers[place])
                )
    return [*said, ("last", "other", B + timedelta(days=27), False)]


def count(said: Sequence[Said], start: date) -> tuple[dict[str, float], dict[str, float], int, int]:
    """Presences and burdens by touchpoint, authors and friction authors of the 28 days from `start` on."""
    spoke, met = defaultdict(set), defaultdict(set)
    for author, touchpoint, day, friction in said:
        if start <= day < start + timedelta(days=28):
            spoke[author].add(touchpoint)
            if friction:
                met[author].add(touchpoint)
    presences: dict[str, float] = defaultdict(float)
    burdens: dict[str, float] = defaultdict(float)
    for weights, people in ((presences, spoke), (burdens, met)):
        for places in people.values():
            for place in places:
                weights[place] += 1 / len(places)
    return presences, burdens, len(spoke), len(met)


class TestPeopleOfSeveralTouchpoints:
    @pytest.mark.parametrize("seed", range(4))
    def test_contributions_add_up_to_the_change_of_the_documented_rate(self, seed: int) -> None:
        said = crowd(seed)
        found = drivers(table(said), "'app'")
        *_, all_a, met_a = count(said, A)
        *_, all_b, met_b = count(said, B)
        change = met_b / all_b - met_a / all_a
        for row in found.values():
            assert (row["overall_a"], row["overall_b"]) == (met_a / all_a, met_b / all_b)
            assert row["change"] == pytest.approx(change, abs=1e-15)
            assert (row["from_a"], row["to_b"]) == (A, B + timedelta(days=27))
        assert abs(sum(row["contribution"] for row in found.values()) - change) < 1e-9
        assert abs(sum(row["rate_effect"] + row["mix_effect"] for row in found.values()) - change) < 1e-9
        assert sum(row["share_a"] for row in found.values()) == pytest.approx(1, abs=1e-12)

    def test_each_part_is_kitagawas(self) -> None:
        said = crowd(7)
        found = drivers(table(said))
        presences_a, burdens_a, all_a, met_a = count(said, A)
        presences_b, burdens_b, all_b, met_b = count(said, B)
        overall = (met_a / all_a + met_b / all_b) / 2
        for part, row in found.items():
            assert part is not None
            share_a, share_b = presences_a[part] / all_a, presences_b[part] / all_b
            rate_a, rate_b = burdens_a[part] / presences_a[part], burdens_b[part] / presences_b[part]
            assert (row["rate_a"], row["rate_b"]) == pytest.approx((rate_a, rate_b), abs=1e-12)
            assert row["rate_effect"] == pytest.approx((rate_b - rate_a) * (share_a + share_b) / 2, abs=1e-12)
            assert row["mix_effect"] == pytest.approx(
                ((rate_a + rate_b) / 2 - overall) * (share_b - share_a), abs=1e-12
            )
            assert row["authors_a"] == len({a for a, t, d, _ in said if t == part and A <= d < B})

    def test_friction_that_appears_at_one_touchpoint_is_its_own(self) -> None:
        said = [(str(n), place, A, False) for n in range(20) for place in ("usability", "account")]
        said += [(str(n), place, B, place == "usability") for n in range(20) for place in ("usability", "account")]
        found = drivers(table(said))
        assert (found["usability"]["contribution"], found["usability"]["rate_effect"]) == (1, 1)
        assert (found["account"]["contribution"], found["account"]["mix_effect"]) == (0, 0)


class TestOtherParts:
    SAID = tuple(
        (f"{plan}{start}{number}", "usability", start, number < friction)
        for start, sizes in ((A, {"free": (60, 15), "paid": (40, 20)}), (B, {"free": (80, 20), "paid": (20, 10)}))
        for plan, (authors, friction) in sizes.items()
        for number in range(authors)
    )
    """Each plan keeps its rate, 1/4 and 1/2; only the mix changes."""

    @pytest.mark.parametrize("by", ["source", "channel", "version", "segment:plan"])
    def test_a_change_of_mix_alone(self, by: str) -> None:
        plans = {author: author[:4] for author, *_ in self.SAID}
        column, _, _ = by.partition(":")
        values = {author: {"plan": plan} for author, plan in plans.items()} if column == "segment" else plans
        found = drivers(table(self.SAID, **{column: values}), f"split := '{by}'")
        assert {part: row["rate_effect"] for part, row in found.items()} == {"free": 0, "paid": 0}
        assert found["paid"]["change"] == pytest.approx(-0.05)
        # Mean rate less the mean overall rate of 0.325, times the change of the share.
        assert found["free"]["mix_effect"] == pytest.approx((0.25 - 0.325) * 0.2)
        assert found["paid"]["mix_effect"] == pytest.approx((0.5 - 0.325) * -0.2)

    def test_what_no_event_says_is_unknown(self) -> None:
        for by in ("version", "segment:country"):
            (part,) = drivers(table(self.SAID), f"split := '{by}'")
            assert part == "unknown"

    def test_a_part_heard_in_one_period_is_all_mix(self) -> None:
        said = [
            *((str(n), "usability", A, n < 5) for n in range(20)),
            *((str(n), "account", B, n < 15) for n in range(20)),
        ]
        found = drivers(table(said))
        assert found["account"]["rate_a"] is None
        assert found["account"]["null_reason"].startswith("nobody spoke of it in the earlier period")
        assert {row["rate_effect"] for row in found.values()} == {0}
        assert sum(row["contribution"] for row in found.values()) == pytest.approx(0.5, abs=1e-12)

    def test_another_way_to_divide_is_refused(self) -> None:
        with pytest.raises(duckdb.Error, match="split must be touchpoint, theme, source"):
            drivers(table(self.SAID), "split := 'mood'")


class TestWhatCannotBeSaid:
    @pytest.mark.parametrize(
        ("arguments", "reason"),
        [
            ("of_product := 'ghost'", "no feedback about this product"),
            ("a_from := '2023-01-01', a_to := '2023-02-01'", "nobody spoke in the earlier period"),
            ("b_from := '2030-01-01', b_to := '2030-02-01'", "nobody spoke in either period"),
            ("b_from := '2024-02-25', b_to := '2024-02-01'", "a period ends before it begins"),
            ("a_from := '2024-01-01', a_to := '2024-02-10'", "the periods share days"),
            (
                "a_from := '2024-01-01', b_from := '2024-03-01', b_to := '2024-03-09'",
                "nobody spoke in the later period",
            ),
        ],
    )
    def test_is_one_row_with_the_reason(self, arguments: str, reason: str) -> None:
        (row,) = drivers(table(crowd(1)), arguments).values()
        assert row["null_reason"] == reason
        assert (row["part"], row["contribution"], row["change"]) == (None, None, None)

    def test_one_author_has_no_interval(self) -> None:
        (row,) = drivers(
            table([("ann", "usability", A, False), ("ann", "usability", B + timedelta(27), True)])
        ).values()
        assert (row["contribution"], row["contribution_low"], row["contribution_high"]) == (1, None, None)
        assert row["null_reason"] == "fewer than 10 people in a period: no interval"


SAMPLES, SAMPLE = 800, 200


def test_the_interval_covers_the_contribution_in_the_population() -> None:
    rng = np.random.default_rng(3)
    touchpoints = np.array(["usability", "account", "billing"])
    speak = {A: np.array([0.6, 0.4, 0.3]), B: np.array([0.4, 0.6, 0.3])}
    temper = {A: np.array([0.3, 0.5, 0.2]), B: np.array([0.5, 0.5, 0.2])}

    def people(start: date, authors: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        spoke = rng.random((authors, 3)) < speak[start]
        spoke[~spoke.any(axis=1), 0] = True
        return spoke, spoke & (rng.random((authors, 3)) < temper[start])

    def per_person(start: date) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], float]:
        spoke, met = people(start, 1_000_000)
        shares = (spoke / spoke.sum(axis=1, keepdims=True)).mean(axis=0)
        burdens = (met / np.maximum(met.sum(axis=1, keepdims=True), 1)).mean(axis=0)
        return shares, burdens, met.any(axis=1).mean()

    (share_a, burden_a, overall_a), (share_b, burden_b, overall_b) = per_person(A), per_person(B)
    true = burden_b - burden_a - (overall_a + overall_b) / 2 * (share_b - share_a)

    columns: dict[str, list[Any]] = {"product": [], "author": [], "touchpoint": [], "friction": [], "day": []}
    for start in (A, B):
        spoke, met = people(start, SAMPLES * SAMPLE)
        person, place = np.nonzero(spoke)
        columns["product"].append(person // SAMPLE)
        columns["author"].append(person)
        columns["touchpoint"].append(touchpoints[place])
        columns["friction"].append(met[person, place])
        columns["day"].append(np.full(len(person), np.datetime64(start)))
    mentions = pa.table({name: pa.array(np.concatenate(parts)) for name, parts in columns.items()})
    for name in ("product", "author"):
        mentions = mentions.set_column(
            mentions.schema.get_field_index(name), name, mentions[name].cast(pa.string())
        )
    for name in ("source", "channel", "version", "segment"):
        mentions = mentions.append_column(name, pa.nulls(len(mentions), SCHEMA.field(name).type))
    found = connect_to(mentions).execute(
        """SELECT part, contribution, contribution_low, contribution_high
        FROM drivers(a_from := $1, a_to := $1, b_from := $2, b_to := $2)""",
        [A, B],
    )
    rows = found.fetchall()
    assert len(rows) == 3 * SAMPLES
    expected = dict(zip(touchpoints, true, strict=True))
    covered = np.mean([low <= expected[part] <= high for part, _, low, high in rows])
    assert 0.94 < covered < 0.96
    for part, value in expected.items():
        assert np.mean([row[1] for row in rows if row[0] == part]) == pytest.approx(value, abs=0.002)
