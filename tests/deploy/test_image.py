"""The image: what is built from, what is in it, and that its health check tells a sick program from a well one."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.listen.health import HealthServer
from pipelines.listen.metrics import Metrics
from tests.deploy.parts import DEPLOY, PORTS, ROOT, checker, run
from tests.emulator import free_port

IMAGE = DEPLOY / "image"
TEXT = (IMAGE / "Dockerfile").read_text(encoding="utf-8")


def instructions(word: str) -> list[str]:
    """What stands behind each instruction `word`, with its continued lines."""
    return re.findall(rf"^{word} ((?:.*\\\n)*.*)$", TEXT, re.MULTILINE)


def pins(lock: Path) -> dict[str, str]:
    """Version by package; every one must be given by hash."""
    found = {}
    for entry in re.split(r"\n(?=[a-z0-9])", lock.read_text(encoding="utf-8")):
        if pin := re.match(r"([\w.-]+)==([^\s;\\]+)", entry):
            assert "--hash=sha256:" in entry, pin[0]
            found[pin[1]] = pin[2]
    return found


def test_what_runs_in_the_image_is_what_is_tested() -> None:
    runtime, tested = pins(IMAGE / "runtime.lock"), pins(ROOT / "requirements.lock")
    assert {name: version for name, version in runtime.items() if tested.get(name) != version} == {}
    assert {"apache-beam", "spacy", "deltalake", "duckdb"} <= runtime.keys()
    assert runtime.keys() & {"pytest", "mypy", "hypothesis", "scikit-learn"} == set()


def test_what_builds_is_pinned_as_the_project_names_it() -> None:
    built_with = pins(IMAGE / "build.lock")
    project, make = (ROOT / "pyproject.toml").read_text(), (ROOT / "Makefile").read_text()
    assert f'requires = ["hatchling=={built_with["hatchling"]}"]' in project
    assert f"UV := uv=={built_with['uv']}\n" in make


def test_no_package_comes_without_its_hash() -> None:
    installs = [run for run in instructions("RUN") for run in re.split(r"&&|;", run) if "pip install" in run]
    assert len(installs) == 3
    assert [one for one in installs if "--require-hashes" not in one and "--no-deps" not in one] == []


def test_a_base_is_a_digest_or_nothing() -> None:
    assert re.search(r"^ARG PYTHON_IMAGE$", TEXT, re.MULTILINE)
    assert {base.split()[0] for base in instructions("FROM")} == {"${PYTHON_IMAGE}", "${BEAM_IMAGE}", "program"}
    guard = instructions("RUN")[0].replace("\\\n", "\n")
    for base, status in (("python:3.11", 1), (f"python:3.11@sha256:{'0' * 64}", 0), ("", 1)):
        shell = ["sh", "-c", guard]
        done = subprocess.run(shell, env={"PYTHON_IMAGE": base}, capture_output=True, text=True, check=False)
        assert (done.returncode, bool(done.stderr)) == (status, bool(status))


def test_it_runs_as_nobody_in_particular() -> None:
    assert instructions("USER") == ["10001:10001"]
    after = TEXT[TEXT.index("USER 10001") :]
    assert "\nRUN " not in after, "a layer that root would have to make"


def test_what_is_copied_is_sent_to_the_builder() -> None:
    """`.dockerignore` names what may be sent: everything that is copied, and no tables, keys or tests."""
    let_in = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    copied = [
        source for line in instructions("COPY") if not line.startswith("--from") for source in line.split()[:-1]
    ]
    assert [one for one in copied if not (ROOT / one).exists()] == []
    assert [one for one in copied if not any(Path(one).match(name) for name in let_in)] == []
    (wheel,) = re.findall(r"^packages = \[(.*?)\]", (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    packages = set(re.findall(r'"(\w+)"', wheel))
    assert packages <= set(let_in)


def test_its_ports_are_those_of_the_services() -> None:
    (exposed,) = instructions("EXPOSE")
    assert {int(port) for port in exposed.split()} == set(PORTS.values())


class Patient:
    """A service with something wrong, or nothing."""

    def __init__(self) -> None:
        self.wrong: list[str] = []

    def trouble(self) -> list[str]:
        return ["the disk is full"]

    def stuck(self) -> list[str]:
        return self.wrong


@pytest.fixture
def patient() -> Iterator[tuple[Patient, str]]:
    one = Patient()
    with HealthServer(("127.0.0.1", 0), one, Metrics()) as server:
        yield one, server.address.rpartition(":")[2]


def ask(port: str) -> tuple[int, str]:
    environment = {"TRIBOMETER_HEALTH_PORT": port, "http_proxy": "http://127.0.0.1:1"}
    done = subprocess.run(
        [sys.executable, IMAGE / "healthy.py"], env=environment, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout


def test_the_health_check_asks_the_program(patient: tuple[Patient, str]) -> None:
    one, port = patient
    assert ask(port) == (0, '200 {"ok": true, "why": []}\n'), "a full disk is no reason to restart"
    one.wrong.append("a thread has died")
    assert ask(port) == (1, '503 {"ok": false, "why": ["a thread has died"]}\n')


def test_nobody_there_is_not_healthy() -> None:
    port = str(free_port())
    status, said = ask(port)
    assert (status, said.startswith(f"/healthz at port {port}: ")) == (1, True)


@pytest.mark.deploy
def test_hadolint_finds_nothing() -> None:
    run(checker("hadolint"), "--failure-threshold", "style", IMAGE / "Dockerfile")
