"""Paths of Pub/Sub resources, and what is said of a wrong one."""

from __future__ import annotations

import pytest

from pipelines.pubsub.names import parse_path, resource
from schemas.errors import UsageError


def test_a_path_is_read_and_written_again() -> None:
    path = "projects/example.com:shop-1/subscriptions/feedback.v1~a+b%20"
    assert str(parse_path(path, "subscriptions")) == path


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("feedback", "write projects/PROJECT/subscriptions/NAME"),
        ("projects/p/topics/feedback", "write projects/PROJECT/subscriptions/NAME"),
        ("projects/p/subscriptions/feedback/", "write projects/PROJECT/subscriptions/NAME"),
        ("projects//subscriptions/feedback", "not the ID of a project"),
        ("projects/p/subscriptions/ab", "3 to 255"),
        ("projects/p/subscriptions/google-feedback", "not with goog"),
        ("projects/p/subscriptions/1st", "beginning with a letter"),
    ],
)
def test_a_wrong_path_is_refused_with_the_right_form(path: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        parse_path(path, "subscriptions")


def test_a_name_is_not_taken_for_a_path() -> None:
    with pytest.raises(UsageError, match="cannot name one of Pub/Sub's topics"):
        resource("shop", "topics", "projects/shop/topics/feedback")
