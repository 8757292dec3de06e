"""Who is erased has no scores either, in no file, whenever a model scores."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from models.scorer import load_scorer
from pipelines.cli import main
from pipelines.clock import utc_now
from pipelines.rescore import Rescored, Rescorer
from pipelines.tables.stored_rows import stored_paths
from pipelines.tables.whose import keyring_of
from schemas.tables import SCORES
from tests.pipelines.rescoring.stored import SOURCE, Interrupted, ask, ask_stored, findings, run

NAME = "author 2"
HERS = 6
ROWS = 44


def erase(root: str, *arguments: str) -> int:
    return main(["tables", "erase", *(arguments or ("--author", NAME, "--source", SOURCE)), "--tables", root])


def left(root: str) -> list[Path]:
    """Files of scores with a row of hers, named by a log or not."""
    key = keyring_of(root, None).author_key(SOURCE, None, NAME)
    query = "SELECT count(*) FROM read_parquet(?) WHERE author_key = ?"
    return [
        path for path in stored_paths(root, SCORES) if duckdb.execute(query, [str(path), key]).fetchall() != [(0,)]
    ]


def test_scores_are_erased_with_their_events(
    root: str, other_model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run(root, other_model)
    assert len(left(root)) > 2
    capsys.readouterr()
    assert erase(root, "--author", NAME, "--source", SOURCE, "--dry-run") == 0
    assert f"would erase {HERS} rows of feedback, {HERS} of raw, {HERS} of scores," in capsys.readouterr().out
    assert erase(root) == 0
    said = capsys.readouterr().out
    assert (
        f"erased {HERS} rows of feedback, {HERS} of raw, {HERS} of scores, 0 of theme mentions and 0 dead letters, "
        "of 1 named" in said
    )
    assert "tables.scores" in said
    assert "rows_left: 0" in said
    assert left(root) == []
    assert ask_stored(root, "SELECT count(*) FROM tables.scores") == [(ROWS - HERS,)]
    assert ask_stored(root, "SELECT sum(score_rows) FROM tables.erasures") == [(HERS,)]
    assert run(root, other_model) == Rescored(before=ROWS - HERS)
    assert findings(root) == []


def test_one_event_is_erased_with_the_scores_of_all_its_revisions(root: str, other_model: str) -> None:
    run(root, other_model)
    ((event_id,), *_) = ask(root, "SELECT event_id FROM feedback WHERE native_id = '3'")
    assert erase(root, "--event", event_id) == 0
    assert ask_stored(root, "SELECT count(*) FROM tables.scores WHERE native_id = '3'") == [(0,)]
    assert ask_stored(root, "SELECT count(*) FROM tables.scores") == [(ROWS - 2,)]


def test_an_erasure_that_falls_into_the_scoring_wins(root: str, other_model: str) -> None:
    done = Rescorer(root, Interrupted(load_scorer(other_model), lambda: erase(root)), utc_now).run()
    assert done.scored == ROWS - HERS
    assert left(root) == []
    assert ask_stored(root, "SELECT count(*) FROM tables.scores") == [(ROWS - HERS,)]
    assert findings(root) == []


def test_an_erasure_between_scoring_and_commit_wins(root: str, other_model: str) -> None:
    def erase_at_the_end(done: int, total: int) -> None:
        if done == total == ROWS and not (Path(root) / "suppressions").exists():
            erase(root)

    done = Rescorer(root, load_scorer(other_model), utc_now, on_progress=erase_at_the_end).run()
    assert done == Rescored(scored=ROWS - HERS, suppressed=HERS)
    assert left(root) == []
    assert findings(root) == []


def test_an_erasure_takes_what_a_killed_run_left(
    root: str, other_model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRIBOMETER_FAILPOINTS", "after_stage=raise")
    with pytest.raises(RuntimeError):
        run(root, other_model)
    monkeypatch.delenv("TRIBOMETER_FAILPOINTS")
    assert len(left(root)) > 2
    assert erase(root) == 0
    assert left(root) == []
    assert run(root, other_model).scored == ROWS - HERS
