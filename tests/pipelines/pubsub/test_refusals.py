"""What an error of the client library says to a person."""

from __future__ import annotations

import pytest
from google.api_core import exceptions as api
from google.auth.exceptions import DefaultCredentialsError, RefreshError

from pipelines.pubsub.names import parse_path
from pipelines.pubsub.refusals import explained

SUBSCRIPTION = parse_path("projects/shop/subscriptions/tribometer", "subscriptions")
TOPIC = parse_path("projects/shop/topics/feedback", "topics")


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (api.NotFound("Resource not found"), "init --project shop --subscription tribometer`"),
        (api.PermissionDenied("User not authorized"), "--role=roles/pubsub.subscriber"),
        (api.Unauthenticated("expired"), "gcloud auth application-default login"),
        (RefreshError("invalid_grant"), "credentials are expired or not valid"),
        (
            api.ServiceUnavailable("Getting metadata from plugin failed with error: invalid_grant"),
            "credentials are expired or not valid",
        ),
        (DefaultCredentialsError("none"), "there are no Google Cloud credentials"),
        (
            api.ServiceUnavailable("failed to connect"),
            "pubsub.googleapis.com cannot be reached; check the network",
        ),
        (api.DeadlineExceeded("Deadline Exceeded"), "pubsub.googleapis.com does not answer"),
        (api.ResourceExhausted("quota"), "a quota"),
        (api.FailedPrecondition("push"), "needs a subscription of delivery type pull"),
        (api.Unknown("Stream removed"), "not as Pub/Sub does"),
        (api.InvalidArgument("two\nlines"), "Pub/Sub refused: two lines"),
    ],
)
def test_each_error_says_what_to_do_in_one_line(
    monkeypatch: pytest.MonkeyPatch, error: Exception, says: str
) -> None:
    monkeypatch.delenv("PUBSUB_EMULATOR_HOST", raising=False)
    text = explained(error, SUBSCRIPTION)
    assert text.startswith(f"{SUBSCRIPTION}: ")
    assert says in text
    assert "\n" not in text


def test_a_publisher_is_told_of_its_own_role() -> None:
    assert "--role=roles/pubsub.publisher" in explained(api.PermissionDenied("no"), TOPIC)
    assert "init --project shop --topic feedback`" in explained(api.NotFound("no"), TOPIC)


def test_an_emulator_is_named_by_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", "localhost:8085")
    text = explained(api.ServiceUnavailable("refused"), TOPIC)
    assert "the emulator at localhost:8085 cannot be reached; start it, or correct or unset" in text
