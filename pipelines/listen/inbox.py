"""Inbox: a folder that files are dropped into, as a source of messages.

A file is taken when it is complete: when it does not carry a name of the unfinished (`.hidden`, `.part`, `.tmp`,
`.partial`, `.filepart`) and neither its size nor its time has changed for a while. Files are read in the order of
their names, one after the other, and moved to `done/` when every record of them is committed; one that cannot be
read to its end goes to `failed/`, with the reason beside it, when what could be read is committed. After a crash a
file is still in the folder, is read again, and its records are recognised.
"""

from __future__ import annotations

import fcntl
import logging
import os
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Final

from pipelines.listen.log import say
from pipelines.listen.source import Received
from pipelines.records import ENDINGS, InputFile, Records
from schemas.errors import TribometerError, UsageError
from transforms.delta import fsync
from transforms.failpoints import failpoint

DONE: Final = "done"
FAILED: Final = "failed"
_UNFINISHED: Final = (".tmp", ".part", ".partial", ".filepart", ".crdownload")
_LOCK: Final = ".tribometer.lock"
_LOOK_SECONDS: Final = 0.2


@dataclass
class _OpenFile:
    """A file whose records are being handed out; `unsettled` counts those that are not committed yet."""

    path: Path
    dropped_at: datetime
    records: Records
    remaining: Iterator[Received]
    unsettled: int = 0
    exhausted: bool = False
    given_back: bool = False


@dataclass(frozen=True)
class _Look:
    size_bytes: int
    changed_ns: int
    first_seen: float = field(compare=False)


class Inbox:
    """A `MessageSource` over the files dropped into `folder`; `encoding` is that of the source mapping."""

    def __init__(self, folder: Path, encoding: str, *, settle_seconds: float = 2.0) -> None:
        self.name = str(folder)
        self._folder = folder
        self._encoding = encoding
        self._settle_seconds = settle_seconds
        self._looks: dict[str, _Look] = {}
        self._ignored: set[str] = set()
        self._reading: _OpenFile | None = None
        self._open: dict[str, _OpenFile] = {}
        self._guard = threading.Lock()
        self._lock: IO[bytes] | None = None

    def check(self) -> None:
        """Make `done/` and `failed/`, and make sure that no other listener reads this folder."""
        if not self._folder.is_dir():
            raise UsageError(f"--inbox {self._folder}: no such folder; make it, and drop files into it")
        try:
            for name in (DONE, FAILED):
                (self._folder / name).mkdir(exist_ok=True)
            self._lock = (self._folder / _LOCK).open("ab")
        except OSError as error:
            raise TribometerError(
                f"--inbox {self._folder}: {error.strerror}; the listener must be able to write there, to move files"
            ) from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise UsageError(
                f"--inbox {self._folder}: another listener reads this folder; stop it first"
            ) from error

    def receive(self, max_messages: int, max_bytes: int, wait_seconds: float) -> Sequence[Received]:
        """Records of the file at hand, or of the next one that is complete."""
        deadline = time.monotonic() + wait_seconds
        while self._reading is None:
            self._reading = self._next_file()
            if self._reading is None:
                if time.monotonic() >= deadline:
                    return []
                time.sleep(_LOOK_SECONDS)
        reading = self._reading
        received: list[Received] = []
        size_bytes = 0
        while len(received) < max_messages and size_bytes < max_bytes:
            message = next(reading.remaining, None)
            if message is None:
                self._reading = None
                break
            received.append(message)
            size_bytes += len(message.payload)
        with self._guard:
            reading.unsettled += len(received)
            reading.exhausted = self._reading is None
        self._put_away(reading)
        failpoint("after_pull")
        return received

    def acknowledge(self, messages: Sequence[Received]) -> None:
        """They are committed; a file none of whose records is missing any more is moved."""
        failpoint("after_half_of_the_acks")
        for file in self._count_down(messages):
            self._put_away(file)

    def release(self, messages: Sequence[Received]) -> None:
        """Their files stay in the folder and are read again by the next listener."""
        for file in self._count_down(messages):
            file.given_back = True

    def close(self) -> None:
        """Let another listener have the folder."""
        if self._lock is not None:
            self._lock.close()

    def _next_file(self) -> _OpenFile | None:
        for path in sorted(self._folder.iterdir()):
            if path.name in self._open or not self._is_complete(path):
                continue
            dropped_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            records = Records([InputFile(str(path), path.stat().st_size)], self._encoding)
            file = _OpenFile(path, dropped_at, records, iter(()))
            file.remaining = _received(file)
            self._open[path.name] = file
            say("file taken", file=path.name)
            return file
        return None

    def _is_complete(self, path: Path) -> bool:
        name = path.name
        if name.startswith(".") or name.lower().endswith(_UNFINISHED) or not path.is_file():
            return False
        if not name.lower().endswith(ENDINGS[self._encoding]):
            if name not in self._ignored:
                self._ignored.add(name)
                say(
                    "file ignored",
                    logging.WARNING,
                    file=name,
                    why=f"not one of {', '.join(ENDINGS[self._encoding])}",
                )
            return False
        status = path.stat()
        look = _Look(status.st_size, status.st_mtime_ns, time.monotonic())
        if self._looks.get(name) != look:
            self._looks[name] = look
        # Not the file's time against a clock: the clock of another machine may have stamped it.
        return time.monotonic() - self._looks[name].first_seen >= self._settle_seconds

    def _count_down(self, messages: Sequence[Received]) -> list[_OpenFile]:
        with self._guard:
            touched = []
            for message in messages:
                file = self._open[message.lease]
                file.unsettled -= 1
                if file not in touched:
                    touched.append(file)
            return touched

    def _put_away(self, file: _OpenFile) -> None:
        with self._guard:
            if not file.exhausted or file.unsettled or file.given_back or file.path.name not in self._open:
                return
            del self._open[file.path.name]
            self._looks.pop(file.path.name, None)
        failure = file.records.failure
        target = self._folder / (DONE if failure is None else FAILED)
        try:
            moved = _move(file.path, target)
            if failure is not None:
                moved.with_name(f"{moved.name}.reason.txt").write_text(f"{failure}\n", encoding="utf-8")
            fsync(target)
            fsync(self._folder)
        except OSError as error:
            # It will be read again after a restart, and its records recognised.
            say("file cannot be moved", logging.ERROR, file=file.path.name, why=error.strerror)
            self._open[file.path.name] = file
            return
        if failure is None:
            say("file done", file=file.path.name)
        else:
            say("file failed", logging.ERROR, file=file.path.name, why=str(failure))


def _received(file: _OpenFile) -> Iterator[Received]:
    for record in file.records:
        yield Received(record.payload, record.origin, file.path.name, file.dropped_at, 1, record.header)


def _move(path: Path, folder: Path) -> Path:
    """Move a file without replacing one of the same name that was there before."""
    target, number = folder / path.name, 1
    while True:
        try:
            os.link(path, target)
        except FileExistsError:
            number += 1
            target = folder / f"{path.stem}.{number}{path.suffix}"
        else:
            path.unlink()
            return target
