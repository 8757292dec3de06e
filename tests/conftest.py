"""Where the real streams and the Pub/Sub emulator are, and why a test that needs them skips."""

from __future__ import annotations

import fcntl
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from benchmarks.case_studies.study import STUDIES, make_tables

if TYPE_CHECKING:
    from tests.emulator import Emulator

# The workers share the cores already: linear algebra on several threads each takes twice the processor time.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# A test says what holds, not how long it may take: that depends on what else the machine does.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

# A shell that starts something in the background has it ignore Ctrl-C, and all that it starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

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


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """The real Pub/Sub emulator, one for all tests: name topics apart, and leave it running."""
    from tests.emulator import Emulator, missing

    reason = missing()
    if reason is not None:
        pytest.skip(reason)
    with Emulator(tmp_path_factory.mktemp("emulator")) as running:
        yield running


REPLAYS = {study.stream: study.mapping for study in STUDIES}
"""Stream to the example mapping that reads it."""


@pytest.fixture(scope="session")
def replayed_streams(streams: Path, tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Tables of all the real streams, made by the command line as the case studies make theirs. Takes minutes.

    The first test worker that asks makes them for all.
    """
    from pipelines.cli import main

    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent
    tables = shared / "streams" / "tables"
    tables.parent.mkdir(exist_ok=True)
    with (shared / "streams.lock").open("w") as lock, pytest.MonkeyPatch.context() as environment:
        fcntl.flock(lock, fcntl.LOCK_EX)
        environment.setenv("TRIBOMETER_AUTHOR_KEY", "k" * 64)
        if not tables.exists():
            unfinished = tables.with_name("unfinished")
            for study in STUDIES:
                make_tables(study, streams, unfinished, main)
            unfinished.rename(tables)
    return tables
