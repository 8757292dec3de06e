"""Why an alert about a whole product is told: it alarmed itself, or three of its touchpoints did."""

from __future__ import annotations

import pytest

from pipelines.watch.reasons import is_everywhere, why_told
from pipelines.watch.told import Standing, Told
from schemas.alert import Kind
from transforms.detect.detector import Settings
from transforms.detect.lifecycle import Event, Place

START = 450_000


def told(*members: str, touchpoint: str = "*") -> Told:
    event = Event(Kind.OPENED, f"f-{START}", Place("app", touchpoint), START, frozenset(members), 6.0, 40.0)
    whole = Standing("*", None, START - 3, 40.0, 8.0, 4, 1.2, 7.0, 0.01, False)
    part = Standing("billing", None, START - 1, 9.0, 3.0, 2, 1.2, 4.0, 0.9, False)
    return Told(event, (whole, part))


@pytest.mark.parametrize(
    ("members", "everywhere"),
    [(("*",), False), (("*", "billing", "login"), False), (("*", "billing", "login", "sync"), True)],
)
def test_three_touchpoints_are_everywhere(members: tuple[str, ...], everywhere: bool) -> None:
    assert is_everywhere(told(*members)) is everywhere
    assert not is_everywhere(told(*members, touchpoint="billing"))


def test_a_product_that_alarmed_alone_says_what_it_reached() -> None:
    reached = {reason.rule: reason.reached for reason in why_told(told("*"), Settings())}
    assert reached["authors"] == 40.0
    assert reached["false alarms among alarms"] == 0.01
    assert all(reason.holds for reason in why_told(told("*"), Settings()))


def test_touchpoints_that_opened_a_product_are_counted() -> None:
    (reason,) = why_told(told("billing", "login", "sync"), Settings())
    assert (reason.rule, reason.reached, reason.threshold) == ("touchpoints with an episode", 3.0, 3.0)
