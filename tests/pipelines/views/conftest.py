from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from pipelines.connect import connect
from tests.pipelines.feedback_table import store
from tests.pipelines.views.crowd import crowd


@pytest.fixture(scope="session")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """The tables of the made-up crowd."""
    root = str(tmp_path_factory.mktemp("crowd"))
    store(root, crowd())
    with connect(root) as connection:
        yield connection
