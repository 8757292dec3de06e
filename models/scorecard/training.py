"""What a model learned from: sets, rows and licences, by the model's own word and LICENCES.csv."""

from __future__ import annotations

from collections import Counter
from typing import Final

from models.data import LabelledSets
from models.scorecard.table import Column, Say, Table
from models.scorer import Scorer
from schemas.errors import UsageError

_COLUMNS: Final = (
    Column("set", "learned from", "text"),
    Column("kind", "for", "text"),
    Column("rows", "rows", "count"),
    Column("use", "use", "text"),
    Column("licence", "licence", "text"),
)


def training(sets: LabelledSets, scorer: Scorer, say: Say) -> list[Table]:
    """A line for each set in the model's `sources`, with the rows that the recipe takes of it.

    `use` is what the licence lets a shipped model do: `ship`, or `ship-with-care`. Raises `UsageError` for a model that
    learned from a set that is not here.
    """
    from models.training.corpus import sentiment_rows_of, touchpoint_rows_of

    say("training: which rows the model learned from")
    rows = {
        "sentiment": Counter(row.set for row in sentiment_rows_of(sets)),
        "touchpoint": Counter(row.set for row in touchpoint_rows_of(sets)),
    }
    lines = []
    for name in scorer.meta.get("sources", ()):
        kinds = [kind for kind, its_name in sets.uses if its_name == name]
        if not kinds:
            raise UsageError(f"the model learned from {name}, of which {sets.folder}/LICENCES.csv says nothing")
        lines += [
            {
                "set": name,
                "kind": kind,
                "rows": rows[kind][name],
                "use": sets.uses[kind, name],
                "licence": sets.licences[kind, name],
            }
            for kind in kinds
        ]
    return [
        Table.of("sources", _COLUMNS, sorted(lines, key=lambda line: (line["kind"], line["use"], line["set"])))
    ]
