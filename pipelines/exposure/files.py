"""Exposure as people keep it in files: CSV with a header, gzipped or not, or Parquet; one number a row."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import tzinfo
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.exposure.columns import Asked, Columns, choose_columns
from schemas.errors import UsageError
from schemas.exposure import ExposureKey, InvalidExposure, parse_count, parse_day, parse_hour

_GZIP_MAGIC: Final = b"\x1f\x8b"
_PARQUET_MAGIC: Final = b"PAR1"
_NOTHING: Final = "nothing was imported"

Row = tuple[str, Mapping[str, Any]]
"""Where a row stands, as `file:line` of CSV and `file: row 7` of Parquet, and its values by column."""


def read_exposure(path: str, asked: Asked, zone: tzinfo) -> dict[ExposureKey, float]:
    """Every number of the file at `path`; hours without an offset are read in `zone`.

    Raises `UsageError` naming file and row when one is no exposure, or two state the same number differently.
    """
    names, rows = _table(path)
    columns = choose_columns(names, asked)
    stated: dict[ExposureKey, tuple[str, float]] = {}
    for place, values in rows:
        try:
            key, count = _key(values, columns, zone), parse_count(values[columns.count])
        except InvalidExposure as error:
            raise UsageError(f"{place}: {error}; {_NOTHING}") from error
        earlier, same = stated.setdefault(key, (place, count))
        if same != count:
            raise UsageError(
                f"{place}: says {count:,g} {key.measure} where {earlier} says {same:,g} for the same product, time, "
                f"version and segment; keep one of them, or add them up; {_NOTHING}"
            )
    if not stated:
        raise UsageError(f"{path}: holds no rows; write a CSV with the columns product, day and sessions")
    return {key: count for key, (_, count) in stated.items()}


def _key(values: Mapping[str, Any], columns: Columns, zone: tzinfo) -> ExposureKey:
    product = columns.product_name or _text(values, columns.product)
    if product is None:
        raise InvalidExposure("the product is missing")
    hour = None if columns.hour is None else parse_hour(values[columns.hour], zone)
    segment = {name: _text(values, column) for name, column in columns.segments.items()}
    return ExposureKey(
        product=product,
        day=parse_day(values[str(columns.day)]) if hour is None else hour.date(),
        measure=columns.measure,
        hour=hour,
        version=_text(values, columns.version),
        segment=tuple(sorted((name, value) for name, value in segment.items() if value is not None)),
    )


def _text(values: Mapping[str, Any], column: str | None) -> str | None:
    """The words of a cell; None for an empty one."""
    value = None if column is None else values[column]
    return None if value is None else str(value).strip() or None


def _table(path: str) -> tuple[Sequence[str], Iterator[Row]]:
    """Names of the columns, and the rows."""
    try:
        with Path(path).open("rb") as file:
            magic = file.read(len(_PARQUET_MAGIC))
        if magic == _PARQUET_MAGIC:
            parquet = pq.ParquetFile(path)
            return parquet.schema_arrow.names, _parquet_rows(path, parquet)
        return _csv_rows(path, _csv_text(path, magic))
    except FileNotFoundError as error:
        raise UsageError(f"{path}: no such file") from error
    except (OSError, EOFError, pa.ArrowException) as error:
        raise UsageError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error


def _parquet_rows(path: str, parquet: pq.ParquetFile) -> Iterator[Row]:
    number = 0
    for batch in parquet.iter_batches():
        for values in batch.to_pylist():
            number += 1
            yield f"{path}: row {number}", values


def _csv_text(path: str, magic: bytes) -> str:
    data = Path(path).read_bytes()
    try:
        return (gzip.decompress(data) if magic.startswith(_GZIP_MAGIC) else data).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: is not UTF-8 text (byte {error.start}); save it as UTF-8") from error


def _csv_rows(path: str, text: str) -> tuple[Sequence[str], Iterator[Row]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
    except csv.Error as error:
        raise UsageError(f"{path}:1: {error}; {_NOTHING}") from error
    if len(set(header)) != len(header):
        raise UsageError(f"{path}:1: two columns have one name; {_NOTHING}")

    def rows() -> Iterator[Row]:
        try:
            for values in reader:
                place = f"{path}:{reader.line_num}"
                if not any(value.strip() for value in values):
                    continue
                if len(values) != len(header):
                    raise UsageError(f"{place}: has {len(values)} values for {len(header)} columns; {_NOTHING}")
                yield place, dict(zip(header, values, strict=True))
        except csv.Error as error:
            raise UsageError(f"{path}:{reader.line_num}: {error}; {_NOTHING}") from error

    return header, rows()
