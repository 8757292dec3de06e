"""The emulator of the tests: it serves, forgets when it restarts, and leaves no process behind."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from google.api_core.exceptions import DeadlineExceeded, NotFound

from tests.emulator import Emulator, missing

pytestmark = pytest.mark.emulator


def test_it_hangs_dies_and_comes_back_empty(tmp_path: Path) -> None:
    reason = missing()
    if reason is not None:
        pytest.skip(reason)
    with Emulator(tmp_path) as emulator:
        topic, subscription = emulator.create("first")
        with emulator.publisher() as publisher, emulator.subscriber() as subscriber:
            publisher.publish(topic, b"kept until it stops").result(timeout=10)
            emulator.freeze()
            with pytest.raises(DeadlineExceeded):
                subscriber.pull(subscription=subscription, max_messages=1, timeout=0.5, retry=None)
            emulator.thaw()
            assert emulator.restart().serves()
        with emulator.subscriber() as subscriber, pytest.raises(NotFound):
            subscriber.get_subscription(subscription=subscription, timeout=10, retry=None)
        group = emulator._process.pid  # type: ignore[union-attr]
    assert not emulator.serves()
    with pytest.raises(ProcessLookupError):
        os.killpg(group, 0)
