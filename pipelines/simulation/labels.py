"""Labels: the first remarks as the product's own people would label them, for `tribometer label import`."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from itertools import islice
from typing import Final

from pipelines.simulation.remarks import Remark
from pipelines.simulation.scenario import Cause, Mood
from schemas.label import LABELS, cell

LABELLED: Final = 200

_SENTIMENT: Final = {Mood.FRICTION: "negative", Mood.NEUTRAL: "neutral", Mood.DELIGHT: "positive"}
_PICK_UP: Final = ("pick_up", "pick-up point")
"""The touchpoint of their own, and the words that all remarks about it hold."""


def labels_csv(remarks: Iterable[Remark]) -> bytes:
    """A filled-in sheet of up to `LABELLED` whole texts; none gives away personal data."""
    # The few phrases in other languages mean now this, now that.
    meant = {remark.text: remark for remark in reversed(list(remarks)) if _is_everyday(remark)}
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow([*LABELS, "text"])
    for remark in islice(reversed(meant.values()), LABELLED):
        touchpoint = _PICK_UP[0] if _PICK_UP[1] in remark.text else remark.touchpoint
        friction = int(remark.mood is Mood.FRICTION)
        writer.writerow([touchpoint, _SENTIMENT[remark.mood or Mood.NEUTRAL], friction, cell(remark.text)])
    return table.getvalue().encode()


def _is_everyday(remark: Remark) -> bool:
    return (
        remark.cause is Cause.EVERYDAY
        and remark.revision == 1
        and bool(remark.text)
        and remark.touchpoint is not None
        and remark.personal is None
    )
