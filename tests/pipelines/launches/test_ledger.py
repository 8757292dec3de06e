"""The launch ledger: what a file does to it, once and again."""

from __future__ import annotations

import gzip
import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipelines.cli import main
from pipelines.connect import connect
from pipelines.launches.files import read_launches
from pipelines.launches.ledger import Recorded, history, ledger, record, remove
from schemas.errors import UsageError
from schemas.launch import Launch, RecordedBy, RolloutStep
from tests.pipelines.feedback_table import event, store

EVOLUTION = Path(__file__).parents[2] / "schemas" / "evolution"
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
        assert record(str(root), launches, now=NOW, by=RecordedBy.IMPORT, dry_run=True) == Recorded(2, 0, 0)
        assert not root.exists()
        assert record(str(root), launches, now=NOW, by=RecordedBy.IMPORT) == Recorded(2, 0, 0)
        before = shown(root)
        assert record(str(root), launches, now=NOW, by=RecordedBy.IMPORT) == Recorded(0, 0, 2)
        assert shown(root) == before
        assert len(before) == 2

    def test_an_edit_is_a_new_row_of_the_same_launch(self, tmp_path: Path) -> None:
        first = Launch("app", NOW, version="1")
        edited = Launch("app", NOW, version="1", note="now with a note")
        record(str(tmp_path), [first], now=NOW, by=RecordedBy.IMPORT)
        # The clock was set back: the edit is still the later one.
        earlier = datetime(2020, 1, 1, tzinfo=UTC)
        assert record(str(tmp_path), [edited], now=earlier, by=RecordedBy.IMPORT) == Recorded(0, 1, 0)
        assert [row[-1] for row in shown(tmp_path)] == ["now with a note"]
        with connect(str(tmp_path)) as connection:
            assert connection.execute("SELECT count(*) FROM tables.launches").fetchall() == [(2,)]

    def test_a_removed_launch_can_come_back(self, tmp_path: Path) -> None:
        launch = Launch("app", NOW, version="1")
        record(str(tmp_path), [launch], now=NOW, by=RecordedBy.IMPORT)
        assert remove(str(tmp_path), launch.launch_id[:6], now=NOW, by=RecordedBy.IMPORT) == launch
        assert shown(tmp_path) == []
        assert list(ledger(str(tmp_path))) == [launch.launch_id]
        assert record(str(tmp_path), [launch], now=NOW, by=RecordedBy.IMPORT) == Recorded(1, 0, 0)
        assert len(shown(tmp_path)) == 1

    def test_an_unknown_identity_is_not_removed(self, tmp_path: Path) -> None:
        for text in ("", "abc"):
            with pytest.raises(UsageError, match="launches list"):
                remove(str(tmp_path), text, now=NOW, by=RecordedBy.IMPORT)


