"""`tribometer replay`: files of feedback into tables."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

from pipelines.cli.options import writes_tables
from schemas.errors import UsageError


@click.command(short_help="Read files of feedback into tables; running it again adds nothing.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--source", required=True, metavar="NAME|PATH", help="Source mapping: a catalogue name or a YAML file."
)
@writes_tables
@click.option(
    "--author-key-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Secret for author pseudonyms. Default: TRIBOMETER_AUTHOR_KEY, else a file made once for this user.",
)
@click.option("--model", metavar="NAME|DIR", help="spaCy pipeline to score with. Default: the one shipped.")
@click.option(
    "--raw/--no-raw", "keep_raw", default=True, help="Keep the original bytes in the restricted table `raw`."
)
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
    from schemas.mapping import load_mapping

    mapping = load_mapping(source)
    found = find_files(files, mapping.format)
    folder = _tables_folder(tables)
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
    with ReplayProgress(Console(stderr=True), found) as progress:
        counts = run(host, found, progress)
    rate = counts.messages / max(progress.seconds, 1e-9)
    click.echo(
        f"{counts.messages:,} messages = {counts.accepted:,} accepted + {counts.duplicate:,} duplicate + "
        f"{counts.dead:,} dead + {counts.suppressed:,} suppressed, in {progress.seconds:.1f} s ({rate:,.0f} rows/s)"
    )
    if counts.dead:
        click.echo(
            "why: tribometer sql 'SELECT violation, reason, count(*) AS messages FROM dead_letters "
            f"GROUP BY ALL ORDER BY messages DESC' --tables {tables}"
        )


def _tables_folder(tables: str) -> Path:
    if "://" in tables:
        raise UsageError(f"--tables {tables}: tables live on a local disk in this version; name a folder")
    folder = Path(tables)
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"--tables {tables}: is a file; name a folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"--tables {tables}: cannot be made: {error.strerror}") from error
    return folder.resolve()
