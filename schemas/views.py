"""The analyst's views: plain SQL files whose headers are their documentation.

A file `views/<name>.sql` starts with a comment: `-- name: summary`, then the sections Grain, Units, Definition,
Columns (one a line: name, type, meaning), Example and Cost, then the statements that create the view. With a section
Parameters (one a line: name, type, meaning) the file makes a table macro instead, asked as
`FROM name(parameter := value, …)`; each parameter has a default. `reference()` turns the headers into docs/views.md;
`make docs` writes it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter
from importlib import resources
from itertools import takewhile
from typing import Final

FUNCTIONS: Final = "functions"
"""The file that makes functions instead of a view; it comes first."""

TYPES_FILE: Final = "view_types.json"
"""Beside this module: what `column_types` reads."""

ROLLED_UP: Final = (
    "superseded",
    "mentions",
    "event_touchpoints",
    "segment_sets",
    "rollup_hourly",
    "rollup_daily",
    "rollup_daily_product",
    "ratings_daily",
    "source_daily",
)
"""Views whose rows of one day come from the feedback of that day alone, so that they can be stored by day."""

_SECTIONS: Final = ("Grain", "Units", "Definition", "Columns", "Example", "Cost")
_SECTION: Final = re.compile(rf"^({'|'.join([*_SECTIONS, 'Parameters'])}):\s*(.*)$")
_SOURCE: Final = re.compile(r"\b(?:FROM|JOIN)\s+([a-z_]+)\b(?!\.)", re.IGNORECASE)
_COMMENT: Final = re.compile(r"--[^\n]*")


@dataclass(frozen=True)
class Column:
    """One documented column: `kind` in an analyst's words, such as text, instant or double."""

    name: str
    kind: str
    meaning: str


@dataclass(frozen=True)
class View:
    """One view file: what its header says and the statements that make it. Only a table macro has `parameters`."""

    name: str
    summary: str
    grain: str
    units: str
    definition: str
    parameters: tuple[Column, ...]
    columns: tuple[Column, ...]
    example: str
    cost: str
    sql: str

    @property
    def is_macro(self) -> bool:
        """Whether it is asked with parameters, as `FROM name(…)`."""
        return bool(self.parameters)

    @property
    def is_view(self) -> bool:
        """Whether it is a view: neither a macro nor the functions."""
        return not self.is_macro and self.name != FUNCTIONS

    @property
    def relation(self) -> str:
        """What stands behind FROM: the name, of a macro with parentheses, since every parameter has a default."""
        return f"{self.name}()" if self.is_macro else self.name

    @classmethod
    def parse(cls, name: str, text: str) -> View:
        """Read a view file; `ValueError` names what its header lacks."""
        lines = text.splitlines()
        comment = list(takewhile(lambda line: line.startswith("--"), lines))
        header = [line.removeprefix("--").removeprefix(" ") for line in comment] or [""]
        title, _, summary = header[0].partition(": ")
        if title != name or not summary:
            raise ValueError(f"views/{name}.sql: the first line must be `-- {name}: what a row is`")
        sections = _sections(header[1:])
        missing = [section for section in _SECTIONS if not sections.get(section)]
        if missing:
            raise ValueError(f"views/{name}.sql: the header lacks {', '.join(missing)}")
        return cls(
            name=name,
            summary=summary,
            grain=_prose(sections["Grain"]),
            units=_prose(sections["Units"]),
            definition=_prose(sections["Definition"]),
            parameters=tuple(_column(name, line) for line in sections.get("Parameters", ())),
            columns=tuple(_column(name, line) for line in sections["Columns"]),
            example="\n".join(line.removeprefix("  ") for line in sections["Example"]),
            cost=_prose(sections["Cost"]),
            sql="\n".join(lines[len(comment) :]).strip(),
        )

    def sources(self, names: Sequence[str]) -> set[str]:
        """Which of `names` this view reads."""
        return {found for found in _SOURCE.findall(_COMMENT.sub("", self.sql)) if found in names} - {self.name}


def _sections(header: Sequence[str]) -> Mapping[str, list[str]]:
    sections: dict[str, list[str]] = {}
    current: list[str] = []
    for line in header:
        opening = _SECTION.match(line)
        if opening is not None:
            current = sections.setdefault(opening[1], [])
            line = opening[2]  # noqa: PLW2901
        if line:
            current.append(line)
    return sections


