"""The main job from the outside: files in, tables out, whatever happens in between."""

from __future__ import annotations

import gzip
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import duckdb
import psutil
import pytest

from pipelines.cli import main
from pipelines.connect import connect, connect_stored
from pipelines.replay import CHUNK_MESSAGES
from pipelines.snapshot import open_snapshot
from schemas.tables import RAW
from tests.pipelines.events import POISON, line
from transforms.delta import active_files, open_table
from transforms.failpoints import VARIABLE

AUTHOR_KEY = "a key for tests, long enough to be accepted"

CONTENT = "* EXCLUDE (received_at, committed_at, batch_id)"
"""Every column of `feedback` but the ones that say when and how it came here."""


@pytest.fixture(autouse=True)
def _author_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIBOMETER_AUTHOR_KEY", AUTHOR_KEY)


def replay(tables: Path, *files: Path | str, source: str = "feedback_event") -> int:
    return main(["replay", *map(str, files), "--source", source, "--tables", str(tables)])


def rows(tables: Path, query: str) -> list[tuple[Any, ...]]:
    with connect(str(tables)) as connection:
        return connection.execute(query).fetchall()


def content(tables: Path) -> list[tuple[Any, ...]]:
    with connect_stored(str(tables)) as connection:
        return connection.execute(f"SELECT {CONTENT} FROM tables.feedback ORDER BY event_id").fetchall()


def raw(tables: Path) -> dict[str, bytes]:
    table = open_table(str(tables), RAW)
    assert table is not None
    files = active_files(table)
    found = duckdb.execute("SELECT event_id, payload FROM read_parquet(?)", [files]).fetchall()
    assert len(found) == len(dict(found))
    return dict(found)


def write_lines(path: Path, lines: list[bytes]) -> Path:
    path.write_bytes(b"".join(part + b"\n" for part in lines))
    return path


def test_every_line_is_in_exactly_one_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = [line(number) for number in range(60)]
    file = write_lines(tmp_path / "in.jsonl", [*good[:30], *POISON, *good[30:], *good[:7]])
    assert replay(tmp_path / "t", file) == 0
    said = capsys.readouterr().out
    assert f"{67 + len(POISON)} messages = 60 accepted + 7 duplicate + {len(POISON)} dead + 0 suppressed" in said
    assert sorted(raw(tmp_path / "t").values()) == sorted(good)
    assert len(content(tmp_path / "t")) == 60
    files = list(open_snapshot(str(tmp_path / "t")).files["dead_letters"])
    dead = duckdb.execute("SELECT payload, violation, origin FROM read_parquet(?)", [files]).fetchall()
    assert sorted(payload for payload, _, _ in dead) == sorted(POISON)
    assert {origin for _, _, origin in dead} == {f"{file}:{number}" for number in range(31, 31 + len(POISON))}
    law = "SELECT messages, accepted + duplicate + dead + suppressed FROM tables.runs"
    assert rows(tmp_path / "t", law) == [(67 + len(POISON), 67 + len(POISON))]


def test_running_it_again_adds_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write_lines(tmp_path / "in.jsonl", [*(line(number) for number in range(40)), *POISON])
    replay(tmp_path / "t", file)
    before = (
        content(tmp_path / "t"),
        raw(tmp_path / "t"),
        rows(tmp_path / "t", "SELECT count(*) FROM dead_letters"),
    )
    capsys.readouterr()
    assert replay(tmp_path / "t", file) == 0
    assert f"0 accepted + {40 + len(POISON)} duplicate + 0 dead" in capsys.readouterr().out
    after = content(tmp_path / "t"), raw(tmp_path / "t"), rows(tmp_path / "t", "SELECT count(*) FROM dead_letters")
    assert after == before


def test_the_order_of_the_input_leaves_no_trace(tmp_path: Path) -> None:
    lines = [line(number) for number in range(30)]
    shuffled = random.Random(1).sample(lines, len(lines))
    for name, part in (("a", lines), ("b", shuffled[:11]), ("c", shuffled[11:])):
        write_lines(tmp_path / f"{name}.jsonl", part)
    replay(tmp_path / "first", tmp_path / "a.jsonl")
    replay(tmp_path / "second", tmp_path / "b.jsonl")
    replay(tmp_path / "second", tmp_path / "c.jsonl")
    assert content(tmp_path / "first") == content(tmp_path / "second")


