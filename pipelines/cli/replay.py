"""`tribometer replay`: files of feedback into tables."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

from pipelines.cli.options import tables_folder, writes_tables, writing_options


@click.command(short_help="Read files of feedback into tables; running it again adds nothing.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@writing_options
@writes_tables
def replay(
    files: tuple[str, ...],
    source: str,
    tables: str,
    author_key_file: Path | None,
    model: str | None,
    keep_raw: bool,
) -> None:
    """Read FILE... (files, folders, globs or - ; gzipped or not) into the tables below DIR.

    Every record ends in exactly one place: a new row, a row that was there already, or a dead letter. The command
    may be interrupted and run again at any time; it ends in the same tables.
    """
    from pipelines.cli.progress import ReplayProgress
    from pipelines.clock import utc_now
    from pipelines.embedded import EmbeddedHost
    from pipelines.records import find_files
    from pipelines.replay import replay as run
    from schemas.author_key import key_file_to_make
    from schemas.mapping import load_mapping

    mapping = load_mapping(source)
    found = find_files(files, mapping.format)
    folder = tables_folder(tables)
    new_key = key_file_to_make(author_key_file)
    host = EmbeddedHost(
        command="replay",
        tables=str(folder),
        mapping=mapping,
        clock=utc_now,
        author_key_file=author_key_file,
        model=model,
        keep_raw=keep_raw,
    )
    host.prepare()
    if new_key is not None:
        click.echo(
            f"{new_key}: made, the key of the authors' pseudonyms; back it up, apart from the tables", err=True
        )
    with ReplayProgress(Console(stderr=True), found) as progress:
        counts = run(host, found, progress)
    rate = progress.per_second(counts.messages)
    click.echo(
        f"{counts.messages:,} messages = {counts.accepted:,} accepted + {counts.duplicate:,} duplicate + "
        f"{counts.dead:,} dead + {counts.suppressed:,} suppressed, in {progress.seconds:.1f} s ({rate:,.0f} rows/s)"
    )
    if counts.dead:
        click.echo(
            "why: tribometer sql 'SELECT violation, reason, count(*) AS messages FROM dead_letters "
            f"GROUP BY ALL ORDER BY messages DESC' --tables {tables}"
        )
