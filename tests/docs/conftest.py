"""The examples of docs/commands.md, run once as they stand, in an empty folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.cli.reference import EXAMPLES
from tests.docs.pages import ROOT


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Where `tribometer` is this tree, and the author key is a test's."""
    binaries = tmp_path_factory.mktemp("bin")
    command = binaries / "tribometer"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m pipelines.cli "$@"\n')
    command.chmod(0o755)
    kept = {key: value for key, value in os.environ.items() if not key.startswith("TRIBOMETER_")}
    return {
        **kept,
        "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "TRIBOMETER_AUTHOR_KEY": "a key for tests, long enough to be accepted",
    }


@pytest.fixture(scope="session")
def story(tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str]) -> Path:
    """The folder in which every example has been run, with the tables `tables`."""
    folder = tmp_path_factory.mktemp("story")
    script = "\n".join(["set -euo pipefail", *EXAMPLES.values()])
    done = subprocess.run(
        ["bash", "-c", script], cwd=folder, env=environment, text=True, capture_output=True, check=False
    )
    (folder / "output.txt").write_text(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder
