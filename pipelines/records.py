"""Records of input files: JSON lines, or CSV records as they stand, each with the bytes it came as.

Files, folders, globs, `-` for standard input, gzipped or not, local or on any file system Beam knows
(`gs://` with the `gcp` extra, `s3://` with the `aws` extra).
"""

from __future__ import annotations

import contextlib
import csv
import glob
import gzip
import io
import sys
import zlib
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from schemas.errors import TribometerError, UsageError

STDIN: Final = "-"
_GZIP_MAGIC: Final = b"\x1f\x8b"
_EXTENSIONS: Final = {"jsonl": (".jsonl", ".ndjson", ".json"), "csv": (".csv",)}
ENDINGS: Final = {
    encoding: tuple(extension + packed for extension in extensions for packed in ("", ".gz"))
    for encoding, extensions in _EXTENSIONS.items()
}
"""How the names of files of an encoding end."""

_CSV_RECORD_LINES: Final = 1_000
"""A quoted CSV field that runs on for more lines than this lost its closing quote; only its first line is refused."""

_BOM: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class InputFile:
    """A file to read: a path, a URL, or `-`; `size_bytes` as stored, None where unknown."""

    path: str
    size_bytes: int | None


@dataclass(frozen=True)
class Record:
    """One record of a file, as its bytes; `header` is set for CSV."""

    payload: bytes
    origin: str
    header: tuple[str, ...] | None = None


def find_files(paths: Sequence[str], encoding: str) -> list[InputFile]:
    """The files that `paths` name, in the order given, a folder's sorted by name.

    Raises `UsageError` for a path that is not there, a folder or glob without matching files, or a file system
    that needs an extra.
    """
    found: list[InputFile] = []
    for path in paths:
        if path == STDIN:
            found.append(InputFile(STDIN, None))
        elif "://" in path:
            found += _find_remote(path)
        else:
            found += [InputFile(str(file), _size(file)) for file in _find_local(path, encoding)]
    return list(dict.fromkeys(found))


def _find_local(path: str, encoding: str) -> list[Path]:
    place = Path(path)
    if place.is_dir():
        inside = sorted(
            file for file in place.rglob("*") if file.is_file() and file.name.lower().endswith(ENDINGS[encoding])
        )
        if not inside:
            raise UsageError(
                f"{path}: the folder holds no {', '.join(_EXTENSIONS[encoding])} files, gzipped or not"
            )
        return inside
    if place.exists():
        return [place]
    matched = sorted(Path(name) for name in glob.glob(path, recursive=True) if Path(name).is_file())
    if not matched:
        what = "no file matches" if any(mark in path for mark in "*?[") else "no such file or folder"
        raise UsageError(f"{path}: {what}")
    return matched


def _size(file: Path) -> int | None:
    # A pipe (process substitution, /dev/stdin) has no size of its own.
    return file.stat().st_size if file.is_file() else None


def _find_remote(url: str) -> list[InputFile]:
    from apache_beam.io.filesystems import FileSystems

    try:
        matches = FileSystems.match([url if not url.endswith("/") else url + "**"])[0].metadata_list
    except ValueError as error:
        scheme = url.split("://", 1)[0]
        extra = {"gs": "gcp", "s3": "aws"}.get(scheme)
        hint = (
            f"install 'tribometer[{extra}]' to read {scheme}:// paths"
            if extra
            else "use gs://, s3:// or a local path"
        )
        raise UsageError(f"{url}: no file system for {scheme}://; {hint}") from error
    except Exception as error:
        raise TribometerError(f"{url}: cannot be listed: {_reason(error)}") from error
    if not matches:
        raise UsageError(f"{url}: no file matches")
    return [InputFile(match.path, match.size_in_bytes) for match in matches]


