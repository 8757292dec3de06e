"""A subscription as a message source, against the real emulator."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from uuid import uuid4

import pytest

from pipelines.listen import leases as leases_module
from pipelines.listen.source import Received, SourceUnavailableError
from pipelines.listen.subscription import Subscription
from schemas.errors import TribometerError, UsageError
from tests.emulator import PROJECT, Emulator, free_port, missing
from transforms.failpoints import VARIABLE

pytestmark = pytest.mark.emulator

WAIT_SECONDS = 20.0

Open = Callable[[str], Subscription]


@pytest.fixture
def opened(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", emulator.address)
    subscriptions: list[Subscription] = []

    def open_one(path: str) -> Subscription:
        subscriptions.append(Subscription(path))
        return subscriptions[-1]

    yield open_one
    for subscription in subscriptions:
        subscription.close()


def published(emulator: Emulator, payloads: Sequence[bytes], **settings: object) -> str:
    """The path of a new subscription that holds `payloads`."""
    topic, subscription = emulator.create(f"t{uuid4().hex}", **settings)
    with emulator.publisher() as publisher:
        for future in [publisher.publish(topic, payload) for payload in payloads]:
            future.result(timeout=30)
    return subscription


def receive_all(subscription: Subscription, number: int, max_bytes: int = 1 << 30) -> list[Received]:
    found: list[Received] = []
    while len(found) < number:
        more = subscription.receive(number - len(found), max_bytes, WAIT_SECONDS)
        assert more, f"only {len(found)} of {number} came"
        found += more
    return found


def test_what_was_published_is_received_and_acknowledged_once(emulator: Emulator, opened: Open) -> None:
    payloads = [b"%d" % number for number in range(2_500)]
    subscription = opened(published(emulator, payloads))
    subscription.check()
    found = receive_all(subscription, len(payloads))
    assert sorted(message.payload for message in found) == sorted(payloads)
    assert all(message.published_at is not None for message in found)
    assert abs(found[0].published_at - datetime.now(UTC)) < timedelta(minutes=5)  # type: ignore[operator]
    assert subscription.leases.held == (2_500, sum(map(len, payloads)))
    assert subscription.leases.oldest_published_at == min(message.published_at for message in found)  # type: ignore[type-var]
    subscription.acknowledge(found)
    assert (subscription.received, subscription.leases.acknowledged, subscription.leases.stale) == (
        2_500,
        2_500,
        0,
    )
    assert subscription.leases.held == (0, 0)
    assert subscription.receive(10, 1 << 20, 0.2) == []


def test_count_and_bytes_of_a_batch_are_bounded_but_one_message_is_let_through(
    emulator: Emulator, opened: Open
) -> None:
    subscription = opened(published(emulator, [b"x" * 1_000_000] * 9 + [b"y" * 9_900_000]))
    sizes = []
    while sum(map(len, sizes)) < 10:
        batch = subscription.receive(5, 2_500_000, WAIT_SECONDS)
        sizes.append([len(message.payload) for message in batch])
        subscription.acknowledge(batch)
    assert sorted(size for batch in sizes for size in batch) == [1_000_000] * 9 + [9_900_000]
    assert all(len(batch) == 1 or sum(batch) <= 2_500_000 for batch in sizes)


def test_leases_outlive_the_deadline_of_the_subscription(emulator: Emulator, opened: Open) -> None:
    path = published(emulator, [b"slow"] * 3, ack_deadline_seconds=10)
    busy, idle = opened(path), opened(path)
    held = receive_all(busy, 3)
    assert idle.receive(3, 1 << 20, 14.0) == []
    assert busy.leases.extended >= 3
    busy.acknowledge(held)
    assert (busy.leases.acknowledged, busy.leases.lapsed) == (3, 0)


def test_a_process_that_slept_past_the_deadline_acknowledges_nothing(
    emulator: Emulator, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = published(emulator, [b"once"] * 3, ack_deadline_seconds=10, enable_exactly_once_delivery=True)
    monkeypatch.setattr(leases_module, "_TICK_SECONDS", 600)
    sleeper, other = opened(path), opened(path)
    lost = receive_all(sleeper, 3)
    again = receive_all(other, 3)
    sleeper.acknowledge(lost)
    assert (sleeper.leases.acknowledged, sleeper.leases.stale) == (0, 3)
    other.acknowledge(again)
    assert (other.leases.acknowledged, other.leases.stale) == (3, 0)


def test_what_is_released_and_what_nobody_took_comes_again_at_once(emulator: Emulator, opened: Open) -> None:
    path = published(emulator, [b"a", b"b", b"c"], ack_deadline_seconds=600)
    first, second = opened(path), opened(path)
    first.check()
    first.release(receive_all(first, 1))
    first.close()
    assert sorted(message.payload for message in receive_all(second, 3)) == [b"a", b"b", b"c"]


def test_half_of_the_acknowledgements_are_sent_before_the_failpoint(
    emulator: Emulator, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscription = opened(published(emulator, [b"a"] * 5))
    found = receive_all(subscription, 5)
    monkeypatch.setenv(VARIABLE, "after_half_of_the_acks=raise")
    with pytest.raises(RuntimeError):
        subscription.acknowledge(found)
    assert subscription.leases.acknowledged == 3
    monkeypatch.delenv(VARIABLE)
    subscription.acknowledge(found[3:])
    assert subscription.leases.acknowledged == 5


def test_a_restarted_emulator_is_found_again_and_old_leases_acknowledge_nothing_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reason = missing()
    if reason is not None:
        pytest.skip(reason)
    with Emulator(tmp_path) as emulator:
        monkeypatch.setenv("PUBSUB_EMULATOR_HOST", emulator.address)
        topic, path = emulator.create("again")
        subscription = Subscription(path)
        with emulator.publisher() as publisher:
            publisher.publish(topic, b"before").result(timeout=10)
        (old,) = receive_all(subscription, 1)
        emulator.kill()
        with pytest.raises(SourceUnavailableError, match="cannot be reached"):
            subscription.receive(1, 1 << 20, WAIT_SECONDS)
        emulator.start()
        with pytest.raises(SourceUnavailableError, match="no such subscription"):
            patiently(lambda: subscription.receive(1, 1 << 20, WAIT_SECONDS), while_it_says="cannot be reached")
        emulator.create("again")
        with emulator.publisher() as publisher:
            publisher.publish(topic, b"after").result(timeout=10)
        (new,) = receive_all(subscription, 1)
        subscription.acknowledge([old])
        assert (subscription.leases.acknowledged, subscription.leases.stale) == (0, 1)
        subscription.acknowledge([new])
        assert subscription.leases.acknowledged == 1
        emulator.freeze()
        monkeypatch.setattr("pipelines.listen.subscription._PULL_SECONDS", 0.5)
        monkeypatch.setattr("pipelines.listen.subscription._ANSWER_SECONDS", 0.5)
        with pytest.raises(SourceUnavailableError, match="does not answer"):
            patiently(lambda: subscription.receive(1, 1 << 20, WAIT_SECONDS), while_it_says="cannot be reached")
        emulator.thaw()
        subscription.close()


def patiently(receive: Callable[[], Sequence[Received]], while_it_says: str) -> Sequence[Received]:
    """Try again as the listener does."""
    for _ in range(100):
        try:
            return receive()
        except SourceUnavailableError as error:
            if while_it_says not in str(error):
                raise
            time.sleep(0.2)
    raise AssertionError(f"it still says {while_it_says}")


def test_a_missing_subscription_is_named_with_the_command_that_makes_it(emulator: Emulator, opened: Open) -> None:
    with pytest.raises(TribometerError, match="tribometer pubsub init --project") as raised:
        opened(f"projects/{PROJECT}/subscriptions/missing").check()
    assert not isinstance(raised.value, SourceUnavailableError)


def test_a_port_where_nobody_listens(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", f"127.0.0.1:{free_port()}")
    with pytest.raises(SourceUnavailableError, match=r"cannot be reached; start it, or correct or unset PUBSUB_"):
        opened(f"projects/{PROJECT}/subscriptions/any").check()


def test_a_port_that_takes_connections_and_says_nothing(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.listen.subscription._ANSWER_SECONDS", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("PUBSUB_EMULATOR_HOST", f"127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(SourceUnavailableError, match="does not answer"):
            opened(f"projects/{PROJECT}/subscriptions/any").check()


def test_a_server_that_is_not_pubsub(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    server = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        monkeypatch.setenv("PUBSUB_EMULATOR_HOST", f"127.0.0.1:{server.server_port}")
        with pytest.raises(TribometerError, match="PUBSUB_EMULATOR_HOST"):
            opened(f"projects/{PROJECT}/subscriptions/any").check()
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("address", ["localhost", "http://localhost:8085", "local host:1"])
def test_an_address_of_the_wrong_form(opened: Open, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", address)
    with pytest.raises(UsageError, match="write host:port"):
        opened(f"projects/{PROJECT}/subscriptions/any").check()


def test_no_credentials(opened: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("PUBSUB_EMULATOR_HOST")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "missing.json"))
    with pytest.raises(TribometerError, match="gcloud auth application-default login"):
        opened(f"projects/{PROJECT}/subscriptions/any").check()
