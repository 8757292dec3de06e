"""The sentences of our own are as many as promised, well formed and no copies of one another."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from models.data import LabelledSets
from models.scorecard import bias, negation, sarcasm
from models.scorecard.domains import DOMAINS, domain_of, learned
from schemas.errors import UsageError


def _pairs() -> Iterator[tuple[str, str, str]]:
    yield from ((kind, *pair) for kind, listed in negation.pairs().items() for pair in listed)
    yield from (("sarcasm", *pair) for pair in sarcasm.pairs())
    yield from ((variety, *pair) for variety, listed in bias.dialects().items() for pair in listed)


def test_there_are_enough_of_each() -> None:
    assert sum(map(len, negation.pairs().values())) >= 40
    assert len(sarcasm.pairs()) >= 40
    assert sum(map(len, bias.dialects().values())) >= 30


def test_no_sentence_stands_twice_and_none_is_empty() -> None:
    sentences = [sentence for _, *pair in _pairs() for sentence in pair]
    assert all(len(sentence.split()) >= 2 for sentence in sentences)
    plain = [sentence for kind, sentence, _ in _pairs()]
    assert len(set(plain)) == len(plain)
    assert all(one != other for _, one, other in _pairs())


def test_names_stand_in_one_group_each_and_every_template_takes_one() -> None:
    templates, groups = bias.names()
    listed = [name for names in groups.values() for name in names]
    assert len(set(listed)) == len(listed)
    assert len({len(names) for names in groups.values()}) == 1
    assert all(template.count("{name}") == 1 for template in templates)


def test_every_set_is_about_one_domain() -> None:
    names = [name for about in DOMAINS.values() for name in about.sets]
    assert len(set(names)) == len(names)
    assert domain_of("banking77") == "banking"
    with pytest.raises(UsageError, match="the touchpoint set pet_shop has no domain"):
        domain_of("pet_shop")


def test_who_is_judged_on_airlines_has_learned_of_no_travel() -> None:
    sources = ["banking77", "clinc150", "multidogo_airline", "goemotions"]
    assert learned(sources, DOMAINS["airlines"]) == {"clinc150", "multidogo_airline"}
    assert learned(sources, DOMAINS["hardware"]) == frozenset()


@pytest.mark.streams
def test_every_touchpoint_set_has_a_domain(streams: Path) -> None:
    found = [domain_of(name) for kind, name in LabelledSets(streams.parent).uses if kind == "touchpoint"]
    assert set(found) == set(DOMAINS)
