"""From what a person names, an author or an event, to the subject of an erasure."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pyarrow.compute as pc

from pipelines.tables.erasures import suppressions
from pipelines.tables.stored_rows import read_columns, stored_paths
from pipelines.tables.subjects import Subject
from schemas.author_key import load_keyring
from schemas.errors import TribometerError, UsageError
from schemas.hygiene import clean
from schemas.identity import AuthorKeyring, event_key
from schemas.tables import FEEDBACK
from transforms.delta import AUTHOR_KEY_ID_KEY, active_files, open_table
from transforms.suppressions import Scope


def keyring_of(root: str, key_file: Path | None) -> AuthorKeyring:
    """The author key the tables were written with.

    Raises `TribometerError` for another key, under which every author would be somebody else and nobody be found.
    """
    keyring = load_keyring(key_file, create=False)
    table = open_table(root, FEEDBACK)
    if table is None:
        raise UsageError(f"{root}: holds no feedback; name the folder given to `tribometer replay --tables`")
    written_with = table.metadata().configuration.get(AUTHOR_KEY_ID_KEY)
    if written_with not in (None, keyring.key_id):
        raise TribometerError(
            f"{root}: written with author key {written_with}, the key here is {keyring.key_id}; "
            "set TRIBOMETER_AUTHOR_KEY or --author-key-file to the first one"
        )
    return keyring


def authors(names: Iterable[str], source: str, account: str | None, keyring: AuthorKeyring) -> list[Subject]:
    """One author for each name, spelt as the source spells it; empty ones are left out."""
    return [
        Subject(Scope.AUTHOR, keyring.author_key(source, account, name), source, account, name)
        for name in map(clean, names)
        if name
    ]


def event(root: str, event_id: str) -> Subject:
    """The event that a row of feedback is a revision of.

    Found in the newest snapshot, else in files that an interrupted erasure left, else among what is suppressed already.
    Raises `UsageError` for an event that is nowhere.
    """
    table = open_table(root, FEEDBACK)
    live = [Path(path) for path in active_files(table)] if table is not None else []
    for path in (*live, *(set(stored_paths(root, FEEDBACK)) - set(live))):
        try:
            rows = read_columns(path, FEEDBACK, ("event_id", "source", "account", "native_id"))
        except (OSError, ValueError):  # gone since, or damaged: the erasure itself says so
            continue
        for row in rows.filter(pc.equal(rows["event_id"], event_id)).to_pylist():
            key = event_key(row["source"], row["account"], row["native_id"])
            return Subject(Scope.EVENT, key, row["source"], row["account"], row["native_id"], event_id)
    for row in suppressions(root):
        if row["event_id"] == event_id:
            return Subject(Scope.EVENT, row["key"], event_id=event_id)
    raise UsageError(
        f"no event {event_id!r} in {root}; give the event_id of any of its revisions, all 32 digits, as in "
        "`tribometer sql 'SELECT event_id, text FROM events'`"
    )
