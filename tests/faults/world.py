"""A world of its own for one scenario: emulator, tables, listeners, readers, and the ledger of what was published."""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import grpc
from google.api_core import exceptions as api
from google.pubsub_v1 import PublisherClient, SubscriberClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport

from tests.emulator import PROJECT, Emulator
from tests.faults.invariants import Ledger, Observed, Verdict, judge
from tests.faults.listener import Listener
from tests.faults.poison import ACCEPTED, DEAD
from tests.faults.reader import KINDS, ROOT, Reader
from tests.faults.snapshots import SnapshotCheck
from tests.faults.tables import contents, observe, rows_of_batches, stored_rows, unbalanced_runs
from tests.faults.traffic import Message, chunks

TOPIC: Final = f"projects/{PROJECT}/topics/feedback"
SUBSCRIPTION: Final = f"projects/{PROJECT}/subscriptions/tribometer"
AUTHOR_KEY: Final = "a key for tests, long enough to be accepted"

_OPTIONS: Final = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
_REQUEST_MESSAGES: Final = 500
_REQUEST_BYTES: Final = 9_000_000
_SETTLE_SECONDS: Final = 600.0


@dataclass
class Result:
    """What a scenario came to."""

    scenario: str
    faults: int = 0
    messages: int = 0
    verdict: Verdict = field(default_factory=Verdict)
    readers: SnapshotCheck = field(default_factory=SnapshotCheck)
    complaints: list[str] = field(default_factory=list)
    """Whatever else should not be, in words."""
    most_memory_bytes: int = 0
    most_files: int = 0
    seconds: float = 0.0
    skipped: str | None = None

    @property
    def well(self) -> bool:
        """Whether every invariant held."""
        seen = (self.readers.duplicated, self.readers.partial, self.readers.backwards)
        return self.verdict == Verdict() and not any(seen) and not self.complaints


