"""The harness itself, on the real emulator: what is well is called well, and what is not is not."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests import emulator
from tests.faults.invariants import Verdict
from tests.faults.poison import DEAD
from tests.faults.traffic import Message, disordered, native
from tests.faults.world import World

pytestmark = [
    pytest.mark.emulator,
    pytest.mark.skipif(emulator.missing() is not None, reason=str(emulator.missing())),
]


def test_a_killed_worker_costs_nothing_and_a_message_that_never_came_is_missed(tmp_path: Path) -> None:
    told: list[str] = []
    with World("test", tmp_path, 1, long=False, say=told.append) as world:
        messages = disordered(native(60), random.Random(1))
        world.read()
        listener = world.listen()
        world.publish(messages)
        assert listener.kill("worker")
        world.fault("kill -9")
        world.conclude()
        assert world.result.well, told
        assert (world.result.faults, world.result.messages) == (1, len(messages))
        assert world.result.readers.snapshots > 0
        assert world.result.most_memory_bytes > 0

        world.ledger.record([Message(b"never published", DEAD)])
        world.conclude(replay=False, within_seconds=0)
        assert "1 messages are not stored" in world.result.complaints[0]
        assert world.result.verdict == Verdict(lost=1, acknowledged_too_early=1)
        assert not world.result.well
