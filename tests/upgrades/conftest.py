"""The tables that each release wrote, unpacked once and copied for whoever spoils them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.upgrades.make import AUTHOR_KEY, RELEASES, unpack

ARCHIVES = sorted(RELEASES.glob("*.tar.xz"))


@pytest.fixture(autouse=True)
def author_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIBOMETER_AUTHOR_KEY", AUTHOR_KEY)
    monkeypatch.delenv("TRIBOMETER_TABLES", raising=False)


@pytest.fixture(scope="session", params=ARCHIVES, ids=lambda archive: archive.name.removesuffix(".tar.xz"))
def release(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `tables` as the release left them: read it, and change nothing."""
    folder = tmp_path_factory.mktemp("release")
    unpack(request.param, folder)
    return folder


@pytest.fixture
def tables(release: Path, tmp_path: Path) -> Path:
    """A copy of a release's tables."""
    return shutil.copytree(release / "tables", tmp_path / "tables")