class TestHistory:
    def test_tells_every_edit_and_the_way_it_came(self, tmp_path: Path) -> None:
        root, first = str(tmp_path), Launch("app", NOW, version="1", platform="ios")
        edited = replace(first, note="Now with a note.", rollout=(RolloutStep(NOW, 0.5),))
        record(root, [first], now=NOW, by=RecordedBy.GITHUB)
        record(root, [edited], now=NOW, by=RecordedBy.CLI)
        remove(root, first.launch_id, now=NOW, by=RecordedBy.CLI)
        record(root, [edited], now=NOW, by=RecordedBy.PUBSUB)
        launch, edits = history(root, first.launch_id[:8])
        assert launch == edited
        assert [(edit.action, edit.recorded_by) for edit in edits] == [
            ("added", "github"),
            ("edited", "cli"),
            ("removed", "cli"),
            ("added", "pubsub"),
        ]
        assert dict(edits[1].changes) == {
            "note": (None, "Now with a note."),
            "rollout": (None, [{"at": NOW, "share": 0.5}]),
        }
        assert [edit.recorded_at for edit in edits] == sorted({edit.recorded_at for edit in edits})

    def test_the_command_tells_of_removed_launches_too(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        at = ["--tables", str(tmp_path)]
        assert main(["launches", "add", "app", "2023-05-01", "--version", "1", *at]) == 0
        identity = capsys.readouterr().out.split()[1]
        assert main(["launches", "add", "app", "2023-05-02", "--version", "1", *at]) == 0
        assert main(["launches", "remove", identity, *at]) == 0
        capsys.readouterr()
        assert main(["launches", "history", identity, *at]) == 0
        out = capsys.readouterr().out
        assert "launched_at 2023-05-01T00:00:00Z → 2023-05-02T00:00:00Z" in out
        assert "removed" in out
        assert main(["launches", "history", identity, "--format", "json", *at]) == 0
        told = json.loads(capsys.readouterr().out)
        assert [row["action"] for row in told] == ["added", "edited", "removed"]
        assert told[1]["changes"] == {
            "launched_at": {"old": "2023-05-01T00:00:00Z", "new": "2023-05-02T00:00:00Z"}
        }
        assert main(["launches", "history", "abc", *at]) == 2
        assert "launches list" in capsys.readouterr().err


class TestNotices:
    def test_a_future_launch_is_planned(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        at = ["--tables", str(tmp_path)]
        assert main(["launches", "add", "app", "2095-05-01", "--version", "9", *at]) == 0
        assert "app 9 (planned)" in capsys.readouterr().out
        assert main(["launches", "list", "--format", "json", *at]) == 0
        assert [row["planned"] for row in json.loads(capsys.readouterr().out)] == [True]

    def test_neighbours_are_named(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        at = ["--tables", str(tmp_path)]
        main(["launches", "add", "app", "2023-05-01", "--version", "1", "--platform", "iOS", *at])
        assert capsys.readouterr().err == ""
        main(["launches", "add", "app", "2023-05-10", "--version", "1", "--platform", "android", *at])
        assert capsys.readouterr().err == ""
        main(["launches", "add", "app", "2023-05-12", "--kind", "outage", "--title", "Login", *at])
        said = capsys.readouterr().err
        assert "within 14 days of app 1 on ios (2023-05-01), app 1 on android (2023-05-10)" in said

    def test_a_product_nobody_spoke_of_is_a_warning(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        store(str(tmp_path), [event("1", "2024-03-04", product="Parcelbird")])
        file = write(tmp_path / "a.csv", "product,date\nParcelbrid,2023-05-01\nParcelbird,2023-09-01\n")
        assert main(["launches", "import", file, "--tables", str(tmp_path)]) == 0
        captured = capsys.readouterr()
        assert "2 added" in captured.out
        assert "no feedback about 'Parcelbrid'; did you mean Parcelbird?" in captured.err


def test_rows_of_an_older_version_are_edited_and_have_a_history(tmp_path: Path) -> None:
    root = str(shutil.copytree(EVOLUTION / "tables_v1", tmp_path / "t"))
    (row,) = ledger(root).values()
    launch, edits = history(root, row["launch_id"])
    assert launch.launch_id == row["launch_id"]
    assert [(edit.action, edit.recorded_by) for edit in edits] == [("added", None)]
    assert record(root, [launch], now=NOW, by=RecordedBy.CLI) == Recorded(0, 0, 1)
    assert record(root, [replace(launch, note="x")], now=NOW, by=RecordedBy.CLI) == Recorded(0, 1, 0)
    with connect(root) as connection:
        found = connection.execute(
            "SELECT note, platform, rollout, recorded_by, neighbours FROM launches"
        ).fetchall()
    assert found == [("x", None, [], "cli", [])]


@pytest.mark.streams
def test_real_launch_files(streams: Path, tmp_path: Path) -> None:
    for name, count in {"firefox_launches.jsonl.gz": 41, "app_store_release_notes.jsonl.gz": 268}.items():
        launches = read_launches(str(streams / name))
        assert record(str(tmp_path), launches, now=NOW, by=RecordedBy.IMPORT) == Recorded(count, 0, 0)
        assert record(str(tmp_path), launches, now=NOW, by=RecordedBy.IMPORT) == Recorded(0, 0, count)
