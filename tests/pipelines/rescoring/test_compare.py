"""Comparing models: the views' own rates under each, on the same people, and nothing written."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipelines.cli import main
from pipelines.clock import utc_now
from pipelines.comparison.compare import Comparison, compare
from pipelines.model_choice import switch
from tests.pipelines.feedback_table import event, mention, store
from tests.pipelines.rescoring.stored import ask, run, store_scores

RATES = """
    SELECT touchpoint, count(DISTINCT author), count(DISTINCT author) FILTER (friction)
    FROM event_touchpoints GROUP BY touchpoint ORDER BY touchpoint
"""


def both(root: str, a: str, b: str, **options: Any) -> Comparison:
    return compare(root, (a, b), **{"sample": 1_000_000, **options})


def rates(found: Comparison, side: str) -> list[tuple[str, int, int]]:
    rows = [
        (row["touchpoint"], row[f"people_{side}"], row[f"friction_people_{side}"]) for row in found.touchpoints
    ]
    return sorted(row for row in rows if row[1])


def files(root: str) -> dict[str, tuple[int, int]]:
    paths = [path for path in Path(root).rglob("*") if path.is_file()]
    return {str(path): (path.stat().st_mtime_ns, path.stat().st_size) for path in paths}


def test_each_side_has_the_rates_that_the_views_would_show(
    root: str, other_model: str, other_version: str
) -> None:
    before = files(root)
    found = both(root, "shown", other_model)
    assert files(root) == before
    assert rates(found, "a") == ask(root, RATES)
    run(root, other_model)
    switch(root, other_version, utc_now)
    assert rates(found, "b") == ask(root, RATES)
    assert rates(found, "a") != rates(found, "b")
    for row in found.touchpoints:
        if row["difference"] is not None:
            assert row["difference"] == pytest.approx(row["friction_rate_b"] - row["friction_rate_a"])
            assert row["difference_low"] <= row["difference"] <= row["difference_high"]


def test_stored_scores_and_the_model_say_the_same(root: str, other_model: str, other_version: str) -> None:
    run(root, other_model)
    from_folder, stored = both(root, "shown", other_model), both(root, "shown", other_version)
    assert from_folder.touchpoints == stored.touchpoints
    assert from_folder.examples == stored.examples
    same = both(root, other_version, other_model)
    assert {row["difference"] for row in same.touchpoints} == {0.0}
    assert (same.mentions["friction_gained"], same.moves, same.examples) == (0, [], [])


def made_up(root: str) -> None:
    """Four people with one event each; the new model moves Bob, calms Cy, scores Dee and splits Eve otherwise."""

    def one(author: str, *mentions: dict[str, Any], **others: Any) -> dict[str, Any]:
        others = {"unscored_reason": None, "sentiment_label": "negative", **others}
        return event(
            author, "2024-03-01", *mentions, author=author, model_version="old", text="Slow. Nice.", **others
        )

    old = [
        one("ann", mention("billing", 0.9)),
        one("bob", mention("billing", 0.9), mention("delivery", 0.2, span=(6, 10))),
        one("cy", mention("billing", 0.6)),
        one("dee", unscored_reason="language:de", sentiment_label=None),
        one("eve", mention("billing", 0.9), mention("billing", 0.9, span=(6, 11))),
        event("agent", "2024-03-01", mention("billing", 0.9), author_kind="agent", model_version="old"),
    ]
    store(root, old)
    new = [
        one("ann", mention("billing", 0.8)),
        one("bob", mention("delivery", 0.9), mention("delivery", 0.2, span=(6, 10))),
        one("cy", mention("billing", 0.4, label="positive", sentiment=0.5), sentiment_label="positive"),
        one("dee", mention("billing", 0.9)),
        one("eve", mention("billing", 0.9, span=(0, 11))),
        old[-1],
    ]
    store_scores(root, [{**row, "model_version": "new"} for row in new])


def test_changes_are_counted_by_kind(tmp_path: Path) -> None:
    made_up(str(tmp_path))
    found = both(str(tmp_path), "old", "new")
    assert rates(found, "a") == [("any", 4, 4), ("billing", 4, 4), ("delivery", 1, 0)]
    assert rates(found, "b") == [("any", 5, 4), ("billing", 4, 3), ("delivery", 1, 1)]
    assert found.mentions == {
        "in_both": 4, "only_in_a": 2, "only_in_b": 2, "other_touchpoint": 1, "friction_gained": 0,
        "friction_lost": 1, "other_sentiment": 1, "sentiment_flipped": 1,
    }  # fmt: skip
    assert found.events == {
        "events": 5, "newly_scored": 1, "no_longer_scored": 0, "other_sentiment": 1, "sentiment_flipped": 1,
    }  # fmt: skip
    assert found.moves == [{"from": "billing", "to": "delivery", "mentions": 1}]
    assert [row["change"] for row in found.examples] == ["friction lost", "other touchpoint", "sentiment flipped"]
    assert (found.sample["events"], found.sample["people"]) == (5, 5)


def test_only_events_that_both_have_scored_are_compared(tmp_path: Path) -> None:
    root = str(tmp_path)
    made_up(root)
    store(root, [event("fay", "2024-03-02", mention("billing", 0.9), model_version="old")])
    found = both(root, "old", "new")
    assert (found.sample["events_in_all"], found.sample["without_scores"]) == (5, 1)
    assert str(found.sample["last_day"]) == "2024-03-01"


def test_a_sample_is_of_whole_people_and_always_the_same(root: str) -> None:
    found, again = (both(root, "shown", "shipped", sample=10) for _ in range(2))
    assert found == again
    counts = dict(ask(root, "SELECT author, count(*) FROM events GROUP BY author"))
    assert 10 <= found.sample["events"] < 10 + max(counts.values())
    assert found.sample["events_in_all"] == sum(counts.values())
    assert found.sample["people"] <= 3


def test_days_are_chosen(root: str) -> None:
    day = date(2024, 5, 2)
    found = both(root, "shown", "shipped", since=day, until=day)
    assert (found.sample["first_day"], found.sample["last_day"]) == (day, day)


def test_it_is_printed_for_people_and_for_programs(
    root: str, other_model: str, other_version: str, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["compare-models", "shown", other_model, "--tables", root]
    assert main(asked) == 0
    table = capsys.readouterr().out
    assert f"B  {other_version}  ({other_model})" in table
    assert "41 of 41 events" in table
    assert "95 % interval" in table
    assert "friction gained" in table
    assert main([*asked, "--format", "json", "--quotes"]) == 0
    said = {row["text"] for row in json.loads(capsys.readouterr().out)["examples"]}
    assert said
    assert not any(text in table for text in said)
    assert main([*asked, "--quotes"]) == 0
    quoted = capsys.readouterr().out
    assert all(text in quoted for text in said)
    assert main([*asked, "--format", "json"]) == 0
    found = json.loads(printed := capsys.readouterr().out)
    assert found["versions"][1] == [other_version]
    assert found["touchpoints"][0]["touchpoint"] == "any"
    assert found["sample"]["first_day"] == "2024-05-01"
    assert found["examples"]
    assert not any(text in printed for text in said)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("shown", "shown"), "is named twice"),
        (("shown", "unheard-of"), "neither a folder with a model nor a model with scores here"),
        (("shown", "."), "is not a model"),
        (("shown", "shipped", "--since", "2030-01-01"), "no events to compare"),
        (("shown", "shipped", "--sample", "0"), "0"),
    ],
)
def test_what_cannot_be_compared_is_an_error(
    root: str, arguments: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare-models", *arguments, "--tables", root]) == 2
    assert said in capsys.readouterr().err
