"""What stars and words say of an event together: a fitted rule.

With a rating r, and the text's own probabilities p(class | text), an event's probabilities are

    p(class | text, r)  ~  p(class | r)^w_stars * (p(class | text) / m(class))^w_text

brought to a sum of 1: a logarithmic opinion pool (Genest and Zidek 1986, Statistical Science 1(1), 114-135). Of these
p(class | r) is how likely a review with r stars is to be of the class, and m(class) what the scorer gives the class in
the mean of all reviews, so that words which say no more than that leave the stars as they are. Witnesses that err
independently would both have the weight 1 (Bayes). Friction is pooled likewise, with numbers of its own. Between two
ratings p(class | r) is linear. Without a text p(class | r) stands alone, without a rating the text.

The numbers are in `stars.json`, which `python -m models.anchor --data DIR --write` fits on the gold set.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

Probabilities = NDArray[np.float64]

FITTED: Final = Path(__file__).with_name("stars.json")
RATINGS: Final = (-1.0, -0.5, 0.0, 0.5, 1.0)
"""One to five stars as a rating on -1..1."""
LEAST: Final = 1e-3
"""No witness is surer than this: a text that claims certainty must not outvote any rating."""


@dataclass(frozen=True)
class Pool:
    """The rule for one kind of label, of k classes.

    `by_rating[i]` are the k probabilities at `RATINGS[i]`; `text_mean` are those that texts have in the mean.
    """

    text_weight: float
    stars_weight: float
    by_rating: tuple[tuple[float, ...], ...]
    text_mean: tuple[float, ...]

    def of_rating(self, rating: Probabilities) -> Probabilities:
        """p(class | r), one row a rating."""
        columns = np.array(self.by_rating).T
        return np.stack([np.interp(rating, RATINGS, column) for column in columns], axis=1)

    def together(self, of_text: Probabilities, rating: Probabilities) -> Probabilities:
        """p(class | text, r): one row a text with its rating on -1..1."""
        words = np.log(np.clip(of_text, LEAST, 1)) - np.log(self.text_mean)
        logits = self.stars_weight * np.log(self.of_rating(rating)) + self.text_weight * words
        raised = np.exp(logits - logits.max(axis=1, keepdims=True))
        pooled: Probabilities = raised / raised.sum(axis=1, keepdims=True)
        return pooled


@dataclass(frozen=True)
class StarsRule:
    """How ratings anchor sentiment (negative, neutral, positive) and friction (none, some)."""

    sentiment: Pool
    friction: Pool

    def anchored(
        self, sentiment: Probabilities, friction: Probabilities, said: NDArray[np.bool_], rating: Probabilities
    ) -> tuple[Probabilities, Probabilities]:
        """Probabilities of the classes and of friction of events.

        Of each event: by its text (three columns, one), whether it has a text, and its rating on -1..1 or nan.
        """
        rated = ~np.isnan(rating)
        at = np.where(rated, rating, 0.0)
        of_text = {"sentiment": sentiment, "friction": np.column_stack([1 - friction, friction])}
        pooled = {}
        for name, words in of_text.items():
            pool: Pool = getattr(self, name)
            both = np.where(said[:, None], pool.together(words, at), pool.of_rating(at))
            pooled[name] = np.where(rated[:, None], both, words)
        return pooled["sentiment"], pooled["friction"][:, 1]


def write_rule(rule: StarsRule, source: Mapping[str, object], file: Path = FITTED) -> None:
    """Keep a rule together with what it was fitted on."""
    file.write_text(json.dumps({"source": source, **asdict(rule)}, indent=1) + "\n", encoding="utf-8")


@functools.cache
def fitted_rule() -> StarsRule:
    """The rule that travels with the package."""
    content = json.loads(FITTED.read_text(encoding="utf-8"))
    return StarsRule(_pool(content["sentiment"]), _pool(content["friction"]))


def _pool(content: Mapping[str, object]) -> Pool:
    rows: list[list[float]] = content["by_rating"]  # type: ignore[assignment]
    mean: list[float] = content["text_mean"]  # type: ignore[assignment]
    weights = float(content["text_weight"]), float(content["stars_weight"])  # type: ignore[arg-type]
    return Pool(*weights, tuple(map(tuple, rows)), tuple(mean))
