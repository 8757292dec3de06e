"""The one place where a DuckDB is opened: in memory, with what its wheel holds and nothing else.

Left to itself DuckDB downloads an extension as soon as a query could use it, and runs it in this process.
"""

from __future__ import annotations

from typing import Final

import duckdb

OFFLINE: Final = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
}
"""Parquet, JSON and time zones are built in. A query that needs more fails and names the extension."""


def open_engine(**settings: str) -> duckdb.DuckDBPyConnection:
    """An empty DuckDB of its own, with these `settings` besides; it fetches no extension, and loads none from disk."""
    return duckdb.connect(config={**settings, **OFFLINE})
