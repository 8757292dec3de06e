"""The checker objects to what it must object to: each test breaks one thing and sees the one count rise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.faults.invariants import Ledger, Observed, Verdict, judge
from tests.faults.poison import DEAD
from tests.faults.snapshots import SnapshotCheck
from tests.faults.traffic import Message

GOOD = [Message(b"payload %d" % number, native_id=f"n{number}") for number in range(4)]
BAD = [Message(b"poison", DEAD)]
RIGHT = Observed(
    feedback=[(f"e{number}", f"n{number}") for number in range(4)],
    raw=[(f"e{number}", message.payload) for number, message in enumerate(GOOD)],
    dead=[b"poison"],
)


def ledger(*more: Message) -> Ledger:
    made = Ledger()
    made.record([*GOOD, *BAD, *GOOD, *more])
    return made


def test_all_is_well_when_every_message_is_in_its_one_place() -> None:
    assert judge(ledger(), RIGHT) == Verdict()


@pytest.mark.parametrize(
    ("broken", "verdict"),
    [
        (replace(RIGHT, feedback=RIGHT.feedback[1:]), Verdict(lost=1)),
        (
            replace(RIGHT, feedback=RIGHT.feedback[1:], raw=RIGHT.raw[1:]),
            Verdict(lost=1, acknowledged_too_early=1),
        ),
        (
            replace(RIGHT, feedback=RIGHT.feedback[1:], raw=RIGHT.raw[1:], outstanding=frozenset({b"payload 0"})),
            Verdict(lost=1),
        ),
        (replace(RIGHT, raw=RIGHT.raw[1:]), Verdict(lost=1, misplaced=1, acknowledged_too_early=1)),
        (replace(RIGHT, dead=[]), Verdict(lost=1, acknowledged_too_early=1)),
        (replace(RIGHT, feedback=[*RIGHT.feedback, ("e0", "n0")]), Verdict(duplicated=1)),
        (replace(RIGHT, raw=[*RIGHT.raw, ("e9", b"payload 0")]), Verdict(duplicated=1, lost=1)),
        (replace(RIGHT, dead=[b"poison", b"poison"]), Verdict(duplicated=1)),
        (replace(RIGHT, dead=[b"poison", b"payload 0"]), Verdict(misplaced=1)),
        (
            replace(RIGHT, feedback=[*RIGHT.feedback, ("e5", "n5")], raw=[*RIGHT.raw, ("e5", b"poison")]),
            Verdict(misplaced=1),
        ),
        (
            replace(RIGHT, feedback=[("e0", "n0"), *((f"e{number}", "n0") for number in range(1, 4))]),
            Verdict(lost=3),
        ),
    ],
    ids=[
        "a row gone", "row and bytes gone", "not lost yet: the queue has it", "bytes gone", "dead letter gone",
        "row twice", "bytes twice", "dead letter twice", "in both tables", "poison accepted", "identities swapped",
    ],
)  # fmt: skip
def test_what_is_broken_is_counted(broken: Observed, verdict: Verdict) -> None:
    assert judge(ledger(), broken) == verdict


def test_what_is_erased_may_not_be_there() -> None:
    erased = ledger()
    erased.suppress([b"payload 0"])
    assert judge(erased, RIGHT) == Verdict(misplaced=1)
    assert judge(erased, replace(RIGHT, feedback=RIGHT.feedback[1:], raw=RIGHT.raw[1:])) == Verdict()


def check(*snapshots: dict[str, int], erasing: bool = False, lacking: int = 0) -> SnapshotCheck:
    made = SnapshotCheck(erasing)
    for snapshot in snapshots:
        made.see(snapshot, sum(snapshot.values()) - lacking)
    return made


def test_whole_batches_one_after_the_other_are_well() -> None:
    made = check({}, {"a": 3}, {"a": 3}, {"a": 3, "b": 2})
    made.end({"a": 3, "b": 2, "c": 9})
    assert (made.snapshots, made.duplicated, made.partial, made.backwards, made.erased) == (4, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("made", "count"),
    [
        (lambda: check({"a": 3}, lacking=1), "duplicated"),
        (lambda: check({"a": 2}, {"a": 3}), "partial"),
        (lambda: check({"a": 3, "b": 1}, {"a": 3}), "backwards"),
        (lambda: check({"a": 3}, {"a": 2}), "backwards"),
        (lambda: check({"a": 3}, {"a": 2}, erasing=True), "erased"),
    ],
)
def test_what_no_snapshot_may_show_is_counted(made: Callable[[], SnapshotCheck], count: str) -> None:
    found = made()
    counts = {name: getattr(found, name) for name in ("duplicated", "partial", "backwards", "erased")}
    assert counts == {**dict.fromkeys(counts, 0), count: 1}


def test_a_batch_that_came_back_was_seen_in_part() -> None:
    found = check({"a": 3}, {}, {"a": 3})
    assert (found.backwards, found.partial) == (3, 3)


def test_a_batch_seen_in_part_is_found_out_at_the_end() -> None:
    made = check({"a": 1})
    made.end({"a": 3})
    assert made.partial == 2
