"""App reviews, as a CSV export with columns of its own; app_reviews.yaml maps them."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Final

from pipelines.simulation.remarks import Remark
from pipelines.simulation.scenario import PRODUCT, Source
from pipelines.simulation.source_file import Poison, SourceFile
from schemas.violations import ViolationKind


def _row(remark: Remark) -> dict[str, str]:
    return {
        "review": f"R{remark.number:06}",
        "posted": f"{remark.said_at:%Y-%m-%d %H:%M:%S}",
        "updated": f"{remark.revised_at:%Y-%m-%d %H:%M:%S}",
        "reviewer": f"reviewer-{remark.author}",
        "app": PRODUCT,
        "app_version": remark.version,
        "stars": "" if remark.deleted else str(remark.rating),
        "body": remark.text,
        "removed": "yes" if remark.deleted else "no",
    }


_COLUMNS: Final = ("review", "posted", "updated", "reviewer", "app", "app_version", "stars", "body", "removed")


def _csv(row: Mapping[str, str]) -> bytes:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow([row[column] for column in _COLUMNS])
    return line.getvalue().encode()


def _record(remark: Remark) -> bytes:
    return _csv(_row(remark))


def _invalid_utf8(remark: Remark) -> bytes:
    return _record(remark).replace(b"reviewer-", b"reviewer\xe9-")


def _missing_column(remark: Remark) -> bytes:
    return _record(remark).rpartition(b",")[0]


def _impossible_date(remark: Remark) -> bytes:
    return _csv(_row(remark) | {"posted": "2025-06-31 10:00:00"})


def _impossible_rating(remark: Remark) -> bytes:
    return _csv(_row(remark) | {"stars": "11"})


REVIEWS: Final = SourceFile(
    source=Source.REVIEWS,
    name="app_reviews.csv",
    record=_record,
    poisons={
        "csv_invalid_utf8": Poison(ViolationKind.INVALID_UTF8, _invalid_utf8),
        "csv_missing_column": Poison(ViolationKind.INVALID_CSV, _missing_column),
        "csv_impossible_date": Poison(ViolationKind.INVALID_TIMESTAMP, _impossible_date),
        "csv_impossible_rating": Poison(ViolationKind.INVALID_RATING, _impossible_rating),
    },
    mapping="app_reviews.yaml",
    header=",".join(_COLUMNS).encode(),
)
