"""The table of docs/spikes.md is what a watch of the real streams comes to."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.spikes.streams import PAGE, SHOWN, TRIED, table
from pipelines.backtest.incidents import read_incidents

pytestmark = pytest.mark.streams


def test_the_table_of_the_page_is_what_comes_out(replayed_streams: Path, streams: Path) -> None:
    page = PAGE.read_text(encoding="utf-8")
    printed = page.partition("<!-- spikes streams -->\n")[2].partition("<!-- /spikes streams -->")[0]
    incidents = read_incidents(streams / "incidents.csv")
    assert [
        line
        for line in table(replayed_streams, incidents, {SHOWN: TRIED[SHOWN]})
        if line not in printed.split("\n")
    ] == []
