"""A small set of tables, made once and copied for every test."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.pipelines.tables.kept import fill


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("filled") / "tables"
    fill(str(folder))
    return folder


@pytest.fixture
def root(filled: Path, tmp_path: Path) -> str:
    """Folder `tables` in `tmp_path` with five commits of `feedback`, `dead_letters` and `launches`."""
    shutil.copytree(filled, tmp_path / "tables")
    return str(tmp_path / "tables")
