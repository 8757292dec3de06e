"""The told story, stored once."""

from __future__ import annotations

import duckdb
import pytest

from pipelines.connect import connect
from pipelines.report.report import Report, compose
from pipelines.report.scope import find_scope
from tests.pipelines.report.story import tell


@pytest.fixture(scope="package")
def story(tmp_path_factory: pytest.TempPathFactory) -> str:
    root = str(tmp_path_factory.mktemp("story"))
    tell(root)
    return root


@pytest.fixture
def connection(story: str) -> duckdb.DuckDBPyConnection:
    return connect(story)


@pytest.fixture(scope="package")
def report(story: str) -> Report:
    connection = connect(story)
    return compose(connection, find_scope(connection, "app", None, None), {"feedback": 1})
