"""`tribometer evaluate` as a person calls it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from models import SHIPPED
from models.scorecard import card
from models.scorecard.card import CARD, FIGURES, FOLDER, read_figures
from models.scorer import load_scorer
from pipelines.cli import main
from pipelines.scorecard.sections import SECTIONS
from tests.models.scorecard.labelled import write_labels

SECONDS = "negation,sarcasm,bias"


def test_tables_are_printed_and_nothing_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    before = (FOLDER / CARD).read_bytes()
    assert main(["evaluate", "--only", "sarcasm", "--only", "negation"]) == 0
    said = capsys.readouterr()
    assert said.out.index("negation: minimal pairs") < said.out.index("sarcasm: sentences")
    assert "praise denied" in said.out
    assert (FOLDER / CARD).read_bytes() == before


def test_json_is_one_object_that_reads_back(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["evaluate", "--only", SECONDS, "--format", "json"]) == 0
    printed = capsys.readouterr().out
    assert list(json.loads(printed)) == SECONDS.split(",")
    (tmp_path / FIGURES).write_text(printed)
    measured = read_figures(tmp_path)["negation"]
    assert measured.model_version == load_scorer().version
    assert {row["pairs"] for row in measured.tables[0].rows} == {24}


def test_a_model_of_ones_own_is_measured(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    shutil.copytree(SHIPPED, tmp_path / "mine")
    meta = json.loads((tmp_path / "mine" / "meta.json").read_text())
    (tmp_path / "mine" / "meta.json").write_text(json.dumps(meta | {"version": "0.0.7"}))
    assert main(["evaluate", "--only", "bias", "--format", "json", "--model", str(tmp_path / "mine")]) == 0
    assert json.loads(capsys.readouterr().out)["bias"]["model_version"].startswith("feedback-0.0.7.")
    assert main(["evaluate", "--only", "bias", "--write", "--model", str(tmp_path / "mine")]) == 2
    assert "--write keeps the figures of the shipped model" in capsys.readouterr().err


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the card that --write writes to."""
    shutil.copy(FOLDER / CARD, tmp_path / CARD)
    monkeypatch.setattr(card.keep, "__defaults__", (tmp_path,))
    monkeypatch.setattr(card.read_figures, "__defaults__", (tmp_path,))
    return tmp_path


def test_write_keeps_the_figures_and_shows_them(kept: Path) -> None:
    assert main(["evaluate", "--only", "negation", "--write"]) == 0
    assert list(read_figures(kept)) == ["negation"]
    assert card.block("negation", read_figures(kept)["negation"]) in (kept / CARD).read_text()


def test_what_cannot_be_measured_here_is_left_out(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = {name: SECTIONS[name] for name in ("friction", "negation", "speed")}
    monkeypatch.setattr("pipelines.cli.evaluate.SECTIONS", some)
    assert main(["evaluate", "--data", str(write_labels(tmp_path)), "--format", "json"]) == 1
    said = capsys.readouterr()
    assert list(json.loads(said.out)) == ["negation"]
    assert "friction: left out: " in said.err
    assert "app_store_reviews.jsonl.gz does not exist" in said.err.replace("\n", "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "--data is missing; name the folder that holds labels/ and streams/, or choose --only negation,"),
        (["--only", "speed"], "--data is missing"),
        (["--only", "bias,blas"], "--only blas: no such section; choose from training, sentiment,"),
        (["--only", ""], "--only : no such section"),
        (["--only", "friction", "--data", "docs"], "docs/streams/app_store_reviews.jsonl.gz does not exist"),
        (["--data", "nowhere"], "--data nowhere: no such folder"),
        (["--only", "sentiment", "--data", "docs"], "docs/labels/LICENCES.csv does not exist"),
        (["--only", "bias", "--model", "nowhere"], "nowhere is not a model"),
    ],
)
def test_a_wrong_call_says_what_to_do(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert main(["evaluate", *arguments]) == 2
    assert message in capsys.readouterr().err.replace("\n", "")


def test_without_the_extra_it_says_what_to_install(tmp_path: Path) -> None:
    data = str(write_labels(tmp_path))
    program = (
        "import sys\n"
        "for name in ('nltk', 'scipy', 'sklearn', 'textblob', 'vaderSentiment'): sys.modules[name] = None\n"
        "from pipelines.cli import main\n"
        f"for section in ('sentiment', 'touchpoints', 'languages'):\n"
        f"    assert main(['evaluate', '--data', {data!r}, '--only', section]) == 2\n"
        "assert main(['evaluate', '--only', 'negation,bias,sarcasm']) == 0\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("install 'tribometer[train]'") == 3
