"""The main job on the real streams: every line accounted for, and what is stored is what the lines say.

The expected side of each comparison is counted from the raw lines here, by other code than the product's.
"""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from pipelines.cli import main
from pipelines.connect import connect
from tests.conftest import REPLAYS

pytestmark = pytest.mark.streams


def lines(streams: Path, stream: str) -> Iterator[dict[str, Any]]:
    with gzip.open(streams / f"{stream}.jsonl.gz") as file:
        yield from map(orjson.loads, file)


def query(tables: Path, sql: str) -> list[tuple[Any, ...]]:
    with connect(str(tables)) as connection:
        return connection.execute(sql).fetchall()


def test_every_line_of_every_stream_is_a_row(replayed_streams: Path, streams: Path) -> None:
    counted = {REPLAYS[stream]: sum(1 for _ in lines(streams, stream)) for stream in REPLAYS}
    assert sum(counted.values()) == 183_664
    stored = "SELECT source, count(*), count(DISTINCT event_id) FROM tables.feedback GROUP BY source"
    found = {source: (rows, ids) for source, rows, ids in query(replayed_streams, stored)}
    assert sorted(found.values()) == sorted((count, count) for count in counted.values())
    law = "SELECT sum(messages), sum(accepted), sum(duplicate + dead + suppressed) FROM runs WHERE accepted > 0"
    assert query(replayed_streams, law) == [(183_664, 183_664, 0)]


def test_days_are_the_days_of_the_raw_lines(replayed_streams: Path, streams: Path) -> None:
    counted = Counter(
        datetime.strptime(line["created"], "%Y-%m-%d %H:%M:%S %z").astimezone(UTC).date().isoformat()
        for line in lines(streams, "firefox_support")
    )
    stored = "SELECT day, count(*) FROM tables.feedback WHERE product = 'firefox' GROUP BY day"
    assert {str(day): rows for day, rows in query(replayed_streams, stored)} == counted


def test_ratings_are_the_stars_of_the_raw_lines(replayed_streams: Path, streams: Path) -> None:
    for stream, products in (("app_store_reviews", "Gmail Drive TestFlight"), ("threads_play_reviews", "Threads")):
        counted = Counter((line["app"], line["rating"]) for line in lines(streams, stream))
        assert {product.split()[-1] for product, _ in counted} == set(products.split())
        stored = f"""
            SELECT product, rating_raw, rating_scale, rating, count(*) FROM tables.feedback
            WHERE product IN {tuple(product for product, _ in counted)} GROUP BY ALL"""
        for product, stars, scale, normal, rows in query(replayed_streams, stored):
            assert scale == "1-5"
            assert normal == (stars - 3) / 2
            assert counted.pop((product, int(stars))) == rows
        assert not counted


def test_languages_are_the_locales_of_the_raw_lines(replayed_streams: Path, streams: Path) -> None:
    counted = Counter(line["locale"].split("-")[0] for line in lines(streams, "firefox_support"))
    stored = "SELECT language, count(*) FROM tables.feedback WHERE product = 'firefox' GROUP BY language"
    assert dict(query(replayed_streams, stored)) == counted
    unscored = """
        SELECT count(*) FROM tables.feedback WHERE product = 'firefox'
        AND (language IN ('en', 'de', 'es', 'fr', 'it', 'pt')) = (unscored_reason LIKE 'language:%')"""
    assert query(replayed_streams, unscored) == [(0,)]


def test_people_are_the_creators_of_the_raw_lines(replayed_streams: Path, streams: Path) -> None:
    people = {line["creator"] for line in lines(streams, "firefox_support")}
    stored = "SELECT count(DISTINCT author_key) FROM tables.feedback WHERE product = 'firefox'"
    assert query(replayed_streams, stored) == [(len(people),)]
    named = "SELECT count(*) FROM tables.feedback WHERE author_key LIKE 'u%'"
    assert query(replayed_streams, named) == [(0,)]


def test_replaying_a_stream_again_adds_nothing(
    replayed_streams: Path, streams: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TRIBOMETER_AUTHOR_KEY", "k" * 64)
    source = Path(__file__).resolve().parents[2] / "examples" / "sources" / "airline_tweets.yaml"
    file = str(streams / "airline_tweets.jsonl.gz")
    before = query(replayed_streams, "SELECT count(*) FROM tables.feedback")
    assert main(["replay", file, "--source", str(source), "--tables", str(replayed_streams)]) == 0
    assert "11,522 messages = 0 accepted + 11,522 duplicate + 0 dead" in capsys.readouterr().out
    assert query(replayed_streams, "SELECT count(*) FROM tables.feedback") == before
