"""Page: its queries, each with the table it printed below it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

import duckdb

from pipelines.query import run_query
from pipelines.render import format_table

_ASKED: Final = re.compile(r"```sql\n(?P<query>.*?)```\n\n```text\n(?P<table>.*?)```", re.DOTALL)


def answer(connection: duckdb.DuckDBPyConnection, query: str) -> str:
    """The whole table that a query prints."""
    result = run_query(connection, query)
    rows = [row for piece in result.pieces for row in piece]
    lines, _ = format_table(result.columns, rows, None)
    return "\n".join(lines) + "\n"


def tables(page: str) -> list[tuple[str, str]]:
    """The page's queries, each with the table that stands below it."""
    return [(found["query"], found["table"]) for found in _ASKED.finditer(page)]


def filled(page: str, ask: Callable[[str], str]) -> str:
    """The page with the table below each query replaced by what `ask` prints for it now."""
    return _ASKED.sub(lambda found: f"```sql\n{found['query']}```\n\n```text\n{ask(found['query'])}```", page)
