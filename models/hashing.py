"""Arithmetic on 64-bit hashes, wrapping on overflow, the same on every machine."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]

_ODD: Final = np.uint64(0x9E3779B97F4A7C15)
_MIX: Final = np.uint64(0xD6E8FEB86659FD93)
_HALF: Final = np.uint64(32)


def scramble(hashes: Hashes, salt: int = 0) -> Hashes:
    """Hashes that differ in every bit from hashes of another salt (the finaliser of Rrmxmx, M. Tommila 2018)."""
    mixed = (hashes + np.uint64(salt)) * _ODD
    mixed = (mixed ^ (mixed >> _HALF)) * _MIX
    return mixed ^ (mixed >> _HALF)


def join(left: Hashes, right: Hashes) -> Hashes:
    """The hash of two things in this order."""
    return scramble(left * _MIX + right)
