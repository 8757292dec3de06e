"""`tribometer sources`: which sources there are, what a mapping says, and what it makes of a sample."""

from __future__ import annotations

import gzip
import itertools
import zlib
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, cast

import click
from rich.console import Console
from rich.table import Table

from schemas.errors import UsageError
from schemas.mapping import SourceMapping, catalogue, load_mapping, mapping_path
from schemas.violations import Violation

if TYPE_CHECKING:
    from transforms.elements import MessageBatch

SAMPLE_RECORDS: Final = 1000
PREVIEW_ROWS: Final = 5
_PREVIEW_CHARACTERS: Final = 160
_GZIP_MAGIC: Final = b"\x1f\x8b"


@click.group()
def sources() -> None:
    """List, show and check source mappings."""


@sources.command("list")
def list_sources() -> None:
    """List the sources of the catalogue."""
    table = Table("source", "channel", "format", "description", box=None, pad_edge=False)
    for name in catalogue():
        mapping = load_mapping(name)
        table.add_row(name, mapping.channel.value, mapping.format, mapping.description)
    Console().print(table)
    click.echo(
        "\nA mapping of your own is given as a path: --source ./mine.yaml (docs/sources.md says how to write one)."
    )


@sources.command()
@click.argument("name")
def show(name: str) -> None:
    """Print the mapping NAME, to read it or to begin your own with."""
    load_mapping(name)
    click.echo(mapping_path(name).read_text(encoding="utf-8"), nl=False)


@sources.command(short_help="Check a mapping; show what it makes of a sample.")
@click.argument("name_or_path")
@click.option("--sample", type=click.Path(path_type=Path), help="Map the first records of this file (gz or not).")
@click.option(
    "--rows", default=PREVIEW_ROWS, show_default=True, type=click.IntRange(0, 1000), help="Events to print."
)
@click.option(
    "--records",
    default=SAMPLE_RECORDS,
    show_default=True,
    type=click.IntRange(1, 1_000_000),
    help="Records of the sample to map.",
)
def check(name_or_path: str, sample: Path | None, rows: int, records: int) -> int:
    """Check the mapping NAME_OR_PATH; with --sample, show what it makes of real records.

    Exit status 1 when a record of the sample is refused, 2 when the mapping itself is wrong.
    """
    mapping = load_mapping(name_or_path)
    click.echo(f"{name_or_path}: a valid mapping of {len(mapping.fields)} fields for source {mapping.source!r}")
    if sample is None:
        return 0
    return _check_sample(mapping, sample, rows, records)


def _check_sample(mapping: SourceMapping, sample: Path, rows: int, records: int) -> int:
    # Beam is imported with the steps; a check without a sample does not wait for it.
    from schemas.identity import AuthorKeyring
    from transforms.decode import decode
    from transforms.normalize import normalize
    from transforms.redact import redact

    batch = _sample_batch(mapping, sample, records)
    decoded = decode(batch, mapping.source)
    # A preview shows no pseudonym, so it needs no deployment's key.
    normalized = normalize(decoded.passed, mapping, AuthorKeyring(b"preview: not a secret, not stored"))
    failed = decoded.failed + normalized.failed
    redacted = redact(normalized.passed)
    for row in redacted.slice(0, rows).to_pylist():
        click.echo()
        _print_event(row)
    click.echo(f"\n{len(batch)} records: {redacted.num_rows} events, {len(failed)} refused")
    _print_filled(redacted.to_pydict(), redacted.num_rows)
    for (kind, reason), number in Counter(
        (letter.violation.kind.value, letter.violation.reason) for letter in failed
    ).most_common(10):
        first = next(letter.origin for letter in failed if letter.violation.reason == reason)
        click.echo(f"  refused {number} x {kind}: {reason} (first at {first})")
    return 1 if failed else 0


def _print_event(row: dict[str, Any]) -> None:
    hidden = ("payload", "event_id", "author_key", "received_at")
    for name, value in row.items():
        if name in hidden or value is None or value in ([], ""):
            continue
        if isinstance(value, list):
            shown = ", ".join(f"{key}={item}" for key, item in value)
        elif isinstance(value, datetime):
            shown = value.isoformat()
        else:
            shown = " ".join(str(value).split())
        click.echo(f"  {name:<14} {shown[:_PREVIEW_CHARACTERS]}{'…' if len(shown) > _PREVIEW_CHARACTERS else ''}")


def _print_filled(columns: dict[str, list[Any]], events: int) -> None:
    """How often each optional field was filled: the quickest way to see a path that never matches."""
    if not events:
        return
    optional = (
        "author_key",
        "product",
        "version",
        "language",
        "text",
        "rating",
        "thread",
        "url",
        "segment",
        "extra",
    )
    shares = [f"{name} {sum(1 for value in columns[name] if value) / events:.0%}" for name in optional]
    click.echo(f"  filled: {', '.join(shares)}")


def _sample_batch(mapping: SourceMapping, sample: Path, records: int) -> MessageBatch:
    from transforms.elements import MessageBatch

    try:
        with _open(sample) as file:
            header, payloads = _first_records(mapping, file, records, sample)
    except (OSError, EOFError, zlib.error) as error:
        raise UsageError(f"{sample}: cannot be read ({_reason(error)}); check the path of the sample") from None
    if not payloads:
        raise UsageError(f"{sample}: holds no records; give a sample with at least one")
    origins = [f"{sample.name}, record {number}" for number in range(1, len(payloads) + 1)]
    return MessageBatch(payloads, origins, datetime.now(UTC), header)


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or " ".join(str(error).split()) or type(error).__name__


def _open(path: Path) -> IO[bytes]:
    with path.open("rb") as file:
        compressed = file.read(2) == _GZIP_MAGIC
    return cast("IO[bytes]", gzip.open(path) if compressed else path.open("rb"))


def _first_records(
    mapping: SourceMapping, file: IO[bytes], records: int, sample: Path
) -> tuple[tuple[str, ...] | None, list[bytes]]:
    if mapping.format == "jsonl":
        lines = (line.rstrip(b"\r\n") for line in file)
        return None, list(itertools.islice((line for line in lines if line.strip()), records))
    rows = _csv_records(file)
    from transforms.decode import decode_header

    first = next(rows, b"")
    if not first:
        raise UsageError(f"{sample}: holds no records; give a sample with at least one")
    try:
        header = decode_header(first)
    except Violation as violation:
        raise UsageError(f"{sample}: {violation.reason}; the first record must name the columns") from None
    return header, list(itertools.islice(rows, records))


def _csv_records(file: IO[bytes]) -> Iterator[bytes]:
    """Records of a CSV file; a record runs over line ends inside quotes."""
    parts: list[bytes] = []
    quotes = 0
    for line in file:
        parts.append(line)
        quotes += line.count(b'"')
        if quotes % 2 == 0:
            record = b"".join(parts).rstrip(b"\r\n")
            if record:
                yield record
            parts, quotes = [], 0
    if parts:
        yield b"".join(parts).rstrip(b"\r\n")
