"""`tribometer tables erase`: take a person's words out of everything, for good."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
from rich.console import Console
from rich.progress import Progress

from pipelines.cli.options import author_key_file, reads_tables
from schemas.errors import TribometerError, UsageError

if TYPE_CHECKING:
    from pipelines.tables.erase import Found
    from pipelines.tables.subjects import Subject, Subjects
    from schemas.erasure import Erasure
    from schemas.identity import AuthorKeyring

_SHOWN: Final = 5
"""Subjects the proving query is printed for; it is asked for all."""


@click.command(short_help="Erase an author or an event from every table and every later replay.")
@reads_tables
@click.option("--author", metavar="NAME", help="Author as the source spells it; needs --source.")
@click.option(
    "--authors-file", metavar="FILE|-", help="One author a line, as the source spells them; needs --source."
)
@click.option("--source", metavar="NAME", help="Source of the author, as in the column `source`.")
@click.option("--account", metavar="NAME", help="Account of the author, where the source has several.")
@click.option("--author-key", metavar="KEY", help="Author by pseudonym, where the name is not known.")
@click.option("--event", "event_id", metavar="EVENT_ID", help="One event, all its revisions, by any of them.")
@click.option("--reason", metavar="TEXT", help="Kept with the suppression for good. Write nobody's name in it.")
@click.option("--dry-run", is_flag=True, help="Count what would be erased, and change nothing.")
@author_key_file
def erase(
    tables: str,
    author: str | None,
    authors_file: str | None,
    source: str | None,
    account: str | None,
    author_key: str | None,
    event_id: str | None,
    reason: str | None,
    dry_run: bool,
    author_key_file: Path | None,
) -> None:
    """Erase authors, or one event, from feedback, scores, themes, raw and the dead letters, and keep them out.

    Name them by --author, --authors-file, --author-key or --event. Files that held such rows are deleted from the disk,
    the erasure is logged and signed, and a query shows that nothing is left. Later deliveries and replays of the same
    messages are dropped and counted as suppressed. Listeners, replays and readers may go on meanwhile; a query that is
    running while its files are deleted fails and can be asked again.

    Dead letters go that were read as far as the author or the event, and those of the source whose bytes hold the
    name (or the event's native id) as a whole value. With --author-key the bytes cannot be searched.

    There is no way back. Interrupted, run it again: it ends in the same state.
    """
    from pipelines.clock import utc_now
    from pipelines.snapshot import open_snapshot
    from pipelines.tables.erase import Eraser
    from pipelines.tables.whose import keyring_of

    given = [word for word in (author, authors_file, author_key, event_id) if word is not None]
    if len(given) != 1:
        raise UsageError("name whom to erase by one of --author, --authors-file, --author-key and --event")
    if (author is not None or authors_file is not None) != (source is not None):
        raise UsageError(
            "--author and --authors-file need --source, and only they: the same name may be two people"
        )
    snapshot = open_snapshot(tables)
    if snapshot.closed:
        raise UsageError(
            f"{tables}: {', '.join(sorted(snapshot.closed))} may not be opened; run it as the user who writes"
        )
    root = str(snapshot.root)
    keyring = keyring_of(root, author_key_file)
    names = [author] if author is not None else [] if authors_file is None else _lines(authors_file)
    subjects = _subjects(root, names, source, account, author_key, event_id, keyring)
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("")
        eraser = Eraser(
            root,
            subjects,
            utc_now,
            lambda table, done, total: bar.update(
                task, description=f"reading {table}", completed=done, total=total
            ),
        )
        found = eraser.find() if dry_run else {}
        erased = {} if dry_run else eraser.erase(keyring, reason)
    if dry_run:
        _say_found(list(found.values()))
    else:
        _say_erased(erased, keyring)
        _prove(root, subjects)


def _subjects(
    root: str,
    names: Sequence[str],
    source: str | None,
    account: str | None,
    author_key: str | None,
    event_id: str | None,
    keyring: AuthorKeyring,
) -> Subjects:
    from pipelines.tables.subjects import Subject, unique
    from pipelines.tables.whose import authors, event
    from transforms.suppressions import Scope

    found: list[Subject] = []
    if source is not None:
        found = authors(names, source, account, keyring)
    elif author_key is not None:
        if len(author_key) != 32 or set(author_key) - set("0123456789abcdef"):
            raise UsageError(f"--author-key {author_key}: not an author_key, which has 32 hexadecimal digits")
        found = [Subject(Scope.AUTHOR, author_key)]
    elif event_id is not None:
        found = [event(root, event_id)]
    if not found:
        raise UsageError("no author is named; write one a line")
    return unique(found)


def _lines(path: str) -> list[str]:
    try:
        data = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
        return data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise UsageError(f"{path}: is not text in UTF-8") from None
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None


def _say_found(found: Sequence[Found]) -> None:
    click.echo(
        f"would erase {sum(one.feedback_rows for one in found):,} rows of feedback, "
        f"{sum(one.raw_rows for one in found):,} of raw, {sum(one.score_rows for one in found):,} of scores, "
        f"{sum(one.theme_rows for one in found):,} of theme mentions and "
        f"{sum(one.dead_letters for one in found):,} dead letters, of {len(found):,} named; "
        f"{sum(not one.files for one in found):,} of them are nowhere"
    )


def _say_erased(erased: dict[Subject, Erasure | None], keyring: AuthorKeyring) -> None:
    new = [erasure for erasure in erased.values() if erasure is not None]
    feedback, raw = sum(one.feedback_rows for one in new), sum(one.raw_rows for one in new)
    scores, letters = sum(one.score_rows for one in new), sum(one.dead_letters for one in new)
    themes = sum(one.theme_rows or 0 for one in new)
    click.echo(
        f"erased {feedback:,} rows of feedback, {raw:,} of raw, {scores:,} of scores, {themes:,} of theme mentions "
        f"and {letters:,} dead letters, of {len(erased):,} named"
    )
    if len(erased) > len(new):
        click.echo(f"{len(erased) - len(new):,} were erased before, nothing of them was left")
    if new:
        click.echo(f"logged in erasures, signed with the author key {keyring.key_id}")


def _prove(root: str, subjects: Subjects) -> None:
    from pipelines.tables.proof import proving_query, rows_left

    shown = list(subjects)[:_SHOWN]
    more = len(subjects.members) - len(shown)
    left = rows_left(root, subjects)
    click.echo(f"{proving_query(shown)}{f' -- and for {more:,} more' if more else ''}")
    click.echo(f"rows_left: {left}")
    if left:
        raise TribometerError(
            f"{left} rows are still there; an older Tribometer may be writing: stop it, erase again"
        )
    click.echo("not reached from here: what Pub/Sub retains, exports, backups; see docs/privacy.md", err=True)
