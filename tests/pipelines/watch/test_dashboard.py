"""The address an alert leads to is filled so that it opens, and a wrong one is refused before anything runs."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pipelines.watch.dashboard import checked, filled
from schemas.errors import UsageError


def test_every_place_is_filled_and_encoded() -> None:
    template = checked("https://g.example/d/x?var-p={product}&t={touchpoint}&e={episode}&from={from}&to={to}")
    address = filled(
        template,
        product="Café & Co",
        touchpoint="*",
        episode="ab-1",
        begin=datetime(2024, 1, 1, tzinfo=UTC),
        end=datetime(2024, 1, 1, 6, tzinfo=UTC),
    )
    assert address == (
        "https://g.example/d/x?var-p=Caf%C3%A9%20%26%20Co&t=%2A&e=ab-1&from=1704067200000&to=1704088800000"
    )


@pytest.mark.parametrize(
    ("template", "complaint"),
    [
        ("https://g.example/{prodct}", r"nothing is known of \{prodct\}; there are \{product\}"),
        ("https://g.example/{}", r"nothing is known of \{\}"),
        ("https://g.example/{product", "write a brace of the address itself twice"),
        ("g.example/d", "begins with http"),
        ("javascript:alert(1)", "begins with http"),
    ],
)
def test_a_wrong_address_is_refused(template: str, complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        checked(template)
