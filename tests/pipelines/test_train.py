"""`tribometer train --adapt`: a folder that every command takes as a model, and what it says on the way."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest

from models import SHIPPED
from pipelines.cli import main
from pipelines.connect import connect
from pipelines.simulate import simulate

OWN = """\
version: 1
touchpoints:
  pick_up:
    definition: Fetching a parcel.
    examples: [The shop was closed.]
    seeds: {strong: [pick up point, blue locker]}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Labels, own touchpoints, a model adapted with them, and in `said.txt` what was said of it."""
    home = tmp_path_factory.mktemp("train")
    simulate(home / "sim", events=1_500, seed=3)
    own, labels = str(home / "sim" / "touchpoints.yaml"), str(home / "labels.csv")
    imported = ["label", "import", str(home / "sim" / "labelled.csv"), "--labels", labels, "--touchpoints", own]
    assert main(imported) == 0
    adapt = ["train", "--adapt", "--labels", labels, "--touchpoints", own, "--out", str(home / "adapted")]
    with (home / "said.txt").open("w", encoding="utf-8") as said, contextlib.redirect_stdout(said):
        assert main(adapt) == 0
    return home


def score(capfd: pytest.CaptureFixture[str], tmp_path: Path, text: str, *options: str) -> dict[str, object]:
    file = tmp_path / "text.jsonl"
    file.write_text(json.dumps({"text": text, "product": "Parcelbird"}))
    assert main(["score", str(file), *options]) == 0
    row: dict[str, object] = json.loads(capfd.readouterr().out)
    return row


def test_tables_views_and_the_report_take_own_touchpoints(folder: Path, tmp_path: Path) -> None:
    own = "version: 1\nwithout: [delivery, usability, reliability]\n" + OWN.split("\n", 1)[1]
    (tmp_path / "own.yaml").write_text(
        own + "    sources: []\n" + "products: {parcelbird: {pick_up: {strong: [parcel, courier]}}}\n"
    )
    model, tables = str(tmp_path / "seeded"), str(tmp_path / "tables")
    assert main(["train", "--adapt", "--touchpoints", str(tmp_path / "own.yaml"), "--out", model]) == 0
    sim = folder / "sim"
    replay = ["replay", str(sim / "support_tickets.jsonl"), "--source", "feedback_event", "--tables", tables]
    assert main([*replay, "--model", model, "--author-key-file", str(_key(tmp_path))]) == 0
    with connect(tables) as connection:
        counts = dict(connection.execute("SELECT touchpoint, count(*) FROM mentions GROUP BY 1").fetchall())
        [version] = {row[0] for row in connection.execute("SELECT model_version FROM events").fetchall()}
    assert counts["pick_up"] > 20
    assert not {"delivery", "usability", "reliability"} & counts.keys()
    assert str(version).startswith("adapted-")
    launch = [
        "launches",
        "add",
        "Parcelbird",
        "2025-05-01",
        "--touchpoints",
        "pick_up;billing",
        "--tables",
        tables,
    ]
    assert main(launch) == 0
    page = tmp_path / "report.html"
    assert main(["report", "Parcelbird", "--tables", tables, "--output", str(page)]) == 0
    assert "pick_up" in page.read_text(encoding="utf-8") or "pick up" in page.read_text(encoding="utf-8")


def _key(folder: Path) -> Path:
    path = folder / "key"
    path.write_text("k" * 64)
    return path


def test_what_was_learned_is_told_and_used(
    folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = (folder / "said.txt").read_text(encoding="utf-8")
    assert "five-fold cross-validation" in out
    assert [line.split()[0] for line in out.splitlines() if line[:5] in ("touch", "senti", "frict")] == [
        *("touchpoint", "sentiment", "friction")
    ]
    capfd.readouterr()
    row = score(capfd, tmp_path, "The pick-up point was closed again", "--model", str(folder / "adapted"))
    assert row["touchpoint"] == "pick_up"


def test_a_model_is_replaced_and_nothing_else(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(OWN)
    adapt = ["train", "--adapt", "--touchpoints", str(own), "--out"]
    assert main([*adapt, str(tmp_path / "model")]) == 0
    own.write_text(OWN.replace("blue", "green"))
    assert main([*adapt, str(tmp_path / "model")]) == 0
    assert "green" in (tmp_path / "model" / "feedback_heads" / "cues.json").read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model", "own.yaml"]
    capsys.readouterr()
    for out, said in (
        (tmp_path, "holds other things than a model"),
        (own, "is a file"),
        (SHIPPED, "is the base model"),
        (tmp_path / "no" / "model", "make it first"),
    ):
        assert main([*adapt, str(out)]) == 2
        assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "say what to learn from"),
        (["--adapt"], "--adapt needs something to learn from"),
        (["--adapt", "--data", "x", "--labels", "x"], "leave --data out"),
        (["--adapt", "--labels", "absent.csv"], "no such file or folder"),
        (["--adapt", "--touchpoints", "absent.yaml"], "check the path"),
        (["--adapt", "--from-ratings", "absent"], "no such folder"),
        (["--adapt", "--labels", "x", "--model", "absent"], "is not a model"),
        (["--data", "absent"], "does not exist; --data takes a folder"),
        (["--data", "absent", "--cues-only"], "holds no model whose weights could be kept"),
    ],
)
def test_what_cannot_be_done_is_said(
    tmp_path: Path, options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "--out", str(tmp_path / "model"), *options]) == 2
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
