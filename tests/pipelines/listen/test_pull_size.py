"""How many messages a pull asks for follows their sizes."""

from __future__ import annotations

from pipelines.listen.pull_size import PULL_BYTES, PullSize

ROOM = (100_000, 1 << 30)


def test_few_are_asked_for_before_anything_is_known() -> None:
    assert PullSize().messages(*ROOM) == 8


def test_small_messages_are_asked_for_by_the_thousand_from_the_second_pull_on() -> None:
    size = PullSize()
    size.pulled([800] * 8)
    assert size.messages(*ROOM) == 1_000


def test_large_ones_count_at_once_and_are_forgotten_slowly() -> None:
    size = PullSize()
    size.pulled([800])
    size.pulled([4 << 20])
    assert size.messages(*ROOM) == 2
    size.pulled([800])
    assert size.messages(*ROOM) == 2
    for _ in range(60):
        size.pulled([800])
    assert size.messages(*ROOM) == 1_000


def test_after_a_response_that_was_too_large_one_is_asked_for() -> None:
    size = PullSize()
    size.pulled([800])
    size.too_much()
    assert size.messages(*ROOM) == 1


def test_room_bounds_it_and_one_is_let_through() -> None:
    size = PullSize()
    size.pulled([1_000])
    assert size.messages(5, PULL_BYTES) == 5
    assert size.messages(500, 20_000) == 20
    assert size.messages(500, 1) == 1
