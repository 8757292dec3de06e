"""Steps of a training that are kept until it has ended, so that one which was interrupted goes on where it was."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[Any]]


class Kept:
    """A folder of finished steps, of use only to a training of the same data by the same code.

    A step is there whole or not at all.
    """

    def __init__(self, folder: Path, of: Iterable[Path]) -> None:
        self.folder = folder
        self._of = _digest(of)

    def step(self, name: str, take: Callable[[], Arrays]) -> dict[str, NDArray[Any]]:
        """What a step gave when it was last taken; takes it where it was not."""
        path = self.folder / f"{name}-{self._of}.npz"
        if not path.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            written = path.with_suffix(".part")
            with written.open("wb") as file:
                np.savez(file, allow_pickle=False, **take())
                file.flush()
                os.fsync(file.fileno())
            written.replace(path)
        with np.load(path, allow_pickle=False) as arrays:
            return dict(arrays)

    def has(self, name: str) -> bool:
        """Whether a step was finished before."""
        return (self.folder / f"{name}-{self._of}.npz").exists()

    def forget(self) -> None:
        """The training has ended."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _digest(files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]
