"""Erasure: nothing of the erased is left anywhere, nothing else changes, and no replay brings it back."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.cli import main
from pipelines.clock import utc_now
from pipelines.rollup.refresh import refresh
from pipelines.tables.erase import Eraser
from pipelines.tables.erasures import checked_log
from pipelines.tables.proof import rows_left
from pipelines.tables.stored_rows import stored_paths
from pipelines.tables.subjects import unique
from pipelines.tables.whose import authors, keyring_of
from schemas.tables import DEAD_LETTERS, ERASURES, FEEDBACK, RAW
from tests.pipelines.events import POISON, line
from transforms import failpoints
from transforms.commit import append, commit
from transforms.delta import (
    CommitConflictError,
    StagedFileTakenError,
    active_files,
    live_files,
    open_or_create,
    open_table,
    replace_files,
    table_path,
)
from transforms.failpoints import VARIABLE
from transforms.parquet import write_file
from transforms.suppressions import read_suppressions

ROOT = Path(__file__).resolve().parents[3]
KEY = "a key for tests, long enough to be accepted"
ANNE = "Anne O'Neill-Müller"
SOURCE = "feedback_event"

MINE = [line(1000 + number, author={"id": ANNE}, text=f"Mine, number {number}.") for number in range(6)]
MINE_REFUSED = [
    line(2000, author={"id": ANNE}, rating={"value": 9, "scale": "1-5"}),  # read as far as the author
    b'{"schema":"feedback_event/1","author":{"id":"' + ANNE.encode() + b'"},',  # not JSON, the name in UTF-8
    b'{"author": {"id": ' + json.dumps(ANNE).encode() + b"}, oops",  # not JSON, the name escaped
]
OTHERS = [line(number) for number in range(20)]
LINES = [*OTHERS, *MINE, *POISON, *MINE_REFUSED, line(3000, text=f"{ANNE} was kind")]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the tables `t` and their input `in.jsonl`, to be copied."""
    folder = tmp_path_factory.mktemp("written")
    (folder / "in.jsonl").write_bytes(b"".join(one + b"\n" for one in LINES))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRIBOMETER_AUTHOR_KEY", KEY)
        patch.delenv("TRIBOMETER_TABLES", raising=False)
        assert replay(folder) == 0
        yield folder


@pytest.fixture
def folder(written: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(written, tmp_path / "w"))


def replay(folder: Path) -> int:
    return main(["replay", str(folder / "in.jsonl"), "--source", SOURCE, "--tables", str(folder / "t")])


def erase(folder: Path, *arguments: str) -> int:
    return main(
        ["tables", "erase", *(arguments or ("--author", ANNE, "--source", SOURCE)), "--tables", str(folder / "t")]
    )


