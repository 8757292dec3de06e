"""The questions of the benchmark are questions that the views answer."""

from __future__ import annotations

from pathlib import Path

from benchmarks.views import ALL_AT_ONCE, TYPICAL, WHOLE, ask
from pipelines.rollup.refresh import refresh
from schemas.views import load_views
from tests.pipelines.feedback_table import event, mention, store


def test_every_question_is_answered_and_timed(tmp_path: Path) -> None:
    store(str(tmp_path), [event("1", "2021-05-03", mention("usability", 0.9), product="firefox", version="89")])
    refresh(str(tmp_path))
    figures = {figure.what: figure.value for figure in ask(str(tmp_path))}
    assert figures["events, days"] == "1, 1"
    assert len(figures) == 2 + len(TYPICAL) + len(ALL_AT_ONCE) + len(WHOLE) + 1
    assert {view.name for view in load_views()} >= {name.split()[0] for name in TYPICAL}
