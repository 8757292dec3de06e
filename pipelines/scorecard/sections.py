"""The sections of the scorecard: what each measures, what it needs, and how to call it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from schemas.errors import UsageError

if TYPE_CHECKING:
    from models.data import LabelledSets
    from models.scorecard.table import Say, Table
    from models.scorer import Scorer


_EXTRA: Final = ("nltk", "scipy", "sklearn", "textblob", "vaderSentiment")
"""Packages that come with the extra `train`."""


@dataclass(frozen=True)
class Subject:
    """What is measured, with what: a loaded scorer, the folder it came from, and labelled data where there is some."""

    scorer: Scorer
    model: str
    folder: Path | None
    say: Say

    @property
    def data(self) -> Path:
        """The folder of data; `UsageError` where none was named."""
        if self.folder is None:
            raise UsageError("--data is missing; name the folder that holds labels/ and streams/")
        return self.folder

    @property
    def sets(self) -> LabelledSets:
        """The labelled sets; `UsageError` where there are none."""
        from models.data import LabelledSets

        return LabelledSets(self.data)


@dataclass(frozen=True)
class Section:
    """One part of the scorecard. Its module is imported when it is measured: some need the extra `train`."""

    what: str
    needs_data: bool
    _measure: Callable[[Subject], list[Table]]

    def measure(self, subject: Subject) -> list[Table]:
        """Its tables; `UsageError` where data or the extra `train` are missing."""
        try:
            return self._measure(subject)
        except ModuleNotFoundError as error:
            if error.name is None or error.name.split(".")[0] not in _EXTRA:
                raise
            raise UsageError(f"this section needs {error.name}; install 'tribometer[train]'") from error


def _training(subject: Subject) -> list[Table]:
    from models.scorecard.training import training

    return training(subject.sets, subject.scorer, subject.say)


def _sentiment(subject: Subject) -> list[Table]:
    from models.scorecard.sentiment import sentiment

    return sentiment(subject.sets, subject.scorer, subject.say)


def _touchpoints(subject: Subject) -> list[Table]:
    from models.scorecard.touchpoints import touchpoints

    return touchpoints(subject.sets, subject.scorer, subject.say)


def _friction(subject: Subject) -> list[Table]:
    from models.scorecard.friction import friction

    return friction(subject.data, subject.scorer, subject.say)


def _gold(subject: Subject) -> list[Table]:
    from pipelines.scorecard.gold import gold

    return gold(subject.data, subject.scorer, subject.say)


def _robustness(subject: Subject) -> list[Table]:
    from models.scorecard.robustness import robustness

    return robustness(subject.sets, subject.scorer, subject.say)


def _negation(subject: Subject) -> list[Table]:
    from models.scorecard.negation import negation

    return negation(subject.scorer)


def _sarcasm(subject: Subject) -> list[Table]:
    from models.scorecard.sarcasm import sarcasm

    return sarcasm(subject.scorer)


def _bias(subject: Subject) -> list[Table]:
    from models.scorecard.bias import bias

    return bias(subject.scorer)


def _languages(subject: Subject) -> list[Table]:
    from models.scorecard.languages import languages

    return languages(subject.data, subject.scorer, subject.say)


def _speed(subject: Subject) -> list[Table]:
    from models.scorecard.speed import speed

    return speed(subject.data, subject.model, subject.scorer, subject.say)


SECTIONS: Final[Mapping[str, Section]] = {
    "training": Section("what the model learned from, with licences", True, _training),
    "sentiment": Section(
        "unseen sets, beside VADER, TextBlob, the commonest class and TF-IDF + SVM", True, _sentiment
    ),
    "touchpoints": Section("in-domain, and each domain never learned from", True, _touchpoints),
    "friction": Section("friction against stars", True, _friction),
    "gold": Section("the gold set", True, _gold),
    "robustness": Section("typos, case, emoji, stretched words", True, _robustness),
    "negation": Section("minimal pairs of our own", False, _negation),
    "sarcasm": Section("sentences of our own", False, _sarcasm),
    "bias": Section("names and ways of speaking", False, _bias),
    "speed": Section("texts a second and core, and memory", True, _speed),
    "languages": Section("the model for other languages: sentiment, friction against stars", True, _languages),
}
"""In the order of the model card."""
