"""The launch ledger: what a file does to it, once and again."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipelines.connect import connect
from pipelines.launches import Recorded, ledger, read_launches, record, remove
from schemas.errors import UsageError
from schemas.launch import Launch

NOW = datetime(2024, 1, 1, tzinfo=UTC)
CSV = """\
product,version,date,kind,touchpoints,notes
app,1,2023-05-01,release,usability;billing,"First, and
best"
app,1.1,2023-05-02T10:00:00+02:00,fix,,
"""


def write(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    return str(path)


def shown(root: Path) -> list[tuple[object, ...]]:
    with connect(str(root)) as connection:
        query = "SELECT product, version, day, kind, touchpoints, note FROM launches ORDER BY version"
        return connection.execute(query).fetchall()


class TestReading:
    def test_csv_and_json_lines_state_the_same(self, tmp_path: Path) -> None:
        lines = [
            {
                "product": "app",
                "version": "1",
                "launched_at": "2023-05-01",
                "touchpoints": ["billing", "usability"],
            }
            | {"release": "First, and\nbest"},
            {"product": "app", "version": 1.1, "date": "2023-05-02T08:00:00Z", "kind": "fix", "title": None},
        ]
        from_csv = read_launches(write(tmp_path / "a.csv", "\ufeff" + CSV))
        from_json = read_launches(write(tmp_path / "a.jsonl", "\n".join(map(json.dumps, lines)) + "\n\n"))
        assert from_csv == from_json
        assert from_csv[1].launched_at == datetime(2023, 5, 2, 8, tzinfo=UTC)

    def test_gzip_is_read(self, tmp_path: Path) -> None:
        (tmp_path / "a.csv.gz").write_bytes(gzip.compress(CSV.encode()))
        assert read_launches(str(tmp_path / "a.csv.gz")) == read_launches(write(tmp_path / "a.csv", CSV))

    @pytest.mark.parametrize(
        ("text", "complaint"),
        [
            ("product,date\napp,2023-05-01\napp,soon\n", r"a\.csv:3: launched_at 'soon' is not a date"),
            ("product,date\napp\n", r"a\.csv:2: has 1 values for 2 columns"),
            ("product,date,colour\napp,2023-05-01,red\n", r"a\.csv:2: 'colour' is no field"),
            ('product,date\n"app,2023-05-01\n', r"a\.csv:2: "),
            ('{"product": "app"}\n', r"a\.csv:1: launched_at is missing"),
            ('{"product": "app", "date": "2023-05-01"}\nnull\n', r"a\.csv:2: is not a JSON object"),
            ('{"product": "app"\n', r"a\.csv:1: is not JSON"),
            ("", "holds no launches"),
            ("product,date\n", "holds no launches"),
            (
                "product,version,date\napp,1,2023-05-01\napp,1,2023-05-02\n",
                r"a\.csv:3: states the launch of line 2 differently",
            ),
        ],
    )
    def test_a_wrong_file_names_its_line(self, tmp_path: Path, text: str, complaint: str) -> None:
        with pytest.raises(UsageError, match=complaint):
            read_launches(write(tmp_path / "a.csv", text))

    def test_files_that_cannot_be_read(self, tmp_path: Path) -> None:
        (tmp_path / "latin.csv").write_bytes(b"product,date\n\xe9,2023-05-01\n")
        (tmp_path / "cut.gz").write_bytes(gzip.compress(CSV.encode())[:-9])
        for name, complaint in {"none": "no such file", "latin.csv": "UTF-8", "cut.gz": "cannot be read"}.items():
            with pytest.raises(UsageError, match=complaint):
                read_launches(str(tmp_path / name))


class TestRecording:
    def test_twice_is_once(self, tmp_path: Path) -> None:
        launches = read_launches(write(tmp_path / "a.csv", CSV))
        root = tmp_path / "tables"
        assert record(str(root), launches, now=NOW, dry_run=True) == Recorded(2, 0, 0)
        assert not root.exists()
        assert record(str(root), launches, now=NOW) == Recorded(2, 0, 0)
        before = shown(root)
        assert record(str(root), launches, now=NOW) == Recorded(0, 0, 2)
        assert shown(root) == before
        assert len(before) == 2

    def test_an_edit_is_a_new_row_of_the_same_launch(self, tmp_path: Path) -> None:
        first = Launch("app", NOW, version="1")
        edited = Launch("app", NOW, version="1", note="now with a note")
        record(str(tmp_path), [first], now=NOW)
        # The clock was set back: the edit is still the later one.
        earlier = datetime(2020, 1, 1, tzinfo=UTC)
        assert record(str(tmp_path), [edited], now=earlier) == Recorded(0, 1, 0)
        assert [row[-1] for row in shown(tmp_path)] == ["now with a note"]
        with connect(str(tmp_path)) as connection:
            assert connection.execute("SELECT count(*) FROM tables.launches").fetchall() == [(2,)]

    def test_a_removed_launch_can_come_back(self, tmp_path: Path) -> None:
        launch = Launch("app", NOW, version="1")
        record(str(tmp_path), [launch], now=NOW)
        assert remove(str(tmp_path), launch.launch_id[:6], now=NOW) == launch
        assert shown(tmp_path) == []
        assert list(ledger(str(tmp_path))) == [launch.launch_id]
        assert record(str(tmp_path), [launch], now=NOW) == Recorded(1, 0, 0)
        assert len(shown(tmp_path)) == 1

    def test_an_unknown_identity_is_not_removed(self, tmp_path: Path) -> None:
        for text in ("", "abc"):
            with pytest.raises(UsageError, match="launches list"):
                remove(str(tmp_path), text, now=NOW)


@pytest.mark.streams
def test_real_launch_files(streams: Path, tmp_path: Path) -> None:
    for name, count in {"firefox_launches.jsonl.gz": 41, "app_store_release_notes.jsonl.gz": 268}.items():
        launches = read_launches(str(streams / name))
        assert record(str(tmp_path), launches, now=NOW) == Recorded(count, 0, 0)
        assert record(str(tmp_path), launches, now=NOW) == Recorded(0, 0, count)
