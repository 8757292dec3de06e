"""What is published: real events where the streams are, made-up ones elsewhere, and disorder by a seed."""

from __future__ import annotations

import gzip
import itertools
import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tests.conftest import REPLAYS, data_dir
from tests.faults.poison import ACCEPTED, DEAD
from tests.pipelines.events import event

EXAMPLES: Final = Path(__file__).resolve().parents[2] / "examples" / "sources"


@dataclass(frozen=True)
class Message:
    """One payload, what must become of it, and the identity that its own bytes say; None where they say none."""

    payload: bytes
    fate: str = ACCEPTED
    native_id: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Stream:
    """A source of events: its mapping, as `--source` takes it, and the field that holds an event's identity."""

    mapping: str
    lines: Sequence[bytes]
    id_field: str

    def messages(self) -> list[Message]:
        """All events, in the order in which they happened."""
        return [Message(line, ACCEPTED, str(json.loads(line)[self.id_field])) for line in self.lines]


_IDS: Final = {"firefox_support": "id", "threads_play_reviews": "review_id"}


def stream(name: str, count: int, skip: int = 0) -> Stream:
    """Events of a real stream, or made-up ones in the native contract where the real ones are not."""
    found = data_dir()
    if found is None:
        made = [json.dumps(event(number)).encode() for number in range(skip, skip + count)]
        return Stream("feedback_event", made, "id")
    with gzip.open(found / "streams" / f"{name}.jsonl.gz") as file:
        lines = [line.rstrip(b"\n") for line in itertools.islice(file, skip, skip + count)]
    return Stream(str(EXAMPLES / f"{REPLAYS[name]}.yaml"), lines, _IDS[name])


def native(count: int, **fields: Any) -> list[Message]:
    """Made-up events in the native contract, over a few days."""
    made = [event(number % 300, id=f"n{number}", **fields) for number in range(count)]
    return [Message(json.dumps(one).encode(), ACCEPTED, one["id"]) for one in made]


def disordered(
    messages: Sequence[Message],
    rng: random.Random,
    *,
    window: int = 1_000,
    duplicates: float = 0.05,
    late: float = 0.02,
    poison: float = 0.01,
) -> list[Message]:
    """The messages as a queue delivers them: out of order within a `window`, some late, some twice, some broken."""
    position = {number: number + rng.uniform(0, window) for number in range(len(messages))}
    for number in rng.sample(range(len(messages)), int(late * len(messages))):
        position[number] = rng.uniform(number, len(messages) + window)
    order = [(place, messages[number]) for number, place in position.items()]
    for number in rng.sample(range(len(messages)), int(duplicates * len(messages))):
        order.append((rng.uniform(position[number], len(messages) + window), messages[number]))
    for number in rng.sample(range(len(messages)), int(poison * len(messages))):
        order.append((position[number], broken(messages[number], rng)))
    return [message for _, message in sorted(order, key=lambda each: each[0])]


def broken(message: Message, rng: random.Random) -> Message:
    """The message damaged in a way that no contract allows."""
    payload = message.payload
    middle = len(payload) // 2
    ways = (
        payload[:middle],
        payload + b"\xff",
        payload[:-1],
        b"[" + payload + b"]",
        payload[:-1] + b', "n": NaN}',
        payload[:-1] + rb', "s": "\ud800"}',
        payload[:-1] + b', "deep": ' + b"[" * 5_000 + b"]" * 5_000 + b"}",
    )
    return Message(rng.choice(ways), DEAD)


def chunks(messages: Sequence[Message], count: int) -> Iterator[Sequence[Message]]:
    """The messages in `count` parts of nearly the same length, in order."""
    for number in range(count):
        start, end = (len(messages) * place // count for place in (number, number + 1))
        yield messages[start:end]
