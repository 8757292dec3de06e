"""Queries: the report's SQL files, and tables of values for them."""

from __future__ import annotations

from typing import Any, Final

import duckdb

from pipelines.sql_files import Row, SqlFiles

__all__ = ["Row", "hold", "rows"]

rows: Final = SqlFiles(__package__).rows
"""Run `sql/<name>.sql` of the report."""


def hold(connection: duckdb.DuckDBPyConnection, table: str, columns: str, values: list[tuple[Any, ...]]) -> None:
    """Make the temporary table `table` with these rows; `columns` as in CREATE TABLE."""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {table} ({columns})")
    if values:
        marks = ", ".join("?" for _ in values[0])
        connection.executemany(f"INSERT INTO {table} VALUES ({marks})", values)
