"""Dead letters: read them, and try them again once a mapping is mended.

A replay commits what is accepted now, then takes it out of `dead_letters` in one transaction; what is refused again
stays, with the new reason and one attempt more. Killed in between, the letters are still there, and the next replay
finds their events known. A letter that a rival has taken out meanwhile stays out.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.embedded import EmbeddedHost
from schemas.author_key import load_keyring
from schemas.dead_letter import DeadLetter, dead_letter_batch
from schemas.errors import StaleSnapshotError, TribometerError, UsageError
from schemas.launch_message import LAUNCHES_SOURCE
from schemas.run import Counts
from schemas.tables import DEAD_LETTERS
from schemas.violations import ViolationKind
from transforms.decode import decode
from transforms.delta import (
    ACTION_KEY,
    CommitConflictError,
    live_files,
    make_durable,
    open_or_create,
    open_table,
    replace_files,
    table_path,
)
from transforms.elements import MessageBatch
from transforms.normalize import Normalizer
from transforms.parquet import read_file, read_to_rewrite, write_file

Letter = Mapping[str, Any]
"""A row of `dead_letters`, its payload too."""

DEADLY: Final = frozenset({ViolationKind.PROCESS_DIED, ViolationKind.PROCESS_HUNG, ViolationKind.DEFECT})
"""Violations of messages that took their process with them: they are tried again only when asked for."""

BATCH_LETTERS: Final = 5_000
BATCH_BYTES: Final = 64 << 20
_CHUNK_LETTERS: Final = 500
_ATTEMPTS: Final = 50


@dataclass(frozen=True)
class Replayed:
    """What became of letters that were tried again: all but `refused` have left the table."""

    accepted: int = 0
    known: int = 0
    suppressed: int = 0
    refused: int = 0

    def __add__(self, other: Replayed) -> Replayed:
        return Replayed(
            self.accepted + other.accepted,
            self.known + other.known,
            self.suppressed + other.suppressed,
            self.refused + other.refused,
        )


def stored_letters(root: str) -> list[Letter]:
    """Every dead letter below `root`, the oldest first."""
    for _ in range(_ATTEMPTS):
        table = open_table(root, DEAD_LETTERS)
        files = [] if table is None else live_files(table)
        try:
            rows = [row for file in files for row in read_file(root, DEAD_LETTERS, file).to_pylist()]
        except StaleSnapshotError:
            continue  # compacted and vacuumed meanwhile
        return sorted(rows, key=lambda row: (row["received_at"], row["dead_letter_id"]))
    raise TribometerError(f"{table_path(root, DEAD_LETTERS)} changed {_ATTEMPTS} times while reading; try again")


def find_letter(root: str, letter_id: str) -> Letter:
    """The letter whose identity begins with `letter_id`; `UsageError` where none or several do."""
    found = [row for row in stored_letters(root) if row["dead_letter_id"].startswith(letter_id)]
    if len(found) != 1:
        many = f"{len(found)} dead letters have an identity" if found else "no dead letter has an identity"
        raise UsageError(f"{many} beginning with {letter_id!r}; `tribometer dead-letters list --rows` shows them")
    return found[0]


def choose(root: str, source: str, violations: Iterable[str] = (), ids: Sequence[str] = ()) -> list[Letter]:
    """Letters of `source` to try again: those named, or those of the violations, or all but the deadly ones.

    Raises `UsageError` for letters that were meant as launches: no mapping makes feedback of them.
    """
    if ids:
        chosen = [find_letter(root, one) for one in ids]
        if any(row["processor"] == LAUNCHES_SOURCE for row in chosen):
            raise no_launches()
        if others := {row["source"] for row in chosen} - {source}:
            raise UsageError(
                f"the source of these letters is {', '.join(sorted(others))}, the mapping's is {source}; "
                "name the letters' own mapping with --source"
            )
        return list({row["dead_letter_id"]: row for row in chosen}.values())
    wanted = set(violations)
    return [
        row
        for row in stored_letters(root)
        if row["source"] == source
        and row["processor"] != LAUNCHES_SOURCE
        and (row["violation"] in wanted if wanted else row["violation"] not in DEADLY)
    ]


def no_launches() -> UsageError:
    """What to do with a letter that was meant as a launch, which has no mapping to be mended."""
    return UsageError(
        "dead letters of the source launches were meant as launches, which are not tried again here; "
        "`tribometer dead-letters show ID --raw` has the message: mend it and publish it again, "
        "or record the launch with `tribometer launches add`"
    )


def with_header(letters: Iterable[Letter], header: tuple[str, ...] | None, *, csv: bool) -> list[Letter]:
    """The letters, those of CSV that have no header stored with the one given.

    Raises `UsageError` where one is needed and not given: version 0.1 stored none.
    """
    letters = list(letters)
    lacking = [row for row in letters if row["header"] is None]
    if not csv or not lacking:
        return letters
    if header is None:
        raise UsageError(
            f"{len(lacking)} of {len(letters)} CSV letters were stored without their header; give it with --header, "
            "as in --header id,date,text"
        )
    return [row if row["header"] is not None else {**row, "header": list(header)} for row in letters]


def replay_letters(
    host: EmbeddedHost, letters: Sequence[Letter], on_batch: Callable[[Replayed], None] = lambda _: None
) -> Replayed:
    """Try `letters`, all of the host's source, again. Each ends in one place, whatever kills this and how often."""
    total = Replayed()
    normalizer = Normalizer(host.mapping, load_keyring(host.author_key_file))
    for batch in _batches(letters):
        refused: list[DeadLetter] = []
        passing: list[MessageBatch] = []
        for messages in _chunks(batch):
            failed = _refused(messages, normalizer, host.mapping.source)
            refused += failed
            bad = {letter.payload for letter in failed}
            good = [place for place, payload in enumerate(messages.payloads) if payload not in bad]
            if good:
                passing.append(
                    replace(
                        messages,
                        payloads=[messages.payloads[place] for place in good],
                        origins=[messages.origins[place] for place in good],
                    )
                )
        counts = host.run(passing).counts if passing else Counts()
        settle(host.tables, [row["dead_letter_id"] for row in batch], refused, host.clock)
        done = Replayed(counts.accepted, counts.duplicate, counts.suppressed, len(refused))
        total += done
        on_batch(done)
    return total


