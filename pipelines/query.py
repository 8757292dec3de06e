"""Query: exactly one SELECT, run within a time limit on a locked-down connection.

DuckDB's own statement kind is not enough: since 2.0 a CTE may hold INSERT, DELETE or COPY, and the whole is
still called a SELECT (`WITH a AS (COPY … TO '…') SELECT 1` writes the file). So the parsed tree is checked
against a list of what a reader needs, and everything else is refused, table functions among it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import duckdb
import pyarrow.parquet as pq

from pipelines.connect import missing_file
from pipelines.whole_file import whole_file
from schemas.errors import StaleSnapshotError, TribometerError, UsageError
from schemas.views import macro_names

ALLOWED: Final = (
    "one SELECT is allowed (also WITH, FROM, VALUES, DESCRIBE, SHOW, SUMMARIZE and EXPLAIN); "
    "nothing that writes, sets, loads or attaches"
)

_QUERY_NODES: Final = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"})
"""Kinds of query that only read; the parser calls the others INSERT_QUERY_NODE, COPY_QUERY_NODE and so on."""

TABLE_FUNCTIONS: Final = frozenset(
    {
        "unnest", "range", "generate_series", "repeat", "repeat_row", "json_each", "json_tree", "summary",
        "duckdb_columns", "duckdb_functions", "duckdb_views", "pragma_table_info", "pragma_show", "pragma_version",
    }
)  # fmt: skip
"""Those that read no file, beside the table macros of `schemas/views`. `query` and `json_execute_serialized_sql` would
run text this module has not seen."""

T = TypeVar("T")

_FETCHED_ROWS: Final = 2048
"""Rows fetched at a time: one vector of DuckDB's."""

_PARQUET_ROWS: Final = 100_000
"""Rows of a row group: large enough to compress, small enough to hold in memory."""

_INTERRUPT_AGAIN_SECONDS: Final = 0.05

_EXPLAIN: Final = re.compile(r"^\s*explain(\s+analyze)?\b(\s*\([^()]*\))?", re.IGNORECASE)
_NO_TABLE: Final = re.compile(r"Table with name (\w+) does not exist")
_LOCATION: Final = re.compile(r"^LINE (\d+): ", re.MULTILINE)


@dataclass(frozen=True)
class Result:
    """A running query: its columns, and its rows in pieces of some thousand."""

    columns: tuple[str, ...]
    pieces: Iterator[list[tuple[Any, ...]]]


def check_query(connection: duckdb.DuckDBPyConnection, query: str) -> None:
    """Raise `UsageError` unless `query` is exactly one statement that only reads."""
    try:
        statements = connection.extract_statements(query)
    except duckdb.Error as error:
        raise UsageError(explain_error(error)) from error
    if not statements:
        raise UsageError(f"the query is empty; {ALLOWED}")
    if len(statements) > 1:
        raise UsageError(f"{len(statements)} statements given; {ALLOWED}")
    text = statements[0].query
    kind = statements[0].type.name
    if kind == "EXPLAIN":
        text = _EXPLAIN.sub("", _without_leading_comments(text), count=1)
        kind = "SELECT"
    if kind != "SELECT":
        named = "this statement" if kind == "MULTI" else kind
        raise UsageError(f"{named} is not allowed; {ALLOWED}")
    serialized = connection.execute("SELECT json_serialize_sql($1::VARCHAR)", [text]).fetchall()
    try:
        tree: dict[str, Any] = json.loads(serialized[0][0])
    except RecursionError as error:
        raise UsageError("the query is nested too deeply; split it with WITH") from error
    if tree["error"] or len(tree["statements"]) != 1:
        raise UsageError(f"this statement is not allowed; {ALLOWED}")
    for node in _nodes(tree):
        name = node.get("type")
        if isinstance(name, str) and name.endswith("_NODE") and name not in _QUERY_NODES:
            raise UsageError(f"{name.split('_')[0]} is not allowed inside a query; {ALLOWED}")
        if name == "TABLE_FUNCTION":
            function = str(node["function"].get("function_name", "")).lower()
            if function not in TABLE_FUNCTIONS | macro_names():
                raise UsageError(
                    f"the table function {function} is not allowed; query the views (SHOW TABLES lists them)"
                )


def run_query(connection: duckdb.DuckDBPyConnection, query: str) -> Result:
    """Check and start `query`; rows are fetched as `pieces` is read.

    Raises `UsageError` with DuckDB's message on one line for a query it cannot run, `StaleSnapshotError` where a
    file has been deleted since the connection's snapshot was opened.
    """
    check_query(connection, query)
    try:
        _cancellable(connection, lambda: connection.execute(query))
    except duckdb.InterruptException:
        raise
    except duckdb.Error as error:
        raise _refusal(error) from error
    return stream(connection)


def stream(connection: duckdb.DuckDBPyConnection) -> Result:
    """What `connection` was last asked, as a `Result`."""
    return Result(tuple(str(column[0]) for column in connection.description or []), _fetch(connection))


def write_parquet(connection: duckdb.DuckDBPyConnection, query: str, target: Path) -> None:
    """Check and run `query`, and write its rows to the file `target`; a failed query leaves no file.

    Python writes the file: the connection itself cannot.
    """
    check_query(connection, query)
    try:
        relation = connection.sql(query)
        if relation is None:
            raise UsageError("a plan is not rows; leave --format parquet out")
        reader = _cancellable(connection, lambda: relation.to_arrow_reader(_PARQUET_ROWS))
        with (
            whole_file(target) as file,
            pq.ParquetWriter(file, reader.schema, compression="zstd") as writer,
        ):
            for batch in reader:
                writer.write_batch(batch)
    except duckdb.InterruptException:
        raise
    except duckdb.Error as error:
        raise _refusal(error) from error


def explain_error(error: Exception) -> str:
    """DuckDB's message as one line, with the word it points at."""
    message = str(error).strip()
    location = ""
    found = _LOCATION.search(message)
    if found is not None:
        quoted, _, pointer = message[found.start() :].partition("\n")
        caret = pointer.split("\n", 1)[0].find("^")
        word = quoted[caret:].split() if 0 <= caret < len(quoted) else []
        location = f" (line {found[1]}, at {word[0]!r})" if word else f" (line {found[1]})"
        message = message[: found.start()]
    unknown = _NO_TABLE.search(message)
    if unknown is not None and unknown[1] in macro_names():
        message = f"{unknown[1]} takes its filters as parameters: FROM {unknown[1]}(), see docs/views.md"
    return " ".join(message.split()) + location


def _refusal(error: duckdb.Error, *, begun: bool = False) -> TribometerError:
    """What to tell about a query that failed; only one whose rows nobody has seen may be run again unasked."""
    gone = missing_file(error)
    if gone is None:
        return UsageError(explain_error(error))
    message = f"{gone} was deleted while the query ran; run it again"
    return TribometerError(message) if begun else StaleSnapshotError(message)


def _fetch(connection: duckdb.DuckDBPyConnection) -> Iterator[list[tuple[Any, ...]]]:
    begun = False
    try:
        while piece := _cancellable(connection, lambda: connection.fetchmany(_FETCHED_ROWS)):
            yield piece
            begun = True
    except duckdb.InterruptException:
        raise
    except duckdb.Error as error:
        raise _refusal(error, begun=begun) from error


def _cancellable(connection: duckdb.DuckDBPyConnection, work: Callable[[], T]) -> T:
    """Do `work` so that Ctrl-C stops it: inside DuckDB the main thread would not notice before the end."""
    with ThreadPoolExecutor(1) as worker:
        future = worker.submit(work)
        try:
            return future.result()
        except KeyboardInterrupt:
            connection.interrupt()
            while wait(
                [future], _INTERRUPT_AGAIN_SECONDS
            ).not_done:  # a query that had not quite begun did not hear it
                connection.interrupt()
            raise


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """Every object of the parsed tree. An explicit stack: a query may be nested deeper than Python recurses."""
    stack = [tree]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            yield item
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)


def _without_leading_comments(text: str) -> str:
    return re.sub(r"^(?:\s+|--[^\n]*\n|/\*.*?\*/)*", "", text, flags=re.DOTALL)
