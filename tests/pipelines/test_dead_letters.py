"""Dead letters are seen safely and move exactly once."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from pipelines.cli import main
from pipelines.clock import utc_now
from pipelines.connect import connect_stored
from pipelines.dead_letters import Letter, settle, stored_letters
from pipelines.embedded import EmbeddedHost
from schemas.dead_letter import DeadLetter
from schemas.identity import dead_letter_id
from schemas.mapping import load_mapping
from schemas.tables import DEAD_LETTERS
from schemas.violations import Violation, ViolationKind
from tests.pipelines.feedback_table import dead_letter, store_small
from transforms import failpoints
from transforms.elements import MessageBatch
from transforms.failpoints import VARIABLE

MAPPING = """\
mapping: 1
description: the help desk
format: {format}
source: desk
channel: support
fields:
  id: {id}
  occurred_at: {{path: {time}, convert: {{timestamp: {{timezone: UTC}}}}}}
  author: who
  text: said
"""
JSON = [{"number": number, "at": f"2024-05-0{1 + number % 3}T10:00:00", "said": f"Slow {number}", "who": f"w{number}"}
        for number in range(12)]  # fmt: skip
BROKEN = b'{"number": 99, "at": "soon"'
COLOURED = b"{\x1b[31mred"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Fourteen dead letters of `desk`: twelve for the wrong mapping, two for what they are."""
    folder = tmp_path_factory.mktemp("letters")
    wrong = MAPPING.format(format="jsonl", id="number", time="when")
    (folder / "wrong.yaml").write_text(wrong)
    (folder / "mended.yaml").write_text(wrong.replace("path: when", "path: at"))
    lines = [*(json.dumps(one).encode() for one in JSON), BROKEN, COLOURED]
    (folder / "in.jsonl").write_bytes(b"\n".join(lines))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRIBOMETER_AUTHOR_KEY", "a key for tests, long enough to be accepted")
        patch.delenv("TRIBOMETER_TABLES", raising=False)
        command = ["replay", str(folder / "in.jsonl"), "--source", str(folder / "wrong.yaml")]
        assert main([*command, "--tables", str(folder / "t")]) == 0
        yield folder


@pytest.fixture
def folder(written: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(written, tmp_path / "w"))


def letters(folder: Path) -> list[Letter]:
    return stored_letters(str(folder / "t"))


def again(folder: Path, *arguments: str, mapping: str = "mended.yaml") -> int:
    command = ["dead-letters", "replay", "--source", str(folder / mapping), "--tables", str(folder / "t")]
    return main([*command, *arguments])


def texts(folder: Path) -> list[str]:
    with connect_stored(str(folder / "t")) as connection:
        return [row[0] for row in connection.execute("SELECT text FROM tables.feedback ORDER BY text").fetchall()]


ALL = sorted(str(one["said"]) for one in JSON)


