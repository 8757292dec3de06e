"""A learning curve rises where there is something to learn, and is told as a table."""

from __future__ import annotations

from models import SHIPPED
from models.learning_curve.curve import learning_curve, markdown
from models.learning_curve.tasks import Task
from schemas.label import Label
from schemas.own_touchpoints import NO_OWN

_WORDS = {"billing": ("fleebs", "grots", "snarps"), "features": ("mumbles", "wibbles", "plonks")}


def _made_up(first: int, last: int) -> list[Label]:
    """Texts about things that only their names tell apart."""
    return [
        Label(
            f"{touchpoint}-{number}",
            f"The {word} number {number} came up {number % 7} times",
            touchpoint=touchpoint,
        )
        for number in range(first, last)
        for touchpoint, words in _WORDS.items()
        for word in [words[number % 3]]
    ]


def test_labels_teach_and_the_table_says_how_much() -> None:
    task = Task("made-up things", NO_OWN, _made_up(0, 25), _made_up(25, 45))
    told: list[str] = []
    points = learning_curve(task, SHIPPED, 1, told.append, sizes=(0, 40, 5_000))
    assert [point.labels for point in points] == [0, 40]
    before, after = points
    assert before.tfidf is None
    for learned in (after.random, after.active, after.tfidf):
        assert learned is not None
        assert learned.full > before.random.full + 0.2
    assert len(told) == 2
    table = markdown(task, points, 1)
    assert "made-up things: 40 test texts, 50 to draw labels from, one draw" in table
    assert table.count("\n") == 3
