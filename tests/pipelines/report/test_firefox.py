"""The report on real questions to Firefox finds what is known to have happened."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from pipelines.connect import connect
from pipelines.report.report import compose
from pipelines.report.scope import find_scope


@pytest.mark.streams
def test_the_redesign_and_the_outage_are_found(replayed_streams: Path) -> None:
    connection = connect(str(replayed_streams))
    year = compose(connection, find_scope(connection, "firefox", date(2021, 4, 1), date(2021, 12, 31)), {})
    worst, found = year.worst_by_touchpoint["usability"]
    assert (worst.launch.version, worst.launch.day) == ("89.0", date(2021, 6, 1))
    assert found.observed > 3 * found.expected
    assert year.worst is not None
    assert (year.worst.impact.launch.version, year.worst.touchpoint) == ("89.0", "usability")

    winter = compose(connection, find_scope(connection, "firefox", date(2021, 12, 1), date(2022, 1, 31)), {})
    first = winter.stand_outs[0]
    assert (first.peak, first.touchpoint) == (date(2022, 1, 13), "reliability")
    assert first.launch is not None
    assert first.launch.version == "96.0"
    assert {"load", "loading", "96.0"} & set(first.words)
