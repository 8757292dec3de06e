"""The proving query of an erasure: what an analyst asks to see that nothing is left."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.connect import connect_stored
from pipelines.tables.subjects import Subject, Subjects
from schemas.tables import FEEDBACK, SCORES, THEME_MENTIONS
from transforms.suppressions import Scope


def rows_left(root: str, subjects: Subjects) -> int:
    """Rows of feedback, scores and theme mentions in the newest snapshots that are the subjects'.

    Not counted by what erased them.
    """
    with connect_stored(root) as connection:
        ((count,),) = connection.execute(proving_query(list(subjects))).fetchall()
    return int(count)


def proving_query(subjects: Sequence[Subject]) -> str:
    """SQL over the stored tables that counts the rows of feedback, scores and theme mentions that are the subjects'."""
    authors = [_literal(subject.key) for subject in subjects if subject.scope is Scope.AUTHOR]
    conditions = [f"author_key IN ({', '.join(authors)})"] if authors else []
    conditions += [_of_event(subject) for subject in subjects if subject.scope is Scope.EVENT]
    columns = "author_key, source, account, native_id, event_id"
    tables = (FEEDBACK, SCORES, THEME_MENTIONS)
    said = " UNION ALL ".join(f"SELECT {columns} FROM tables.{spec.name}" for spec in tables)
    return f"SELECT count(*) AS rows_left FROM ({said}) WHERE {' OR '.join(conditions)}"


def _of_event(subject: Subject) -> str:
    if subject.source is None or subject.spelt is None:
        return f"event_id = {_literal(subject.event_id or '')}"
    account = "NULL" if subject.account is None else _literal(subject.account)
    return (
        f"(source = {_literal(subject.source)} AND native_id = {_literal(subject.spelt)}"
        f" AND account IS NOT DISTINCT FROM {account})"
    )


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