class World:
    """One emulator, one folder of tables, any number of listeners; a context manager that leaves nothing running."""

    def __init__(
        self, name: str, folder: Path, seed: int, *, long: bool, say: Callable[[str], None], erasing: bool = False
    ) -> None:
        self.folder = folder
        self.tables = folder / "tables"
        self.rng = random.Random(f"{seed} {name}")
        self.long = long
        self.result = Result(name)
        self.ledger = Ledger()
        self.source = "feedback_event"
        self.listeners: list[Listener] = []
        self.emulator = Emulator(folder / "emulator")
        self._inherited = Observed([], [], [])
        self.stack = contextlib.ExitStack()
        """What is to be undone when all processes have ended."""
        self._say = say
        self._erasing = erasing
        self._readers: list[Reader] = []
        self._started = time.monotonic()
        self._ended = threading.Event()
        self._publishers: list[threading.Thread] = []
        folder.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> World:
        self.emulator.start()
        self._connect()
        self.make_queue()
        threading.Thread(target=self._watch_usage, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End whatever runs here; safe to call twice."""
        self._ended.set()
        for reader in self._readers:
            reader.kill()
        for listener in self.listeners:
            listener.end()
        self.emulator.kill()
        self.stack.close()
        self.result.seconds = time.monotonic() - self._started

    # Faults

    def fault(self, text: str) -> None:
        """Count one fault and say so."""
        self.result.faults += 1
        self.say(text)

    def say(self, text: str) -> None:
        """One line, with the scenario and its seconds."""
        self._say(f"{self.result.scenario:24} {time.monotonic() - self._started:7.1f} s  {text}")

    def complain(self, text: str) -> None:
        """Something that should not be, whatever the tables say."""
        self.result.complaints.append(text)
        self.say(f"WRONG: {text}")

    def expect(self, condition: object, text: str) -> None:
        """Complain unless the condition holds."""
        if not condition:
            self.complain(text)

    # Queue

    def make_queue(self) -> None:
        """Topic and subscription; acknowledged messages are kept, so that the subscription can be wound back."""
        self._publisher.create_topic(request={"name": TOPIC}, timeout=30)
        self.subscriber.create_subscription(
            request={
                "name": SUBSCRIPTION,
                "topic": TOPIC,
                "ack_deadline_seconds": 10,
                "retain_acked_messages": True,
            },
            timeout=30,
        )

    def publish(self, messages: Sequence[Message]) -> None:
        """Publish until the queue has taken them all; what it may have taken twice is a duplicate of the publisher."""
        self.ledger.record(messages)
        for request in _requests(messages):
            while True:
                try:
                    self._publisher.publish(topic=TOPIC, messages=request, timeout=60, retry=None)
                    break
                except (api.GoogleAPICallError, ValueError) as error:
                    if isinstance(error, (api.InvalidArgument, api.NotFound)):
                        raise
                    time.sleep(0.5)

    def publish_slowly(self, messages: Sequence[Message], seconds: float) -> threading.Thread:
        """Publish in the background, in twenty parts over about so many seconds."""

        def work() -> None:
            for part in chunks(messages, 20):
                self.publish(part)
                time.sleep(seconds / 20)

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        self._publishers.append(thread)
        return thread

    # Listeners and readers

    def listen(
        self, workers: int = 1, options: tuple[str, ...] = (), ready: bool = True, **environment: str
    ) -> Listener:
        """Start one more listener."""
        listener = Listener(
            self.folder / f"listener-{len(self.listeners)}.jsonl",
            SUBSCRIPTION,
            self.source,
            self.tables,
            {**self.environment, **environment},
            workers,
            options,
        )
        self.listeners.append(listener)
        if ready:
            listener.wait_ready()
        return listener

    def inherit(self) -> None:
        """Take the tables as they are for given: what stands there must stay, and was not published."""
        self._inherited = observe(self.tables)

    @property
    def environment(self) -> dict[str, str]:
        """Of listeners and commands."""
        return {**self.emulator.environment, "TRIBOMETER_AUTHOR_KEY": AUTHOR_KEY}

    def read(self) -> None:
        """Have readers look at the tables from now on."""
        self._readers = [
            Reader(kind, self.tables, self.folder / f"reader-{kind}.json", erasing=self._erasing) for kind in KINDS
        ]

    def command(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command of `tribometer` to its end, whatever that is."""
        return subprocess.run(
            [sys.executable, "-m", "pipelines.cli", *words],
            cwd=ROOT, env={**os.environ, **self.environment, **environment}, capture_output=True, text=True,
            timeout=900, check=False,
        )  # fmt: skip

    # The end

    @property
    def expected_rows(self) -> int:
        """Rows of `feedback` and `dead_letters` when all that was published is stored."""
        inherited = len(self._inherited.feedback) + len(self._inherited.dead)
        return inherited + sum(len(self.ledger.payloads(fate)) for fate in (ACCEPTED, DEAD))

    def settle(self, seconds: float = _SETTLE_SECONDS) -> None:
        """Wait until as many messages are stored as should be; complain when that takes too long."""
        for thread in self._publishers:
            thread.join()
        deadline = time.monotonic() + seconds
        while stored_rows(self.tables) < self.expected_rows:
            if time.monotonic() > deadline:
                missing = self.expected_rows - stored_rows(self.tables)
                self.complain(f"after {seconds:.0f} s {missing:,} messages are not stored")
                return
            time.sleep(0.5)

    def stop_listeners(self) -> None:
        """SIGTERM for every listener; each must drain and end with 0."""
        for listener in self.listeners:
            if listener.alive:
                status = listener.stop()
                self.expect(
                    status == 0, f"a listener that was told to stop ended with {status}: {listener.tail()}"
                )

    def conclude(self, *, replay: bool = True, within_seconds: float = _SETTLE_SECONDS) -> None:
        """Settle, stop, and hold everything against the ledger; then replay everything and see no change."""
        self.say("settling")
        self.settle(within_seconds)
        self.stop_listeners()
        for reader in self._readers:
            check, unreadable = reader.stop()
            check.end(rows_of_batches(self.tables))
            self.expect(check.snapshots, f"the {reader.kind} reader saw no snapshot")
            for text in sorted(set(unreadable)):
                self.complain(f"the {reader.kind} reader could not read ({unreadable.count(text)}×): {text}")
            total = self.result.readers
            for name in ("snapshots", "duplicated", "partial", "backwards", "erased"):
                setattr(total, name, getattr(total, name) + getattr(check, name))
        self._readers = []
        outstanding = self._outstanding()
        self.result.messages += self.ledger.published
        self.result.verdict = judge(self.ledger, self._observed(outstanding))
        self.expect(not unbalanced_runs(self.tables), "runs: messages do not add up")
        if replay:
            self._replay()

    def _observed(self, outstanding: frozenset[bytes]) -> Observed:
        """What is stored and was not inherited."""
        found, old = observe(self.tables, outstanding), self._inherited
        for name in ("feedback", "raw", "dead"):
            gone = set(getattr(old, name)) - set(getattr(found, name))
            self.expect(not gone, f"{len(gone)} rows of {name} that stood there before are gone")
        return replace(
            found,
            feedback=[row for row in found.feedback if row not in set(old.feedback)],
            raw=[row for row in found.raw if row not in set(old.raw)],
            dead=[row for row in found.dead if row not in set(old.dead)],
        )

    def _replay(self) -> None:
        """Everything once more, through files: not one column of one row may change."""
        lines = [
            message.payload
            for message in self.ledger.messages()
            if message.payload.strip() and not set(b"\n\r") & set(message.payload)
        ]
        if not lines:
            return
        file = self.folder / "replay.jsonl"
        file.write_bytes(b"".join(line + b"\n" for line in lines))
        before = contents(self.tables)
        done = self.command("replay", str(file), "--source", self.source, "--tables", str(self.tables))
        self.expect(done.returncode == 0, f"the replay ended with {done.returncode}: {done.stderr[-500:]}")
        after = contents(self.tables)
        self.expect(before == after, f"a replay of everything changed the tables: {before} -> {after}")

    def _outstanding(self) -> frozenset[bytes]:
        """What the subscription still delivers, now that nobody listens."""
        found: set[bytes] = set()
        empty = 0
        while empty < 3:
            request = {"subscription": SUBSCRIPTION, "max_messages": 1000, "return_immediately": True}
            try:
                answer = self.subscriber.pull(request=request, timeout=10, retry=None)
            except api.GoogleAPICallError:
                break
            found |= {each.message.data for each in answer.received_messages}
            empty = 0 if answer.received_messages else empty + 1
        return frozenset(found)

    def _connect(self) -> None:
        channel = grpc.insecure_channel(self.emulator.address, options=_OPTIONS)
        self._publisher = PublisherClient(transport=PublisherGrpcTransport(channel=channel))
        self.subscriber = SubscriberClient(transport=SubscriberGrpcTransport(channel=channel))

    def _watch_usage(self) -> None:
        while not self._ended.wait(1.0):
            for listener in self.listeners:
                with contextlib.suppress(OSError):
                    size_bytes, files = listener.usage()
                    self.result.most_memory_bytes = max(self.result.most_memory_bytes, size_bytes)
                    self.result.most_files = max(self.result.most_files, files)


def _requests(messages: Sequence[Message]) -> Iterable[list[Mapping[str, Any]]]:
    request: list[Mapping[str, Any]] = []
    size_bytes = 0
    for message in messages:
        if request and (len(request) == _REQUEST_MESSAGES or size_bytes + len(message.payload) > _REQUEST_BYTES):
            yield request
            request, size_bytes = [], 0
        # Pub/Sub takes no message without data and attributes.
        attributes = dict(message.attributes) or ({} if message.payload else {"empty": "yes"})
        request.append({"data": message.payload, "attributes": attributes})
        size_bytes += len(message.payload)
    if request:
        yield request
