"""kill -9, at random times and at every named point, of the supervisor, a worker, or all of them."""

from __future__ import annotations

import time

from tests.faults.listener import Listener
from tests.faults.scenarios import Scenario
from tests.faults.traffic import chunks, disordered, stream
from tests.faults.world import World
from transforms.failpoints import VARIABLE

_POINTS = ("after_pull", "after_file_write", "after_stage", "after_commit", "after_half_of_the_acks")
_HALF_AT_POINTS = 2
_POINT_SECONDS = 180.0


def _kill(world: World, stream_name: str, events: int, kills: int) -> None:
    source = stream(stream_name, events)
    world.source = source.mapping
    messages = disordered(source.messages(), world.rng)
    world.read()
    listener: Listener | None = None
    for number, part in enumerate(chunks(messages, kills)):
        world.publish(part[: len(part) // 2])
        world.publish_slowly(part[len(part) // 2 :], 3.0)
        if number % _HALF_AT_POINTS == 0:
            if listener is not None:
                listener.end()
            _kill_at_point(world, _POINTS[(number // _HALF_AT_POINTS) % len(_POINTS)])
            listener = None
        else:
            listener = _kill_at_random(world, listener)
    if listener is None or not listener.alive:
        world.listen(workers=2)
    world.conclude()


def _kill_at_point(world: World, point: str) -> None:
    """A listener that dies at its n-th passing of the point; its group goes with it, as when the machine dies."""
    turn = world.rng.randint(1, 3)
    workers = world.rng.randint(1, 2)
    listener = world.listen(workers, ready=False, **{VARIABLE: f"{point}=kill@{turn}"})
    # A worker that died is replaced, and the new one would die at the same point: watch for the first death.
    deadline = time.monotonic() + _POINT_SECONDS
    known: set[int] = set()
    hit = False
    while not hit and time.monotonic() < deadline:
        workers_now = {worker.pid for worker in listener.workers()}
        hit = not listener.alive or bool(known - workers_now)
        known |= workers_now
        time.sleep(0.01)
    if hit:
        world.fault(f"kill -9 {point}, time {turn}, {workers} workers")
    else:
        world.say(f"nothing came by {point} {turn} times")
    listener.end()


def _kill_at_random(world: World, listener: Listener | None) -> Listener:
    """Somebody of a running listener, at a time that nobody chose."""
    if listener is None or not listener.alive:
        listener = world.listen(workers=2)
    whom = world.rng.choice(("worker", "supervisor", "group"))
    delay = world.rng.uniform(0.1, 4.0)
    time.sleep(delay)
    if listener.kill(whom):
        world.fault(f"kill -9 {whom}, {delay:.1f} s after it was ready")
    return listener


def _long_kills(world: World) -> None:
    events, kills = (36_000, 70) if world.long else (1_200, 6)
    _kill(world, "threads_play_reviews", events, kills)


def _more_kills(world: World) -> None:
    _kill(world, "firefox_support", 16_000, 40)


SCENARIOS = (
    Scenario("kill -9, reviews", "supervisor, worker or group killed; random times and named points", _long_kills),
    Scenario(
        "kill -9, support", "the same, with texts of a hundred words and many days", _more_kills, quick=False
    ),
)
