"""Whose scores a reader sees: of the chosen model where it has scored, else those the event came in with."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from models.scorer import load_scorer
from pipelines.cli import main
from pipelines.clock import utc_now
from pipelines.model_choice import STORED, coverage, switch
from pipelines.rescore import Days
from schemas import arrow
from schemas.errors import UsageError
from tests.pipelines.events import line
from tests.pipelines.feedback_table import event, mention, store
from tests.pipelines.rescoring.stored import ask, replay, run, store_scores

EVENTS = 41
"""Of the 44 rows one is an older revision, and a deletion takes two."""

SHOWN = "SELECT model_version, chosen, stored, rescored, shown FROM models ORDER BY 1"


@pytest.fixture
def shipped_version() -> str:
    return load_scorer().version


def test_nothing_changes_before_the_switch(root: str, other_model: str) -> None:
    query = "SELECT * FROM events ORDER BY event_id"
    before = ask(root, query)
    run(root, other_model)
    assert ask(root, query) == before


def test_after_the_switch_every_view_shows_the_chosen_scores(
    root: str, other_model: str, other_version: str, shipped_version: str
) -> None:
    friction = "SELECT sum(friction_rate), min(model_version), max(model_version) FROM friction_daily"
    ((before, *versions),) = ask(root, friction)
    assert versions == [shipped_version] * 2
    run(root, other_model)
    assert switch(root, other_version, utc_now).missing == 0
    ((after, *versions),) = ask(root, friction)
    assert versions == [other_version] * 2
    assert after != before
    shown = ask(root, "SELECT event_id, friction_p, mentions FROM events ORDER BY 1")
    scored = ask(
        root,
        f"SELECT event_id, friction_p, mentions FROM scores WHERE model_version = '{other_version}' ORDER BY 1",
    )
    assert {row[0]: row[1:] for row in shown}.items() <= {row[0]: row[1:] for row in scored}.items()
    assert ask(root, SHOWN) == [(shipped_version, False, 44, 0, 0), (other_version, True, 0, 44, EVENTS)]
    for view in ("mentions", "event_touchpoints", "friction_daily_product"):
        assert ask(root, f"SELECT DISTINCT model_version FROM {view}") == [(other_version,)]


def test_the_scores_that_came_in_stay_readable_and_come_back(
    root: str, other_model: str, other_version: str
) -> None:
    stored = ask(root, "FROM feedback ORDER BY event_id")
    events = ask(root, "FROM events ORDER BY event_id")
    run(root, other_model)
    switch(root, other_version, utc_now)
    assert ask(root, "FROM feedback ORDER BY event_id") == stored
    assert ask(root, "FROM events ORDER BY event_id") != events
    switch(root, STORED, utc_now)
    assert ask(root, "FROM events ORDER BY event_id") == events


def test_what_comes_in_with_another_model_is_shown_and_named(
    folder: Path, root: str, other_model: str, other_version: str, shipped_version: str
) -> None:
    run(root, other_model)
    switch(root, other_version, utc_now)
    replay(folder, [line(10, id="late", text="The checkout is broken again.")])
    replay(folder, [line(11, id="later")], "--model", other_model)
    assert ask(root, SHOWN) == [(shipped_version, False, 45, 0, 1), (other_version, True, 1, 44, EVENTS + 1)]
    assert ("several",) in ask(root, "SELECT model_version FROM friction_daily_product WHERE touchpoint = 'any'")
    run(root, other_model)
    assert [row[-1] for row in ask(root, SHOWN)] == [0, EVENTS + 2]
    assert ("several",) not in ask(root, "SELECT model_version FROM friction_daily_product")


def test_a_switch_that_would_mix_models_is_refused(
    root: str, other_model: str, other_version: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run(root, other_model, Days(until=datetime(2024, 5, 1, tzinfo=UTC).date()))
    with pytest.raises(UsageError, match=r"events have no scores of .*--partly switches anyway"):
        switch(root, other_version, utc_now)
    assert main(["rescore", "--model", other_model, "--since", "2024-05-03", "--switch", "--tables", root]) == 2
    assert not (Path(root) / "model_choices").exists()
    assert main(["switch-model", other_version, "--partly", "--tables", root]) == 0
    said = capsys.readouterr().out
    covered = coverage(root, other_version)
    assert f"{covered.scored} of {EVENTS} events; the other {covered.missing} are shown with" in said
    assert covered.scored == 26
    assert main(["rescore", "--model", other_model, "--switch", "--tables", root]) == 0
    assert f"all {EVENTS} events" in capsys.readouterr().out


def test_a_model_that_scored_nothing_cannot_be_chosen(root: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["switch-model", "unheard-of", "--partly", "--tables", root]) == 2
    assert f"it has those of: {load_scorer().version}" in capsys.readouterr().err


def test_the_past_has_the_choice_of_then(
    root: str, other_model: str, other_version: str, shipped_version: str
) -> None:
    then = utc_now()
    run(root, other_model)
    rescored = utc_now()
    switch(root, other_version, utc_now)
    query = "SELECT DISTINCT model_version FROM events"
    assert ask(root, query, then) == ask(root, query, rescored) == [(shipped_version,)]
    assert ask(root, query) == [(other_version,)]
    assert ask(root, "SELECT count(*) FROM tables.scores", then) == [(0,)]


def test_the_last_choice_counts_whatever_the_clock_says(root: str, other_model: str, other_version: str) -> None:
    run(root, other_model)
    switch(root, other_version, lambda: datetime(2030, 1, 1, tzinfo=UTC))
    switch(root, STORED, lambda: datetime(2029, 1, 1, tzinfo=UTC))
    assert ask(root, "SELECT count(*) FROM models WHERE chosen") == [(0,)]


def test_every_score_is_taken_from_the_chosen_model(tmp_path: Path) -> None:
    """Also a column that is added later: it must be named in revisions.sql."""
    root = str(tmp_path)
    row = event("1", "2024-03-01", mention("billing", 0.9), model_version="old", unscored_reason="language:de")
    store(root, [row])
    marks: dict[str, object] = {
        "unscored_reason": None, "intents": ["bug"], "mentions": [mention("delivery", 0.1)], "effort": 4,
        "sentiment_label": "neutral", "touchpoint": "delivery", "sentiment": 0.5, "sentiment_p": 0.5,
        "friction_p": 0.5, "touchpoint_p": 0.5, "model_version": "new",
        "text_sentiment": 0.5, "text_friction_p": 0.5,
    }  # fmt: skip
    store_scores(root, [row | marks])
    assert ask(root, "SELECT unscored FROM source_health") == [(1,)]
    switch(root, "new", utc_now)
    columns = [name for name in arrow.SCORED.names if name not in arrow.REDACTED.names]
    query = f"SELECT {', '.join(columns)} FROM "
    ((*shown,),), ((*stored,),) = ask(root, query + "revisions"), ask(root, query + "feedback")
    same = [name for name, one, other in zip(columns, shown, stored, strict=True) if one == other]
    assert same == [], "revisions.sql does not take them from the chosen model, or the test lacks a value"
    assert ask(root, "SELECT unscored FROM source_health") == [(0,)]


def test_a_filter_on_day_skips_files_of_both_tables(root: str, other_model: str, other_version: str) -> None:
    run(root, other_model)
    switch(root, other_version, utc_now)
    ((_, plan),) = ask(root, "EXPLAIN SELECT count(*), sum(friction_p) FROM events WHERE day = '2024-05-02'")
    assert plan.count("Scanning Files: 1/4") == plan.count("READ_PARQUET") == 4, (
        plan
    )  # rows, scores, superseded twice
