"""Re-scoring: every row once and all of it, whatever is killed, repeated or going on beside it."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from models.scorer import load_scorer
from pipelines import rescore
from pipelines.cli import main
from pipelines.clock import utc_now
from pipelines.rescore import Days, Rescored, Rescorer
from pipelines.tables.compact import compact
from pipelines.tables.disk import stored_files
from pipelines.tables.retention import retain
from pipelines.tables.vacuum import vacuum
from schemas import arrow
from schemas.tables import FEEDBACK, SCORES
from tests.pipelines.events import line
from tests.pipelines.rescoring.stored import Interrupted, ask, ask_stored, digest, findings, replay, run
from transforms.failpoints import VARIABLE

ROWS = 44
SCORE_COLUMNS = [name for name in arrow.SCORED.names if name not in arrow.REDACTED.names]


def interrupted(root: str, model: str, happens: Callable[[], object]) -> Rescored:
    """Re-score while, at the first text that is scored, something else happens."""
    return Rescorer(root, Interrupted(load_scorer(model), happens), utc_now).run()


@pytest.fixture(scope="session")
def expected(replayed: Path, other_model: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The digest of what an undisturbed run leaves."""
    root = str(shutil.copytree(replayed / "t", tmp_path_factory.mktemp("expected") / "t"))
    assert run(root, other_model) == Rescored(scored=ROWS)
    return digest(root)


def test_the_scores_are_those_of_a_replay_with_the_model(folder: Path, root: str, other_model: str) -> None:
    run(root, other_model)
    other = str(folder / "with_the_other_model")
    lines = ["replay", str(folder / "in.jsonl"), "--source", "feedback_event", "--model", other_model]
    assert main([*lines, "--tables", other]) == 0
    columns = ", ".join(("event_id", "occurred_at", "day", *SCORE_COLUMNS))
    rescored = ask_stored(root, f"SELECT {columns} FROM tables.scores ORDER BY event_id")
    assert len(rescored) == ROWS
    assert rescored == ask_stored(other, f"SELECT {columns} FROM tables.feedback ORDER BY event_id")
    assert rescored != ask_stored(root, f"SELECT {columns} FROM tables.feedback ORDER BY event_id")


def test_running_it_again_changes_nothing(root: str, other_model: str, expected: str) -> None:
    run(root, other_model)
    runs = ask(root, "FROM runs ORDER BY ALL")
    assert run(root, other_model) == Rescored(before=ROWS)
    assert run(root, None) == Rescored(before=ROWS)  # the scores that the rows came in with
    assert digest(root) == expected
    assert ask(root, "FROM runs ORDER BY ALL") == runs
    assert findings(root) == []


def test_some_days_first_and_the_others_later(root: str, other_model: str, expected: str) -> None:
    assert run(root, other_model, Days(since=date(2024, 5, 3))).scored == 12
    assert ask_stored(root, "SELECT min(day), max(day) FROM tables.scores") == [("2024-05-03", "2024-05-03")]
    assert run(root, other_model, Days(until=date(2024, 5, 1))).scored == 17
    assert run(root, other_model) == Rescored(scored=ROWS - 29, before=29)
    assert digest(root) == expected


def test_every_batch_is_a_run_that_adds_up(
    root: str, other_model: str, other_version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rescore, "BATCH_ROWS", 10)
    run(root, other_model)
    counted = ask(root, "SELECT source, messages, accepted, model_version FROM runs WHERE command = 'rescore'")
    assert len(counted) > 2
    assert {(source, model) for source, _, _, model in counted} == {("feedback", other_version)}
    assert sum(messages for _, messages, _, _ in counted) == sum(added for _, _, added, _ in counted) == ROWS


def test_a_reader_sees_all_of_a_day_or_nothing(
    root: str, other_model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rescore, "BATCH_ROWS", 5)
    monkeypatch.setattr(rescore, "_CHUNK_ROWS", 6)
    there = dict(ask_stored(root, "SELECT day, count(*) FROM tables.feedback GROUP BY day"))
    seen = []

    def look(done: int, total: int) -> None:
        assert done <= total == ROWS
        scored = dict(ask_stored(root, "SELECT day, count(*) FROM tables.scores GROUP BY day"))
        assert scored.items() <= there.items()
        seen.append(sum(scored.values()))

    Rescorer(root, load_scorer(other_model), utc_now, on_progress=look).run()
    assert seen[0] == 0 < seen[len(seen) // 2] < seen[-1] == ROWS


def killed(root: str, model: str, point: str) -> None:
    os.environ[VARIABLE] = point
    rescore.BATCH_ROWS = 10
    rescore._CHUNK_ROWS = 7
    run(root, model)


@pytest.mark.parametrize(
    ("point", "days"),
    [
        ("after_file_write=kill@1", 0),
        ("after_stage=kill@2", 1),
        ("after_commit=kill@3", 2),  # the second batch's scores are there, its run is not
        ("after_commit=kill@4", 2),
    ],
)
def test_killed_anywhere_and_run_again(root: str, other_model: str, expected: str, point: str, days: int) -> None:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])  # imports once for all
    process = context.Process(target=killed, args=(root, other_model, point))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert ask_stored(root, "SELECT count(DISTINCT day) FROM tables.scores") == [(days,)]
    run(root, other_model)
    assert digest(root) == expected
    assert findings(root) == []