class Records:
    """Every record of `files`, in order; iterate once.

    A record that cannot be understood is passed on as it is: refusing it is decode's work. A file that cannot be
    read to its end ends the iteration; `failure` then says why, so that what was read can be committed first.
    """

    def __init__(self, files: Sequence[InputFile], encoding: str) -> None:
        self._files = files
        self._encoding = encoding
        self._finished_bytes = 0
        self._stored: BinaryIO | None = None
        self.failure: TribometerError | None = None

    @property
    def position_bytes(self) -> int:
        """How many stored (compressed) bytes have been read."""
        if self._stored is None:
            return self._finished_bytes
        try:
            return self._finished_bytes + self._stored.tell()
        except (OSError, ValueError):
            return self._finished_bytes

    def __iter__(self) -> Iterator[Record]:
        for file in self._files:
            try:
                yield from self._read(file)
            except (EOFError, zlib.error, gzip.BadGzipFile) as error:
                self._fail(f"{file.path}: the gzip file is damaged or cut short: {_reason(error)}", error)
            except OSError as error:
                self._fail(f"{file.path}: cannot be read: {error.strerror or error}", error)
            except TribometerError as error:
                self.failure = error
            if self.failure is not None:
                return
            self._finished_bytes += file.size_bytes or 0

    def _read(self, file: InputFile) -> Iterator[Record]:
        with _opened(file) as (stored, content):
            self._stored = stored
            lines = _lines(content)
            if self._encoding == "csv":
                yield from _csv_records(file.path, lines)
            else:
                for number, line in enumerate(lines, start=1):
                    yield Record(line, f"{file.path}:{number}")
            self._stored = None

    def _fail(self, text: str, cause: Exception) -> None:
        self.failure = TribometerError(text)
        self.failure.__cause__ = cause


@contextlib.contextmanager
def _opened(file: InputFile) -> Iterator[tuple[BinaryIO, BinaryIO]]:
    """The stored bytes and the content; gzip is recognised by its first bytes, not by the file's name."""
    with contextlib.ExitStack() as stack:
        stored: BinaryIO
        if file.path == STDIN:
            stored = sys.stdin.buffer
        elif "://" in file.path:
            from apache_beam.io.filesystem import CompressionTypes
            from apache_beam.io.filesystems import FileSystems

            opened = FileSystems.open(file.path, compression_type=CompressionTypes.UNCOMPRESSED)
            stored = stack.enter_context(io.BufferedReader(opened))
        else:
            stored = stack.enter_context(Path(file.path).open("rb"))
        if stored.peek(2)[:2] == _GZIP_MAGIC:  # type: ignore[attr-defined]
            yield stored, stack.enter_context(gzip.open(stored))  # type: ignore[misc]
        else:
            yield stored, stored


def _lines(content: BinaryIO) -> Iterator[bytes]:
    """Lines without their ends; a byte order mark before the first one is dropped."""
    for number, line in enumerate(content):
        if number == 0:
            line = line.removeprefix(_BOM)  # noqa: PLW2901 - the same line without its mark
        yield line.rstrip(b"\r\n")


def _csv_records(path: str, lines: Iterator[bytes]) -> Iterator[Record]:
    """CSV records by quote parity, so that a record's bytes stay exactly as they are."""
    first = next(lines, None)
    if first is None:
        return
    try:
        header = tuple(name.strip() for name in next(csv.reader([first.decode()])))
    except (UnicodeDecodeError, csv.Error, StopIteration) as error:
        raise TribometerError(f"{path}:1: is not a CSV header in UTF-8: {_reason(error)}") from error
    numbered = enumerate(lines, start=2)
    again: deque[tuple[int, bytes]] = deque()
    while True:
        record = _until_quotes_close(again, numbered)
        if not record:
            return
        start, parts = record[0][0], [line for _, line in record]
        if _quotes(parts) % 2:
            # Its last quote never closes: only the first line is wrong, the others are read again without it.
            again.extendleft(reversed(record[1:]))
            parts = parts[:1]
        yield Record(b"\n".join(parts), f"{path}:{start}", header)


def _until_quotes_close(
    again: deque[tuple[int, bytes]], numbered: Iterator[tuple[int, bytes]]
) -> list[tuple[int, bytes]]:
    """Lines up to the one that closes every quote, `_CSV_RECORD_LINES`, or the end of the file."""
    record: list[tuple[int, bytes]] = []
    quotes = 0
    while len(record) < _CSV_RECORD_LINES:
        line = again.popleft() if again else next(numbered, None)
        if line is None:
            break
        record.append(line)
        quotes += line[1].count(b'"')
        if quotes % 2 == 0:
            break
    return record


def _quotes(lines: list[bytes]) -> int:
    return sum(line.count(b'"') for line in lines)


def _reason(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