def content(folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of what people said, in the newest snapshots."""
    found = {}
    for spec in (FEEDBACK, RAW, DEAD_LETTERS):
        table = open_table(str(folder / "t"), spec)
        assert table is not None
        query = f"SELECT * FROM read_parquet(?, union_by_name = true) ORDER BY {spec.identity}"
        found[spec.name] = duckdb.execute(query, [active_files(table)]).fetchall() if active_files(table) else []
    return found


def anne(folder: Path) -> Eraser:
    root = str(folder / "t")
    return Eraser(root, unique(authors([ANNE], SOURCE, None, keyring_of(root, None))), utc_now)


def left_on_disk(folder: Path) -> list[Path]:
    """Files below the tables that hold Anne's name, pseudonym or words, named by a log or not.

    The suppressions keep the pseudonym, and what somebody else said of her is his.
    """
    words = (keyring_of(str(folder / "t"), None).author_key(SOURCE, None, ANNE), ANNE, "Neill", "Mine, number")
    found = []
    for path in (
        path for path in (folder / "t").rglob("*") if path.is_file() and "suppressions" not in path.parts
    ):
        text = path.read_bytes().decode("utf-8", "replace")
        if path.suffix == ".parquet":
            rows = duckdb.execute("SELECT * FROM read_parquet(?)", [str(path)]).fetchall()
            text = "\n".join(str(row) for row in rows if "was kind" not in str(row))
        found += [path for word in words if word in text]
    return found


def refused(row: tuple[Any, ...]) -> bool:
    """Whether the row is a dead letter of Anne's."""
    return any(value in MINE_REFUSED for value in row if isinstance(value, bytes))


def without_anne(rows: dict[str, list[tuple[Any, ...]]], folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    key = keyring_of(str(folder / "t"), None).author_key(SOURCE, None, ANNE)
    return {table: [row for row in found if key not in row and not refused(row)] for table, found in rows.items()}


def test_an_author_is_erased_everywhere_and_nothing_else_changes(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = content(folder)
    expected = without_anne(before, folder)
    assert {name: len(rows) - len(expected[name]) for name, rows in before.items()} == {
        "feedback": 6,
        "raw": 6,
        "dead_letters": 3,
    }
    assert erase(folder, "--author", ANNE, "--source", SOURCE, "--dry-run") == 0
    assert (
        "would erase 6 rows of feedback, 6 of raw, 0 of scores, 0 of theme mentions and 3 dead letters, of 1 named"
        in capsys.readouterr().out
    )
    assert content(folder) == before
    assert not (folder / "t" / "suppressions").exists()

    assert erase(folder) == 0
    said = capsys.readouterr().out
    assert (
        "erased 6 rows of feedback, 6 of raw, 0 of scores, 0 of theme mentions and 3 dead letters, of 1 named"
        in said
    )
    assert "rows_left: 0" in said
    assert content(folder) == expected

    assert replay(folder) == 0
    assert "0 accepted" in (said := capsys.readouterr().out)
    assert f"{len(MINE) + len(MINE_REFUSED)} suppressed" in said
    assert content(folder) == expected


def test_no_file_on_the_disk_holds_the_erased(folder: Path) -> None:
    assert refresh(str(folder / "t")).computed
    assert any("rollups" in path.parts for path in left_on_disk(folder))
    erase(folder)
    assert left_on_disk(folder) == []


def test_an_event_is_erased_with_all_its_revisions(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edited = line(7, text="Edited.", revised_at="2024-06-01T00:00:00Z")
    (folder / "in.jsonl").write_bytes(b"\n".join([edited, *OTHERS]))
    replay(folder)
    ids = [row[0] for row in content(folder)["feedback"] if row[4] == "7"]
    assert len(ids) == 2
    capsys.readouterr()
    assert erase(folder, "--event", ids[0], "--reason", "court order 7") == 0
    assert (
        "erased 2 rows of feedback, 2 of raw, 0 of scores, 0 of theme mentions and 0 dead letters"
        in capsys.readouterr().out
    )
    after = content(folder)
    replay(folder)
    assert "2 suppressed" in capsys.readouterr().out
    assert content(folder) == after
    assert [row for row in after["feedback"] if row[4] == "7"] == []
    assert erase(folder, "--event", ids[0]) == 0
    assert "1 were erased before, nothing of them was left" in capsys.readouterr().out
    assert erase(folder, "--event", "f" * 32) == 2


def test_a_later_message_is_suppressed_that_was_never_here(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    erase(folder)
    new = [line(5000, author={"id": ANNE}), line(5001, author={"id": ANNE}, occurred_at="soon"), line(5002)]
    (folder / "in.jsonl").write_bytes(b"\n".join(new))
    capsys.readouterr()
    replay(folder)
    assert "3 messages = 1 accepted + 0 duplicate + 0 dead + 2 suppressed" in capsys.readouterr().out


def test_the_log_is_signed_and_a_changed_row_is_noticed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    erase(folder, "--author", ANNE, "--source", SOURCE, "--reason", "asked for in letter 12")
    capsys.readouterr()
    assert main(["tables", "erasures", "--tables", str(folder / "t"), "--format", "json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["signature"], row["scope"], row["reason"]) == ("valid", "author", "asked for in letter 12")
    assert (row["feedback_rows"], row["raw_rows"], row["dead_letters"]) == (6, 6, 3)
    assert row["deleted_files"] >= 3

    root = str(folder / "t")
    (file,) = active_files(open_table(root, ERASURES))  # type: ignore[arg-type]
    (logged,) = pq.read_table(file, partitioning=None).to_pylist()
    forged = {**logged, "erasure_id": "0" * 32, "feedback_rows": 60}
    append(
        root, ERASURES, pa.Table.from_pylist([forged], schema=ERASURES.schema), batch_id="b", written_at=utc_now()
    )
    assert main(["tables", "erasures", "--tables", root]) == 1
    assert "1 of 2 rows were not signed as they stand" in capsys.readouterr().err
    other = keyring_of(root, None).__class__(b"k" * 40)
    assert {row["signature"] for row in checked_log(root, other)} == {"other_key"}


def test_run_again_nothing_is_left_to_do(folder: Path) -> None:
    erase(folder)
    files = sorted(stored_paths(str(folder / "t"), FEEDBACK))
    log = checked_log(str(folder / "t"), keyring_of(str(folder / "t"), None))
    assert erase(folder) == 0
    assert sorted(stored_paths(str(folder / "t"), FEEDBACK)) == files
    assert checked_log(str(folder / "t"), keyring_of(str(folder / "t"), None)) == log


def test_killed_and_run_again_it_ends_in_the_same_state(folder: Path) -> None:
    expected = without_anne(content(folder), folder)
    arguments = ["tables", "erase", "--author", ANNE, "--source", SOURCE, "--tables", str(folder / "t")]
    killed = subprocess.run(
        [sys.executable, "-m", "pipelines.cli", *arguments],
        cwd=ROOT, env={**os.environ, VARIABLE: "after_erasure_delete=kill@2"}, capture_output=True, check=False,
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert_ends_the_same(folder, expected)


@pytest.mark.parametrize(
    "point",
    [
        "after_suppression=raise",
        "after_erasure_rewrite=raise@1",
        "after_erasure_rewrite=raise@3",
        "after_erasure_delete=raise@1",
        "after_erasure_delete=raise@3",
        "after_commit=raise@2",
        "after_file_write=raise@4",
    ],
)
def test_stopped_anywhere_and_run_again_it_ends_in_the_same_state(
    folder: Path, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    expected = without_anne(content(folder), folder)
    monkeypatch.setattr(failpoints, "_passed", Counter())
    with monkeypatch.context() as patch:
        patch.setenv(VARIABLE, point)
        assert erase(folder) == 1
    assert_ends_the_same(folder, expected)


def assert_ends_the_same(folder: Path, expected: dict[str, list[tuple[Any, ...]]]) -> None:
    assert erase(folder) == 0
    assert content(folder) == expected
    assert left_on_disk(folder) == []
    (row,) = checked_log(str(folder / "t"), keyring_of(str(folder / "t"), None))
    assert row["signature"] == "valid"
    assert read_suppressions(str(folder / "t")).matching(anne_row(folder)).to_pylist() == [True]


def anne_row(folder: Path) -> pa.Table:
    key = keyring_of(str(folder / "t"), None).author_key(SOURCE, None, ANNE)
    return pa.table(
        {"author_key": [key], "source": [SOURCE], "account": pa.nulls(1, pa.string()), "native_id": ["1"]}
    )


def test_files_no_snapshot_names_are_searched_too(folder: Path) -> None:
    root = str(folder / "t")
    table = open_table(root, FEEDBACK)
    assert table is not None
    live = [table_path(root, FEEDBACK) / file.path for file in live_files(table)]
    mine = [
        path
        for path in live
        if "Mine, number" in str(duckdb.execute("FROM read_parquet(?)", [str(path)]).fetchall())
    ]
    orphan = mine[0].with_name("00000000000000000000000000000000-0000000000000000.parquet")
    shutil.copy(mine[0], orphan)
    innocent = live[0].with_name("11111111111111111111111111111111-0000000000000000.parquet")
    shutil.copy(next(path for path in live if path not in mine), innocent)
    torn = mine[0].with_name("22222222222222222222222222222222.parquet")
    torn.write_bytes(mine[0].read_bytes()[:-50])
    unfinished = mine[0].with_name(".33333333333333333333333333333333.parquet.unfinished")
    unfinished.write_bytes(mine[0].read_bytes()[:50])
    erase(folder)
    assert [path.exists() for path in (orphan, torn, unfinished, innocent)] == [False, False, False, True]


def test_a_thousand_authors_at_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = folder / "names.txt"
    names.write_text("".join(f"author {number}\n" for number in range(2, 1000)) + f"{ANNE}\n\n")
    before = content(folder)["feedback"]
    capsys.readouterr()
    assert erase(folder, "--authors-file", str(names), "--source", SOURCE) == 0
    assert "of 999 named" in capsys.readouterr().out
    keyring = keyring_of(str(folder / "t"), None)
    kept = {keyring.author_key(SOURCE, None, f"author {number}") for number in (0, 1)}
    assert content(folder)["feedback"] == [row for row in before if row[7] in kept]
    log = checked_log(str(folder / "t"), keyring)
    assert len(log) == 999
    assert sum(row["feedback_rows"] for row in log) == len(before) - len(content(folder)["feedback"])


def test_by_pseudonym(folder: Path) -> None:
    key = keyring_of(str(folder / "t"), None).author_key(SOURCE, None, ANNE)
    assert erase(folder, "--author-key", key) == 0
    assert [row for row in content(folder)["feedback"] if key in row] == []
    assert len([row for row in content(folder)["dead_letters"] if refused(row)]) == 2


def staged(folder: Path) -> list[Any]:
    """Files of a batch that looked at the suppressions before the erasure and has not committed yet."""
    root = str(folder / "t")
    table = open_table(root, FEEDBACK)
    files = []
    for file in live_files(table):  # type: ignore[arg-type]
        path = table_path(root, FEEDBACK) / file.path
        rows = pq.read_table(path, partitioning=None, schema=FEEDBACK.schema)
        others = pa.array([identity[::-1] for identity in rows["event_id"].to_pylist()])
        content = rows.set_column(rows.schema.get_field_index("event_id"), "event_id", others)
        files.append(write_file(root, FEEDBACK, content, partition=file.partition, written_at=utc_now()))
    return files


STEPS: dict[str, list[Callable[[Eraser], object]]] = {
    "suppressed": [lambda eraser: eraser.suppress()],
    "rewritten": [lambda eraser: eraser.suppress(), lambda eraser: eraser.take_out(FEEDBACK)],
}


@pytest.mark.parametrize("steps", STEPS)
def test_a_batch_that_began_before_drops_the_rows_at_its_commit(folder: Path, steps: str) -> None:
    files, expected = staged(folder), len(without_anne(content(folder), folder)["feedback"])
    eraser = anne(folder)
    for step in STEPS[steps]:
        step(eraser)
    outcome = commit(str(folder / "t"), FEEDBACK, files, batch_id="late")
    assert (outcome.added, outcome.suppressed, outcome.duplicate) == (expected, 6, 0)
    eraser.erase(keyring_of(str(folder / "t"), None))
    assert left_on_disk(folder) == []


def test_a_batch_that_read_an_older_snapshot_cannot_commit_after_the_barrier(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The narrowest gap: the suppressions are read, then the whole of the rewrite happens, then the files are added."""
    files, eraser, commits = staged(folder), anne(folder), []
    from transforms import commit as module

    add = module.add_files

    def add_after_the_erasure(*arguments: Any) -> int:
        commits.append(arguments[1].name)
        if commits == [FEEDBACK.name]:
            eraser.suppress()
            eraser.take_out(FEEDBACK)
        return add(*arguments)

    monkeypatch.setattr(module, "add_files", add_after_the_erasure)
    outcome = commit(str(folder / "t"), FEEDBACK, files, batch_id="late")
    assert (commits.count(FEEDBACK.name), outcome.conflicts, outcome.suppressed) == (2, 1, 6)
    assert rows_left(str(folder / "t"), eraser.subjects) == 0


def test_a_batch_whose_files_were_taken_is_told_so(folder: Path) -> None:
    files, eraser = staged(folder), anne(folder)
    eraser.erase(keyring_of(str(folder / "t"), None))
    with pytest.raises(StagedFileTakenError, match="by an erasure"):
        commit(str(folder / "t"), FEEDBACK, files, batch_id="late")


def test_a_replay_that_an_erasure_overtakes_is_run_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    new = [line(7000 + number, author={"id": ANNE}) for number in range(3)] + [line(7100)]
    (folder / "in.jsonl").write_bytes(b"\n".join(new))
    from transforms import commit as module

    real, calls = module.commit, []

    def commit_after_the_erasure(*arguments: Any, **options: Any) -> Any:
        calls.append(arguments[1].name)
        if len(calls) == 1:
            anne(folder).erase(keyring_of(str(folder / "t"), None))
        return real(*arguments, **options)

    monkeypatch.setattr(module, "commit", commit_after_the_erasure)
    capsys.readouterr()
    assert replay(folder) == 0
    assert "4 messages = 1 accepted + 0 duplicate + 0 dead + 3 suppressed" in capsys.readouterr().out
    assert left_on_disk(folder) == []


def test_compaction_of_the_erased_rows_loses_against_the_erasure(folder: Path) -> None:
    root = str(folder / "t")
    table = open_or_create(root, FEEDBACK)
    file = live_files(table)[0]
    eraser = anne(folder)
    eraser.suppress()
    eraser.take_out(FEEDBACK)
    with pytest.raises(CommitConflictError):
        replace_files(table, FEEDBACK, [file], [], {}, changes_rows=False)


def test_programs_that_know_no_suppressions_are_shut_out(folder: Path) -> None:
    erase(folder)
    for spec in (FEEDBACK, RAW, DEAD_LETTERS):
        table = open_table(str(folder / "t"), spec)
        assert table is not None
        assert table.metadata().configuration["tribometer.schemaVersion"] == "2"


def test_another_author_key_erases_nobody(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = content(folder)
    monkeypatch.setenv("TRIBOMETER_AUTHOR_KEY", "another key for tests, long enough as well")
    assert erase(folder) == 1
    assert content(folder) == before


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--author", "x"], "need --source"),
        (["--author", "x", "--source", "s", "--event", "1"], "by one of"),
        (["--event", "x", "--source", "s"], "need --source"),
        (["--author-key", "x"], "32 hexadecimal digits"),
        (["--authors-file", "missing", "--source", "s"], "cannot be read"),
    ],
)
def test_what_cannot_be_erased_is_said_in_one_line(
    written: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    assert erase(written, *arguments) == 2
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1
