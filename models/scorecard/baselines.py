"""What the scorer is reported beside: VADER, TextBlob, the commonest class, and TF-IDF with a linear SVM.

They need the extra `train`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
from sklearn.svm import LinearSVC
from textblob import TextBlob
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from models.scores import SENTIMENTS

_NEGATIVE, _NEUTRAL, _POSITIVE = range(len(SENTIMENTS))
_THRESHOLD: Final = 0.05
"""Compound scores nearer to zero are neutral: the threshold VADER's authors give, and used for TextBlob too."""
_COLUMNS: Final = 1 << 20
_SEED: Final = 20261121


def vader(texts: Iterable[str]) -> NDArray[np.int64]:
    """What VADER (Hutto and Gilbert 2014) takes each text for, as an index into `SENTIMENTS`."""
    analyzer = SentimentIntensityAnalyzer()
    return _thirds([analyzer.polarity_scores(text)["compound"] for text in texts])


def textblob(texts: Iterable[str]) -> NDArray[np.int64]:
    """What TextBlob's pattern analyser takes each text for, as an index into `SENTIMENTS`."""
    return _thirds([TextBlob(text).sentiment.polarity for text in texts])


def commonest(truth: NDArray[np.int64]) -> NDArray[np.int64]:
    """The one guess that is right most often on these very rows: no constant guess does better."""
    return np.full(len(truth), np.bincount(truth).argmax())


def _thirds(polarity: Sequence[float]) -> NDArray[np.int64]:
    values = np.array(polarity)
    return np.where(values >= _THRESHOLD, _POSITIVE, np.where(values <= -_THRESHOLD, _NEGATIVE, _NEUTRAL))


def grams(texts: Sequence[str]) -> sparse.csr_matrix:
    """Counts of words and pairs of words, and of 2 to 5 letters within words, hashed; one row a text."""
    words = HashingVectorizer(n_features=_COLUMNS, ngram_range=(1, 2), norm=None, alternate_sign=False)
    letters = HashingVectorizer(
        n_features=_COLUMNS, analyzer="char_wb", ngram_range=(2, 5), norm=None, alternate_sign=False
    )
    return sparse.hstack([words.transform(texts), letters.transform(texts)], format="csr")


class TfidfSvm:
    """TF-IDF over `grams` and a linear SVM with balanced classes, learned from these rows."""

    def __init__(self, counts: sparse.csr_matrix, labels: NDArray[np.int64], weight: NDArray[np.float64]) -> None:
        self._tfidf = TfidfTransformer(sublinear_tf=True)
        self._svm = LinearSVC(C=0.3, class_weight="balanced", random_state=_SEED)
        self._svm.fit(self._tfidf.fit_transform(counts), labels, sample_weight=weight)

    @property
    def classes(self) -> NDArray[np.int64]:
        """The labels it can give, in the order of the columns of `margins`."""
        result: NDArray[np.int64] = self._svm.classes_
        return result

    def margins(self, counts: sparse.csr_matrix) -> NDArray[np.float64]:
        """How far each row is on the side of each class, one column a class, also of two."""
        found: NDArray[Any] = self._svm.decision_function(self._tfidf.transform(counts))
        return np.column_stack([-found, found]) if found.ndim == 1 else found

    def guess(self, counts: sparse.csr_matrix) -> NDArray[np.int64]:
        """The likeliest label of each row."""
        result: NDArray[np.int64] = self.classes[self.margins(counts).argmax(axis=1)]
        return result
