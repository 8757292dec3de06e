"""Single views over relations made in memory: thousands of products cost seconds, where stored feedback costs hours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import pyarrow as pa

from schemas.views import FUNCTIONS, load_views

NO_GAPS = pa.schema({"product": pa.string(), "day": pa.date32()}).empty_table()
"""What product_gaps holds while every source speaks."""


def connect_over(relations: dict[str, pa.Table], *views: str) -> duckdb.DuckDBPyConnection:
    """A connection with `relations` as tables of their names, and the functions and `views` as shipped over them."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("CREATE SCHEMA tables")
    for name, rows in relations.items():
        connection.register("rows", rows)
        connection.execute(f"CREATE TABLE {name} AS FROM rows")
        connection.unregister("rows")
    for view in load_views():
        if view.name in {FUNCTIONS, *views}:
            connection.execute(view.sql)
    return connection


def ask(connection: duckdb.DuckDBPyConnection, query: str, *parameters: Any) -> Iterator[dict[str, Any]]:
    """The rows of a query by column name."""
    relation = connection.execute(query, list(parameters))
    names = [column[0] for column in relation.description or []]
    return (dict(zip(names, row, strict=True)) for row in relation.fetchall())
