"""Trains the model for other languages: `python -m models.train_languages --data DIR [--output FOLDER]`.

One linear head for German, Spanish, French, Italian and Portuguese learns from the tweets of UMSAB (training and
validation rows), on the words of each language, the valences of `models/languages/*.yaml`, and emoji and
punctuation, which all languages share. Deterministic; a minute on one core. Everything but the sentiment are cues
from the same files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import click
import numpy as np
import spacy
from numpy.typing import NDArray
from ruamel.yaml import YAML
from scipy import sparse
from scipy.optimize import minimize_scalar
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedKFold
from spacy.language import Language
from spacy.util import minibatch

from models import MULTILINGUAL
from models.cues import CUES
from models.data import LabelledSets, Row
from models.features import TONES, Lexicon, tone
from models.language_sets import TRAINING, training_rows
from models.multilingual import LANGUAGE, LANGUAGES, norm, stem
from models.phrases import Phrase
from models.scores import SENTIMENTS
from models.segments import clause_rows, segment_sums
from models.spoken import FEATURES, FunctionWords, NGrams, spoken_features
from models.spoken_heads import SpokenHeads
from models.spoken_weights import FRICTION_RULE, SpokenWeights
from models.tokens import Tokens, speak, word_hashes

MODEL_NAME: Final = "feedback_languages"
MODEL_RELEASE: Final = "0.2.0"
BUCKETS: Final = 1 << 18
SEED: Final = 20261122

_WORDS: Final = Path(__file__).with_name("languages")
_SIGNS: Final = Path(__file__).with_name("valences.yaml")
_KINDS: Final = ("negations", "negations_after", "empty")
_LEAST_DOCUMENTS: Final = 2
_FOLDS: Final = 3
_C: Final = 2.0
_MOST_STEPS: Final = 100
_TOLERANCE: Final = 1e-3
_INT8_MOST: Final = 127
_SEED_WEIGHT: Final = 3


@dataclass(frozen=True)
class Matrix:
    """Texts as weighted buckets, one row a text, each of length one; their tones, and the number of their language.

    `buckets` has a column for each bucket that is `used`; `squared_idf` has one for every bucket there is.
    """

    buckets: sparse.csr_matrix
    used: NDArray[np.int64]
    tones: NDArray[np.float64]
    language: NDArray[np.int64]
    squared_idf: NDArray[np.int16]

    @property
    def design(self) -> sparse.csr_matrix:
        """What the linear model sees: the buckets, then a tone and a one for each language."""
        own = np.eye(len(LANGUAGES))[self.language]
        tones = (own[:, :, None] * self.tones[:, None, :]).reshape(len(own), -1)
        return sparse.csr_matrix(sparse.hstack([self.buckets, tones, own]))


def build(sets: LabelledSets) -> Language:
    """Train on these sets and return the pipeline."""
    written = {language: _read_words(language) for language in LANGUAGES}
    lexicon = _lexicon(written)
    words = {kind: {of: [norm(word) for word in lists[kind]] for of, lists in written.items()} for kind in _KINDS}
    nlp = _blank(written)
    by_language = training_rows(sets)
    rows = [row for language in LANGUAGES for row in by_language[language]]
    language = np.repeat(np.arange(len(LANGUAGES)), [len(by_language[name]) for name in LANGUAGES])
    label = np.array([row.sentiment for row in rows])
    click.echo(f"rows: { {name: len(some) for name, some in by_language.items()} }")

    matrix = _matrix(nlp, rows, language, lexicon, FunctionWords.of(words))
    design = matrix.design
    sharpness = _sharpness(design, label, language)
    click.echo(f"sharpness, fitted on rows left out of training in turn: {sharpness.round(3).tolist()}")
    model = _model().fit(design, label)
    learned, of_tone, of_language = np.split(
        model.coef_.T, np.cumsum([len(matrix.used), len(LANGUAGES) * TONES]).tolist()
    )
    coefficients = np.zeros((BUCKETS, len(SENTIMENTS)))
    coefficients[matrix.used] = learned
    table, scale = _quantise(coefficients, matrix.squared_idf)
    tones = of_tone.reshape(len(LANGUAGES), TONES, len(SENTIMENTS))
    bias = of_language + model.intercept_
    weights = SpokenWeights(table, scale, bias, tones, sharpness, lexicon, _cues(written), words)
    return _assembled(weights, written, sets)


def renew_cues(model: Path, sets: LabelledSets) -> Language:
    """The model with the learned weights and valences it has, and the cues and seed phrases of this version."""
    heads = spacy.load(model).get_pipe("spoken_heads")
    assert isinstance(heads, SpokenHeads)
    written = {language: _read_words(language) for language in LANGUAGES}
    return _assembled(replace(heads.spoken, cues=_cues(written)), written, sets)


def _model() -> LogisticRegression:
    return LogisticRegression(C=_C, max_iter=_MOST_STEPS, tol=_TOLERANCE)


def _sharpness(
    design: sparse.csr_matrix, label: NDArray[np.int64], language: NDArray[np.int64]
) -> NDArray[np.float64]:
    """By language, the factor on the logits that makes them likeliest on rows the model has not seen."""
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=SEED)
    logits = np.zeros((len(label), len(SENTIMENTS)))
    for fold, (learned, left_out) in enumerate(folds.split(design, label), start=1):
        click.echo(f"fold {fold} of {_FOLDS}")
        logits[left_out] = _model().fit(design[learned], label[learned]).decision_function(design[left_out])

    def fitted(own: NDArray[np.bool_]) -> float:
        def surprise(sharpness: float) -> float:
            return float(log_loss(label[own], softmax(sharpness * logits[own], axis=1)))

        return float(minimize_scalar(surprise, bounds=(0.2, 3.0), method="bounded").x)

    return np.array([fitted(language == number) for number in range(len(LANGUAGES))])


def _matrix(
    nlp: Language, rows: Sequence[Row], language: NDArray[np.int64], lexicon: Lexicon, words: FunctionWords
) -> Matrix:
    indices: list[NDArray[np.intp]] = []
    texts_of: list[NDArray[np.int64]] = []
    done = 0
    tones: list[NDArray[np.float64]] = []
    ngrams = NGrams(nlp.vocab.strings, BUCKETS)
    texts = (speak(nlp.make_doc(row.text), LANGUAGES[of]) for row, of in zip(rows, language, strict=True))
    for docs in minibatch(nlp.pipe(texts), 1000):
        tokens = Tokens.of(docs)
        numbers, polarity = spoken_features(tokens, clause_rows(docs, tokens), lexicon, words, BUCKETS)
        runs, which = ngrams.of(tokens)
        of = np.repeat(np.arange(len(docs)), np.diff(tokens.document_start)) + done
        done += len(docs)
        of_runs = np.repeat(of, [len(runs[word]) for word in which])
        texts_of += [np.repeat(of, FEATURES), of_runs]
        indices += [numbers.ravel(), np.concatenate([runs[word] for word in which])]
        tones.append(tone(segment_sums(polarity, tokens.document_start)))
    flat, row = np.concatenate(indices), np.concatenate(texts_of)
    counts = sparse.csr_matrix((np.ones(len(flat)), (row, flat)), shape=(len(rows), BUCKETS))
    frequency = np.bincount(counts.indices, minlength=BUCKETS)
    idf = np.log((1 + len(rows)) / (1 + frequency)) + 1
    idf[frequency < _LEAST_DOCUMENTS] = 0
    idf[0] = 0
    squared = np.round(idf**2).astype(np.int16)
    # The length that scoring will see: squared idf is rounded there, and repeats add up.
    length = np.sqrt(np.maximum(counts @ squared.astype(np.float64), 1))
    weighted = sparse.diags(1 / length) @ counts @ sparse.diags(np.sqrt(squared.astype(np.float64)))
    used = np.flatnonzero(squared)
    return Matrix(sparse.csr_matrix(weighted)[:, used], used, np.concatenate(tones), language, squared)


def _quantise(
    coefficients: NDArray[np.float64], squared_idf: NDArray[np.int16]
) -> tuple[NDArray[np.int16], NDArray[np.float64]]:
    weighted = coefficients * np.sqrt(squared_idf.astype(np.float64))[:, None]
    scale = np.array([np.quantile(np.abs(column[column != 0]), 0.9995) for column in weighted.T]) / _INT8_MOST
    whole = np.clip(np.round(weighted / scale), -_INT8_MOST, _INT8_MOST).astype(np.int16)
    return np.concatenate([whole, squared_idf[:, None]], axis=1), scale


def _read_words(language: str) -> dict[str, Any]:
    content: dict[str, Any] = YAML(typ="safe").load((_WORDS / f"{language}.yaml").read_text(encoding="utf-8"))
    return content


def _lexicon(written: Mapping[str, Mapping[str, Any]]) -> Lexicon:
    """Valences by the stems of each language's words, and of the emoji and emoticons that all share."""
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    valences: dict[int, int] = {}
    for language, lists in written.items():
        # Of words that share a stem the stronger one, which was chosen with more care, has the last word.
        for value, words in sorted(lists["valences"].items(), key=lambda each: abs(each[0])):
            valences |= {int(word_hashes([stem(word)], language)[0]): value for word in words if " " not in word}
    signs = {sign: value for sign, value in SentimentIntensityAnalyzer().lexicon.items() if not sign[0].isalnum()}
    for value, words in YAML(typ="safe").load(_SIGNS.read_text(encoding="utf-8")).items():
        signs |= {str(word): value for word in words if not str(word)[0].isalnum()}
    for sign, value in signs.items():
        valences[int(word_hashes([stem(sign)])[0])] = int(np.sign(value) * np.ceil(abs(value)))
    keys = np.array(sorted(valences), dtype=np.uint64)
    return Lexicon(keys, np.array([valences[int(key)] for key in keys], dtype=np.int8))


