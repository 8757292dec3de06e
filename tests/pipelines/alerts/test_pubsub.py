"""Alerts as messages of a topic, on the real emulator."""

from __future__ import annotations

import contextlib
from uuid import uuid4

import pytest

from pipelines.alerts.channels.channel import DeliveryError, Message
from pipelines.alerts.channels.pubsub import PubSub
from pipelines.clock import utc_now
from schemas.alert import Alert
from tests.emulator import Emulator
from tests.pipelines.alerts.sample import sample


@pytest.mark.emulator
def test_a_subscriber_gets_the_alert_and_its_key(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", emulator.address)
    topic, subscription = emulator.create(f"t{uuid4().hex}")
    channel = PubSub.model_validate({"service": "pubsub", "topic": topic})
    channel.send(Message("d" * 32, (sample(),), utc_now(), "all", "sync"))
    with contextlib.closing(emulator.subscriber()) as subscriber:
        (received,) = subscriber.pull(subscription=subscription, max_messages=2, timeout=20).received_messages
    assert Alert.from_json(received.message.data) == sample()
    assert received.message.attributes["delivery_id"] == "d" * 32
    assert received.message.attributes["severity"] == "critical"
    gone = PubSub.model_validate({"service": "pubsub", "topic": f"{topic}gone"})
    with pytest.raises(DeliveryError, match="Pub/Sub answered 404"):
        gone.send(Message("d" * 32, (sample(),), utc_now()))


def test_a_topic_that_cannot_be_reached_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", "127.0.0.1:9")
    channel = PubSub.model_validate({"service": "pubsub", "topic": "projects/tribometer/topics/alerts"})
    monkeypatch.setattr("pipelines.alerts.channels.pubsub._SECONDS", 1.0)
    with pytest.raises(DeliveryError, match="Pub/Sub"):
        channel.send(Message("d" * 32, (sample(),), utc_now()))
