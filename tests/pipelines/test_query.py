"""What an analyst's connection can do, and all it cannot."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from pipelines.connect import connect, connect_locked, time_limit
from pipelines.definitions import definitions
from pipelines.query import run_query
from pipelines.snapshot import open_snapshot
from schemas import tables
from schemas.errors import TribometerError, UsageError
from schemas.views import FUNCTIONS, load_views
from tests.pipelines.feedback_table import RECEIVED, dead_letter, event, launch, mention, store, store_small

DAY = "2024-03-04"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = str(tmp_path_factory.mktemp("it's tables"))  # the quote must survive into every statement
    store(
        folder, [event(str(number), DAY, mention("billing", 0.9), author=str(number % 3)) for number in range(9)]
    )
    store_small(folder, tables.LAUNCHES, [launch("L", "app", DAY)])
    store_small(folder, tables.DEAD_LETTERS, [dead_letter("tickets", b"private")])
    raw = {
        "event_id": "1",
        "source": "tickets",
        "received_at": RECEIVED,
        "payload": b"private",
        "month": "2024-03",
    }
    store_raw(folder, raw)
    return folder


def store_raw(folder: str, row: dict[str, object]) -> None:
    import pyarrow as pa

    from transforms.commit import commit
    from transforms.write import write

    batch = pa.RecordBatch.from_pylist([row], schema=tables.RAW.table_schema)
    files = write(folder, tables.RAW, [batch], batch_id="b", clock=lambda: RECEIVED)
    commit(folder, tables.RAW, files, batch_id="b")


@pytest.fixture(scope="module")
def locked(root: str) -> Iterator[duckdb.DuckDBPyConnection]:
    with connect_locked(root) as connection:
        yield connection


def answer(connection: duckdb.DuckDBPyConnection, query: str) -> list[tuple[object, ...]]:
    return [row for piece in run_query(connection, query).pieces for row in piece]


class TestReading:
    @pytest.mark.parametrize(
        "query",
        [
            "SELECT count(*) FROM events",
            "SELECT count(*) FROM events;",
            "-- how many\nSELECT count(*) FROM events",
            "WITH e AS (FROM events) SELECT count(*) FROM e",
            "FROM events SELECT count(*)",
            "SELECT sum(n) FROM (SELECT day, count(*) AS n FROM events GROUP BY day)",
            "SELECT count(*) FROM (SELECT unnest([1, 2, 3]) UNION ALL FROM range(6))",
        ],
    )
    def test_one_select_is_answered(self, locked: duckdb.DuckDBPyConnection, query: str) -> None:
        assert answer(locked, query) == [(9,)]

    @pytest.mark.parametrize(
        "query",
        [
            "SHOW TABLES",
            "DESCRIBE events",
            "SUMMARIZE launches",
            "EXPLAIN FROM events",
            "/* why */ EXPLAIN ANALYZE FROM events",
        ],
    )
    def test_questions_about_the_views(self, locked: duckdb.DuckDBPyConnection, query: str) -> None:
        assert answer(locked, query)

    def test_dead_letters_without_their_bytes(self, locked: duckdb.DuckDBPyConnection) -> None:
        assert answer(locked, "SELECT source, payload_bytes FROM dead_letters") == [("tickets", 7)]

    def test_the_same_answers_as_an_open_connection(self, root: str, locked: duckdb.DuckDBPyConnection) -> None:
        with connect(root) as opened:
            for view in load_views():
                if view.name != FUNCTIONS:
                    query = f"SELECT * FROM {view.relation} ORDER BY ALL"
                    assert answer(locked, query) == opened.execute(query).fetchall()


class TestRefusing:
    @pytest.mark.parametrize(
        ("query", "complaint"),
        [
            ("", "the query is empty"),
            ("-- nothing", "the query is empty"),
            ("SELECT 1; SELECT 2", "2 statements given"),
            ("SELECT 1; DROP VIEW events", "2 statements given"),
            ("COPY (SELECT 1) TO '{root}/x.csv'", "COPY is not allowed"),
            ("COPY (SELECT 1) TO '{file}' (USE_TMP_FILE false)", "COPY is not allowed"),
            ("ATTACH '{root}/x.db'", "ATTACH is not allowed"),
            ("INSTALL spatial", "LOAD is not allowed"),
            ("LOAD json", "LOAD is not allowed"),
            ("SET memory_limit = '1TB'", "SET is not allowed"),
            ("RESET enable_external_access", "SET is not allowed"),
            ("PRAGMA database_list", "PRAGMA is not allowed"),
            ("CALL pragma_version()", "CALL is not allowed"),
            ("CREATE TABLE t AS SELECT 1", "CREATE is not allowed"),
            ("DROP VIEW events", "DROP is not allowed"),
            ("DELETE FROM tables.dead_letters_copy", "DELETE is not allowed"),
            ("UPDATE tables.dead_letters_copy SET source = ''", "UPDATE is not allowed"),
            ("EXPORT DATABASE '{root}/x'", "EXPORT is not allowed"),
            ("BEGIN", "TRANSACTION is not allowed"),
            ("PREPARE q AS SELECT 1", "PREPARE is not allowed"),
            ("PIVOT launches ON kind USING count(*)", "this statement is not allowed"),
            # DuckDB calls all of these a SELECT.
            ("WITH x AS (COPY (SELECT 1) TO '{file}' (USE_TMP_FILE false)) SELECT 1", "COPY is not allowed"),
            ("WITH x AS (DELETE FROM tables.dead_letters_copy RETURNING *) FROM x", "DELETE is not allowed"),
            (
                "SELECT (WITH x AS (INSERT INTO t VALUES (1) RETURNING *) SELECT count(*) FROM x)",
                "INSERT is not allowed",
            ),
            ("EXPLAIN ANALYZE WITH x AS (COPY (SELECT 1) TO '{file}') SELECT 1", "COPY is not allowed"),
            ("EXPLAIN ANALYZE COPY (SELECT 1) TO '{file}'", "not allowed"),
            ("FROM query('SELECT 1')", "table function query is not allowed"),
            ("FROM QUERY('SELECT 1')", "table function query is not allowed"),
            ("FROM json_execute_serialized_sql('')", "table function json_execute_serialized_sql is not allowed"),
            ("FROM read_text('/etc/passwd')", "table function read_text is not allowed"),
            ("FROM read_parquet('{raw}')", "table function read_parquet is not allowed"),
            ("FROM glob('/etc/*')", "table function glob is not allowed"),
            ("FROM '/etc/passwd'", "does not exist"),
            ("FROM '/etc/passwd.csv'", "Cannot access file"),
            ("FROM '{raw}'", "Cannot access file"),
            ("FROM '{dead}'", "Cannot access file"),
            ("FROM '{root}/feedback/*/*.parquet'", "Cannot access file"),
            ("FROM evnts", "Did you mean \"events\".*at 'evnts'"),
            (
                "FROM verbatims LIMIT 3",
                r"verbatims takes its filters as parameters: FROM verbatims\(\).*at 'verbatims'",
            ),
            ("SELECT evnt_id FROM events", 'Candidate bindings: "event_id"'),
            ("SELECT 1 +", "syntax error"),
            ("SELECT " + "(" * 3000 + "1" + ")" * 3000, "Max expression depth"),
            ("SELECT " + "abs(" * 900 + "1" + ")" * 900, "nested too deeply"),
        ],
    )
    def test_everything_else_in_one_line(
        self, root: str, locked: duckdb.DuckDBPyConnection, query: str, complaint: str
    ) -> None:
        files = open_snapshot(root).files
        (raw,) = Path(root, "raw").glob("month=*/*.parquet")
        before = {path: path.read_bytes() for path in Path(root).rglob("*") if path.is_file()}
        for name, value in {
            "root": root,
            "file": files["feedback"][0],
            "raw": str(raw),
            "dead": files["dead_letters"][0],
        }.items():
            query = query.replace(f"{{{name}}}", value.replace("'", "''"))
        with pytest.raises(UsageError, match=complaint) as caught:
            answer(locked, query)
        assert "\n" not in str(caught.value)
        assert {path: path.read_bytes() for path in Path(root).rglob("*") if path.is_file()} == before
        assert answer(locked, "SELECT count(*) FROM dead_letters") == [(1,)]

    def test_variables_of_the_program_are_not_tables(self, locked: duckdb.DuckDBPyConnection) -> None:
        import pyarrow as pa

        secret = pa.table({"key": ["private"]})
        assert secret.num_rows == 1
        with pytest.raises(UsageError, match="secret does not exist"):
            answer(locked, "FROM secret")

    @pytest.mark.parametrize(
        "statement",
        [
            "SET enable_external_access = true",
            "SET allowed_paths = ['/etc/passwd']",
            "RESET lock_configuration",
            "SET memory_limit = '1TB'",
            "LOAD spatial",
            "ATTACH '/tmp/x.db'",
            "COPY (SELECT 1) TO '/tmp/tribometer_escape.csv'",
        ],
    )
    def test_the_connection_is_shut_behind_the_check(
        self, locked: duckdb.DuckDBPyConnection, statement: str
    ) -> None:
        with pytest.raises(duckdb.Error):
            locked.execute(statement)


class TestTimeLimit:
    def test_a_long_query_is_stopped(self, locked: duckdb.DuckDBPyConnection) -> None:
        endless = "SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE (a.range + b.range) % 7 = 3"
        with pytest.raises(TribometerError, match=r"longer than 0\.05 s"), time_limit(locked, 0.05):
            answer(locked, endless)
        assert answer(locked, "SELECT 1") == [(1,)]

    def test_a_short_one_is_not(self, locked: duckdb.DuckDBPyConnection) -> None:
        with time_limit(locked, 600):
            assert answer(locked, "SELECT 1") == [(1,)]
        with time_limit(locked, None):
            assert answer(locked, "SELECT 1") == [(1,)]


class TestSnapshot:
    def test_uncommitted_files_are_not_seen(self, root: str, tmp_path: Path) -> None:
        store(str(tmp_path), [event("1", DAY)])
        (committed,) = open_snapshot(str(tmp_path)).files["feedback"]
        Path(committed).with_name("half.parquet").write_bytes(Path(committed).read_bytes())
        with connect(str(tmp_path)) as connection:
            assert connection.execute("SELECT count(*) FROM events").fetchall() == [(1,)]

    def test_a_reader_keeps_its_snapshot_while_others_write(self, tmp_path: Path) -> None:
        store(str(tmp_path), [event("1", DAY)], "batch-1")
        with connect(str(tmp_path)) as before:
            store(str(tmp_path), [event("2", DAY)], "batch-2")
            with connect(str(tmp_path)) as after:
                counts = [c.execute("SELECT count(*) FROM events").fetchall() for c in (before, after)]
        assert counts == [[(1,)], [(2,)]]

    def test_views_are_made_over_one_file_of_each_table(self, tmp_path: Path) -> None:
        """DuckDB looks at every file of a view that it makes, so connecting would take longer with each."""
        for number in range(3):
            store(str(tmp_path), [event(str(number), DAY)], f"batch-{number}")
        statements = list(definitions(open_snapshot(str(tmp_path))))
        last_view = max(
            place
            for place, statement in enumerate(statements)
            if " VIEW " in statement and "FROM pinned." not in statement
        )
        assert max(statement.count(".parquet") for statement in statements[:last_view]) == 1
        assert max(statement.count(".parquet") for statement in statements[last_view:]) == 3

    def test_the_shell_script_makes_the_same_views(self, root: str) -> None:
        script = ";\n".join(statement.rstrip(";") for statement in definitions(open_snapshot(root))) + ";\n"
        with duckdb.connect() as plain, connect(root) as ours:
            plain.execute(script)
            for view in load_views():
                if view.name != FUNCTIONS:
                    query = f"SELECT * FROM {view.relation} ORDER BY ALL"
                    assert plain.execute(query).fetchall() == ours.execute(query).fetchall()
