"""Answers to "how likely are you to recommend us?", as JSON lines of a survey tool; nps_answers.yaml maps them."""

from __future__ import annotations

from typing import Any, Final

from pipelines.simulation.remarks import Remark
from pipelines.simulation.scenario import PRODUCT, Source
from pipelines.simulation.source_file import Poison, SourceFile, json_line
from schemas.violations import ViolationKind


def _object(remark: Remark) -> dict[str, Any]:
    return {
        "response": remark.number,
        "submitted_ms": int(remark.said_at.timestamp()) * 1000,
        "respondent": {"customer": f"customer-{remark.author}"},
        "about": {"product": PRODUCT, "version": remark.version},
        "answers": {"score": remark.rating, "why": remark.text},
    }


def _record(remark: Remark) -> bytes:
    return json_line(_object(remark))


def _truncated(remark: Remark) -> bytes:
    return _record(remark)[:-2]


def _wrong_type(remark: Remark) -> bytes:
    return json_line(_object(remark) | {"answers": {"score": [remark.rating], "why": remark.text}})


SURVEYS: Final = SourceFile(
    source=Source.SURVEYS,
    name="nps_answers.jsonl",
    record=_record,
    poisons={
        "survey_truncated_json": Poison(ViolationKind.INVALID_JSON, _truncated),
        "survey_wrong_type": Poison(ViolationKind.WRONG_TYPE, _wrong_type),
    },
    mapping="nps_answers.yaml",
)
