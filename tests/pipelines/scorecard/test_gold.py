"""The gold set needs the real streams; how an event is found and what is compared does not."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from models.gold.labels import GoldLabel, Place
from models.scorecard.card import read_figures
from models.scorer import load_scorer
from pipelines.scorecard.events import events_of
from pipelines.scorecard.gold import Compared, gold, nearest, share_right
from schemas.arrow import REDACTED
from schemas.errors import UsageError

MAPPING = Path(__file__).resolve().parents[3] / "examples" / "sources" / "firefox_support.yaml"


def _stream(folder: Path) -> Path:
    path = folder / "questions.jsonl.gz"
    with gzip.open(path, "wb") as file:
        for number in range(4):
            question = {
                "id": number,
                "created": "2021-05-01T10:00:00-07:00",
                "updated": "2021-05-01T10:00:00-07:00",
                "title": f"Question {number}",
                "content": "<p>Write to <b>ann@example.org</b></p>",
                "locale": "en-US",
                "product": "Firefox",
                "tags": [],
            }
            file.write(json.dumps(question).encode() + b"\n")
        file.write(b"not JSON\n")
    return path


def test_events_come_as_the_graph_would_store_them(tmp_path: Path) -> None:
    events = events_of(_stream(tmp_path), MAPPING, {"1", "3", "77"})
    assert events.schema == REDACTED
    assert events.column("native_id").to_pylist() == ["1", "3"]
    assert events.column("text").to_pylist() == [f"Question {n}\n\nWrite to [EMAIL]" for n in (1, 3)]


def test_no_event_is_an_empty_batch(tmp_path: Path) -> None:
    assert events_of(_stream(tmp_path), MAPPING, set()).num_rows == 0


def test_a_labelled_clause_meets_the_mention_that_shares_most_with_it() -> None:
    mentions = [{"start": 0, "end": 10}, {"start": 10, "end": 40}, {"start": 41, "end": 60}]
    assert nearest(Place("s", "1", 8, 30), mentions) == mentions[1]
    assert nearest(Place("s", "1", 41, 60), mentions) == mentions[2]
    assert nearest(Place("s", "1", 60, 70), mentions) is None
    assert nearest(Place("s", "1", 0, 5), []) is None


def test_a_clause_the_scorer_says_nothing_of_counts_as_other_and_neutral() -> None:
    label = GoldLabel("0" * 12, "random", "billing", None, "neutral", True)
    said = {"start": 0, "end": 5, "touchpoint": "billing", "touchpoint_p": 0.75, "sentiment_label": "negative",
            "sentiment_p": 0.5, "friction_p": 0.5}  # fmt: skip
    calm = GoldLabel("0" * 12, "random", "other", None, "negative", False)
    line = share_right(
        [
            Compared(Place("s", "1", 0, 5), label, said),
            Compared(Place("s", "2", 0, 5), calm, None),
            Compared(Place("s", "3", 1, 5), calm, said),
        ]
    )
    assert line["touchpoint_accuracy"] == pytest.approx(2 / 3)
    assert (line["coverage"], line["precision"]) == (pytest.approx(2 / 3), 0.5)
    assert line["sentiment_accuracy"] == pytest.approx(1 / 3)
    # 0.5 against 0 and 0.5: once higher, once a tie.
    assert line["friction_auc"] == 0.75
    assert line["same_clause"] == pytest.approx(1 / 3)


def test_missing_streams_are_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"streams/firefox_support.jsonl.gz does not exist"):
        gold(tmp_path, load_scorer(), lambda _: None)


@pytest.mark.streams
def test_the_card_says_what_is_measured(streams: Path) -> None:
    tables = gold(streams.parent, load_scorer(), lambda _: None)
    assert tuple(tables) == read_figures()["gold"].tables
    assert [row["mentions"] for row in tables[0].rows if row["part"] in ("drawn at random",)] == [1_010]
    assert tables[0].rows[-1]["mentions"] == 1_659
