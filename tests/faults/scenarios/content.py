"""Messages that no program should have to read, a contract that changes, and one that kills its reader."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from pipelines.connect import connect
from tests.faults.poison import DEAD, corpus
from tests.faults.scenarios import Scenario
from tests.faults.traffic import Message, native
from tests.faults.world import World
from tests.pipelines.events import event

_V1 = Path(__file__).resolve().parents[2] / "schemas" / "evolution" / "tables_v1"
_DEADLY = Path(__file__).resolve().parents[1] / "deadly"
_MOST_MEMORY_BYTES = 2 << 30


def _poison(world: World) -> None:
    """The whole corpus, between good neighbours."""
    items = [
        Message(item.payload, item.fate, None, item.attributes)
        for item in corpus(900_000 if world.long else 60_000)
    ]
    neighbours = [
        Message(json.dumps(event(number % 50, id=f"neighbour {number}")).encode()) for number in range(len(items))
    ]
    world.read()
    world.listen()
    world.publish([message for pair in zip(neighbours, items, strict=True) for message in pair])
    world.result.faults += len(items)
    world.say(f"{len(items)} payloads of the poison corpus")
    world.conclude()
    if world.long:
        big = [Message(f"{number} ".encode() + b"x" * 9_900_000, DEAD) for number in range(100)]
        world.listen()
        world.publish(big)
        world.fault("one hundred messages of 10 MB at once")
        world.conclude()
    size = world.result.most_memory_bytes
    world.expect(size < _MOST_MEMORY_BYTES, f"the listener took {size / 2**20:,.0f} MiB")


def _deadly(world: World) -> None:
    """A scorer that exits, crashes, hangs or raises on a word: the message is found, the rest goes through."""
    words = ("exit", "crash", "hang", "raise") if world.long else ("crash", "hang")
    deadly = [
        Message(json.dumps(event(number, id=f"deadly {word}", text=f"deadly-{word} it is.")).encode(), DEAD)
        for number, word in enumerate(words)
    ]
    good = native(200 if world.long else 10)
    places = {world.rng.randrange(len(good)): message for message in deadly}
    messages = [each for number, one in enumerate(good) for each in (one, places.get(number)) if each is not None]
    world.read()
    path = os.pathsep.join(filter(None, (str(_DEADLY), os.environ.get("PYTHONPATH"))))
    world.publish(messages)
    world.listen(options=("--batch-timeout", "5"), PYTHONPATH=path)
    for word in words:
        world.fault(f"a message on which the process will {word}")
    world.settle(1_800)  # every step of the bisection costs a process
    world.stop_listeners()
    with connect(str(world.tables)) as connection:
        found = connection.execute("SELECT violation, processor FROM dead_letters ORDER BY ALL").fetchall()
    wanted = {"exit": "process_died", "crash": "process_died", "hang": "process_hung", "raise": "defect"}
    expected = sorted((wanted[word], "worker") for word in words)
    world.expect(found == expected, f"dead letters are {found}, not {expected}")
    world.conclude(replay=False)  # without the patch all of them are good events


def _schema_change(world: World) -> None:
    """Tables of schema version 1, and producers that add, drop and change fields in mid-stream."""
    shutil.copytree(_V1, world.tables)
    world.inherit()
    world.read()
    listener = world.listen()
    count = 400 if world.long else 80

    def wave(name: str, fate: str | None = None, **fields: object) -> None:
        made = [event(number % 40, **{"id": f"{name} {number}", **fields}) for number in range(count)]
        payloads = [json.dumps({key: value for key, value in one.items() if value != "GONE"}) for one in made]
        ids = [None if fate else str(one["id"]) for one in made]
        world.publish(
            [
                Message(payload.encode(), fate or "accepted", native_id)
                for payload, native_id in zip(payloads, ids, strict=True)
            ]
        )
        world.fault(f"schema change: {name}")

    wave("version 1 of the producer")
    wave("a field nobody knows", mood={"colour": ["blue", 3, None]})
    wave("an optional field is gone", product="GONE", version="GONE")
    wave("a required field is gone", DEAD, occurred_at="GONE")
    wave("text is now an object", DEAD, text={"body": "slow"})
    wave("id is now a list", DEAD, id=["a"])
    wave("rating is now text", DEAD, rating={"value": "four", "scale": "1-5"})
    wave("the next version of the contract", DEAD, schema="feedback_event/2")
    wave("version 1 once more")
    world.settle()
    world.expect(listener.alive, "the listener did not live through it")
    world.conclude()


SCENARIOS = (
    Scenario("poison corpus", "payloads that broke some program once", _poison),
    Scenario("deadly messages", "messages on which the process exits, crashes, hangs, raises", _deadly),
    Scenario(
        "schema change",
        "tables of schema version 1; fields added, dropped, of another type",
        _schema_change,
        quick=False,
    ),
)