def test_many_batches_are_one_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write_lines(tmp_path / "in.jsonl", [*(line(number) for number in range(50)), *POISON])
    replay(tmp_path / "whole", file)
    monkeypatch.setattr("pipelines.replay.BATCH_MESSAGES", 20)
    monkeypatch.setattr("pipelines.replay.CHUNK_MESSAGES", 7)
    replay(tmp_path / "parts", file)
    assert content(tmp_path / "parts") == content(tmp_path / "whole")
    assert rows(tmp_path / "parts", "SELECT count(*), sum(messages) FROM runs") == [(3, 50 + len(POISON))]


def test_large_messages_make_small_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [line(number, text="It fails. " * 100) for number in range(10)]
    monkeypatch.setattr("pipelines.replay.BATCH_BYTES", 4_000)
    monkeypatch.setattr("pipelines.replay.CHUNK_BYTES", 2_500)
    replay(tmp_path / "t", write_lines(tmp_path / "in.jsonl", lines))
    sizes = rows(tmp_path / "t", "SELECT messages, message_bytes FROM runs")
    assert sum(messages for messages, _ in sizes) == len(lines)
    assert max(size_bytes for _, size_bytes in sizes) <= 4_000 + 2_500


def test_an_edit_and_a_deletion_are_revisions(tmp_path: Path) -> None:
    first = line(1, revised_at="2024-05-02T00:00:00Z")
    edited = line(1, text="It works after all.", revised_at="2024-05-03T00:00:00Z")
    deleted = line(1, deleted=True, text="", revised_at="2024-05-04T00:00:00Z")
    replay(tmp_path / "t", write_lines(tmp_path / "1.jsonl", [edited, first]))
    assert rows(tmp_path / "t", "SELECT text FROM events") == [("It works after all.",)]
    replay(tmp_path / "t", write_lines(tmp_path / "2.jsonl", [deleted, first]))
    assert rows(tmp_path / "t", "SELECT text FROM events") == []
    assert len(content(tmp_path / "t")) == 3


def test_nothing_but_raw_holds_personal_data(tmp_path: Path) -> None:
    secrets = ("jane.roe@example.com", "4111 1111 1111 1111", "Jane Q Roe", "GB33BUKB20201555555555")
    text = f"Write to {secrets[0]}, I paid with {secrets[1]} from {secrets[3]}."
    unknown = {"note": f"mail {secrets[0]}"}
    file = write_lines(tmp_path / "in.jsonl", [line(1, text=text, author={"id": secrets[2]}, crm=unknown)])
    replay(tmp_path / "t", file)
    (payload,) = raw(tmp_path / "t").values()
    assert [secret for secret in secrets if secret.encode() in payload] == list(secrets)
    read = [part for files in open_snapshot(str(tmp_path / "t")).files.values() for part in files]
    assert len(read) == 2  # feedback and runs
    for part in read:
        shown = str(duckdb.execute("SELECT * FROM read_parquet(?)", [[part]]).fetchall())
        assert [secret for secret in secrets if secret in shown] == []


def test_a_file_cut_short_is_committed_as_far_as_it_goes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = gzip.compress(b"".join(line(number, text=str(number) * 99) + b"\n" for number in range(400)))
    (tmp_path / "cut.jsonl.gz").write_bytes(whole[:-500])
    assert replay(tmp_path / "t", tmp_path / "cut.jsonl.gz") == 1
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith(f"tribometer: {tmp_path}/cut.jsonl.gz: the gzip file is damaged or cut short")
    assert 200 < len(content(tmp_path / "t")) < 400


def test_another_author_key_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write_lines(tmp_path / "in.jsonl", [line(1)])
    replay(tmp_path / "t", file)
    monkeypatch.setenv("TRIBOMETER_AUTHOR_KEY", "another key for tests, long enough as well")
    assert replay(tmp_path / "t", file) == 1
    assert "written with author key" in capsys.readouterr().err


def test_a_key_that_is_made_is_told_of_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("TRIBOMETER_AUTHOR_KEY")
    monkeypatch.setenv("TRIBOMETER_AUTHOR_KEY_FILE", str(tmp_path / "key"))
    file = write_lines(tmp_path / "in.jsonl", [line(1)])
    told = f"{tmp_path / 'key'}: made, the key of the authors' pseudonyms; back it up, apart from the tables"
    assert replay(tmp_path / "t", file) == 0
    assert told in capsys.readouterr().err.splitlines()
    assert replay(tmp_path / "t", file) == 0
    assert told not in capsys.readouterr().err.splitlines()


