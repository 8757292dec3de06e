"""The data dictionary: what every stored table and column means, beside what `arrow` and `tables` say of them.

`data_dictionary.yaml` holds the meanings. `reference()` joins the three into docs/tables.md; `make docs` writes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Final

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from ruamel.yaml import YAML

from schemas.arrow import MENTION
from schemas.tables import TABLES, TableSpec

_FILE: Final = Path(__file__).with_name("data_dictionary.yaml")
_MENTION: Final = "mention"

_KINDS: Final = {
    pa.string(): "text",
    pa.bool_(): "boolean",
    pa.int8(): "integer, 8 bits",
    pa.int32(): "integer, 32 bits",
    pa.int64(): "integer, 64 bits",
    pa.float32(): "float, 32 bits",
    pa.float64(): "float, 64 bits",
    pa.binary(): "bytes",
    pa.date32(): "date",
    pa.timestamp("us", tz="UTC"): "instant",
}
"""An Arrow type in a reader's words."""


class TableMeaning(BaseModel):
    """What one table (or the nested record `mention`) is for, and what its columns mean."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    purpose: Annotated[str, Field(min_length=1)]
    columns: Mapping[str, Annotated[str, Field(min_length=1)]]


@cache
def load_dictionary() -> Mapping[str, TableMeaning]:
    """The meanings by table name, and those of a mention under `mention`.

    Raises `ValueError` where a table or column has no meaning, or a meaning no table or column.
    """
    written = YAML(typ="safe", pure=True).load(_FILE.read_text(encoding="utf-8"))
    dictionary = TypeAdapter(dict[str, TableMeaning]).validate_python(written)
    columns = {name: list(spec.table_schema.names) for name, spec in TABLES.items()}
    columns[_MENTION] = [field.name for field in MENTION]
    if missing := set(dictionary) ^ set(columns):
        raise ValueError(f"{_FILE.name} and tables.py do not name the same tables: {', '.join(sorted(missing))}")
    for name, meaning in dictionary.items():
        if list(meaning.columns) != columns[name]:
            differing = sorted(set(meaning.columns) ^ set(columns[name])) or ["their order"]
            raise ValueError(f"{_FILE.name}: {name} differs from arrow.py: {', '.join(differing)}")
    return dictionary


def kind_of(kind: pa.DataType) -> str:
    """An Arrow type in a reader's words.

    >>> kind_of(pa.list_(pa.string()))
    'list of text'
    """
    if pa.types.is_map(kind):
        return f"map of {kind_of(kind.key_type)} to {kind_of(kind.item_type)}"
    if pa.types.is_list(kind):
        return f"list of {kind_of(kind.value_type)}"
    if pa.types.is_struct(kind) and not kind.equals(MENTION):
        return " and ".join(f"{field.name} ({kind_of(field.type)})" for field in kind)
    return _MENTION if kind.equals(MENTION) else _KINDS[kind]


def reference() -> str:
    """The text of docs/tables.md."""
    dictionary = load_dictionary()
    parts = [
        "# Tables",
        "",
        "What is stored below the tables folder. Each table is a folder of Parquet files and a Delta log that names the"
        " ones that count. Analysts query the [views](views.md); in SQL the tables themselves are in the schema"
        " `tables`, without `raw` and without the bytes of `dead_letters`. This page is generated from"
        " `schemas/arrow.py`, `schemas/tables.py` and `schemas/data_dictionary.yaml` by `make docs`.",
        "",
        "Instants are microseconds in UTC. Identities are 32 hexadecimal digits. The partition is the name of a"
        " subfolder, not a column of the files. A restricted table holds personal data: its folder is made with mode"
        " 0700, so only the user who runs Tribometer can open it, unless that user grants more.",
        "",
        "| table | partition | identity | may be read by |",
        "|---|---|---|---|",
        *(_summary(spec) for spec in TABLES.values()),
    ]
    for name, spec in TABLES.items():
        parts += ["", f"## {name}", "", *_section(dictionary[name], list(spec.table_schema))]
        if name == "feedback":
            parts += ["", f"### {_MENTION}", "", *_section(dictionary[_MENTION], list(MENTION))]
    return "\n".join(parts) + "\n"


def _summary(spec: TableSpec) -> str:
    partition = "none" if spec.partition is None else f"`{spec.partition}`"
    identity = "none: every row is kept" if spec.identity is None else f"`{spec.identity}`"
    readers = "the user who runs Tribometer" if spec.restricted else "whoever may read the folder"
    return f"| [{spec.name}](#{spec.name}) | {partition} | {identity} | {readers} |"


def _section(meaning: TableMeaning, fields: list[pa.Field]) -> list[str]:
    return [
        meaning.purpose,
        "",
        "| column | type | null | meaning |",
        "|---|---|---|---|",
        *(
            f"| `{field.name}` | {kind_of(field.type)} | {'yes' if field.nullable else 'no'} "
            f"| {meaning.columns[field.name]} |"
            for field in fields
        ),
    ]
