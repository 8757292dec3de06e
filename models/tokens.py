"""A batch of spaCy documents as flat numpy columns: where the model's arithmetic happens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from spacy.attrs import IDX, LENGTH, NORM, PREFIX, SHAPE, SUFFIX
from spacy.strings import get_string_id
from spacy.tokens import Doc

from models.language import Kind

Hashes = NDArray[np.uint64]
Positions = NDArray[np.int64]
Flags = NDArray[np.bool_]

_ATTRIBUTES: Final = [NORM, PREFIX, SUFFIX, SHAPE, IDX, LENGTH]
_KIND: Final = {kind: np.uint64(get_string_id(kind.value)) for kind in Kind}
_WORDS: Final = [_KIND[Kind.UPPER], _KIND[Kind.LOWER]]
_TABLE: Final = "token_attributes"
_LANGUAGE: Final = "language"
_PLAIN: Final = frozenset((None, "en"))
_NO_TOKENS: Final = np.empty((0, len(_ATTRIBUTES)), dtype=np.uint64)


@dataclass(frozen=True)
class Tokens:
    """All tokens of a batch, one after the other, one row a token.

    `document_start[d]` is the first row of document d, with one more entry for the end of the last; `start` and
    `end` are character offsets into the token's own document.
    """

    norm: Hashes
    stem: Hashes
    suffix: Hashes
    kind: Hashes
    start: Positions
    end: Positions
    document_start: Positions
    spoken: Hashes

    def __len__(self) -> int:
        return len(self.norm)

    @classmethod
    def of(cls, docs: Sequence[Doc]) -> Tokens:
        """The columns of these documents."""
        arrays = [_table(doc) for doc in docs if len(doc)]
        table = np.concatenate(arrays) if arrays else _NO_TOKENS
        norm, stem, suffix, kind, start, length = (np.ascontiguousarray(column) for column in table.T)
        lengths = np.fromiter((len(doc) for doc in docs), dtype=np.int64, count=len(docs))
        languages = [doc.user_data.get(_LANGUAGE) for doc in docs]
        spoken = np.repeat(np.array([language_salt(language) for language in languages], dtype=np.uint64), lengths)
        if not _PLAIN.issuperset(languages):
            salt = np.where(np.isin(kind, _WORDS), spoken, np.uint64(0))
            norm, stem, suffix = norm ^ salt, stem ^ salt, suffix ^ salt
        return cls(
            norm=norm,
            stem=stem,
            suffix=suffix,
            kind=kind,
            start=start.astype(np.int64),
            end=(start + length).astype(np.int64),
            document_start=np.concatenate([[0], np.cumsum(lengths)]),
            spoken=spoken,
        )

    def is_kind(self, *kinds: Kind) -> Flags:
        """Which tokens are one of these kinds."""
        found: Flags = self.kind == _KIND[kinds[0]]
        for kind in kinds[1:]:
            found |= self.kind == _KIND[kind]
        return found

    def is_one_of(self, words: Hashes) -> Flags:
        """Which tokens have their NORM among these hashes."""
        return np.isin(self.norm, words)


def speak(doc: Doc, language: str) -> Doc:
    """Say which language a document is in: its words then have hashes of their own, other than English words.

    Emoji, punctuation and other signs keep the hashes they have in every language.
    """
    doc.user_data[_LANGUAGE] = language
    return doc


def spoken_language(doc: Doc) -> str | None:
    """What `speak` said of a document."""
    language: str | None = doc.user_data.get(_LANGUAGE)
    return language


def remember_tokens(doc: Doc) -> None:
    """Keep the attributes of a document for the component that reads them next: reading them is a tenth of scoring."""
    doc.user_data[_TABLE] = doc.to_array(_ATTRIBUTES)


def forget_tokens(doc: Doc) -> None:
    """Let go of what `remember_tokens` kept."""
    doc.user_data.pop(_TABLE, None)


def _table(doc: Doc) -> NDArray[np.uint64]:
    kept: NDArray[np.uint64] | None = doc.user_data.get(_TABLE)
    return doc.to_array(_ATTRIBUTES) if kept is None else kept


def word_hashes(words: Sequence[str], language: str = "en") -> Hashes:
    """The NORM hashes that words of a language have, given in their normal form."""
    return np.array([get_string_id(word) for word in words], dtype=np.uint64) ^ language_salt(language)


def spoken_hashes(words: Mapping[str, Sequence[str]]) -> Hashes:
    """The NORM hashes of words of several languages, by language."""
    return np.concatenate(
        [np.empty(0, dtype=np.uint64), *(word_hashes(some, lang) for lang, some in words.items())]
    )


def language_salt(language: str | None) -> np.uint64:
    """What the hashes of a language's words are combined with; 0 for English."""
    # No word has a blank in it. Were the salt the hash of "de", a German "es" would be a Spanish "de".
    return np.uint64(0 if language in _PLAIN else get_string_id(f"language {language}"))
