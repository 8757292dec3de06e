"""Batches close when they linger or are full, grow with the load, and memory is bounded by bytes."""

from __future__ import annotations

import threading

from pipelines.listen.buffer import SMALLEST_LIMIT, Buffer, Limits
from pipelines.listen.source import Received
from tests.pipelines.listen.messages import NOON, received

SMALL = Limits(batch_messages=4, batch_bytes=1_000, held_bytes=2_000, linger_seconds=0.0)


def sized(size_bytes: int, number: int = 0) -> Received:
    return Received(b"x" * size_bytes, f"message {number}", str(number))


def filled(limits: Limits, messages: int) -> Buffer:
    buffer = Buffer(limits)
    buffer.put([received(number) for number in range(messages)])
    return buffer


def test_a_batch_is_in_order_of_arrival_and_at_most_the_limit() -> None:
    buffer = filled(SMALL, 6)
    assert [message.lease for message in buffer.take()] == ["0", "1", "2", "3"]
    assert [message.lease for message in buffer.take()] == ["4", "5"]


def test_a_message_that_lingered_goes_alone() -> None:
    clock = iter([0.0, 0.0, 10.0, 10.0, 10.0])
    buffer = Buffer(Limits(linger_seconds=5.0), monotonic=lambda: next(clock))
    buffer.put([received(1)])
    assert len(buffer.take()) == 1


def test_a_batch_is_bounded_by_bytes_but_lets_one_large_message_through() -> None:
    buffer = Buffer(SMALL)
    buffer.put([sized(700, 1), sized(400, 2), sized(5_000, 3), sized(10, 4)])
    assert [[message.lease for message in buffer.take()] for _ in range(4)] == [["1"], ["2"], ["3"], ["4"]]


def test_there_is_no_room_for_more_bytes_than_may_be_held_until_some_are_settled() -> None:
    buffer = Buffer(SMALL)
    large = sized(2_000)
    buffer.put([large])
    assert buffer.room() == (0, 0)
    batch = buffer.take()
    assert buffer.room() == (0, 0)
    assert buffer.held == (1, 2_000)
    buffer.settled(batch)
    assert buffer.held == (0, 0)
    assert buffer.room() == (12, 2_000)


def test_the_limit_grows_while_full_batches_wait_and_shrinks_when_nobody_does() -> None:
    buffer = filled(Limits(batch_messages=4_000, linger_seconds=0.0), 10 * SMALLEST_LIMIT)
    sizes = [len(buffer.take()) for _ in range(3)]
    assert sizes == [SMALLEST_LIMIT, 2 * SMALLEST_LIMIT, 4 * SMALLEST_LIMIT]
    assert len(buffer.take()) == 3 * SMALLEST_LIMIT
    for number in range(4):
        buffer.put([received(number)])
        buffer.take()
    assert buffer.limit == SMALLEST_LIMIT


def test_a_closed_buffer_gives_what_it_has_and_then_nothing() -> None:
    buffer = Buffer(Limits(linger_seconds=3_600))
    buffer.put([received(1)])
    buffer.close()
    assert len(buffer.take()) == 1
    assert buffer.take() == []


def test_closing_wakes_whoever_waits() -> None:
    buffer = Buffer(Limits())
    taken: list[list[Received]] = []
    waiting = threading.Thread(target=lambda: taken.append(buffer.take()))
    waiting.start()
    buffer.close()
    waiting.join(10)
    assert taken == [[]]


def test_the_oldest_held_message_is_known_until_it_is_settled() -> None:
    buffer = Buffer(SMALL)
    assert buffer.oldest_published_at() is None
    buffer.put([received(1), received(2, published_at=NOON)])
    assert buffer.oldest_published_at() == NOON
    buffer.settled(buffer.take())
    assert buffer.oldest_published_at() is None
