"""What a simulated source hands over: one file of records, its mapping, and the ways its records can be spoilt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from pipelines.simulation.remarks import Remark
from pipelines.simulation.scenario import Source
from schemas.violations import ViolationKind


@dataclass(frozen=True)
class Poison:
    """One way to spoil a record, and the violation that must come of it."""

    violation: ViolationKind
    spoil: Callable[[Remark], bytes]


@dataclass(frozen=True)
class SourceFile:
    """One file of a source. `record` renders a remark without its line feed; `mapping` is a file of this package,
    or None for the native contract."""

    source: Source
    name: str
    record: Callable[[Remark], bytes]
    poisons: Mapping[str, Poison] = field(default_factory=dict)
    mapping: str | None = None
    header: bytes | None = None


def json_line(value: Mapping[str, Any]) -> bytes:
    """Compact JSON, keys in the given order, absent fields left out."""
    return orjson.dumps({name: item for name, item in value.items() if item is not None})
