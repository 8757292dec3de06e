"""What of a text is read, and that its places lead back to the stored text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.reading import read, without_other_scripts

PIECES = st.sampled_from(
    (
        *(
            "word",
            " ",
            "\n",
            "\u200b",
            "\u202e",
            "\ufeff",
            "\x00",
            "&amp;",
            "&nbsp;",
            "&amp;lt;",
            "&unknown;",
            "<br>",
        ),
        *("<b>", "</p>", "<", ">", "&", "e\u0301", "t\u0337", "ｗ", "𝐛", "Привет", "мир", "你好", "μ", "é", "'"),
        *("👩\u200d💻", "❤\ufe0f", "\u00ad"),
    )
)


@pytest.mark.parametrize(
    ("text", "read_as"),
    [
        ("plain words", "plain words"),
        ("ter\u200brible", "terrible"),
        ("\u202eterrible\u202c", "terrible"),
        ("ter\u00adrible\ufeff", "terrible"),
        ("ter\x00rible", "terrible"),
        ("It&amp;nbsp;does not&nbsp;work", "It does not work"),
        ("don&#39;t &amp;amp; can&rsquo;t", "don't & can’t"),
        ("slow<br/>and <b>ugly</b>", "slow\nand ugly"),
        ("slow&lt;br&gt;ugly", "slow\nugly"),
        ("1 < 2 && 3 > 2 <nobody@home>", "1 < 2 && 3 > 2 <nobody@home>"),
        ("&nosuchthing; stays", "&nosuchthing; stays"),
        ("cafe\u0301 t\u0337e\u0337r\u0337rible", "café terrible"),
        ("ｔｅｒｒｉｂｌｅ 𝐚𝐩𝐩", "terrible app"),
        ("❤️ 👍", "❤️ 👍"),
    ],
)
def test_what_is_read(text: str, read_as: str) -> None:
    assert read(text).text == read_as


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("最新のアップデート", "cjk"),
        ("Ужасное приложение", "cyrillic"),
        ("تطبيق سيء", "arabic"),
        ("Mostly English, совсем немного", None),
        ("👍👍 :-) 123", None),
        ("", None),
    ],
)
def test_the_script_most_letters_are_in(text: str, script: str | None) -> None:
    assert read(text).script == script


def test_words_in_another_script_are_blanked_in_their_place() -> None:
    assert without_other_scripts("It works. Не работает. Great") == "It works.              Great"
    assert without_other_scripts("the μTorrent add-on, café") == "the μTorrent add-on, café"


@given(st.lists(PIECES, max_size=30).map("".join) | st.text(max_size=60))
def test_every_character_read_has_its_place(text: str) -> None:
    reading = read(text)
    if reading.begin is None or reading.end is None:
        assert len(reading.text) == len(text)
        return
    assert len(reading.begin) == len(reading.end) == len(reading.text)
    assert (reading.begin < reading.end).all()
    assert (reading.begin[1:] >= reading.begin[:-1]).all()
    for letter, begin, end in zip(reading.text, reading.begin.tolist(), reading.end.tolist(), strict=True):
        assert 0 <= begin < end <= len(text)
        # A letter of one place is that letter, unless it was a disguise or blanked with its script.
        if end - begin == 1 and text[begin].isascii() and text[begin].isalnum():
            assert text[begin] == letter


@given(st.text(max_size=80))
def test_reading_twice_changes_nothing_more_than_escapes(text: str) -> None:
    once = read(text).text
    if "&" not in text:
        assert read(once).text == once or "<" in once
