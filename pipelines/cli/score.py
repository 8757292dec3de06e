"""`tribometer score`: what the scorer says of a few texts, without a table."""

from __future__ import annotations

import gzip
import itertools
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

import click
import orjson

from pipelines.cli.options import own_model
from schemas.errors import UsageError
from schemas.rating import RatingScale
from schemas.violations import Violation

_CHUNK_LINES: Final = 512
_GZIP: Final = b"\x1f\x8b"
_HIDDEN: Final = ("theme_id",)


@dataclass(frozen=True)
class _Line:
    """One line of input: what is asked of the scorer, or why it cannot be."""

    keys: dict[str, Any]
    text: str = ""
    rating: float | None = None
    language: str | None = None
    product: str | None = None
    error: str | None = field(default=None)


@click.command()
@click.argument("file", default="-", metavar="[FILE|-]")
@click.option(
    "--format",
    "form",
    type=click.Choice(["auto", "jsonl", "text"]),
    default="auto",
    show_default=True,
    help="What a line is: a JSON object, plain text, or whichever it looks like.",
)
@click.option(
    "--rating-scale",
    default="1-5",
    show_default=True,
    metavar="WORST-BEST",
    help="The scale ratings are given on.",
)
@own_model
def score(file: str, form: str, rating_scale: str, model: str | None) -> int:
    """Score texts, one a line, and print one JSON object a line.

    A line of input is a JSON object with "text" and, if known, "rating", "language" and "product"; or plain
    text. Each comes out in its place with its keys, the scores of the whole text, and its clauses as "mentions".
    A line that cannot be read comes out with "error" instead of scores, and the exit status is 1.
    """
    try:
        scale = RatingScale.parse(rating_scale)
    except ValueError as error:
        raise UsageError(f"--rating-scale: {error}") from error
    from models.scorer import load_scorer

    unreadable = 0
    out = sys.stdout.buffer
    with _opened(file) as stream:
        # The model is loaded after the file is known to be readable: its absence is the commoner mistake.
        scorer = load_scorer(model)
        numbered = enumerate(_bytes_of(stream, file), start=1)
        for chunk in _chunks(numbered):
            lines = [_read(content, form, scale) for _, content in chunk]
            good = [line for line in lines if line.error is None]
            rows = iter(
                scorer.score(
                    [line.text for line in good],
                    [line.rating for line in good],
                    [line.language for line in good],
                    products=[line.product for line in good],
                ).to_pylist()
            )
            for (number, _), line in zip(chunk, lines, strict=True):
                if line.error is None:
                    answer = line.keys | _shown(next(rows))
                else:
                    unreadable += 1
                    click.echo(f"tribometer: {file}:{number}: {line.error}", err=True)
                    answer = line.keys | {"error": line.error}
                out.write(orjson.dumps(answer, option=orjson.OPT_APPEND_NEWLINE))
            out.flush()
    return 1 if unreadable else 0


@contextmanager
def _opened(file: str) -> Iterator[IO[bytes]]:
    """The bytes of a file or of standard input, unpacked when they are gzip."""
    if file == "-":
        yield _unpacked(sys.stdin.buffer)
        return
    path = Path(file)
    if path.is_dir():
        raise UsageError(f"{file} is a folder; give one file, or - for standard input")
    try:
        with path.open("rb") as stream:
            yield _unpacked(stream)
    except FileNotFoundError:
        raise UsageError(f"{file} does not exist; give a file of texts, or - for standard input") from None
    except PermissionError:
        raise UsageError(f"{file} cannot be read: permission denied") from None


def _unpacked(stream: IO[bytes]) -> IO[bytes]:
    start: bytes = stream.peek(2)[:2]  # type: ignore[attr-defined]
    return gzip.open(stream, "rb") if start == _GZIP else stream  # type: ignore[return-value]


def _bytes_of(stream: IO[bytes], file: str) -> Iterator[bytes]:
    try:
        yield from stream
    except (EOFError, gzip.BadGzipFile) as error:
        raise UsageError(f"{file} is a damaged gzip file: {error}") from error


def _chunks(numbered: Iterable[tuple[int, bytes]]) -> Iterator[tuple[tuple[int, bytes], ...]]:
    iterator = iter(numbered)
    while chunk := tuple(itertools.islice(iterator, _CHUNK_LINES)):
        yield chunk


def _read(content: bytes, form: str, scale: RatingScale) -> _Line:
    raw = content.rstrip(b"\r\n")
    if form == "text" or (form == "auto" and not raw.lstrip().startswith(b"{")):
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            shown = raw.decode("utf-8", "replace")
            return _Line({"text": shown}, error=f"not UTF-8 (byte {error.start}); convert the file to UTF-8")
        return _Line({"text": text}, text)
    try:
        keys = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        return _Line({"line": raw.decode("utf-8", "replace")}, error=f"not JSON: {error.msg}")
    if not isinstance(keys, dict):
        return _Line({"line": raw.decode("utf-8", "replace")}, error='not a JSON object; write {"text": "…"}')
    return _of_object(keys, scale)


def _of_object(keys: dict[str, Any], scale: RatingScale) -> _Line:
    text, rating, language = keys.get("text"), keys.get("rating"), keys.get("language")
    if text is None and rating is None:
        return _Line(keys, error='neither "text" nor "rating" is given')
    if not isinstance(text, str | None):
        return _Line(keys, error=f'"text" is {type(text).__name__}; it must be a string')
    if isinstance(rating, bool) or not isinstance(rating, int | float | None):
        return _Line(keys, error=f'"rating" is {type(rating).__name__}; it must be a number or null')
    if not isinstance(language, str | None):
        return _Line(keys, error=f'"language" is {type(language).__name__}; it must be a string such as "en"')
    product = keys.get("product")
    if not isinstance(product, str | None):
        return _Line(keys, error=f'"product" is {type(product).__name__}; it must be a string')
    try:
        normal = None if rating is None else scale.normal(float(rating))
    except Violation as violation:
        return _Line(keys, error=f"{violation}; --rating-scale names another scale")
    return _Line(keys, text or "", normal, language, product)


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    """A row of scores as people read it: floats as written, no model internals that are always empty."""
    shown = {key: round(value, 4) if isinstance(value, float) else value for key, value in row.items()}
    shown["mentions"] = [
        {
            key: round(value, 4) if isinstance(value, float) else value
            for key, value in mention.items()
            if key not in _HIDDEN
        }
        for mention in row["mentions"]
    ]
    return shown
