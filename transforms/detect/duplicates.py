"""Duplicates: texts that say the same in much the same words, so that one pasted text is not many complaints.

Two texts are alike where they share the most of their word triples: their MinHash signatures (Broder 1997) agree in at
least 70 % of 64 places. Those that may be are found by locality-sensitive hashing, 16 bands of 4 places, and each is
compared with the one before it in its band alone, so that a flood of a million texts costs a million comparisons. The
hashes are CRC-32 of the words and fixed multipliers: the same texts give the same answer on every machine.

Texts of fewer than six words are like none: many people say "does not work" without having copied it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from transforms.detect.evidence import UNKNOWN
from transforms.detect.layout import Flags, Ints

FEWEST_WORDS: Final = 6
SHINGLE_WORDS: Final = 3
PLACES: Final = 64
BANDS: Final = 16
ALIKE: Final = 0.7
"""Share of places that agree, which estimates the share of word triples in common (standard error 0.06)."""

REPEAT_HOURS: Final = 24
_READ_CHARACTERS: Final = 2_000

_WORD: Final = re.compile(r"\w+")
_MULTIPLIERS: Final = np.random.Generator(np.random.PCG64(20_26)).integers(
    1, 2**63, size=(PLACES + SHINGLE_WORDS, 2), dtype=np.uint64
) * np.uint64(2) + np.uint64(1)
_SHIFT: Final = np.uint64(32)

Words = NDArray[np.uint32]


@dataclass(frozen=True)
class Signatures:
    """Of N texts: `places` (N, 64), and whether a text is long enough to be compared, (N,)."""

    places: Words
    comparable: Flags


def signatures(texts: Sequence[str]) -> Signatures:
    """What the texts are compared by. Case, punctuation and all behind 2,000 characters do not count."""
    places = np.zeros((len(texts), PLACES), dtype=np.uint32)
    comparable = np.zeros(len(texts), dtype=bool)
    known: dict[str, Words] = {}
    for row, text in enumerate(texts):
        words = _WORD.findall(text[:_READ_CHARACTERS].lower())
        if len(words) < FEWEST_WORDS:
            continue
        comparable[row] = True
        said = " ".join(words)
        if said not in known:
            known[said] = _signature(words)
        places[row] = known[said]
    return Signatures(places, comparable)


def _signature(words: Sequence[str]) -> Words:
    hashed = np.array([crc32(word.encode()) for word in words], dtype=np.uint64)
    triples = len(words) - SHINGLE_WORDS + 1
    shingles = np.zeros(triples, dtype=np.uint64)
    for place in range(SHINGLE_WORDS):  # products overflow, which is the modulus of the hash
        shingles += hashed[place : place + triples] * _MULTIPLIERS[PLACES + place, 0]
    shingles ^= shingles >> _SHIFT
    spread = shingles[:, None] * _MULTIPLIERS[:PLACES, 0] + _MULTIPLIERS[:PLACES, 1]
    return np.asarray((spread >> _SHIFT).min(axis=0), dtype=np.uint32)


def clusters(texts: Signatures, group: Ints, hour: Ints, identity: Ints) -> Ints:
    """A number for texts of one group and hour that are alike, directly or by way of others; -1 for those like none.

    All of shape (N,). What a cluster holds depends on the texts of its group and hour and on nothing else.
    """
    parent = np.arange(len(group))

    def root(at: int) -> int:
        while parent[at] != at:
            parent[at] = parent[parent[at]]
            at = int(parent[at])
        return at

    paired = np.zeros(len(group), dtype=bool)
    for before, after in _neighbours(texts, group, hour, identity):
        together = hour[before] == hour[after]
        paired[before[together]] = paired[after[together]] = True
        for one, other in zip(before[together].tolist(), after[together].tolist(), strict=True):
            parent[root(other)] = root(one)
    labels = np.full(len(group), UNKNOWN, dtype=np.int64)
    for at in np.nonzero(paired)[0].tolist():
        labels[at] = root(at)
    return labels


def repeats(texts: Signatures, group: Ints, hour: Ints, identity: Ints) -> Flags:
    """Whether each text (N,) was said in its group in the 24 hours before, or in its hour with a smaller identity."""
    said = np.zeros(len(group), dtype=bool)
    for before, after in _neighbours(texts, group, hour, identity):
        said[after[hour[after] - hour[before] <= REPEAT_HOURS]] = True
    return said


def _neighbours(texts: Signatures, group: Ints, hour: Ints, identity: Ints) -> Iterator[tuple[Ints, Ints]]:
    """Texts that are alike, as positions of the earlier and the later: for each band those beside each other in it."""
    rows = np.nonzero(texts.comparable)[0]
    if len(rows) < 2:
        return
    width = PLACES // BANDS
    for band in range(BANDS):
        places = texts.places[rows, band * width : (band + 1) * width].astype(np.uint64)
        key = (places * _MULTIPLIERS[:width, 1]).sum(axis=1)
        order = rows[np.lexsort((identity[rows], hour[rows], key, group[rows]))]
        in_band = np.zeros(int(rows.max()) + 1, dtype=np.uint64)
        in_band[rows] = key
        before, after = order[:-1], order[1:]
        met = (group[before] == group[after]) & (in_band[before] == in_band[after])
        before, after = before[met], after[met]
        agree = (texts.places[before] == texts.places[after]).mean(axis=1)
        yield before[agree >= ALIKE], after[agree >= ALIKE]
