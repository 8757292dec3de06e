"""The units start a command that exists, with options that exist."""

from __future__ import annotations

import configparser
import shlex
from pathlib import Path

import pytest

from pipelines.cli.listen import listen
from tests.docs.test_code import check_call

UNITS = Path(__file__).resolve().parents[2] / "deploy" / "systemd"


def read(name: str) -> configparser.ConfigParser:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read(UNITS / name)
    return unit


def test_the_listener_starts_a_command_that_parses_and_is_given_time_to_drain(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    service = read("tribometer-listen.service")["Service"]
    program, *arguments = shlex.split(service["ExecStart"])
    assert Path(program).name == "tribometer"
    name, tables = service["Environment"].split("=")
    monkeypatch.setenv(name, tables)
    check_call(arguments)
    inbox = arguments[arguments.index("--inbox") + 1]
    assert service["ReadWritePaths"].split() == [tables, inbox]
    (drain,) = (option.default for option in listen.params if option.name == "drain_timeout")
    assert int(service["TimeoutStopSec"]) > drain


def test_the_maintenance_runs_commands_that_parse(monkeypatch: pytest.MonkeyPatch) -> None:
    text = (UNITS / "tribometer-maintenance.service").read_text()
    monkeypatch.setenv("TRIBOMETER_TABLES", "tables")
    calls = [
        shlex.split(line.removeprefix("ExecStart=")) for line in text.splitlines() if line.startswith("ExecStart=")
    ]
    assert [(Path(program).name, *words[:2]) for program, *words in calls] == [
        ("tribometer", "tables", "retention"),
        ("tribometer", "tables", "compact"),
        ("tribometer", "tables", "rollup"),
        ("tribometer", "tables", "vacuum"),
    ]
    for _, *words in calls:
        check_call(words)
    service = read("tribometer-maintenance.service")["Service"]
    assert service["ReadWritePaths"] == service["Environment"].split("=")[1]
    assert "OnCalendar" in read("tribometer-maintenance.timer")["Timer"]


def test_the_watcher_starts_a_command_that_parses(monkeypatch: pytest.MonkeyPatch) -> None:
    service = read("tribometer-watch.service")["Service"]
    program, *arguments = shlex.split(service["ExecStart"])
    assert Path(program).name == "tribometer"
    name, tables = service["Environment"].split("=")
    monkeypatch.setenv(name, tables)
    check_call(arguments)
    assert service["ReadWritePaths"] == tables
