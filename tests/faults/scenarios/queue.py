"""A queue that delivers twice, to two, late, not at all, or forgets."""

from __future__ import annotations

import os
import signal
import time
from datetime import UTC, datetime

import psutil

from tests.emulator import PROJECT
from tests.faults.proxy import Proxy
from tests.faults.scenarios import Scenario
from tests.faults.tables import contents, observe
from tests.faults.traffic import disordered, stream
from tests.faults.world import SUBSCRIPTION, World
from transforms.failpoints import VARIABLE


def _messages(world: World, count: int, **disorder: float) -> list:
    source = stream("threads_play_reviews", count)
    world.source = source.mapping
    return disordered(source.messages(), world.rng, **disorder)


def _zombies(world: World) -> None:
    """Stopped past its lease with a batch staged, taken over by another listener, and then resumed."""
    rounds = ("after_stage", "after_file_write", "after_commit") if world.long else ("after_stage",)
    parts = _messages(world, 300 * len(rounds))
    world.read()
    for number, point in enumerate(rounds):
        world.publish(parts[number :: len(rounds)])
        frozen = world.listen(ready=False, **{VARIABLE: f"{point}=stop@1"})
        frozen.wait(
            lambda frozen=frozen: any(one.status() == psutil.STATUS_STOPPED for one in frozen.workers()),
            300, f"no worker stopped at {point}",
        )  # fmt: skip
        workers = frozen.workers()
        frozen.process.send_signal(signal.SIGSTOP)
        world.fault(f"SIGSTOP of listener and worker at {point}, past the lease")
        second = world.listen()
        world.settle()
        world.expect(
            second.stop() == 0, "the second listener did not end well"
        )  # or it would have the next round too
        for worker in workers:
            worker.resume()
        frozen.process.send_signal(signal.SIGCONT)
        world.fault("SIGCONT: a batch that somebody else has committed is committed")
        frozen.wait(lambda frozen=frozen: frozen.events("batch committed"), 300, "the resumed listener is idle")
        world.expect(frozen.stop() == 0, "the resumed listener did not end well")
    world.conclude()


def _stopped_after_pull(world: World) -> None:
    """The supervisor stopped with messages pulled, past the deadline of ten seconds."""
    world.publish(_messages(world, 200))
    world.read()
    frozen = world.listen(ready=False, **{VARIABLE: "after_pull=stop@1"})
    frozen.wait(
        lambda: psutil.Process(frozen.process.pid).status() == psutil.STATUS_STOPPED, 300, "no stop after a pull"
    )
    world.fault("SIGSTOP of the listener after a pull, past the deadline")
    world.listen()
    world.settle()
    os.kill(frozen.process.pid, signal.SIGCONT)
    world.fault("SIGCONT: messages that somebody else has committed are committed")
    frozen.wait(lambda: frozen.events("batch committed"), 300, "the resumed listener is idle")
    world.conclude()


def _two_listeners(world: World) -> None:
    messages = _messages(world, 12_000 if world.long else 1_500, duplicates=0.3)
    world.read()
    world.publish(messages[: len(messages) // 2])
    for number in range(2):
        world.listen(ready=number == 1)
    world.publish_slowly(messages[len(messages) // 2 :], 5.0)
    world.fault("two listeners on one subscription and one folder")
    world.fault("every third message published twice")
    world.conclude()


def _queue_away(world: World) -> None:
    """The way to the queue delayed, hanging, reset, closed, again and again."""
    messages = _messages(world, 8_000 if world.long else 1_200)
    world.read()
    host, _, port = world.emulator.address.partition(":")
    with Proxy((host, int(port))) as proxy:
        listener = world.listen(PUBSUB_EMULATOR_HOST=proxy.address)
        rounds = 6 if world.long else 1
        world.publish_slowly(messages, rounds * 20.0)
        for _ in range(rounds):
            for mode in world.rng.sample(("delay", "hang", "reset", "refuse"), 4):
                seconds = world.rng.uniform(2.0, 25.0 if world.long and mode == "hang" else 5.0)
                proxy.set(mode)
                world.fault(f"the way to the queue: {mode} for {seconds:.1f} s")
                time.sleep(seconds)
                proxy.set("pass")
                time.sleep(1.0)
        world.emulator.freeze()
        world.fault("the queue itself hangs for 12 s")
        time.sleep(12)
        world.emulator.thaw()
        world.settle()
        world.expect(listener.alive, "the listener did not live through it")
        world.conclude()


def _queue_restarted(world: World) -> None:
    """The emulator forgets everything when it stops: publish again whatever is not stored."""
    messages = _messages(world, 4_000 if world.long else 800)
    world.read()
    listener = world.listen()
    rounds = 3 if world.long else 1
    published = messages[:0]
    for number in range(rounds):
        before = listener.metric("tribometer_batches_total")
        world.publish(messages[number::rounds])
        published += messages[number::rounds]
        listener.wait(
            lambda before=before: listener.metric("tribometer_batches_total") > before,
            300,
            "nothing was committed",
        )
        world.emulator.restart()
        world.fault("the queue is killed and comes back empty, without topic and subscription")
        made = world.command("pubsub", "init", "--project", PROJECT)
        world.expect(made.returncode == 0, f"pubsub init ended with {made.returncode}: {made.stderr}")
        seen = observe(world.tables)
        stored = {payload for _, payload in seen.raw} | set(seen.dead)
        world.publish([message for message in published if message.payload not in stored])
    world.settle()
    world.expect(listener.alive, "the listener did not live through it")
    world.conclude()


def _seek(world: World) -> None:
    """The subscription wound back to its beginning: everything is delivered again, nothing changes."""
    world.publish(_messages(world, 5_000 if world.long else 600))
    world.read()
    listener = world.listen()
    world.settle()
    listener.wait(lambda: listener.metric("tribometer_held_messages") == 0, 300, "not all was acknowledged")
    before = contents(world.tables)
    already = listener.metric("tribometer_acknowledged_messages_total")
    world.subscriber.seek(
        request={"subscription": SUBSCRIPTION, "time": datetime(2000, 1, 1, tzinfo=UTC)}, timeout=30
    )
    world.fault("seek to the beginning")
    again = already + len(world.ledger.messages())
    listener.wait(
        lambda: listener.metric("tribometer_acknowledged_messages_total") >= again, 180, "not all came again"
    )
    world.expect(contents(world.tables) == before, "a second delivery of everything changed the tables")
    world.conclude()


SCENARIOS = (
    Scenario("zombie committer", "stopped with a batch staged, resumed after another committed it", _zombies),
    Scenario("stopped after a pull", "stopped past the ack deadline, resumed", _stopped_after_pull, quick=False),
    Scenario(
        "two listeners", "one subscription, one folder; the publisher repeats itself", _two_listeners, quick=False
    ),
    Scenario(
        "queue away", "delayed, hanging, reset, refused connections; a frozen queue", _queue_away, quick=False
    ),
    Scenario("queue restarted", "the queue forgets topic, subscription and messages", _queue_restarted),
    Scenario("seek", "the subscription is wound back to its beginning", _seek),
)
