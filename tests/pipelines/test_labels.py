"""`tribometer label`: what is drawn from the tables, and what becomes of a filled-in sheet."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from pipelines.cli import main
from pipelines.labels import candidates, draw, load_labels, rated
from schemas.errors import UsageError
from schemas.label import uncell
from schemas.touchpoint import ALL_TOUCHPOINTS
from tests.pipelines.feedback_table import event, mention, store

SUBJECTS = ("bill", "parcel", "page", "sign in", "plan", "agent", "tab", "refund", "price", "menu")


def spoken(number: int, **others: Any) -> dict[str, Any]:
    """An event of two mentions; of every fourth the scorer is unsure."""
    text = f"=The {SUBJECTS[number % 10]} number {number} failed.\nNobody said why, {number} times."
    p = 0.2 if number % 4 == 0 else 0.9
    spans = ((0, text.index("\n")), (text.index("\n") + 1, len(text)))
    mentions = [{**mention("billing", 0.7, span=span), "touchpoint_p": p} for span in spans]
    named = {"product": "Lamp" if number % 2 else "Desk", "text": text, **others}
    return event(f"n{number}", f"2024-0{1 + number // 30}-10", *mentions, author=f"a{number}", **named)


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> str:
    root = str(tmp_path_factory.mktemp("labels") / "tables")
    rows = [spoken(number) for number in range(120)]
    rows += [
        event("agent", "2024-02-01", mention("billing", 0.5), author_kind="agent"),
        event("gone", "2024-02-01", deleted=True, text=""),
        event("copy", "2024-02-01", mention("billing", 0.5, span=(0, 29)), text=rows[3]["text"]),
    ]
    store(root, rows)
    return root


def rows_of(sheet: Path) -> list[dict[str, str]]:
    with sheet.open(encoding="utf-8-sig", newline="") as lines:
        delimiter = "," if "," in lines.readline() else ";"
        lines.seek(0)
        return list(csv.DictReader(lines, delimiter=delimiter))


def fill_in(sheet: Path, *labels: tuple[str, str, str]) -> None:
    """Write labels into the first rows of a sheet, as a spreadsheet would save them."""
    rows = rows_of(sheet)
    for row, given in zip(rows, labels, strict=False):
        row.update(zip(("touchpoint", "sentiment", "friction"), given, strict=True))
    with sheet.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]), delimiter=";")
        writer.writeheader()
        writer.writerows(rows)


def test_a_sheet_has_one_mention_an_event_and_opens_safely(tables: str, tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.csv"
    assert main(["label", "export", "--tables", tables, "--out", str(sheet), "--count", "30"]) == 0
    assert sheet.read_bytes().startswith(b"\xef\xbb\xbf")
    rows = rows_of(sheet)
    assert len(sheet.read_text(encoding="utf-8").splitlines()) == len(rows) + 1 == 31
    assert list(rows[0])[:5] == ["touchpoint", "sentiment", "friction", "mention", "text"]
    assert len({row["event_id"] for row in rows}) == len({row["mention"] for row in rows}) == 30
    for row in rows:
        assert {row["touchpoint"], row["sentiment"], row["friction"]} == {""}
        assert not row["text"].startswith("=")
        text = uncell(row["text"])
        assert text[int(row["start"]) : int(row["end"])] == uncell(row["mention"])
        assert row["scored_touchpoint"] == "billing"
    assert {row["drawn"] for row in rows} == {"random", "uncertain"}
    unsure = [row["scored_touchpoint_p"] == "0.2" for row in rows if row["drawn"] == "uncertain"]
    assert sum(unsure) > 0.7 * len(unsure), "a quarter of the mentions are"


def test_product_time_and_strategy_choose(tables: str, tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.csv"
    options = ["--product", "Lamp", "--since", "2024-03-01", "--strategy", "random", "--blind", "--count", "500"]
    assert main(["label", "export", "--tables", tables, "--out", str(sheet), *options]) == 0
    rows = rows_of(sheet)
    assert len(rows) == 30
    assert {(row["product"], row["drawn"]) for row in rows} == {("Lamp", "random")}
    assert "scored_touchpoint" not in rows[0]


def test_the_same_seed_draws_the_same_and_labelled_events_are_not_drawn_again(tables: str, tmp_path: Path) -> None:
    every: dict[str, Any] = {"product": None, "since": None, "count": 20}
    found = candidates(tables, **every, seed=1)
    assert {one.text.split("\n")[0] for one in found} == {spoken(n)["text"].split("\n")[0] for n in range(120)}
    assert len({one.clause for one in found}) == len(found), "a wording counts once"
    first, second = draw(found, 20, "mixed", 1), draw(candidates(tables, **every, seed=1), 20, "mixed", 1)
    assert first == second != draw(candidates(tables, **every, seed=2), 20, "mixed", 2)
    sheet, labels = tmp_path / "sheet.csv", tmp_path / "labels.csv"
    export = ["label", "export", "--tables", tables, "--count", "20", "--labels", str(labels), "--out"]
    assert main([*export, str(sheet)]) == 0
    fill_in(sheet, *[("billing", "", "1")] * 20)
    assert main(["label", "import", str(sheet), "--labels", str(labels)]) == 0
    again = tmp_path / "again.csv"
    assert main([*export, str(again)]) == 0
    assert not {row["event_id"] for row in rows_of(again)} & {row["event_id"] for row in rows_of(sheet)}


def test_a_model_of_ones_own_scores_what_is_drawn(tables: str, tmp_path: Path) -> None:
    from models import SHIPPED

    sheet = tmp_path / "sheet.csv"
    options = ["--count", "10", "--model", str(SHIPPED)]
    assert main(["label", "export", "--tables", tables, "--out", str(sheet), *options]) == 0
    assert {row["scored_touchpoint_p"] for row in rows_of(sheet)} != {"0.2", "0.9"}


def test_a_sheet_is_not_overwritten(tables: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sheet = tmp_path / "sheet.csv"
    sheet.write_text("work of a day")
    assert main(["label", "export", "--tables", tables, "--out", str(sheet)]) == 2
    assert "is there already" in capsys.readouterr().err
    assert main(["label", "export", "--tables", tables, "--out", str(tmp_path / "no" / "sheet.csv")]) == 2
    assert "make it first" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["sheet.csv"]


def test_importing_twice_adds_nothing_and_a_second_opinion_is_asked_about(
    tables: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet, labels = tmp_path / "sheet.csv", tmp_path / "kept"
    assert main(["label", "export", "--tables", tables, "--out", str(sheet), "--count", "10"]) == 0
    imported = ["label", "import", str(sheet), "--labels", str(labels)]
    fill_in(sheet, ("Billing", "negative", "1"), ("support", "", ""))
    assert main(imported) == 0
    assert "2 labelled mentions read, 2 of them new or changed" in capsys.readouterr().out
    kept = (labels / "labels.csv").read_bytes()
    assert main(imported) == 0
    assert "2 labelled mentions read, 0 of them" in capsys.readouterr().out
    assert (labels / "labels.csv").read_bytes() == kept
    fill_in(sheet, ("Billing", "negative", "1"), ("returns", "neutral", "0"), ("other", "", ""))
    assert main(imported) == 2
    assert "has the touchpoint support already, and now returns" in capsys.readouterr().err
    assert (labels / "labels.csv").read_bytes() == kept
    assert main([*imported, "--replace"]) == 0
    given = sorted(str(label.given) for label in load_labels(labels, ALL_TOUCHPOINTS))
    assert given == ["('billing', 'negative', True)", "('other', None, None)", "('returns', 'neutral', False)"]


def test_a_name_that_nobody_knows_is_refused_until_it_is_ones_own(
    tables: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet, labels, own = tmp_path / "sheet.csv", tmp_path / "labels.csv", tmp_path / "own.yaml"
    assert main(["label", "export", "--tables", tables, "--out", str(sheet), "--count", "5"]) == 0
    fill_in(sheet, ("billing", "", ""), ("seatng", "", ""))
    imported = ["label", "import", str(sheet), "--labels", str(labels)]
    assert main(imported) == 2
    assert f"{sheet}:3: touchpoint 'seatng' is unknown" in capsys.readouterr().err
    own.write_text("version: 1\ntouchpoints:\n  seating: {definition: Seats., examples: [No leg room.]}\n")
    assert main([*imported, "--touchpoints", str(own)]) == 2
    assert "did you mean seating?" in capsys.readouterr().err
    fill_in(sheet, ("billing", "", ""), ("seating", "", ""))
    assert main([*imported, "--touchpoints", str(own)]) == 0
    assert not labels.with_name(".labels.csv.unfinished").exists()


def test_ratings_are_labels_of_whole_texts(tmp_path: Path) -> None:
    root = str(tmp_path / "tables")
    store(root, [event(f"r{n}", "2024-02-01", mention("billing", 0.5), rating=rating)
                 for n, rating in enumerate((-1.0, 0.0, 1.0, None))])  # fmt: skip
    labels = rated(root)
    assert sorted((label.sentiment, label.friction) for label in labels if label.whole_text) == [
        ("negative", True),
        ("neutral", None),
        ("positive", False),
    ]
    store(str(tmp_path / "unrated"), [event("r", "2024-02-01", mention("billing", 0.5))])
    with pytest.raises(UsageError, match="no scored event with a text and a rating"):
        rated(str(tmp_path / "unrated"))


def test_nothing_to_label_is_said_and_no_sheet_is_written(
    tables: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet = tmp_path / "sheet.csv"
    export = ["label", "export", "--tables", tables, "--out", str(sheet)]
    for options, said in (
        (["--product", "Lmap"], "no feedback about 'Lmap'; did you mean Lamp? (products: Desk, Lamp, app)"),
        (["--product", "Lamp", "--since", "2026-01-01"], "no mention is left to label; ask for other products"),
        (["--touchpoints", str(tmp_path / "none.yaml")], "none.yaml: cannot be read"),
    ):
        assert main([*export, *options]) == 2
        assert said in capsys.readouterr().err
    assert not sheet.exists()


def test_a_sheet_that_nobody_filled_in_is_refused(
    tables: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet, labels = tmp_path / "sheet.csv", tmp_path / "labels.csv"
    assert main(["label", "export", "--tables", tables, "--out", str(sheet), "--count", "5"]) == 0
    assert main(["label", "import", str(sheet), "--labels", str(labels)]) == 2
    assert "no line has a label; fill in touchpoint, sentiment or friction" in capsys.readouterr().err
    assert not labels.exists()
