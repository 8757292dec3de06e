"""Nothing is fetched at run time: no DuckDB extension, no runner of Beam, no jar."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import duckdb
import pytest

from pipelines.cli import main
from tests.pipelines.events import line
from transforms.engine import OFFLINE, open_engine

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("schemas", "models", "transforms", "pipelines")
ENGINE = ROOT / "transforms" / "engine.py"

FETCHING = {"DirectRunner", "SwitchingDirectRunner", "PrismRunner", "PortableRunner", "FlinkRunner", "SparkRunner"}
"""Runners that download the program they need, or a jar: the default of `beam.Pipeline` among them."""

GUARD = """\
import os, sys

def hook(event, arguments):
    local = event == "socket.connect" and not isinstance(arguments[1], tuple)
    if event in ("socket.connect", "socket.getaddrinfo", "urllib.Request", "subprocess.Popen") and not local:
        os.write(2, f"\\nREACHED FOR {event} {arguments!r}\\n".encode())
        os._exit(99)

sys.addaudithook(hook)
"""
"""Ends the process where it looks up a name, connects to an address or starts a program."""

MAIN_JOB = """
from pipelines.cli import main
sys.exit(main(["replay", "in.jsonl", "--source", "feedback_event", "--tables", "t"])
         or main(["sql", "SELECT count(*) AS rows FROM events", "--tables", "t", "--format", "csv"]))
"""

DEFAULT_RUNNER = """
import apache_beam as beam
with beam.Pipeline() as pipeline:
    pipeline | beam.Create([1])
"""


def guarded(folder: Path, program: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **{name: value for name, value in os.environ.items() if name in ("PATH", "LANG")},
        "HOME": str(folder),
        "PYTHONPATH": str(ROOT),
    }
    return subprocess.run(
        [sys.executable, "-c", GUARD + program],
        cwd=folder,
        env=environment,
        text=True,
        capture_output=True,
        check=False,
    )


def test_the_main_job_reaches_for_nothing(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_bytes(b"\n".join([line(1), line(2), b"{"]))
    done = guarded(tmp_path, MAIN_JOB)
    assert "REACHED FOR" not in done.stderr
    assert done.returncode == 0, done.stderr
    assert "3 messages = 2 accepted + 0 duplicate + 1 dead" in done.stdout
    assert done.stdout.split()[-2:] == ["rows", "2"]


def test_the_guard_notices_a_runner_that_downloads(tmp_path: Path) -> None:
    """What `beam.Pipeline()` does where no runner is named: the reason for the rule below."""
    done = guarded(tmp_path, DEFAULT_RUNNER)
    assert (done.returncode, "REACHED FOR" in done.stderr) == (99, True), done.stderr


@pytest.mark.parametrize(
    ("query", "extension"),
    [
        ("SELECT * FROM read_parquet('https://127.0.0.1:1/a.parquet')", "httpfs"),
        ("SELECT * FROM read_parquet('s3://bucket/a.parquet')", "httpfs"),
        ("ATTACH 'a.db' AS other (TYPE sqlite)", "sqlite"),
        ("SELECT * FROM delta_scan('tables/feedback')", "delta"),
        ("LOAD spatial", "spatial"),
    ],
)
def test_a_query_that_needs_an_extension_fails_and_names_it(tmp_path: Path, query: str, extension: str) -> None:
    with open_engine(extension_directory=str(tmp_path)) as connection:
        with pytest.raises(duckdb.Error, match=extension) as refused:
            connection.execute(query)
        assert "ownload" not in str(refused.value)
        held = connection.execute("SELECT name, value FROM duckdb_settings()").fetchall()
    assert OFFLINE.items() <= dict(held).items()
    assert list(tmp_path.iterdir()) == []


def test_no_setting_of_a_caller_turns_it_on() -> None:
    with open_engine(autoinstall_known_extensions="true") as connection:
        held = dict(connection.execute("SELECT name, value FROM duckdb_settings()").fetchall())
    assert held["autoinstall_known_extensions"] == "false"


def test_an_analyst_is_told_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in.jsonl").write_bytes(line(1))
    tables = str(tmp_path / "t")
    assert main(["replay", str(tmp_path / "in.jsonl"), "--source", "feedback_event", "--tables", tables]) == 0
    capsys.readouterr()
    assert main(["sql", "SELECT * FROM 'https://127.0.0.1:1/a.parquet'", "--tables", tables]) == 2
    said = capsys.readouterr().err
    assert said.startswith("tribometer: ")
    assert "ownload" not in said


@cache
def modules() -> list[tuple[Path, ast.Module]]:
    paths = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    return [(path, ast.parse(path.read_text(encoding="utf-8"))) for path in paths]


def test_every_duckdb_is_opened_in_one_place() -> None:
    """Neither by `duckdb.connect` nor by a function of the module, which opens one of its own."""
    allowed = {"DuckDBPyConnection", "DuckDBPyRelation", "extract_statements"}
    beside = [
        f"{path.relative_to(ROOT)}:{node.lineno}: duckdb.{node.attr}"
        for path, module in modules()
        if path != ENGINE
        for node in ast.walk(module)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "duckdb"
        if node.attr not in allowed and not node.attr[0].isupper()
    ]
    assert beside == []
    renamed = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path, module in modules()
        for node in ast.walk(module)
        if (isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "duckdb")
        or (isinstance(node, ast.Import) and any(one.name == "duckdb" and one.asname for one in node.names))
    ]
    assert renamed == []


def test_every_pipeline_names_its_runner_and_none_that_downloads() -> None:
    pipelines = 0
    for path, module in modules():
        for node in ast.walk(module):
            place = f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"
            if isinstance(node, ast.Name | ast.Attribute):
                assert (node.id if isinstance(node, ast.Name) else node.attr) not in FETCHING, place
            if isinstance(node, ast.ImportFrom):
                assert not {one.name for one in node.names} & FETCHING, place
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "Pipeline"
            ):
                named = {word.arg: ast.unparse(word.value) for word in node.keywords}
                if ast.unparse(node.func.value) == "beam":
                    pipelines += 1
                    assert named.get("runner") == "FnApiRunner()", place
    assert pipelines > 0
