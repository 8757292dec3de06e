"""`tribometer score`: lines in, lines out, nothing lost."""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path
from typing import Any

import pytest

from pipelines.cli import main


def _run(capfdbinary: pytest.CaptureFixture[bytes], *arguments: str) -> tuple[int, list[dict[str, Any]], str]:
    status = main(["score", *arguments])
    out, err = capfdbinary.readouterr()
    return status, [json.loads(line) for line in out.splitlines()], err.decode()


def test_json_and_plain_lines_come_out_in_their_places(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    file = tmp_path / "texts"
    file.write_text('{"text": "The tabs are ugly", "id": 7}\nIt crashes\n\n{"text": "ok", "rating": 1}\n')
    status, rows, err = _run(capfdbinary, str(file))
    assert (status, err) == (0, "")
    assert [row["text"] for row in rows] == ["The tabs are ugly", "It crashes", "", "ok"]
    assert rows[0]["id"] == 7
    assert list(rows[1]) == [
        *("text", "language", "unscored_reason", "sentiment_label", "sentiment", "sentiment_p", "friction_p"),
        *("touchpoint", "touchpoint_p", "effort", "intents", "mentions", "model_version"),
        *("text_sentiment", "text_friction_p"),
    ]
    assert rows[2]["unscored_reason"] == "empty"
    assert rows[3]["sentiment_label"] == "negative"


def test_a_broken_line_keeps_its_place_and_sets_the_status(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    file = tmp_path / "texts.jsonl"
    good, bad = (
        b'{"text": "fine"}',
        [b'{"text": ', b'{"text": 5}', b"{}", b'{"text": "x", "rating": 9}', b"\xff\xfe"],
    )
    file.write_bytes(b"\n".join([good, *bad, good]))
    status, rows, err = _run(capfdbinary, str(file))
    assert status == 1
    assert ["error" in row for row in rows] == [False, True, True, True, True, True, False]
    assert [line.split(": ")[1] for line in err.splitlines()] == [f"{file}:{number}" for number in range(2, 7)]
    assert "must be a string" in rows[2]["error"]
    assert "--rating-scale" in rows[4]["error"]


def test_the_format_can_be_forced(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    file = tmp_path / "texts"
    file.write_text("{curly} braces are ugly\n")
    assert _run(capfdbinary, "--format", "text", str(file))[0] == 0
    assert _run(capfdbinary, "--format", "jsonl", str(file))[0] == 1


def test_gzip_and_standard_input(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = tmp_path / "texts.gz"
    packed.write_bytes(gzip.compress(b"It crashes\n" * 1200))
    from_file = _run(capfdbinary, str(packed))
    assert len(from_file[1]) == 1200
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(packed.read_bytes()))))
    assert _run(capfdbinary, "-") == from_file


def test_another_rating_scale(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    file = tmp_path / "texts.jsonl"
    file.write_text('{"text": "it is an app", "rating": 9}\n')
    _, [row], _ = _run(capfdbinary, "--rating-scale", "0-10", str(file))
    assert row["sentiment_label"] == "positive"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["/no/such/file"], "does not exist"),
        (["/"], "is a folder"),
        (["--rating-scale", "five", "-"], "--rating-scale"),
        (["--format", "xml", "-"], "xml"),
    ],
)
def test_mistakes_are_one_line(
    arguments: list[str], complaint: str, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    status, rows, err = _run(capfdbinary, *arguments)
    assert (status, rows) == (2, [])
    assert complaint in err
    assert len(err.strip().splitlines()) == 1


def test_a_damaged_gzip_file_is_told(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    packed = tmp_path / "texts.gz"
    packed.write_bytes(gzip.compress(b"It crashes\n" * 500)[:-12])
    status, _, err = _run(capfdbinary, str(packed))
    assert status == 2
    assert "damaged gzip" in err
