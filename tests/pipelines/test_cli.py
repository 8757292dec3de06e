"""How every command ends: what it says, its exit status, and that nothing is added to that by Python."""

from __future__ import annotations

import errno
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.cli import cli, main


def run(*words: str, to: str) -> tuple[int, str]:
    """Exit status and standard error of a command whose output goes to the file `to`."""
    with Path(to).open("w") as out:
        done = subprocess.run(
            [sys.executable, "-m", "pipelines.cli", *words],
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    return done.returncode, done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is always full")
@pytest.mark.parametrize("words", [["sources", "list"], ["--help"]])
def test_output_that_cannot_be_written_is_one_line_and_an_exit_status(words: list[str]) -> None:
    said = "tribometer: No space left on device; make room and run it again\n"
    assert run(*words, to="/dev/full") == (1, said)


def test_a_reader_that_goes_away_is_no_error() -> None:
    shell = f"{sys.executable} -m pipelines.cli sources show feedback_event; echo $? >&2"
    done = subprocess.run(["bash", "-c", f"({shell}) | true"], capture_output=True, text=True, check=True)
    assert done.stderr == "0\n"


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (PermissionError(errno.EACCES, "Permission denied", "there/x.csv"), 1,
         "there/x.csv: Permission denied; mend the permissions, or name another place"),
        (OSError(errno.ENOSPC, "as a library words it"), 1, "No space left on device; make room and run it again"),
        (RuntimeError("Query interrupted"), 130, "interrupted; what was committed stays, run it again to go on"),
        (KeyboardInterrupt(), 130, "interrupted; what was committed stays, run it again to go on"),
        (RuntimeError("two\nlines"), 1, "unexpected RuntimeError: two lines (--debug shows where)"),
    ],
)  # fmt: skip
def test_errors_no_command_foresaw(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    status: int,
    said: str,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(cli, "main", fail)
    assert main(["sql"]) == status
    assert capsys.readouterr().err == f"tribometer: {said}\n"


@pytest.mark.parametrize(
    "group", ["", "label", "launches", "exposure", "dead-letters", "tables", "sources", "pubsub"]
)
def test_the_help_says_all_of_every_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], group: str
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main([*group.split(), "--help"]) == 0
    assert "..." not in capsys.readouterr().out.partition("Commands:")[2]