def settle(root: str, tried: Sequence[str], refused: Sequence[DeadLetter], clock: Callable[[], Any]) -> None:
    """Take letters that were tried out of the table, and put back those refused again, in one transaction."""
    ids = pa.array(tried, pa.string())
    again = pa.Table.from_batches([dead_letter_batch(refused)]) if refused else None
    for attempt in range(_ATTEMPTS):
        table = open_or_create(root, DEAD_LETTERS)
        try:
            affected = [file for file in live_files(table) if _holds(root, file.path, ids)]
            if not affected:
                return
            rows = pa.concat_tables([read_to_rewrite(root, DEAD_LETTERS, file) for file in affected])
            mine = pc.is_in(rows.column("dead_letter_id"), ids)
            kept = rows.filter(pc.invert(mine))
            if again is not None:
                there = rows.column("dead_letter_id").filter(mine)
                kept = pa.concat_tables([kept, again.filter(pc.is_in(again.column("dead_letter_id"), there))])
            added = (
                [write_file(root, DEAD_LETTERS, kept, partition=None, written_at=clock())] if kept.num_rows else []
            )
            try:
                version = replace_files(
                    table, DEAD_LETTERS, affected, added, {ACTION_KEY: "replay"}, changes_rows=True
                )
            except CommitConflictError:
                for file in added:
                    (table_path(root, DEAD_LETTERS) / file.path).unlink(missing_ok=True)
                raise
        except (CommitConflictError, StaleSnapshotError):
            time.sleep(random.uniform(0, 0.02 * (attempt + 1)))  # noqa: S311 - spreads rivals, guards nothing
            continue
        make_durable(root, DEAD_LETTERS, added, version)
        return
    raise TribometerError(
        f"{table_path(root, DEAD_LETTERS)} changed {_ATTEMPTS} times meanwhile; run the command again"
    )


def _holds(root: str, path: str, ids: pa.Array) -> bool:
    try:
        stored = pq.read_table(
            table_path(root, DEAD_LETTERS) / path, partitioning=None, columns=["dead_letter_id"]
        )
    except FileNotFoundError:
        raise StaleSnapshotError(f"{path} is gone") from None
    return bool(pc.any(pc.is_in(stored.column(0), ids)).as_py())


def _refused(messages: MessageBatch, normalizer: Normalizer, source: str) -> list[DeadLetter]:
    """The messages that decode or normalize refuse, as the graph would: both are functions of the message alone."""
    decoded = decode(messages, source)
    return [*decoded.failed, *normalizer(decoded.passed).failed]


def _batches(letters: Sequence[Letter]) -> Iterator[list[Letter]]:
    batch: list[Letter] = []
    size_bytes = 0
    for letter in letters:
        batch.append(letter)
        size_bytes += len(letter["payload"])
        if len(batch) >= BATCH_LETTERS or size_bytes >= BATCH_BYTES:
            yield batch
            batch, size_bytes = [], 0
    if batch:
        yield batch


def _chunks(letters: Sequence[Letter]) -> Iterator[MessageBatch]:
    """Messages as they were received, in chunks of one header, one time and one number of attempts."""

    def alike(letter: Letter) -> tuple[Any, ...]:
        return (letter["header"] or [], letter["received_at"], letter["attempts"])

    for (header, received_at, attempts), group in groupby(sorted(letters, key=alike), key=alike):
        same = list(group)
        for start in range(0, len(same), _CHUNK_LETTERS):
            chunk = same[start : start + _CHUNK_LETTERS]
            yield MessageBatch(
                payloads=[letter["payload"] for letter in chunk],
                origins=[letter["origin"] for letter in chunk],
                received_at=received_at,
                header=tuple(header) or None,
                attempts=attempts + 1,
            )
