"""The report on real questions to Firefox finds what is known to have happened."""

from __future__ import annotations

import gzip
from datetime import date
from pathlib import Path

import pytest

from pipelines.cli import main
from pipelines.connect import connect
from pipelines.report.report import compose
from pipelines.report.scope import find_scope

EXAMPLES = Path(__file__).resolve().parents[3] / "examples" / "sources"


@pytest.mark.streams
def test_the_redesign_and_the_outage_are_found(
    streams: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRIBOMETER_AUTHOR_KEY", "k" * 64)
    questions, tables = tmp_path / "questions.jsonl", str(tmp_path / "tables")
    with gzip.open(streams / "firefox_support.jsonl.gz") as stream, questions.open("wb") as chosen:
        # `created` is the second field; a day's slack at both ends keeps offsets out of it.
        chosen.writelines(
            line
            for line in stream
            if b"2021-03-31" <= line[line.index(b'created":"') + 10 :][:10] <= b"2022-02-01"
        )
    mapping = EXAMPLES / "firefox_support.yaml"
    assert main(["replay", str(questions), "--source", str(mapping), "--tables", tables]) == 0
    assert main(["launches", "import", str(streams / "firefox_launches.jsonl.gz"), "--tables", tables]) == 0

    connection = connect(tables)
    year = compose(connection, find_scope(connection, "firefox", date(2021, 4, 1), date(2021, 12, 31)), {})
    worst, found = year.worst_by_touchpoint["usability"]
    assert (worst.launch.version, worst.launch.day) == ("89", date(2021, 6, 1))
    assert found.observed > 3 * found.expected
    assert year.worst is not None
    assert (year.worst.impact.launch.version, year.worst.touchpoint) == ("89", "usability")

    winter = compose(connection, find_scope(connection, "firefox", date(2021, 12, 1), date(2022, 1, 31)), {})
    first = winter.stand_outs[0]
    assert (first.peak, first.touchpoint) == (date(2022, 1, 13), "reliability")
    assert first.launch is not None
    assert first.launch.version == "96"
    assert {"load", "loading", "96.0"} & set(first.words)
