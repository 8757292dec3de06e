"""Compaction, vacuum and erasure beside a listener and readers; and a clock that cannot be trusted."""

from __future__ import annotations

import json
import os
import threading
import time
from collections import defaultdict
from pathlib import Path

from tests.faults.invariants import SUPPRESSED
from tests.faults.scenarios import Scenario
from tests.faults.tables import observe
from tests.faults.traffic import Message, chunks, disordered, stream
from tests.faults.world import World
from transforms.failpoints import VARIABLE

_DAY_SECONDS = 86_400
_ERASURE_POINTS = ("after_suppression", "after_erasure_rewrite", "after_erasure_delete")
_FAKED_CLOCK = Path(__file__).resolve().parents[1] / "faked_clock"


def _upkeep(world: World) -> None:
    """Everything at once: a listener, readers, compact, vacuum, and people who want to be forgotten."""
    seconds = 600.0 if world.long else 25.0
    source = stream("firefox_support", 12_000 if world.long else 900)
    world.source = source.mapping
    people: dict[str, list[bytes]] = defaultdict(list)
    for message in source.messages():
        people[_author(message)].append(message.payload)
    messages = disordered(source.messages(), world.rng, poison=0)  # whose words half a message is, nobody can say
    world.read()
    world.publish(messages[: len(messages) // 3])
    world.listen(workers=2)
    world.publish_slowly(messages[len(messages) // 3 :], seconds * 0.7)
    deadline = time.monotonic() + seconds
    compactor = threading.Thread(target=_compact_until, args=(world, deadline), daemon=True)
    compactor.start()
    names = sorted(people)
    world.rng.shuffle(names)
    for name in names:
        if time.monotonic() > deadline:
            break
        words = (
            "tables",
            "erase",
            "--tables",
            str(world.tables),
            "--author",
            name,
            "--source",
            Path(world.source).stem,
        )
        point = world.rng.choice((None, *_ERASURE_POINTS))
        if point is not None and world.command(*words, **{VARIABLE: f"{point}=kill@1"}).returncode < 0:
            world.fault(f"kill -9 of an erasure {point}")
        done = world.command(*words)
        world.expect(done.returncode == 0, f"erase ended with {done.returncode}: {done.stderr[-500:]}")
        world.ledger.suppress(people[name])
        world.fault("an author is erased")
        time.sleep(world.rng.uniform(0, seconds / 40))
    compactor.join()
    world.settle()
    _expect_forgotten(world)
    world.conclude()


def _author(message: Message) -> str:
    said = json.loads(message.payload)
    return str(said["creator"] if "creator" in said else said["author"]["id"])


def _compact_until(world: World, deadline: float) -> None:
    rounds = (
        ("tables", "compact", "--min-files", "2"),
        ("tables", "vacuum", "--retention", "1m", "--force"),
        ("tables", "verify"),
    )
    number = 0
    while time.monotonic() < deadline:
        words = rounds[number % len(rounds)]
        done = world.command(*words, "--tables", str(world.tables))
        world.expect(
            done.returncode == 0,
            f"{' '.join(words)} ended with {done.returncode}: {done.stdout[-300:]}{done.stderr[-500:]}",
        )
        if words[1] != "verify":
            world.fault(f"tables {words[1]} beside listener and readers")
        number += 1


def _expect_forgotten(world: World) -> None:
    """Not even on the disk: no file below the tables holds the bytes of somebody who was erased."""
    seen = observe(world.tables)
    there = {payload for _, payload in seen.raw} | set(seen.dead)
    left = world.ledger.payloads(SUPPRESSED) & there
    world.expect(not left, f"{len(left)} messages of erased authors are stored")


def _clock(world: World) -> None:
    """The listener's clock a day ahead, a day behind, and jumping while it works; the queue's is right."""
    source = stream("threads_play_reviews", 3_000 if world.long else 600)
    world.source = source.mapping
    messages = disordered(source.messages(), world.rng)
    ahead, behind, jumping = chunks(messages, 3)
    world.read()
    for name, offset, part in (("ahead", _DAY_SECONDS, ahead), ("behind", -_DAY_SECONDS, behind)):
        world.publish(part)
        listener = world.listen(**_faked(world, offset))
        world.fault(f"the clock is a day {name}")
        world.settle()
        world.expect(listener.stop() == 0, "the listener did not end well")
    clock = world.folder / "clock"
    clock.write_text("+0s\n")
    listener = world.listen(**{**_faked(world, 0), "FAKETIME": "", "FAKETIME_TIMESTAMP_FILE": str(clock)})
    world.publish_slowly(jumping, 8.0)
    for offset in (_DAY_SECONDS, -_DAY_SECONDS, 0):
        time.sleep(2.5)
        clock.write_text(f"{offset:+d}s\n")
        world.fault(f"the clock jumps to {offset / 3600:+.0f} h")
    world.settle()
    world.expect(listener.alive, "the listener did not live through it")
    world.conclude()


def _library() -> str | None:
    return next((str(path) for path in Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")), None)


def _faked(world: World, offset: int) -> dict[str, str]:
    return {
        "LD_PRELOAD": str(_library()),
        "PYTHONPATH": os.pathsep.join(filter(None, (str(_FAKED_CLOCK), os.environ.get("PYTHONPATH")))),
        "FAKETIME": f"{offset:+d}s",
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }


def _no_faketime() -> str | None:
    return None if _library() else "libfaketime is not installed (apt-get install faketime)"


SCENARIOS = (
    Scenario("upkeep", "compaction, vacuum, erasure, verify, readers, all at once", _upkeep, erasing=True),
    Scenario("clock", "a day ahead, a day behind, jumping", _clock, without=_no_faketime, quick=False),
)
