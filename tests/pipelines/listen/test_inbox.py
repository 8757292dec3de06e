"""Files are taken when complete, read in order, and moved after the commit of their last record."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from pipelines.listen.inbox import Inbox
from pipelines.listen.source import Received
from schemas.errors import UsageError
from tests.pipelines.listen.messages import payload


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    return inbox


def drop(folder: Path, name: str, *numbers: int) -> Path:
    path = folder / name
    path.write_bytes(b"".join(payload(number) + b"\n" for number in numbers))
    return path


def opened(folder: Path, *, settle_seconds: float = 0.0, encoding: str = "jsonl") -> Inbox:
    inbox = Inbox(folder, encoding, settle_seconds=settle_seconds)
    inbox.check()
    return inbox


def everything(inbox: Inbox, max_messages: int = 100) -> list[list[Received]]:
    calls = []
    while call := list(inbox.receive(max_messages, 1 << 20, 0.0)):
        calls.append(call)
    return calls


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def test_files_are_read_in_the_order_of_their_names_and_moved_when_the_last_record_is_acknowledged(
    folder: Path,
) -> None:
    drop(folder, "b.jsonl", 4)
    drop(folder, "a.jsonl", 1, 2, 3)
    inbox = opened(folder)
    calls = everything(inbox, max_messages=2)
    assert [[message.payload for message in call] for call in calls] == [
        [payload(1), payload(2)],
        [payload(3)],
        [payload(4)],
    ]
    inbox.acknowledge(calls[1])
    assert names(folder) == ["a.jsonl", "b.jsonl", "done", "failed"]
    inbox.acknowledge(calls[0])
    assert names(folder) == ["b.jsonl", "done", "failed"]
    inbox.acknowledge(calls[2])
    assert names(folder / "done") == ["a.jsonl", "b.jsonl"]


def test_a_growing_file_and_the_names_of_unfinished_ones_are_left_alone(folder: Path) -> None:
    drop(folder, "upload.jsonl.part", 1)
    drop(folder, ".hidden.jsonl", 1)
    drop(folder, "notes.txt", 1)
    growing = drop(folder, "growing.jsonl", 1)
    inbox = opened(folder, settle_seconds=0.3)
    assert everything(inbox) == []
    with growing.open("ab") as file:
        file.write(payload(2) + b"\n")
    assert everything(inbox) == []
    calls = [list(inbox.receive(100, 1 << 20, 5.0))]
    assert [message.payload for message in calls[0]] == [payload(1), payload(2)]


def test_what_was_not_acknowledged_is_read_again_by_the_next_listener(folder: Path) -> None:
    drop(folder, "a.jsonl", 1, 2)
    first = opened(folder)
    [call] = everything(first)
    first.acknowledge(call[:1])
    first.release(call[1:])
    first.close()
    assert names(folder) == ["a.jsonl", "done", "failed"]
    again = opened(folder)
    [call] = everything(again)
    assert [message.payload for message in call] == [payload(1), payload(2)]


def test_a_file_that_cannot_be_read_to_its_end_fails_after_the_commit_of_what_could_be(folder: Path) -> None:
    whole = gzip.compress(b"".join(payload(number) + b"\n" for number in range(20_000)))
    (folder / "cut.jsonl.gz").write_bytes(whole[: len(whole) // 2])
    inbox = opened(folder)
    calls = everything(inbox, max_messages=100_000)
    assert sum(map(len, calls)) > 0
    assert names(folder / "failed") == []
    for call in calls:
        inbox.acknowledge(call)
    assert names(folder / "failed") == ["cut.jsonl.gz", "cut.jsonl.gz.reason.txt"]
    assert "cut short" in (folder / "failed" / "cut.jsonl.gz.reason.txt").read_text()


def test_an_empty_file_is_done_at_once_and_a_name_seen_before_replaces_nothing(folder: Path) -> None:
    (folder / "a.jsonl").touch()
    inbox = opened(folder)
    assert everything(inbox) == []
    drop(folder, "a.jsonl", 1)
    for call in everything(inbox):
        inbox.acknowledge(call)
    assert names(folder / "done") == ["a.2.jsonl", "a.jsonl"]
    assert (folder / "done" / "a.jsonl").read_bytes() == b""


def test_a_csv_record_brings_its_header(folder: Path) -> None:
    (folder / "a.csv").write_text('id,text\n1,"two\nlines"\n')
    [[message]] = everything(opened(folder, encoding="csv"))
    assert message.header == ("id", "text")
    assert message.payload == b'1,"two\nlines"'


def test_bytes_bound_what_is_handed_out_at_once(folder: Path) -> None:
    drop(folder, "a.jsonl", *range(10))
    inbox = opened(folder)
    assert len(inbox.receive(100, 1, 0.0)) == 1


def test_a_second_listener_and_a_missing_folder_are_refused(folder: Path) -> None:
    first = opened(folder)
    with pytest.raises(UsageError, match="another listener reads this folder"):
        opened(folder)
    first.close()
    opened(folder).close()
    with pytest.raises(UsageError, match="no such folder"):
        opened(folder / "nowhere")