def _cues(written: Mapping[str, Mapping[str, Any]]) -> list[Phrase]:
    cues = [Phrase("?", CUES.index("question"), 3)]
    for language, lists in written.items():
        for group, by_weight in lists["cues"].items():
            for weight, texts in by_weight.items():
                cues += [Phrase(text, CUES.index(group), weight, language) for text in texts]
        for touchpoint, texts in lists["touchpoints"].items():
            cues += [Phrase(text, CUES.index(touchpoint), _SEED_WEIGHT, language) for text in texts]
    return cues


def _blank(written: Mapping[str, Mapping[str, Any]]) -> Language:
    """A pipeline that splits clauses, with a vocabulary of its own that has seen no text."""
    nlp = spacy.blank(LANGUAGE)
    nlp.add_pipe("spoken_language")
    joints = {
        kind: {
            language: [norm(word) for word in lists[kind] if " " not in word]
            for language, lists in written.items()
        }
        for kind in ("contrast", "concession")
    }
    nlp.add_pipe("clauses", config=joints)
    return nlp


def _assembled(weights: SpokenWeights, written: Mapping[str, Mapping[str, Any]], sets: LabelledSets) -> Language:
    nlp = _blank(written)
    heads = nlp.add_pipe("spoken_heads")
    assert isinstance(heads, SpokenHeads)
    heads.use_spoken(weights)
    nlp.meta.update(_meta(weights, sets))
    return nlp


