"""Launches as people keep them in files: CSV with a header, or JSON lines."""

from __future__ import annotations

import csv
import gzip
import io
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from schemas.errors import UsageError
from schemas.launch import InvalidLaunch, Launch

_GZIP_MAGIC: Final = b"\x1f\x8b"


def read_launches(path: str) -> list[Launch]:
    """Every launch of a CSV (with header) or JSON lines file, gzipped or not, `-` for standard input.

    Raises `UsageError` naming file and line when any row is not a launch, or two rows state one launch
    differently.
    """
    launches: dict[str, tuple[int, Launch]] = {}
    for line, fields in _rows(path, _content(path)):
        try:
            launch = Launch.parse(fields)
        except InvalidLaunch as error:
            raise UsageError(f"{path}:{line}: {error}; nothing was imported") from error
        earlier, same = launches.setdefault(launch.launch_id, (line, launch))
        if same != launch:
            raise UsageError(
                f"{path}:{line}: states the launch of line {earlier} differently; keep one of them, "
                "or tell them apart by version, title or kind; nothing was imported"
            )
    if not launches:
        raise UsageError(f"{path}: holds no launches; write a CSV with the columns product, version, launched_at")
    return [launch for _, launch in launches.values()]


def _content(path: str) -> str:
    try:
        data = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
        if data.startswith(_GZIP_MAGIC):
            data = gzip.decompress(data)
        return data.decode("utf-8-sig")
    except FileNotFoundError as error:
        raise UsageError(f"{path}: no such file") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: is not UTF-8 text (byte {error.start}); save it as UTF-8") from error
    except (OSError, EOFError) as error:
        raise UsageError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error


def _rows(path: str, content: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Line number and fields of each row; the first character tells JSON lines from CSV."""
    return _json_rows(path, content) if content.lstrip().startswith("{") else _csv_rows(path, content)


def _json_rows(path: str, content: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    # Not splitlines(): it also breaks at characters that may stand inside a JSON text.
    for line, text in enumerate(content.split("\n"), start=1):
        if not text.strip():
            continue
        try:
            fields = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise UsageError(f"{path}:{line}: is not JSON; nothing was imported") from error
        if not isinstance(fields, dict):
            raise UsageError(f"{path}:{line}: is not a JSON object; nothing was imported")
        yield line, fields


def _csv_rows(path: str, content: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    reader = csv.reader(io.StringIO(content, newline=""), strict=True)
    header: list[str] | None = None
    try:
        for values in reader:
            if not any(value.strip() for value in values):
                continue
            if header is None:
                header = [value.strip() for value in values]
                continue
            if len(values) != len(header):
                raise UsageError(
                    f"{path}:{reader.line_num}: has {len(values)} values for {len(header)} columns; "
                    "nothing was imported"
                )
            yield reader.line_num, dict(zip(header, values, strict=True))
    except csv.Error as error:
        raise UsageError(f"{path}:{reader.line_num}: {error}; nothing was imported") from error
