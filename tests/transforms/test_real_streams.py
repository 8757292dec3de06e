"""Every row of the real streams becomes an event, and the values of a sample are what the raw rows say.

The expected values were worked out by hand from the raw rows; texts are kept as hashes.
"""

from __future__ import annotations

import gzip
import hashlib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from schemas.html_text import _laid_out, _parsed_text, _plain_text
from schemas.mapping import parse_mapping
from tests.transforms.messages import KEYRING, batch
from transforms.decode import decode
from transforms.normalize import Normalizer
from transforms.redact import redact

pytestmark = pytest.mark.streams

EXAMPLES = Path(__file__).parents[2] / "examples" / "sources"
ROWS = {
    "firefox_support": ("firefox_support", 69_766),
    "app_store_reviews": ("app_store_reviews", 65_689),
    "threads_play_reviews": ("play_reviews", 36_687),
    "airline_tweets": ("airline_tweets", 11_522),
}
CHUNK_ROWS = 1000

Known = dict[str, Any]
SAMPLE: dict[str, dict[str, Known]] = {
    "firefox_support": {
        "1308016": {
            "at": "2020-10-11T00:02:23",
            "revised": "2020-10-11T01:13:18",
            "version": "81.0",
            "language": "en",
        },
        "1308021": {
            "at": "2020-10-11T01:58:23",
            "revised": "2020-10-11T08:50:11",
            "version": "81.0",
            "language": "en",
        },
        "1308027": {
            "at": "2020-10-11T03:48:01",
            "revised": "2020-10-11T03:48:01",
            "version": None,
            "os": "windows",
            "os_version": "windows-8",
        },
        "1308029": {"at": "2020-10-11T03:57:11", "version": "81.0.1", "language": "pt", "os": "windows"},
        "1341683": {
            "at": "2021-06-24T02:24:12",
            "revised": "2021-06-24T05:19:50",
            "version": "89.0.2",
            "topic": "other",
        },
        "1371903": {
            "at": "2022-03-22T21:59:58",
            "version": "78.15.0",
            "os": "macos",
            "os_version": "mac-os-x-109",
        },
        "1384029": {"at": "2022-07-26T14:55:11", "revised": "2022-07-26T23:50:56", "version": "102.1.0"},
        "1395844": {"at": "2022-11-05T11:01:57", "version": "106.0.5", "topic": "sync", "platform": "desktop"},
        "1395933": {"at": "2022-11-06T09:33:10", "revised": "2022-11-06T09:48:11", "version": None},
        "1410652": {"at": "2023-04-13T02:09:21", "version": "102.10.0"},
        "1410766": {"at": "2023-04-14T04:22:04", "version": "78.1.0"},
    },
    "app_store_reviews": {
        "a4b0a7d10846d7a0": {"at": "2017-01-01T00:00:00", "product": "Gmail", "stars": 3.0, "rating": 0.0},
        "a5c01a2a8e2c83b1": {"at": "2018-10-18T01:09:51", "product": "Google Drive", "stars": 1.0, "rating": -1.0},
        "6a7f1e8d71a2f3a8": {"at": "2022-01-01T23:06:45", "product": "Gmail", "stars": 1.0, "rating": -1.0},
    },
    "threads_play_reviews": {
        "15b84dda3c80191d": {"at": "2023-07-05T22:53:00", "product": "Threads", "stars": 5.0, "rating": 1.0},
        "88cd87ea1bf7e8cf": {"at": "2023-07-08T02:47:00", "product": "Threads", "stars": 2.0, "rating": -0.5},
        "a099765456f13d7d": {"at": "2023-08-27T10:31:00", "product": "Threads", "stars": 5.0, "rating": 1.0},
    },
    "airline_tweets": {
        "t00001": {"at": "2015-02-17T07:43:00", "product": "Delta", "timezone": "Pacific Time (US & Canada)"},
        "t07272": {"at": "2015-02-22T11:32:00", "product": "US Airways", "timezone": None},
        "t14639": {"at": "2015-02-24T19:53:00", "product": "US Airways", "timezone": None},
    },
}
TEXT_HASHES = {"1308016": "a72d27bcc312c422", "15b84dda3c80191d": "04d0442b161ea908"}


