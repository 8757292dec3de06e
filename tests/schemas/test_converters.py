"""Each converter: what it makes of good values and how it refuses others."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.converters import CONVERTERS, Refused, Unescape
from schemas.html_text import _laid_out, _parsed_text, _plain_text, html_to_text
from schemas.hygiene import clean
from schemas.version_tag import version_from_tags


def convert(name: str, value: Any, **options: Any) -> Any:
    return CONVERTERS[name].model_validate({"name": name, **options}).function()(value)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("name", "options", "value", "result"),
    [
        ("html", {}, "<p>a &amp; b</p><p>c<br>d</p>", "a & b\n\nc\nd"),
        ("lower", {}, "ÀB", "àb"),
        ("join", {}, ["a", None, " ", "b"], "a\n\nb"),
        ("join", {"separator": ", "}, ["a", 2], "a, 2"),
        ("join", {}, [None, ""], None),
        ("timestamp", {}, "2020-10-10 16:02:23 -0800", utc(2020, 10, 11, 0, 2, 23)),
        ("timestamp", {}, "2021-06-01T12:30:00Z", utc(2021, 6, 1, 12, 30)),
        ("timestamp", {"timezone": "America/Los_Angeles"}, "2015-02-16T23:43:00", utc(2015, 2, 17, 7, 43)),
        ("timestamp", {"timezone": "America/Los_Angeles"}, "2015-07-16T23:43:00", utc(2015, 7, 17, 6, 43)),
        ("timestamp", {"timezone": "Europe/Berlin"}, "2021-10-31 02:30", utc(2021, 10, 31, 0, 30)),
        ("timestamp", {"timezone": "UTC"}, "2021-06-01", utc(2021, 6, 1)),
        (
            "timestamp",
            {"timezone": "-08:00", "ignore_z": True},
            "2020-10-10T17:13:18Z",
            utc(2020, 10, 11, 1, 13, 18),
        ),
        ("timestamp", {"timezone": "UTC", "format": "%d.%m.%Y %H:%M"}, "01.06.2021 07:05", utc(2021, 6, 1, 7, 5)),
        ("timestamp", {"format": "epoch_seconds"}, 1622543400, utc(2021, 6, 1, 10, 30)),
        ("timestamp", {"format": "epoch_seconds"}, "1622543400", utc(2021, 6, 1, 10, 30)),
        ("timestamp", {"format": "epoch_milliseconds"}, 1622543400250, utc(2021, 6, 1, 10, 30, 0, 250000)),
        ("rating", {"scale": "1-5"}, 4, 4),
        ("rating", {"scale": "1-5"}, "4,5 stars", 4.5),
        ("rating", {"scale": "1-5"}, "3/5", 3.0),
        ("version_tag", {"prefix": "firefox-"}, ["desktop", "firefox-1060"], "106.0"),
        ("version_tag", {"prefix": "firefox-"}, ["desktop"], None),
        ("first_match", {"pattern": "windows.*|linux"}, ["desktop", "windows-10"], "windows-10"),
        ("first_match", {"pattern": "os:(.*)"}, ["a", "os:mac"], "mac"),
        ("first_match", {"pattern": "a"}, ["b"], None),
        ("language", {}, "pt_BR", "pt"),
        ("language", {}, "EN", "en"),
        ("boolean", {}, "Yes", True),
        ("boolean", {}, 0, False),
        ("map", {"values": {"1": "low"}}, 1, "low"),
        ("map", {"values": {"a": "b"}, "otherwise": "c"}, "z", "c"),
        ("map", {"values": {"a": "b"}}, "z", None),
    ],
)
def test_converts(name: str, options: dict[str, Any], value: Any, result: Any) -> None:
    assert convert(name, value, **options) == result


@pytest.mark.parametrize(
    ("name", "options", "value", "kind"),
    [
        ("html", {}, 3, "wrong_type"),
        ("lower", {}, ["a"], "wrong_type"),
        ("join", {}, "a", "wrong_type"),
        ("timestamp", {}, "2021-06-01 12:30:00", "invalid_timestamp"),
        ("timestamp", {}, "yesterday", "invalid_timestamp"),
        ("timestamp", {}, "2021-02-30T00:00:00Z", "invalid_timestamp"),
        ("timestamp", {}, "0001-01-01T00:00:00+14:00", "invalid_timestamp"),
        ("timestamp", {"format": "epoch_seconds"}, 10**20, "invalid_timestamp"),
        ("timestamp", {"format": "epoch_seconds"}, True, "invalid_timestamp"),
        ("timestamp", {"format": "epoch_seconds"}, "nan", "invalid_timestamp"),
        ("rating", {"scale": "1-5"}, "great", "invalid_rating"),
        ("version_tag", {"prefix": "x-"}, "x-890", "wrong_type"),
        ("language", {}, "plain English", "invalid_value"),
        ("boolean", {}, "maybe", "wrong_type"),
    ],
)
def test_refuses(name: str, options: dict[str, Any], value: Any, kind: str) -> None:
    with pytest.raises(Refused) as caught:
        convert(name, value, **options)
    assert caught.value.kind.value == kind
    if isinstance(value, str) and len(value) > 3:
        assert value not in caught.value.reason


@pytest.mark.parametrize(
    ("tags", "version"),
    [
        (["firefox-890", "firefox-8902"], "89.0.2"),
        (["firefox-1060", "firefox-10605"], "106.0.5"),
        (["firefox-7815", "firefox-78150"], "78.15.0"),
        (["firefox-1021", "firefox-10210"], "102.1.0"),
        (["firefox-10210_1", "firefox-102100"], "102.10.0"),
        (["firefox-781", "firefox-7810_1"], "78.1.0"),
        (["firefox-8101", "firefox-8102"], "81.0.2"),
        (["firefox-930b"], "93.0b"),
        (["firefox-520"], "52.0"),
        (["firefox-1000"], "100.0"),
        (["firefox-for-android", "firefox-account"], None),
    ],
)
def test_versions_from_tags(tags: list[str], version: str | None) -> None:
    assert version_from_tags(tags, "firefox-") == version
    assert version_from_tags(tags[::-1], "firefox-") == version


FRAGMENTS = st.sampled_from(
    [
        *("<p>", "</p>", "<br>", "<br/>", "<ul>", "<li>", "</li>", "</ul>", '<a href="x">', "</a>", "<b>", "</b>"),
        *("&amp;", "&lt;", " ", "\n", "one", "two & three", "&#39;", "<hr />", "&nbsp;", "é"),
    ]
)


@given(st.lists(FRAGMENTS, max_size=12).map("".join))
def test_the_short_way_through_html_reads_what_a_parser_reads(html: str) -> None:
    plain = _plain_text(html)
    if plain is not None:
        assert _laid_out(plain) == _laid_out(_parsed_text(html))


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("no tags\n\nhere", "no tags\n\nhere"),
        ("a < b and b > c", "a < b and b > c"),
        ("<script>x</script><style>y</style><p>z</p>", "z"),
        ("<pre>one\ntwo</pre>", "one\ntwo"),
        ("<ul><li>one</li><li>two</li></ul>", "one\ntwo"),
        ("<p>unclosed <b>bold", "unclosed bold"),
        ("<table><tr><td>a</td><td>b</td></tr></table>", "a b"),
        ("<p></p>", ""),
    ],
)
def test_html(html: str, text: str) -> None:
    assert html_to_text(html) == text


@pytest.mark.parametrize(
    "hostile", ["<div>" * 50_000, "<b>" * 20_000, "<" * 200_000, "&" * 200_000, "<p " * 60_000]
)
def test_hostile_html_comes_back(hostile: str) -> None:
    assert isinstance(html_to_text(hostile), str)


@given(st.text("a \n\r\t\x00\x85\u2028\x0c\ud800é", max_size=20))
def test_clean_is_idempotent_and_leaves_only_storable_text(text: str) -> None:
    cleaned = clean(text)
    assert clean(cleaned) == cleaned
    assert not set(cleaned) & set("\x00\r\x85\u2028\ud800")


@pytest.mark.parametrize(
    ("escaped", "text"),
    [("don\\'t", "don't"), ('a \\"b\\" c', 'a "b" c'), ("don\\\\'t", "don't"), ("C:\\new", "C:\\new"), ("", "")],
)
def test_unescape(escaped: str, text: str) -> None:
    assert Unescape(name="unescape").function()(escaped) == text
