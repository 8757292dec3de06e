"""The pages of deploy/: their links lead somewhere, and every folder is told of."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.deploy.parts import DEPLOY
from tests.docs.pages import prose
from tests.docs.test_links import anchors

PAGES = sorted(DEPLOY.rglob("README.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DEPLOY)))
def test_relative_links_resolve(page: Path) -> None:
    links = [link for link in re.findall(r"\]\(([^)\s]+)\)", prose(page)) if ":" not in link]
    assert links
    for link in links:
        path, _, anchor = link.partition("#")
        target = page.parent / path
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_every_folder_is_told_of() -> None:
    text = (DEPLOY / "README.md").read_text(encoding="utf-8")
    folders = {folder.name for folder in DEPLOY.iterdir() if folder.is_dir()}
    assert {folder for folder in folders if f"| `{folder}/` |" not in text} == set()
