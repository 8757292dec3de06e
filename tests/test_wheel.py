"""The wheel works where nothing else of this tree is."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

pytestmark = pytest.mark.wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def tribometer(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("empty")
    python, uv = str(folder / "bin" / "python"), Path(sys.executable).with_name("uv")
    venv.create(folder, with_pip=not uv.exists())
    install = [str(uv), "pip", "install", "--python", python] if uv.exists() else [python, "-m", "pip", "install"]
    subprocess.run(
        [*install, "--quiet", f"tribometer[report] @ {wheel.as_uri()}"], check=True, capture_output=True
    )
    return folder / "bin" / "tribometer"


def run(command: Path, *arguments: str | Path, cwd: Path) -> str:
    environment = {"PATH": os.environ["PATH"], "HOME": str(cwd)}
    done = subprocess.run(
        [str(command), *map(str, arguments)], cwd=cwd, env=environment, text=True, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_holds_the_data_it_needs_and_no_tests(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for needed in ("schemas/views/", "schemas/sources/", "schemas/wire/", "schemas/touchpoints.yaml", "models/"):
        assert any(name.startswith(needed) for name in names), needed
    assert not [name for name in names if name.startswith(("tests/", "benchmarks/", "docs/"))]
    assert wheel.stat().st_size < 15_000_000


def test_the_main_job_runs_from_the_wheel_alone(tribometer: Path, tmp_path: Path) -> None:
    assert "tribometer" in run(tribometer, "--version", cwd=tmp_path)
    (tmp_path / "in.jsonl").write_text(
        '{"schema":"feedback_event/1","id":"1","channel":"review","occurred_at":"2024-05-01T10:00:00Z",'
        '"product":"Lamp","text":"The checkout is broken, I cannot pay."}\n'
    )
    said = run(tribometer, "replay", "in.jsonl", "--source", "feedback_event", "--tables", "t", cwd=tmp_path)
    assert "1 messages = 1 accepted" in said
    query = "SELECT product, sentiment_label FROM events"
    assert run(tribometer, "sql", query, "--tables", "t", "--format", "csv", cwd=tmp_path).split() == [
        "product,sentiment_label",
        "Lamp,negative",
    ]
    run(tribometer, "report", "Lamp", "--tables", "t", "--output", "lamp.html", cwd=tmp_path)
    assert (tmp_path / "lamp.html").stat().st_size > 10_000
