"""Finds the cues of clauses: phrases that speak for a touchpoint, for effort, a problem, a courtesy or an intent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from spacy.language import Language
from spacy.tokens import Doc

from models.features import negated
from models.phrases import Phrase, PhraseTable
from models.scores import INTENTS
from models.tokens import Hashes, Positions, Tokens
from schemas.touchpoint import SHIPPED_TOUCHPOINTS

CUES: Final = (*SHIPPED_TOUCHPOINTS, "effort", "problem", "courtesy", *INTENTS)
"""What a cue can speak for, a column each; those of a user's own touchpoints stand behind."""
EFFORT: Final = CUES.index("effort")
PROBLEM: Final = CUES.index("problem")
COURTESY: Final = CUES.index("courtesy")
INTENT: Final = {intent: CUES.index(intent) for intent in INTENTS}
_OF_PROBLEMS: Final = (PROBLEM, INTENT["bug"])

PRODUCT_KEY: Final = "product"
"""Under which a document carries the product it is about, in lower case, for cues of products."""


class CueTable:
    """The cues of one vocabulary for `columns` things to speak for, ready to be looked up.

    Those of a product, by its name in lower case, hold for documents about it and go before the common ones.
    """

    def __init__(
        self, nlp: Language, cues: Sequence[Phrase], products: Mapping[str, Sequence[Phrase]], columns: int
    ) -> None:
        self._common = PhraseTable(nlp, cues)
        self._of_products = {name: PhraseTable(nlp, [*cues, *own]) for name, own in products.items()}
        self._columns = columns

    def sums(self, tokens: Tokens, starts: Positions, docs: Sequence[Doc], negations: Hashes) -> NDArray[np.int64]:
        """Per clause, the summed weights of the cues found in it.

        Under a negation effort counts the other way round, and what would be a problem is none.
        """
        rows, columns, weights = self._found(tokens, docs)
        turned = negated(tokens, starts, negations)[rows]
        signed = np.where(turned & (columns == EFFORT), -weights, weights)
        signed[turned & np.isin(columns, _OF_PROBLEMS) & (weights > 0)] = 0
        clause = np.searchsorted(starts, rows, side="right") - 1
        total = np.bincount(
            clause * self._columns + columns,
            weights=signed.astype(np.float64),
            minlength=len(starts) * self._columns,
        )
        return total.astype(np.int64).reshape(len(starts), self._columns)

    def _found(self, tokens: Tokens, docs: Sequence[Doc]) -> tuple[Positions, Positions, Positions]:
        """Rows, columns and weights of the cues that hold for each document's product."""
        products = [doc.user_data.get(PRODUCT_KEY) for doc in docs] if self._of_products else []
        own = sorted({product for product in products if product in self._of_products})
        if not own:
            return self._common.find(tokens)
        which = np.array([own.index(product) + 1 if product in own else 0 for product in products])
        of_row = np.repeat(which, np.diff(tokens.document_start))
        found = []
        for number, table in enumerate([self._common, *(self._of_products[product] for product in own)]):
            rows, columns, weights = table.find(tokens)
            kept = of_row[rows] == number
            found.append((rows[kept], columns[kept], weights[kept]))
        rows, columns, weights = (np.concatenate(parts) for parts in zip(*found, strict=True))
        return rows, columns, weights
