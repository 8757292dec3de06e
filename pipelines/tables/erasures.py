"""The erasure log and the suppressions: what was erased, and what stays out for good."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow.parquet as pq

from schemas.erasure import check_signature
from schemas.identity import AuthorKeyring
from schemas.tables import ERASURES, SUPPRESSIONS, TableSpec
from transforms.delta import active_files, open_table

Row = Mapping[str, Any]


def erasure_log(root: str) -> list[Row]:
    """Every row of `erasures`, the newest first."""
    return sorted(_rows(root, ERASURES), key=lambda row: (row["finished_at"], row["erasure_id"]), reverse=True)


def checked_log(root: str, keyring: AuthorKeyring) -> list[Row]:
    """The erasure log with what each was about: `scope`, `reason`, and in place of the signature what it is worth."""
    suppressed = {row["suppression_id"]: row for row in suppressions(root)}
    nothing: Row = {"scope": None, "reason": None}
    return [
        {
            "finished_at": row["finished_at"],
            "scope": suppressed.get(row["suppression_id"], nothing)["scope"],
            **{
                name: row[name]
                for name in (
                    "feedback_rows",
                    "raw_rows",
                    "score_rows",
                    "theme_rows",
                    "dead_letters",
                    "deleted_files",
                )
            },
            "signature": check_signature(row, keyring).value,
            "reason": suppressed.get(row["suppression_id"], nothing)["reason"],
            **{name: row[name] for name in ("suppression_id", "erasure_id", "key_id", "started_at")},
        }
        for row in erasure_log(root)
    ]


def suppressions(root: str) -> list[Row]:
    """Every row of `suppressions`, in no order."""
    return _rows(root, SUPPRESSIONS)


def _rows(root: str, spec: TableSpec) -> list[Row]:
    table = open_table(root, spec)
    files = [] if table is None else active_files(table)
    return [
        row for file in files for row in pq.read_table(file, partitioning=None, schema=spec.schema).to_pylist()
    ]
