"""How learned weights lie in a folder: numbers in weights.npz, words in cues.json."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import DTypeLike, NDArray

from models.features import Lexicon

_NUMBERS: Final = "weights.npz"
_WORDS: Final = "cues.json"


class Learned(Protocol):
    """What every kind of weights has. The last column of `table` is the squared idf, the others fit a byte."""

    table: NDArray[Any]
    scale: NDArray[np.float64]
    bias: NDArray[np.float64]
    tone: NDArray[np.float64]
    lexicon: Lexicon


def write_weights(folder: Path, weights: Learned, words: Mapping[str, Any], **more: Any) -> None:
    """Write the two files; `more` are arrays beyond those that all weights have."""
    folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        folder / _NUMBERS,
        table=weights.table[:, :-1].astype(np.int8),
        squared_idf=weights.table[:, -1],
        scale=weights.scale,
        bias=weights.bias,
        tone=weights.tone,
        **more,
        lexicon_keys=weights.lexicon.keys,
        lexicon_valences=weights.lexicon.valences,
    )
    (folder / _WORDS).write_text(json.dumps(words, ensure_ascii=False, indent=0), encoding="utf-8")


def read_words(folder: Path) -> dict[str, Any]:
    """The words that `write_weights` wrote."""
    words: dict[str, Any] = json.loads((folder / _WORDS).read_text(encoding="utf-8"))
    return words


def read_arrays(folder: Path, table_type: DTypeLike, *more: str) -> dict[str, Any]:
    """What all weights have, by name, the table as numbers of this type; and the arrays named in `more`."""
    with np.load(folder / _NUMBERS, allow_pickle=False) as arrays:
        columns = (arrays["table"], arrays["squared_idf"])
        return {
            "table": np.column_stack([column.astype(table_type) for column in columns]),
            "lexicon": Lexicon(arrays["lexicon_keys"], arrays["lexicon_valences"]),
            **{name: arrays[name] for name in ("scale", "bias", "tone", *more)},
        }
