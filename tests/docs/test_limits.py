"""docs/data-engineer.md names the limits that hold."""

from __future__ import annotations

import pytest

from models.own_words import MAX_SCORED_CHARACTERS
from pipelines.replay import BATCH_BYTES, BATCH_MESSAGES
from tests.docs.pages import DOCS

PAGE = (DOCS / "data-engineer.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "said",
    [
        f"in batches of up to {BATCH_MESSAGES:,} messages or {BATCH_BYTES >> 20} MiB.",
        f"| one batch | {BATCH_MESSAGES:,} messages or {BATCH_BYTES >> 20} MiB; of a listener",
        f"| text that is scored | {MAX_SCORED_CHARACTERS:,} characters |",
    ],
)
def test_limits(said: str) -> None:
    assert said in PAGE
