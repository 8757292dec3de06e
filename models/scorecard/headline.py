"""The scorecard in a dozen lines: what the model card opens with, picked from the figures of the sections."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from models.scorecard.table import FORMS, Column, Table, Value


@dataclass(frozen=True)
class Pick:
    """A figure of the table `table` of a section: `column` of the row whose `key` column holds `row`.

    `beside` are titles of what it is shown beside, and their columns in the same row.
    """

    what: str
    section: str
    table: str
    key: str
    row: Value
    column: str
    beside: Mapping[str, str]


_SVM: Final = "TF-IDF + SVM"
_MEAN: Final = "mean"
_RANDOM: Final = "drawn at random"

PICKS: Final = (
    Pick(
        "sentiment, English: macro-F1, mean of the unseen sets",
        *("sentiment", "en_macro_f1", "set", _MEAN, "scorer_macro_f1"),
        {"VADER": "vader_macro_f1", "TextBlob": "textblob_macro_f1", _SVM: "svm_macro_f1"},
    ),
    Pick("– calibration error", "sentiment", "en_macro_f1", "set", _MEAN, "ece", {}),
    Pick(
        "touchpoints, test splits, surest 80 %: macro-F1",
        *("touchpoints", "in_domain", "set", _MEAN, "scorer_surest"),
        {_SVM: "svm_surest"},
    ),
    Pick(
        "touchpoints, domain never learned from, surest 80 %: macro-F1",
        *("touchpoints", "left_out", "set", _MEAN, "scorer_surest"),
        {_SVM: "svm_surest"},
    ),
    Pick("friction against stars, App Store: AUC", "friction", "stars", "stream", "app_store_reviews", "auc", {}),
    Pick("friction against stars, Threads: AUC", "friction", "stars", "stream", "threads_play_reviews", "auc", {}),
    Pick("gold set: touchpoint, accuracy", "gold", "touchpoint", "part", _RANDOM, "touchpoint_accuracy", {}),
    Pick("gold set: sentiment, macro-F1", "gold", "feeling", "part", _RANDOM, "sentiment_macro_f1", {}),
    Pick("gold set: friction, AUC", "gold", "feeling", "part", _RANDOM, "friction_auc", {}),
    Pick("support questions a second and core, 512 at once", "speed", "rate", "batch", 512, "per_second", {}),
)

_COLUMNS: Final = (
    Column("what", "at a glance", "text"),
    Column("scorer", "scorer", "text"),
    Column("beside", "beside", "text"),
)


def headline(sections: Mapping[str, Mapping[str, Table]]) -> Table:
    """The picked figures as they are shown in their sections. `sections` are tables by section and name.

    A figure whose section has not been measured is left out.
    """
    lines: list[Mapping[str, Value]] = []
    for pick in PICKS:
        table = sections.get(pick.section, {}).get(pick.table)
        if table is None:
            continue
        [row] = [row for row in table.rows if row[pick.key] == pick.row]
        beside = ", ".join(f"{title} {_shown(table, row, column)}" for title, column in pick.beside.items())
        lines.append({"what": pick.what, "scorer": _shown(table, row, pick.column), "beside": beside})
    return Table.of("headline", _COLUMNS, lines)


def _shown(table: Table, row: Mapping[str, Value], key: str) -> str:
    [column] = [column for column in table.columns if column.key == key]
    return "–" if row[key] is None else FORMS[column.form](row[key])
