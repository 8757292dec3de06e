"""Shared secrets of a webhook's sender: which are active, and whether one of them signed these bytes."""

from __future__ import annotations

import hmac
from pathlib import Path
from typing import Final

from schemas.errors import UsageError

_SHORTEST_CHARACTERS: Final = 16


class Secrets:
    """The secrets of a file, one a line, read at every use: a rotation needs no restart.

    Put the new secret beside the old one, change it at the sender, then take the old one out. Raises `UsageError`
    where the file cannot be read, holds none, or one of fewer than 16 characters; its text names no secret.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read()

    def signed(self, body: bytes, signature: str) -> bool:
        """Whether `signature`, hexadecimal, is the HMAC-SHA256 of `body` under an active secret; in constant time."""
        given = signature.strip().lower().encode("utf-8", "replace")
        return any(
            hmac.compare_digest(hmac.digest(key, body, "sha256").hex().encode(), given) for key in self._read()
        )

    def _read(self) -> list[bytes]:
        try:
            lines = self._path.read_bytes().splitlines()
        except OSError as error:
            raise UsageError(f"{self._path}: cannot be read: {error.strerror}") from error
        secrets = [line.strip() for line in lines if line.strip()]
        if not secrets:
            raise UsageError(
                f"{self._path}: holds no secret; write one a line, as `openssl rand -hex 32` makes it"
            )
        if min(map(len, secrets)) < _SHORTEST_CHARACTERS:
            raise UsageError(
                f"{self._path}: has a secret of fewer than {_SHORTEST_CHARACTERS} characters; "
                "make one with `openssl rand -hex 32`"
            )
        return secrets
