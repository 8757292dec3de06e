"""Names of types, against those DuckDB gives to the same columns itself."""

from __future__ import annotations

import duckdb
import pytest

from pipelines.quoting import list_of, literal, quoted, sql_type
from schemas.tables import TABLES


@pytest.mark.parametrize("table", TABLES)
def test_types_are_those_duckdb_reads(table: str) -> None:
    schema = TABLES[table].table_schema
    with duckdb.connect() as connection:
        connection.register("stored", schema.empty_table())
        stored = connection.execute("DESCRIBE stored").fetchall()
        columns = ", ".join(f"{quoted(field.name)} {sql_type(field.type)}" for field in schema)
        connection.execute(f"CREATE TABLE made ({columns})")
        made = connection.execute("DESCRIBE made").fetchall()
    assert [row[:2] for row in made] == [row[:2] for row in stored]


def test_quotes_inside_are_doubled() -> None:
    with duckdb.connect() as connection:
        text, name = "it's; DROP", 'a "b"'
        relation = connection.execute(f"SELECT {literal(text)} AS {quoted(name)}, {list_of([text, ''])}")
        assert relation.description[0][0] == name
        assert relation.fetchall() == [(text, [text, ""])]
