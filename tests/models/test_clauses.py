"""Clauses: where they begin, and that no text breaks their offsets."""

from __future__ import annotations

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.language import Language

from models.language import LANGUAGE
from models.scorer import load_scorer


def _splitter() -> Language:
    nlp = spacy.blank(LANGUAGE)
    nlp.add_pipe("clauses")
    return nlp


_NLP = _splitter()


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("Love the design, but checkout is broken", ["Love the design,", "but checkout is broken"]),
        ("Although I like it, it crashes.", ["Although I like it,", "it crashes."]),
        ("Great!!! 😍 The bar is missing", ["Great!!! 😍", "The bar is missing"]),
        ("It is slow. (Very slow.) Fix it", ["It is slow.", "(Very slow.)", "Fix it"]),
        ("Tabs are gone\n- menu is gone\n- bar is gone", ["Tabs are gone", "- menu is gone", "- bar is gone"]),
        ("this line is wrapped\nby the mail program", ["this line is wrapped\nby the mail program"]),
        ("first part\n\nsecond part", ["first part", "second part"]),
        ("It works; however it is ugly now", ["It works;", "however it is ugly now"]),
        ("but why", ["but why"]),
        ("nothing but trouble", ["nothing but trouble"]),
        ("Version 89.0.1 broke example.com today", ["Version 89.0.1 broke example.com today"]),
        ("", []),
    ],
)
def test_clauses(text: str, clauses: list[str]) -> None:
    assert [clause.text.strip() for clause in _NLP(text)._.clauses] == clauses


@settings(max_examples=150)
@given(st.lists(st.text(alphabet=st.characters(codec="utf-8"), max_size=80), min_size=1, max_size=4))
def test_mentions_are_ordered_disjoint_and_within_the_text(texts: list[str]) -> None:
    scores = load_scorer().score(texts, languages=["en"] * len(texts))
    for text, mentions in zip(texts, scores.column("mentions").to_pylist(), strict=True):
        position = 0
        for mention in mentions:
            assert position <= mention["start"] < mention["end"] <= len(text)
            assert text[mention["start"] : mention["end"]].strip()
            position = mention["end"]


@settings(max_examples=200)
@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=200))
def test_the_tokenizer_loses_nothing(text: str) -> None:
    assert _NLP.make_doc(text).text == text


@settings(max_examples=100)
@given(
    st.lists(
        st.sampled_from(["Tabs are gone. ", "but ", "(ok) ", "\n\n", "😍", "although, ", "; ", "x"]), max_size=20
    )
)
def test_clauses_do_not_depend_on_the_batch(parts: list[str]) -> None:
    texts = ["".join(parts[:cut]) for cut in range(len(parts) + 1)]
    alone = [[clause.text for clause in _NLP(text)._.clauses] for text in texts]
    together = [[clause.text for clause in doc._.clauses] for doc in _NLP.pipe(texts)]
    assert alone == together