def _meta(weights: SpokenWeights, sets: LabelledSets) -> dict[str, Any]:
    arrays = (weights.table, weights.scale, weights.bias, weights.tone, weights.sharpness)
    behaviour = hashlib.sha256(b"".join(array.tobytes() for array in arrays))
    behaviour.update(weights.lexicon.keys.tobytes() + weights.lexicon.valences.tobytes())
    behaviour.update(repr((weights.cues, weights.words, sorted(FRICTION_RULE.items()))).encode())
    return {
        "name": MODEL_NAME,
        "version": f"{MODEL_RELEASE}+{behaviour.hexdigest()[:8]}",
        "description": "Sentiment, friction, touchpoint, effort and intent of feedback in five languages",
        "scored_languages": list(LANGUAGES),
        "license": "Apache-2.0",
        "author": "The Tribometer authors",
        "sources": {name: sets.uses[("sentiment", name)] for name in TRAINING.values()},
        "labels": {"sentiment": list(SENTIMENTS)},
    }


@click.command()
@click.option("--data", type=click.Path(path_type=Path), required=True, help="Folder that holds labels/.")
@click.option(
    "--output", type=click.Path(path_type=Path), default=MULTILINGUAL, help="Where the model is written."
)
@click.option("--cues-only", is_flag=True, help="Keep what --output has learned; renew cues and seed phrases.")
def main(data: Path, output: Path, cues_only: bool) -> None:
    """Train the model for other languages and write it."""
    sets = LabelledSets(data)
    nlp = renew_cues(output, sets) if cues_only else build(sets)
    nlp.to_disk(output)
    click.echo(f"{nlp.meta['name']} {nlp.meta['version']} written to {output}")


if __name__ == "__main__":
    main()
