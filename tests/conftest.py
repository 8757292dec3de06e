"""Where the real streams are, and why a test that needs them skips."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_NEIGHBOUR = Path(__file__).resolve().parents[2] / "shared" / "data"


def data_dir() -> Path | None:
    """`TRIBOMETER_DATA`, or `shared/data` beside the checkout, where it exists."""
    named = os.environ.get("TRIBOMETER_DATA")
    candidate = Path(named) if named else _NEIGHBOUR
    return candidate if (candidate / "streams").is_dir() else None


@pytest.fixture(scope="session")
def streams() -> Path:
    """Folder of the real streams."""
    found = data_dir()
    if found is None:
        pytest.skip("the real streams are not here; set TRIBOMETER_DATA to the folder that holds streams/")
    return found / "streams"
