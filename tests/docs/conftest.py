"""The examples of docs/commands.md, run once as they stand, in an empty folder."""

from __future__ import annotations

import contextlib
import io
import shlex
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipelines.cli import main
from pipelines.cli.reference import EXAMPLES

OF_AN_EPISODE = {"show", "ack", "unack", "snooze", "feedback"}
"""Commands of `alerts` that are about one episode; tests/pipelines/alerts/test_alerts_command.py runs them."""


@dataclass(frozen=True)
class Story:
    """The folder in which every example has been run, with the tables `tables`, and what they printed."""

    folder: Path
    printed: str


@pytest.fixture(scope="session")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    folder = tmp_path_factory.mktemp("story")
    lines = "\n".join(EXAMPLES.values()).replace("\\\n", " ").splitlines()
    return Story(folder, "".join(run_line(folder, line) for line in lines))


def run_line(folder: Path, line: str) -> str:
    """Run `[echo TEXT |] tribometer …  [> FILE]` in this process, which has the model loaded, as a shell would.

    `mkdir`, `cp` and `mv` are run too, and `echo TEXT > FILE`; a command that needs a Pub/Sub subscription is not, nor
    one about an episode of friction, of which nothing has been watched here.
    """
    words = shlex.split(line)
    if "--subscription" in words or (words[1] == "alerts" and words[2] in OF_AN_EPISODE):
        return ""
    if words[0] == "echo" and words[2] == ">":
        (folder / words[3]).write_text(words[1] + "\n")
        return ""
    if words[0] in ("mkdir", "cp", "mv"):
        subprocess.run(words, cwd=folder, check=True)
        return ""
    given = ""
    if words[:1] == ["echo"]:
        _, given, pipe, *words = words
        assert pipe == "|"
    *words, target = words if words[-2] == ">" else [*words, ""]
    command, *arguments = words[:-1] if target else words
    assert command == "tribometer"
    printed = printed_by(folder, lambda: main(arguments), given)
    if target:
        (folder / target).write_text(printed, encoding="utf-8")
    return printed


def printed_by(folder: Path, work: Callable[[], object], given: str = "") -> str:
    """Standard output of `work`, done in `folder` with `given` as standard input; an exit status must be 0."""
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    stdin = io.TextIOWrapper(io.BufferedReader(io.BytesIO(given.encode())), encoding="utf-8")  # type: ignore[arg-type]
    with pytest.MonkeyPatch.context() as patch, contextlib.chdir(folder), contextlib.redirect_stdout(out):
        patch.delenv("TRIBOMETER_TABLES", raising=False)
        patch.setenv("TRIBOMETER_AUTHOR_KEY", "a key for tests, long enough to be accepted")
        patch.setattr(sys, "stdin", stdin)
        assert work() in (0, None)
    out.flush()
    return out.buffer.getvalue().decode()  # type: ignore[attr-defined, no-any-return]
