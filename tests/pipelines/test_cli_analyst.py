"""`tribometer sql`, `shell-init` and `launches` as a person meets them."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import duckdb
import pyarrow.parquet as pq
import pytest

from pipelines.cli import main
from pipelines.repl import Repl
from schemas import tables
from schemas.arrow import READER_VERSION, SCHEMA_VERSION
from tests.pipelines.feedback_table import event, launch, mention, store, store_small

DAY = "2024-03-04"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = str(tmp_path_factory.mktemp("tables"))
    texts = ["=1+1", "\x1b[31mred", "plain"]
    store(
        folder,
        [event(str(n), DAY, mention("billing", 0.9), author=str(n), text=text) for n, text in enumerate(texts)],
    )
    store_small(folder, tables.LAUNCHES, [launch("L", "app", DAY, title="One")])
    return folder


@pytest.fixture(autouse=True)
def no_default_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRIBOMETER_TABLES", raising=False)


TEXTS = "SELECT native_id, text FROM events ORDER BY native_id"


class TestSql:
    def test_a_table_is_safe_to_look_at(self, root: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["sql", TEXTS, "--tables", root]) == 0
        out = capsys.readouterr().out
        assert [line.split() for line in out.splitlines()[2:]] == [
            ["0", "=1+1"],
            ["1", "\\x1b[31mred"],
            ["2", "plain"],
        ]

    def test_csv_is_safe_to_open(self, root: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["sql", TEXTS, "--tables", root, "--format", "csv"]) == 0
        rows = list(csv.reader(io.StringIO(capsys.readouterr().out)))
        assert rows == [["native_id", "text"], ["0", "'=1+1"], ["1", "\x1b[31mred"], ["2", "plain"]]

    def test_json_and_parquet_are_exact(
        self, root: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        target = tmp_path / "out.parquet"
        assert main(["sql", TEXTS, "--tables", root, "--format", "json"]) == 0
        found = json.loads(capsys.readouterr().out)
        assert main(["sql", TEXTS, "--tables", root, "--format", "parquet", "--output", str(target)]) == 0
        assert found == pq.read_table(target).to_pylist()
        assert [row["text"] for row in found] == ["=1+1", "\x1b[31mred", "plain"]

    def test_output_goes_to_a_file(self, root: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        target = tmp_path / "out.csv"
        assert main(["sql", "SELECT 1 AS n", "--tables", root, "--format", "csv", "--output", str(target)]) == 0
        assert (target.read_text(), capsys.readouterr().out) == ("n\n1\n", "")

    def test_the_query_may_come_from_a_pipe(
        self, root: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr("sys.stdin", io.StringIO("SELECT count(*) AS n\nFROM events;\n"))
        monkeypatch.setenv("TRIBOMETER_TABLES", root)
        assert main(["sql", "--format", "csv"]) == 0
        assert capsys.readouterr().out == "n\n3\n"

    @pytest.mark.parametrize(
        ("arguments", "status", "complaint"),
        [
            (["SELECT 1"], 2, "TRIBOMETER_TABLES"),
            (["SELECT 1", "--tables", "/no/such"], 2, "no such folder"),
            (["SELECT 1", "--tables", "{empty}"], 2, "holds no tables"),
            (["SELECT 1", "--tables", "{file}"], 2, "is a file"),
            (["SELECT 1", "--tables", "{newer}"], 1, "upgrade Tribometer"),
            (["SELECT 1", "--tables", "{pattern}"], 2, "rename the folder"),
            (["SELECT 1", "--tables", "{root}", "--format", "xml"], 2, "xml"),
            (["SELECT 1", "--tables", "{root}", "--format", "parquet"], 2, "--output"),
            (["SELECT 1", "--tables", "{root}", "--output", "/no/such/file"], 2, "does not exist"),
            (["SELECT 1", "--tables", "{root}", "--output", "{empty}"], 2, "is a folder"),
            (["SELECT 1; SELECT 2", "--tables", "{root}"], 2, "one SELECT is allowed"),
            (["DROP VIEW events", "--tables", "{root}"], 2, "DROP is not allowed"),
            (["SELECT nothing FROM events", "--tables", "{root}"], 2, "Candidate bindings"),
            (["SELECT 'a'::INTEGER", "--tables", "{root}"], 2, "Could not convert"),
            (
                ["FROM range(1e12::BIGINT) a, range(9) b SELECT sum(a.range * b.range % 7)", "--timeout", "0.01"],
                1,
                "--timeout",
            ),
        ],
    )
    def test_mistakes_are_one_line(
        self,
        root: str,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
        arguments: list[str],
        status: int,
        complaint: str,
    ) -> None:
        for name in ("empty", "pat[t]ern", "newer"):
            (tmp_path / name).mkdir()
        (tmp_path / "file").write_text("")
        store(str(tmp_path / "pat[t]ern"), [event("1", DAY)])
        _newer_table(str(tmp_path / "newer"))
        known = {"root": root, "pattern": tmp_path / "pat[t]ern"}
        known |= {name: tmp_path / name for name in ("empty", "newer", "file")}
        filled = [word.format(**known) for word in arguments]
        if "--timeout" in filled:
            filled += ["--tables", root]
        assert main(["sql", *filled]) == status
        err = capsys.readouterr().err
        assert complaint in err
        assert err.count("\n") == 1
        assert err.startswith("tribometer: ")


def _newer_table(root: str) -> None:
    """A table as a later Tribometer would leave it."""
    store(root, [event("1", DAY)])
    log = Path(root) / "feedback" / "_delta_log" / f"{0:020}.json"
    text = log.read_text()
    assert f'"tribometer.schemaVersion":"{READER_VERSION}"' in text
    log.write_text(text.replace(f'schemaVersion":"{READER_VERSION}"', f'schemaVersion":"{SCHEMA_VERSION + 1}"'))


class TestShellInit:
    def test_a_plain_duckdb_sees_the_views(self, root: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["shell-init", "--tables", root]) == 0
        script = capsys.readouterr().out
        with duckdb.connect() as plain:
            plain.execute(script)
            found = plain.execute("SELECT friction_authors, authors FROM friction_daily").fetchall()
        assert found == [(3, 3)]
        assert "/raw/" not in script.replace("rating_raw", "")


class TestRepl:
    def talk(
        self,
        root: str,
        *lines: str | type[BaseException],
        starting: Mapping[str, Callable[[], None]] = MappingProxyType({}),
    ) -> str:
        """What the prompt says to `lines`; `starting[line]` is called when that line is read."""
        from pipelines.connect import connect_locked

        script = iter(lines)
        out = io.StringIO()

        def read(_: str) -> str:
            line = next(script, EOFError)
            if isinstance(line, str):
                starting.get(line, lambda: None)()
                return line
            raise line

        Repl(lambda: connect_locked(root), "csv", 60, read, out).run()
        return out.getvalue()

    def test_a_query_may_take_several_lines(self, root: str) -> None:
        assert "n\n3\n" in self.talk(root, "SELECT count(*) AS n", "", "FROM events;")

    def test_a_mistake_keeps_the_prompt(self, root: str) -> None:
        said = self.talk(root, "SELCT 1;", "DROP VIEW events;", "SELECT 4 AS n;")
        assert "syntax error" in said
        assert "DROP is not allowed" in said
        assert "n\n4\n" in said

    def test_ctrl_c_forgets_the_unfinished_query(self, root: str) -> None:
        assert "n\n5\n" in self.talk(root, "SELECT nonsense", KeyboardInterrupt, "SELECT 5 AS n;")

    def test_commands(self, root: str) -> None:
        said = self.talk(
            root, ".help", ".views", ".schema friction_daily", ".schema nothing", ".what", ".quit", "no"
        )
        for part in (
            "Ctrl-C",
            "launch_curve",
            "friction_authors / authors",
            "one of alert_deliveries",
            ".what is no command",
        ):
            assert part in said

    def test_ctrl_c_cancels_a_running_query(self, root: str) -> None:
        endless = "SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE (a.range + b.range) % 7 = 3;"
        # The signal arrives while DuckDB, not Python, is running: it knows nothing of Python's handlers.
        timer = threading.Timer(0.3, os.kill, [os.getpid(), signal.SIGINT])
        said = self.talk(root, endless, "SELECT 6 AS n;", starting={endless: timer.start})
        timer.join()
        assert "cancelled" in said
        assert "n\n6\n" in said


class TestLaunches:
    def test_add_import_list_remove(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        folder = ["--tables", str(tmp_path / "tables")]
        file = tmp_path / "more.csv"
        file.write_text("product,version,date\napp,2,2024-02-01\n")
        assert main(["launches", "add", "app", "2024-01-01", "--version", "1", *folder]) == 0
        assert main(["launches", "add", "app", "2024-01-02", "--version", "1", *folder]) == 0
        assert main(["launches", "import", str(file), "--dry-run", *folder]) == 0
        assert main(["launches", "import", str(file), *folder]) == 0
        out = capsys.readouterr().out.splitlines()
        assert [line.split()[0] for line in out[:2]] == ["added", "edited"]
        assert out[2:] == [
            "1 would be added, 0 would be edited, 0 already there",
            "1 added, 0 edited, 0 already there",
        ]
        assert main(["launches", "list", "--format", "json", *folder]) == 0
        found = json.loads(capsys.readouterr().out)
        assert [(row["version"], row["launched_at"]) for row in found] == [
            ("2.0", "2024-02-01T00:00:00Z"),
            ("1.0", "2024-01-02T00:00:00Z"),
        ]
        assert main(["launches", "remove", found[0]["launch_id"], *folder]) == 0
        assert main(["launches", "list", "--product", "app", "--format", "csv", *folder]) == 0
        assert capsys.readouterr().out.count("\napp,") == 1

    @pytest.mark.parametrize(
        ("arguments", "complaint"),
        [
            (["add", "app", "yesterday"], "is not a date"),
            (["add", "app", "2024-01-01", "--touchpoints", "biling"], "did you mean billing"),
            (["add", "app", "2024-01-01", "--kind", "party"], "party"),
            (["import", "/no/such/file"], "no such file"),
            (["remove", "abc"], "no launch"),
            (["list"], "no tables"),
        ],
    )
    def test_mistakes_are_one_line(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], complaint: str
    ) -> None:
        assert main(["launches", *arguments, "--tables", str(tmp_path)]) == 2
        err = capsys.readouterr().err
        assert complaint in err
        assert err.count("\n") == 1
        assert list(tmp_path.iterdir()) == []
