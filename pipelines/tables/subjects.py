"""Whom or what an erasure is about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa

from pipelines.tables.spelling import values_in
from schemas.identity import event_key, suppression_id
from transforms.suppressions import Scope, Suppressions


@dataclass(frozen=True)
class Subject:
    """An author (`key` is the author_key) or an event over all its revisions (`key` is the event key).

    `spelt` is the author's name or the event's native id as messages spell it, None where only the key is known; the
    bytes of messages of `source` are searched for it. `event_id` is the revision by which an event was named.
    """

    scope: Scope
    key: str
    source: str | None = None
    account: str | None = None
    spelt: str | None = None
    event_id: str | None = None

    @property
    def suppression_id(self) -> str:
        return suppression_id(self.scope, self.key)


@dataclass(frozen=True)
class Subjects:
    """Several subjects, looked for together."""

    members: tuple[Subject, ...]

    def __iter__(self) -> Iterator[Subject]:
        return iter(self.members)

    @cached_property
    def suppressions(self) -> Suppressions:
        """What a commit would keep out."""
        return Suppressions(frozenset(self._authors), frozenset(self._events))

    def of_rows(self, rows: pa.Table) -> list[Subject | None]:
        """Whose each row is, by its author_key, or its event_key or source, account and native_id."""
        if not rows.num_rows:
            return []
        found: list[Subject | None] = [None] * rows.num_rows
        mine = self.suppressions.matching(rows).to_pylist()
        for place, row in enumerate(rows.to_pylist() if any(mine) else ()):
            if mine[place]:
                found[place] = self._authors.get(row["author_key"]) or self._events.get(_event_key(row) or "")
        return found

    def of_payload(self, payload: bytes, source: str) -> Subject | None:
        """Whose name or native id stands in the bytes of a message of `source`, as a whole value.

        A message that names the subject's source in its bytes counts as one of it: mappings may read the source there.
        """
        if not self._spelt:
            return None
        values = values_in(payload)
        for value in values & self._spelt.keys():
            for subject in self._spelt[value]:
                if subject.source in (None, source) or subject.source in values:
                    return subject
        return None

    @cached_property
    def _spelt(self) -> Mapping[str, list[Subject]]:
        spelt: dict[str, list[Subject]] = {}
        for subject in self.members:
            if subject.spelt is not None:
                spelt.setdefault(subject.spelt, []).append(subject)
        return spelt

    @cached_property
    def _authors(self) -> dict[str, Subject]:
        return self._by_key(Scope.AUTHOR)

    @cached_property
    def _events(self) -> dict[str, Subject]:
        return self._by_key(Scope.EVENT)

    def _by_key(self, scope: Scope) -> dict[str, Subject]:
        return {subject.key: subject for subject in self.members if subject.scope is scope}


def _event_key(row: Mapping[str, Any]) -> str | None:
    if "event_key" in row:
        key: str | None = row["event_key"]
        return key
    return None if row["native_id"] is None else event_key(row["source"], row["account"], row["native_id"])


def unique(subjects: Iterable[Subject]) -> Subjects:
    """The subjects, each once, in order."""
    return Subjects(tuple({subject.suppression_id: subject for subject in subjects}.values()))