def _prose(lines: Sequence[str]) -> str:
    return " ".join(line.strip() for line in lines)


def _column(view: str, line: str) -> Column:
    parts = re.split(r"\s{2,}", line.strip(), maxsplit=2)
    if len(parts) != 3:
        raise ValueError(f"views/{view}.sql: the line {line.strip()!r} is not name, type and meaning")
    return Column(*parts)


@cache
def load_views() -> tuple[View, ...]:
    """Every view, the functions first and each view after those it reads; in every process the same order."""
    folder = resources.files("schemas") / "views"
    texts = {
        file.name.removesuffix(".sql"): file.read_text(encoding="utf-8")
        for file in folder.iterdir()
        if file.name.endswith(".sql")
    }
    views = {name: View.parse(name, texts[name]) for name in sorted(texts)}
    names = [name for name in views if name != FUNCTIONS]
    graph = {name: sorted(views[name].sources(names)) for name in names}
    return (views[FUNCTIONS], *(views[name] for name in TopologicalSorter(graph).static_order()))


def behind(names: Sequence[str]) -> tuple[View, ...]:
    """The views of these names and all that they read, each after those it reads."""
    views = load_views()
    everything = [view.name for view in views]
    wanted = set(names)
    for view in reversed(views):
        if view.name in wanted:
            wanted |= view.sources(everything)
    return tuple(view for view in views if view.name in wanted)


@cache
def column_types() -> Mapping[str, Mapping[str, str]]:
    """By view that is no macro, its columns and their types in DuckDB's words; `make docs` writes the file."""
    types: Mapping[str, Mapping[str, str]] = json.loads(
        (resources.files("schemas") / TYPES_FILE).read_text("utf-8")
    )
    return types


@cache
def macro_names() -> frozenset[str]:
    """The table macros: what may stand behind FROM with parameters."""
    return frozenset(view.name for view in load_views() if view.is_macro)


def reference() -> str:
    """The text of docs/views.md."""
    functions, *views = sorted(load_views(), key=lambda view: (view.name != FUNCTIONS, view.name))
    parts = [
        "# Views",
        "",
        "What an analyst queries, with `tribometer sql`, with the plain DuckDB command line"
        " (`tribometer shell-init`) or from Python (`pipelines.connect`). This page is generated from the headers"
        " of `schemas/views/*.sql` by `make docs`. [analyst.md](analyst.md) puts questions to them;"
        " [tables.md](tables.md) has the stored tables behind them, which are in the schema `tables`.",
        "",
        "A day is a UTC day of `occurred_at`. Filter on `day`: the table is stored by day, so the filter decides"
        " how many files are read. Events with impossible dates have no day and are in no day series;"
        " `source_health` counts them.",
        "",
        "| view | one row per |",
        "|---|---|",
        *map(_line, views),
    ]
    for view in (*views, functions):
        parts += ["", *_section(view)]
    return "\n".join(parts) + "\n"


def _line(view: View) -> str:
    called = f"{view.name}(…)" if view.is_macro else view.name
    return f"| [{called}](#{view.name}) | {view.grain.removeprefix('one row per ').rstrip('.')} |"


def _section(view: View) -> list[str]:
    return [
        f"## {view.name}",
        "",
        f"{view.summary[0].upper()}{view.summary[1:]}",
        "",
        f"- **Grain**: {view.grain}",
        f"- **Units**: {view.units}",
        f"- **Definition**: {view.definition}",
        f"- **Cost**: {view.cost}",
        "",
        *(_parameters(view) if view.is_macro else ()),
        "| function | type | meaning |" if view.name == FUNCTIONS else "| column | type | meaning |",
        "|---|---|---|",
        *(f"| `{column.name}` | {column.kind} | {column.meaning} |" for column in view.columns),
        "",
        "```sql",
        view.example,
        "```",
    ]


def _parameters(view: View) -> list[str]:
    return [
        "| parameter | type | meaning |",
        "|---|---|---|",
        *(f"| `{parameter.name}` | {parameter.kind} | {parameter.meaning} |" for parameter in view.parameters),
        "",
    ]