def read_lines(path: Path) -> list[bytes]:
    with gzip.open(path) as file:
        return file.read().splitlines()


def known(row: dict[str, Any]) -> Known:
    segment = dict(row["segment"])
    return {
        "at": row["occurred_at"].strftime("%Y-%m-%dT%H:%M:%S"),
        "revised": row["revised_at"].strftime("%Y-%m-%dT%H:%M:%S"),
        "version": row["version"],
        "language": row["language"],
        "product": row["product"],
        "stars": row["rating_raw"],
        "rating": row["rating"],
        **{name: segment.get(name) for name in ("os", "os_version", "topic", "platform", "timezone")},
    }


@pytest.mark.parametrize("stream", ROWS)
def test_every_row_becomes_an_event(streams: Path, stream: str) -> None:
    name, expected_rows = ROWS[stream]
    mapping = parse_mapping(EXAMPLES / f"{name}.yaml")
    normalizer = Normalizer(mapping, KEYRING)
    lines = read_lines(streams / f"{stream}.jsonl.gz")
    assert len(lines) == expected_rows
    ids: set[str] = set()
    products: Counter[str] = Counter()
    years: set[int] = set()
    seen: dict[str, dict[str, Any]] = {}
    for start in range(0, len(lines), CHUNK_ROWS):
        decoded = decode(batch(lines[start : start + CHUNK_ROWS]), mapping.source)
        normalized = normalizer(decoded.passed)
        assert decoded.failed + normalized.failed == []
        redacted = redact(normalized.passed)
        ids.update(redacted.column("event_id").to_pylist())
        for row in redacted.select(["native_id", "product", "occurred_at", "text", "rating_raw"]).to_pylist():
            products[row["product"]] += 1
            years.add(row["occurred_at"].year)
            assert row["text"] or row["rating_raw"]
        native_ids = redacted.column("native_id").to_pylist()
        for position, native_id in enumerate(native_ids):
            if native_id in SAMPLE[stream]:
                seen[native_id] = redacted.slice(position, 1).to_pylist()[0]
    assert len(ids) == expected_rows
    assert seen.keys() == SAMPLE[stream].keys()
    for native_id, expected in SAMPLE[stream].items():
        found = known(seen[native_id])
        assert {key: found[key] for key in expected} == expected, native_id
        if native_id in TEXT_HASHES:
            assert hashlib.sha256(seen[native_id]["text"].encode()).hexdigest()[:16] == TEXT_HASHES[native_id]
    if stream == "airline_tweets":
        airlines = {"United": 3006, "US Airways": 2291, "American": 2145, "Southwest": 1935, "Delta": 1736}
        assert products == {**airlines, "Virgin America": 409}
        assert all("label_sentiment" in row["extra"] for row in seen.values())
    if stream == "firefox_support":
        assert products == {"firefox": 69_766}
        assert years == {2020, 2021, 2022, 2023, 2024}


def test_no_question_was_revised_before_it_was_asked(streams: Path) -> None:
    mapping = parse_mapping(EXAMPLES / "firefox_support.yaml")
    normalizer = Normalizer(mapping, KEYRING)
    lines = [line for line in read_lines(streams / "firefox_support.jsonl.gz") if b'Z","title"' in line]
    assert len(lines) == 62
    rows = normalizer(decode(batch(lines), mapping.source).passed).passed.to_pylist()
    assert sum(row["revised_at"] < row["occurred_at"] for row in rows) == 0


def test_the_short_way_through_html_reads_real_html_as_a_parser_does(streams: Path) -> None:
    lines = read_lines(streams / "firefox_support.jsonl.gz")[::20]
    compared = 0
    for message in decode(batch(lines), "firefox_support").passed.objects:
        plain = _plain_text(message["content"])
        if plain is not None:
            compared += 1
            assert _laid_out(plain) == _laid_out(_parsed_text(message["content"]))
    assert compared > 3000