def test_two_at_once_add_every_row_once(root: str, other_model: str, expected: str) -> None:
    rival: list[Rescored] = []
    done = interrupted(root, other_model, lambda: rival.append(run(root, other_model)))
    assert rival == [Rescored(scored=ROWS)]
    assert done == Rescored(before=ROWS)
    assert digest(root) == expected


def test_rows_that_come_meanwhile_are_scored_too(folder: Path, root: str, other_model: str) -> None:
    done = interrupted(root, other_model, lambda: replay(folder, [line(1000), line(1001)]))
    assert done == Rescored(scored=ROWS + 2)


def test_compacted_and_vacuumed_meanwhile(
    folder: Path, root: str, other_model: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    replay(folder, [line(7), line(1000)])
    monkeypatch.setattr(rescore, "_CHUNK_ROWS", 5)

    def maintain() -> None:
        assert compact(root, FEEDBACK, min_files=2).files_before
        vacuum(root, FEEDBACK, timedelta(0))

    # A second file of a day makes that day one to compact.
    replay(folder, [line(2000, occurred_at="2024-05-02T03:00:00Z")])
    assert interrupted(root, other_model, maintain).scored == ROWS + 2
    assert findings(root) == []
    assert ask_stored(root, "SELECT count(*), count(DISTINCT event_id) FROM tables.scores") == [
        (ROWS + 2, ROWS + 2)
    ]


def test_compaction_and_vacuum_of_scores_keep_them(
    folder: Path, root: str, other_model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        replay(folder, [line(3000 + number, occurred_at="2024-05-02T03:00:00Z")])
        run(root, other_model)
    before = digest(root)
    assert compact(root, SCORES).files_after == 1
    assert vacuum(root, SCORES, timedelta(0)).files == 4
    assert digest(root) == before


def test_retention_takes_scores_with_their_events(root: str, other_model: str) -> None:
    run(root, other_model)
    cutoff = datetime(2024, 5, 3, tzinfo=UTC)
    gone = retain(root, FEEDBACK, cutoff).rows
    assert retain(root, SCORES, cutoff).rows == gone > 0
    days = "SELECT DISTINCT day FROM tables.{} ORDER BY day"
    assert ask(root, days.format("scores")) == ask(root, days.format("feedback"))


def test_the_command_names_both_tables_by_one_age(
    root: str, other_model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run(root, other_model)
    capsys.readouterr()
    assert main(["tables", "retention", "--feedback", "30d", "--dry-run", "--tables", root]) == 0
    said = capsys.readouterr().out
    assert f"feedback: would drop {ROWS - 1} rows" in said  # the impossible date goes by when it was received
    assert f"scores: would drop {ROWS - 1} rows" in said


def test_an_older_snapshot_of_nothing(
    tmp_path: Path, other_model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    assert main(["rescore", "--model", other_model, "--tables", str(tmp_path / "empty")]) == 2
    assert "holds no feedback" in capsys.readouterr().err
    assert list((tmp_path / "empty").iterdir()) == []


def test_a_damaged_file_is_named_and_the_rest_stays(root: str, other_model: str) -> None:
    (victim,) = [file for file in stored_files(root, FEEDBACK) if "day=2024-05-03" in file.path]
    path = Path(root) / "feedback" / victim.path
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(rescore.DamagedFileError, match="tables verify"):
        run(root, other_model)
    assert run(root, other_model, Days(until=date(2024, 5, 2))).scored > 20


def test_several_processes_do_the_same(
    root: str, other_model: str, expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rescore", "--model", other_model, "--tables", root, "--workers", "2"]) == 0
    assert f"{ROWS} rows = {ROWS} scored + 0 scored before + 0 suppressed by" in capsys.readouterr().out
    assert digest(root) == expected


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--model", "no/such/model"), "no/such/model is not a model"),
        (("--since", "2024-05-02", "--until", "2024-05-01"), "there is no day between them"),
        (("--since", "soon"), "soon"),
        (("--workers", "0"), "0"),
    ],
)
def test_what_it_cannot_do_is_an_error(
    root: str, arguments: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rescore", *arguments, "--tables", root]) == 2
    assert said in capsys.readouterr().err