@pytest.mark.parametrize(
    ("step", "error", "says"),
    [
        (
            "write_file",
            OSError(28, "No space left on device", "t/x.parquet"),
            "t/x.parquet: No space left on device;",
        ),
        (
            "add_files",
            OSError("Generic error \x1b[31m↳\x1b[0m No space left on device (os error 28)"),
            "No space left",
        ),
    ],
)
def test_a_disk_that_fails_is_named_and_nothing_is_half_there(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    step: str,
    error: OSError,
    says: str,
) -> None:
    file = write_lines(tmp_path / "in.jsonl", [line(number) for number in range(20)])

    def fail(*_: object, **__: object) -> None:
        raise error

    with monkeypatch.context() as broken:
        broken.setattr(f"transforms.{'write' if step == 'write_file' else 'commit'}.{step}", fail)
        assert replay(tmp_path / "t", file) == 1
    said = capsys.readouterr().err.strip().splitlines()
    assert len(said) == 1
    assert says in said[0]
    assert "what was committed stays" in said[0]
    assert content(tmp_path / "t") == []
    assert replay(tmp_path / "t", file) == 0
    assert len(content(tmp_path / "t")) == 20


def test_an_empty_file_is_no_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty.jsonl").touch()
    assert replay(tmp_path / "t", tmp_path / "empty.jsonl") == 0
    assert "0 messages" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            ["missing.jsonl", "--source", "feedback_event", "--tables", "t"],
            "missing.jsonl: no such file or folder",
        ),
        (["in.jsonl", "--source", "feedback_evnt", "--tables", "t"], "feedback_event"),
        (["in.jsonl", "--source", "feedback_event", "--tables", "in.jsonl"], "is a file; name a folder"),
        (["in.jsonl", "--source", "feedback_event", "--tables", "gs://b/t"], "local disk"),
        (["in.jsonl", "--source", "feedback_event", "--tables", "t", "--fast"], "No such option"),
        (["in.jsonl", "--source", "feedback_event"], "--tables"),
    ],
)
def test_a_command_that_cannot_be_done_says_so_in_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    says: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TRIBOMETER_TABLES", raising=False)
    write_lines(tmp_path / "in.jsonl", [line(1)])
    assert main(["replay", *arguments]) == 2
    error = capsys.readouterr().err
    assert error.startswith("tribometer: ")
    assert error.count("\n") == 1
    assert says in error


def _stopped_before_its_commit(tables: Path, file: Path) -> subprocess.Popen[bytes]:
    """A replay that has written a data file and stands still."""
    command = ["replay", str(file), "--source", "feedback_event", "--tables", str(tables)]
    process = subprocess.Popen(
        [sys.executable, "-m", "pipelines.cli", *command],
        env={**os.environ, VARIABLE: "after_file_write=stop@1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=Path(__file__).resolve().parents[2],
    )
    while psutil.Process(process.pid).status() != psutil.STATUS_STOPPED:
        assert process.poll() is None
        time.sleep(0.01)
    return process


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `in.jsonl`, of two chunks, and the tables `t` of it that nothing disturbed."""
    folder = tmp_path_factory.mktemp("whole")
    file = write_lines(folder / "in.jsonl", [line(number) for number in range(CHUNK_MESSAGES + 1)])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRIBOMETER_AUTHOR_KEY", AUTHOR_KEY)
        assert replay(folder / "t", file) == 0
    return folder


@pytest.mark.parametrize(("end", "status"), [(signal.SIGKILL, -9), (signal.SIGINT, 130)])
def test_a_replay_that_is_ended_and_run_again_ends_in_the_same_tables(
    whole: Path, tmp_path: Path, end: signal.Signals, status: int
) -> None:
    file = whole / "in.jsonl"
    process = _stopped_before_its_commit(tmp_path / "t", file)
    os.kill(process.pid, end)
    os.kill(process.pid, signal.SIGCONT)
    _, error = process.communicate()
    assert process.returncode == status, error
    assert b"Traceback" not in error
    assert replay(tmp_path / "t", file) == 0
    assert content(tmp_path / "t") == content(whole / "t")
    assert raw(tmp_path / "t") == raw(whole / "t")
