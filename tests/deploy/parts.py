"""What is in deploy/, read; and the programs of others that it is held against."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from pipelines.alerts.metrics import DeliveryMetrics
from pipelines.listen.metrics import Metrics
from pipelines.watch.metrics import WatchMetrics

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"

PORTS = {"listen": 9470, "launches serve": 9471, "watch": 9472}
"""Where each service serves `/healthz`, by the words of its command."""


def documents(path: Path) -> list[Any]:
    """Every document of a YAML file."""
    return [one for one in YAML(typ="safe", pure=True).load_all(path) if one is not None]


def document(path: Path) -> Any:
    """The one document of a YAML file."""
    (one,) = documents(path)
    return one


def samples() -> set[str]:
    """Every name that a listener or a watcher with routes exposes, buckets and sums of histograms included."""
    listener, watcher = Metrics(), WatchMetrics()
    DeliveryMetrics(watcher.registry).failing.labels("chat").set(0)
    exposed = (listener.exposition() + watcher.exposition()).decode()
    return set(re.findall(r"^([a-z_]+)[ {]", exposed, re.MULTILINE))


def metrics_in(expression: str) -> set[str]:
    """The names in a PromQL expression that can only be our own, or the process collector's."""
    return set(re.findall(r"\b(?:tribometer|process)_\w+", expression))


def checker(name: str) -> str:
    """Where the program `name` is. Skips where it is missing; under `make deploy-check` that is a failure."""
    folder = os.environ.get("TRIBOMETER_CHECKERS")
    found = shutil.which(name, path=os.pathsep.join(filter(None, (folder, os.environ.get("PATH")))))
    if found is None:
        reason = f"{name} is not here; `make deploy-check` says what it needs"
        if folder:
            pytest.fail(reason)
        pytest.skip(reason)
    return found


def run(*words: str | Path, cwd: Path = ROOT, **environment: str) -> str:
    """What a program prints; its exit status must be 0."""
    done = subprocess.run(
        [str(word) for word in words],
        cwd=cwd,
        env={**os.environ, **environment},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def service_of(words: list[str]) -> str | None:
    """Which of `PORTS` a command line of `tribometer` starts."""
    return next((name for name in PORTS if words[: len(name.split())] == name.split()), None)


def http_port(words: list[str]) -> int | None:
    """The port of `--http`, which must be open to whoever is outside the container."""
    if "--http" not in words:
        return None
    host, _, port = words[words.index("--http") + 1].rpartition(":")
    assert host == "0.0.0.0", words
    return int(port)


def texts(value: Any) -> Iterator[str]:
    """Every string in a document."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from texts(key)
            yield from texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from texts(part)
