"""`tribometer sources`: what it prints and how it ends."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from pipelines.cli import main

MESSAGE = '{"schema":"feedback_event/1","id":%d,"occurred_at":"2021-06-01T12:30:00Z","text":"mail a@b.example"}\n'
CSV_MAPPING = (
    "mapping: 1\ndescription: survey\nformat: csv\nsource: survey\nchannel: survey\nfields:\n  id: id\n"
    "  occurred_at: {path: day, convert: {timestamp: {timezone: UTC}}}\n  text: comment\n"
)


def test_list_and_show(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sources", "list"]) == 0
    assert "feedback_event" in capsys.readouterr().out
    assert main(["sources", "show", "feedback_event"]) == 0
    assert "expect:" in capsys.readouterr().out
    assert main(["sources", "show", "feedback_evnt"]) == 2
    assert "did you mean feedback_event?" in capsys.readouterr().err


def test_a_sample_is_mapped_redacted_and_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sample = tmp_path / "sample.jsonl.gz"
    sample.write_bytes(gzip.compress((MESSAGE % 1 + MESSAGE % 2 + "oops\n").encode()))
    assert main(["sources", "check", "feedback_event", "--sample", str(sample), "--rows", "1"]) == 1
    out = capsys.readouterr().out
    assert "mail [EMAIL]" in out
    assert "a@b" not in out
    assert "3 records: 2 events, 1 refused" in out
    assert "refused 1 x invalid_json" in out
    assert "sample.jsonl.gz, record 3" in out


def test_a_csv_sample(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "survey.yaml").write_text(CSV_MAPPING)
    (tmp_path / "survey.csv").write_text('id,day,comment\r\n1,2021-06-01,"two\r\nlines"\r\n2,2021-06-02,fine\r\n')
    assert main(["sources", "check", str(tmp_path / "survey.yaml"), "--sample", str(tmp_path / "survey.csv")]) == 0
    assert "2 records: 2 events, 0 refused" in capsys.readouterr().out


@pytest.mark.parametrize("content", [b"", b"\x1f\x8bbroken", b"a,a\n1,2\n"])
def test_bad_samples_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes) -> None:
    (tmp_path / "survey.yaml").write_text(CSV_MAPPING)
    (tmp_path / "bad").write_bytes(content)
    assert main(["sources", "check", str(tmp_path / "survey.yaml"), "--sample", str(tmp_path / "bad")]) == 2
    err = capsys.readouterr().err
    assert err.startswith("tribometer: ")
    assert err.count("\n") == 1
    assert main(["sources", "check", str(tmp_path / "survey.yaml"), "--sample", str(tmp_path / "absent")]) == 2


def test_a_wrong_mapping_is_pointed_at(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(CSV_MAPPING.replace("channel: survey", "channel: surveys"))
    assert main(["sources", "check", str(path)]) == 2
    assert f"{path}:5: channel: 'surveys' is not one of them; did you mean survey?" in capsys.readouterr().err
