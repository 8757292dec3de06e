"""Events of a stream as the graph would store them: decoded, normalized, redacted."""

from __future__ import annotations

import gzip
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pyarrow as pa

from schemas.arrow import REDACTED
from schemas.identity import AuthorKeyring
from schemas.mapping import load_mapping
from transforms.decode import decode
from transforms.elements import DecodedBatch, MessageBatch
from transforms.normalize import normalize
from transforms.redact import redact

_NO_AUTHORS: Final = AuthorKeyring(b"only texts are read; who wrote them is of no interest")
_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)


def events_of(stream: Path, mapping_file: Path, native_ids: Collection[str]) -> pa.RecordBatch:
    """The events with these native ids as rows of `schemas.arrow.REDACTED`, in the order of the stream.

    What the mapping refuses is left out.
    """
    mapping = load_mapping(str(mapping_file))
    read_id = mapping.field_reader("id")
    if read_id is None:
        raise ValueError(f"{mapping_file} maps no id")
    with gzip.open(stream, "rb") as lines:
        payloads = [line.rstrip(b"\n") for line in lines]
    decoded = decode(MessageBatch(payloads, [""] * len(payloads), _LONG_AGO), mapping.source).passed
    kept = [number for number, message in enumerate(decoded.objects) if read_id(message) in native_ids]
    wanted = DecodedBatch(
        [decoded.objects[number] for number in kept],
        [decoded.payloads[number] for number in kept],
        [""] * len(kept),
        _LONG_AGO,
    )
    batch = redact(normalize(wanted, mapping, _NO_AUTHORS).passed)
    return batch if batch.num_rows else pa.RecordBatch.from_pylist([], schema=REDACTED)
