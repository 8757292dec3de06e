"""A file of JSON lines, one alert each.

Before an attempt that may be a repetition the file is looked through for its `delivery_id`. Words of customers are left
out unless the route asks for them, because no erasure reaches this file.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
from pathlib import Path
from typing import ClassVar, Literal

from pipelines.alerts.channels.channel import Channel, DeliveryError, Message
from schemas.errors import UsageError


class JsonLines(Channel):
    """`path` is made when it is missing, and only ever added to."""

    recognises: ClassVar[bool] = True

    service: Literal["jsonl"]
    path: Path
    quotes: bool = False

    def check(self) -> None:
        folder = self.path.expanduser().parent
        if not folder.is_dir():
            raise UsageError(f"the folder {folder} does not exist; make it")

    def send(self, message: Message) -> None:
        line = {
            "delivery_id": message.delivery_id,
            "sent_at": message.sent_at.isoformat().replace("+00:00", "Z"),
            "route": message.route,
            "team": message.team,
            "trial": message.trial,
            **message.alert.to_fields(),
        }
        text = json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n"
        try:
            self._append(text.encode(), message)
        except OSError as error:
            raise DeliveryError(f"{self.path}: {error.strerror}") from None

    def _append(self, line: bytes, message: Message) -> None:
        descriptor = os.open(self.path.expanduser(), os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
        with os.fdopen(descriptor, "r+b", buffering=0) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if message.again and self._has(message.delivery_id):
                return
            end = os.fstat(descriptor).st_size
            if end and os.pread(descriptor, 1, end - 1) != b"\n":
                line = b"\n" + line  # somebody was killed, or the power went, in the middle of a line
            written = os.write(descriptor, line)
            if written < len(line):
                os.ftruncate(descriptor, end)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(descriptor)

    def _has(self, delivery_id: str) -> bool:
        key = f'"delivery_id":"{delivery_id}"'.encode()
        with self.path.expanduser().open("rb") as file:
            return any(key in line and line.endswith(b"\n") for line in file)
