"""A real listener process, to be killed, frozen and asked how it is."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psutil

from tests.emulator import free_port
from tests.faults.reader import ROOT


class Listener:
    """`tribometer listen` in a process group of its own; its log is read as JSON."""

    def __init__(
        self,
        log: Path,
        subscription: str,
        source: str,
        tables: Path,
        environment: Mapping[str, str],
        workers: int = 1,
        options: tuple[str, ...] = (),
    ) -> None:
        self.log = log
        self._port = free_port()
        with log.open("ab") as file:
            self.process = subprocess.Popen(
                [
                    sys.executable, "-m", "pipelines.cli", "listen", "--subscription", subscription,
                    "--source", source, "--tables", str(tables), "--workers", str(workers),
                    "--http", f"127.0.0.1:{self._port}", "--log-format", "json", *options,
                ],
                cwd=ROOT,
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                start_new_session=True,
            )  # fmt: skip

    @property
    def alive(self) -> bool:
        """Whether the supervisor runs."""
        return self.process.poll() is None

    def workers(self) -> list[psutil.Process]:
        """Its worker processes."""
        found = []
        with contextlib.suppress(psutil.Error):
            for child in psutil.Process(self.process.pid).children():
                with contextlib.suppress(psutil.Error):
                    if "spawn_main" in " ".join(child.cmdline()) and child.status() != psutil.STATUS_ZOMBIE:
                        found.append(child)
        return found

    def events(self, name: str) -> list[dict[str, Any]]:
        """Entries of its log with this event."""
        found = []
        for line in self.log.read_text(errors="replace").splitlines():
            with contextlib.suppress(json.JSONDecodeError):
                entry = json.loads(line)
                if isinstance(entry, dict) and entry.get("event") == name:
                    found.append(entry)
        return found

    def ready(self) -> bool:
        """Whether it says that it can receive and commit."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/readyz", timeout=2) as answer:
                return bool(answer.status == 200)
        except (OSError, urllib.error.URLError):
            return False

    def metric(self, name: str, labels: str = "") -> float:
        """One value of /metrics; 0 while it cannot be asked."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/metrics", timeout=5) as answer:
                lines = answer.read().decode().splitlines()
        except (OSError, urllib.error.URLError):
            return 0.0
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"{name}{labels} "))

    def wait(self, condition: Callable[[], object], seconds: float, what: str) -> None:
        """Until the condition holds. Raises `TimeoutError` with the end of the log."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{what}: not within {seconds:.0f} s; {self.tail()}")
            time.sleep(0.02)

    def wait_ready(self, seconds: float = 300) -> None:
        """Until it says it is ready."""
        self.wait(lambda: self.ready() or not self.alive, seconds, "the listener is not ready")
        if not self.alive:
            raise RuntimeError(f"the listener ended with {self.process.returncode}: {self.tail()}")

    def kill(self, whom: str) -> bool:
        """SIGKILL `worker` (one of them), `supervisor`, or `group`; whether there was something to kill."""
        if whom == "worker":
            workers = self.workers()
            if not workers:
                return False
            with contextlib.suppress(psutil.Error):
                workers[0].kill()
            return True
        if not self.alive:
            return False
        if whom == "supervisor":
            self.process.kill()
            self.process.wait()
        else:
            self.end()
        return True

    def end(self) -> None:
        """SIGKILL for whatever of the group is left."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self, seconds: float = 300) -> int:
        """SIGTERM, and the exit status."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.end()
            return -signal.SIGKILL

    def usage(self) -> tuple[int, int]:
        """Resident bytes of all its processes together, and the open files of the one that has most."""
        size_bytes = files = 0
        with contextlib.suppress(psutil.Error):
            for process in (psutil.Process(self.process.pid), *self.workers()):
                with contextlib.suppress(psutil.Error):
                    size_bytes += process.memory_info().rss
                    files = max(files, process.num_fds())
        return size_bytes, files

    def tail(self) -> str:
        """The last words of its log."""
        return self.log.read_text(errors="replace")[-1500:]