def test_mended_letters_become_events_and_the_others_stay(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    received = {row["received_at"] for row in letters(folder)}
    assert len(letters(folder)) == 14
    assert again(folder) == 0
    said = capsys.readouterr().out
    assert "14 dead letters = 12 accepted + 0 known already + 0 suppressed + 2 refused again" in said
    assert texts(folder) == ALL
    assert {row["payload"]: row["attempts"] for row in letters(folder)} == {BROKEN: 2, COLOURED: 2}
    with connect_stored(str(folder / "t")) as connection:
        assert set(connection.execute("SELECT received_at FROM tables.feedback").fetchall()) == {
            (instant,) for instant in received
        }


def test_letters_refused_for_another_reason_say_so(folder: Path) -> None:
    text = (folder / "mended.yaml").read_text().replace("text: said", "text: words")
    (folder / "worse.yaml").write_text(text)
    assert {row["field"] for row in letters(folder) if row["violation"] == "missing_field"} == {"occurred_at"}
    assert again(folder, mapping="worse.yaml") == 0
    found = [row for row in letters(folder) if row["violation"] == "missing_field"]
    assert {(row["field"], row["attempts"]) for row in found} == {("text", 2)}
    assert len(letters(folder)) == 14
    assert again(folder, mapping="worse.yaml") == 0
    assert {row["attempts"] for row in letters(folder)} == {3}


@pytest.mark.parametrize(
    "point", ["after_commit=raise@1", "after_commit=raise@2", "after_commit=raise@3", "after_file_write=raise@6"]
)
def test_stopped_anywhere_each_letter_moves_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    monkeypatch.setattr(failpoints, "_passed", Counter())
    with monkeypatch.context() as patch:
        patch.setenv(VARIABLE, point)
        assert again(folder) == 1
    assert len(letters(folder)) == 14
    assert again(folder) == 0
    assert texts(folder) == ALL
    assert {row["payload"]: row["attempts"] for row in letters(folder)} == {BROKEN: 2, COLOURED: 2}


def test_two_at_once_move_each_letter_once(folder: Path) -> None:
    found = letters(folder)
    ids = [row["dead_letter_id"] for row in found]
    refused = [
        DeadLetter("desk", "decode", Violation(ViolationKind.INVALID_JSON, "not JSON"), "o", utc_now(), payload, 2)
        for payload in (BROKEN, COLOURED)
    ]
    with ThreadPoolExecutor(2) as rivals:
        list(rivals.map(lambda _: settle(str(folder / "t"), ids, refused, utc_now), range(2)))
    assert sorted(row["payload"] for row in letters(folder)) == sorted([BROKEN, COLOURED])


def test_a_letter_a_rival_took_out_is_not_put_back(folder: Path) -> None:
    ids = [row["dead_letter_id"] for row in letters(folder)]
    settle(str(folder / "t"), ids, [], utc_now)
    violation = Violation(ViolationKind.INVALID_JSON, "not JSON")
    settle(str(folder / "t"), ids, [DeadLetter("desk", "decode", violation, "o", utc_now(), BROKEN, 2)], utc_now)
    assert letters(folder) == []


def test_letters_that_were_meant_as_launches_are_not_tried(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    letter = dead_letter("launches", b"{}", processor="launches")
    store_small(str(folder / "t"), DEAD_LETTERS, [letter], "launches")
    before = letters(folder)
    assert again(folder, str(letter["dead_letter_id"])) == 2
    assert "publish it again, or record the launch" in capsys.readouterr().err
    assert main(["dead-letters", "replay", "--source", "launches", "--tables", str(folder / "t")]) == 2
    assert "were meant as launches" in capsys.readouterr().err
    assert letters(folder) == before
    of_that_name = folder / "launches.yaml"
    of_that_name.write_text((folder / "mended.yaml").read_text().replace("source: desk", "source: launches"))
    assert again(folder, mapping="launches.yaml") == 0
    assert "0 dead letters" in capsys.readouterr().out


def test_only_those_named_are_tried(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = dead_letter_id("desk", json.dumps(JSON[4]).encode())
    assert again(folder, one[:12]) == 0
    assert texts(folder) == ["Slow 4"]
    assert again(folder, "--violation", "invalid_json") == 0
    assert "2 dead letters = 0 accepted" in capsys.readouterr().out
    assert len(letters(folder)) == 13
    assert again(folder, "ffff") == 2
    assert "no dead letter has an identity beginning with 'ffff'" in capsys.readouterr().err


def test_a_message_that_killed_a_worker_is_tried_only_when_named(folder: Path) -> None:
    root, killer = str(folder / "t"), json.dumps({**JSON[0], "number": 500, "said": "deadly"}).encode()
    host = EmbeddedHost("listen", root, load_mapping(str(folder / "wrong.yaml")), utc_now)
    host.refuse(MessageBatch([killer], ["m-1"], utc_now()), Violation(ViolationKind.PROCESS_DIED, "died"))
    again(folder)
    assert "deadly" not in texts(folder)
    again(folder, "--violation", "process_died")
    assert "deadly" in texts(folder)


def test_letters_of_an_erased_author_are_not_stored(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = letters(folder)
    assert main(["tables", "erase", "--author", "w3", "--source", "desk", "--tables", str(folder / "t")]) == 0
    assert len(letters(folder)) == len(found) - 1
    again(folder)
    assert texts(folder) == [text for text in ALL if text != "Slow 3"]


def test_csv_letters_know_their_header(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIBOMETER_AUTHOR_KEY", "a key for tests, long enough to be accepted")
    wrong = MAPPING.format(format="csv", id="number", time="when")
    (tmp_path / "wrong.yaml").write_text(wrong)
    (tmp_path / "mended.yaml").write_text(wrong.replace("path: when", "path: at"))
    (tmp_path / "in.csv").write_text(
        "number,at,said,who\n1,2024-05-01T10:00:00,Slow,w\n2,2024-05-01T10:00:00,Late,w\n"
    )
    main(
        [
            "replay",
            str(tmp_path / "in.csv"),
            "--source",
            str(tmp_path / "wrong.yaml"),
            "--tables",
            str(tmp_path / "t"),
        ]
    )
    assert [row["header"] for row in letters(tmp_path)] == [["number", "at", "said", "who"]] * 2
    # One as version 0.1 stored it.
    old = {
        **letters(tmp_path)[0],
        "payload": b"3,2024-05-01T10:00:00,Old,w",
        "header": None,
        "dead_letter_id": "0" * 32,
    }
    store_small(str(tmp_path / "t"), DEAD_LETTERS, [{**old, "evidence": {}}])
    assert again(tmp_path) == 2
    assert again(tmp_path, "--header", "number,number") == 2
    assert again(tmp_path, "--header", "number,at,said,who") == 0
    assert texts(tmp_path) == ["Late", "Old", "Slow"]
    assert letters(tmp_path) == []


def test_they_are_counted_and_listed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def listed(*arguments: str) -> list[dict[str, Any]]:
        assert main(["dead-letters", "list", "--tables", str(folder / "t"), "--format", "json", *arguments]) == 0
        return list(json.loads(capsys.readouterr().out))

    assert next((row["violation"], row["letters"]) for row in listed()) == ("missing_field", 12)
    assert len(listed("--rows")) == 14
    assert len(listed("--rows", "--violation", "invalid_json")) == 2
    assert listed("--source", "other") == []
    assert listed("--since", utc_now().isoformat()) == []
    assert "payload" not in listed("--rows")[0]


def test_a_letter_is_shown_safely_or_exactly(folder: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    one = dead_letter_id("desk", COLOURED)
    assert main(["dead-letters", "show", one[:10], "--tables", str(folder / "t")]) == 0
    shown = capfdbinary.readouterr().out
    assert b"\x1b" not in shown
    assert b"{\\x1b[31mred" in shown
    assert b"violation: invalid_json" in shown
    assert main(["dead-letters", "show", one, "--raw", "--tables", str(folder / "t")]) == 0
    assert capfdbinary.readouterr().out == COLOURED
