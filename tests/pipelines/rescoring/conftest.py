"""Tables that the shipped model has scored, and a second model."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from models import SHIPPED
from models.scorer import load_scorer
from pipelines.cli import main
from tests.pipelines.events import line
from tests.pipelines.rescoring.stored import AUTHOR_KEY, OTHER_VERSION, SOURCE


@pytest.fixture(scope="session")
def other_model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder with the shipped model, but quicker to see friction and slower to name a touchpoint."""
    folder = tmp_path_factory.mktemp("models") / "other"
    shutil.copytree(SHIPPED, folder)
    meta = folder / "meta.json"
    meta.write_text(json.dumps({**json.loads(meta.read_text()), "version": OTHER_VERSION}))
    heads = folder / "feedback_heads" / "cues.json"
    content = json.loads(heads.read_text())
    content["blend"]["friction_bias"] += 1.0
    content["blend"]["touchpoint_seed"] /= 2
    heads.write_text(json.dumps(content))
    return str(folder)


@pytest.fixture(scope="session")
def other_version(other_model: str) -> str:
    return load_scorer(other_model).version


@pytest.fixture(autouse=True)
def author_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIBOMETER_AUTHOR_KEY", AUTHOR_KEY)
    monkeypatch.delenv("TRIBOMETER_TABLES", raising=False)


@pytest.fixture(scope="session")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `in.jsonl` and the tables `t` of it, to be copied."""
    folder = tmp_path_factory.mktemp("replayed")
    lines = [
        *(line(number) for number in range(40)),
        line(3, text="Edited: the checkout works now.", revised_at="2024-06-01T00:00:00Z"),
        line(4, text="", rating=None, deleted=True, revised_at="2024-06-01T00:00:00Z"),
        line(40, text="Leider kaputt, ich kann nichts bestellen.", language="de"),
        line(41, occurred_at="1970-01-01T00:00:00Z"),
    ]
    (folder / "in.jsonl").write_bytes(b"\n".join(lines))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRIBOMETER_AUTHOR_KEY", AUTHOR_KEY)
        assert main(["replay", str(folder / "in.jsonl"), "--source", SOURCE, "--tables", str(folder / "t")]) == 0
    return folder


@pytest.fixture
def folder(replayed: Path, tmp_path: Path) -> Path:
    """A copy of `replayed`."""
    return Path(shutil.copytree(replayed, tmp_path / "w"))


@pytest.fixture
def root(folder: Path) -> str:
    return str(folder / "t")
