"""Answers: what people said of episodes and places, as it stands at an instant. They decide who is told."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from pipelines.alerts.render.wording import instant
from schemas.alert import Alert, Kind
from schemas.alert_action import Act, AlertAction


class Answers:
    """Every answer there is, the oldest first."""

    def __init__(self, actions: Iterable[AlertAction]) -> None:
        self._actions = sorted(actions, key=lambda action: action.recorded_at)

    def held_back(self, alert: Alert, now: datetime, begun: datetime | None = None) -> str | None:
        """Why nobody is to be told of the alert at this instant, as `transforms.detect.lifecycle` has it; None where
        somebody is.

        A silence of its place holds back everything, a snooze of its episode likewise, an acknowledgement its updates
        until it is opened again: `begun` is when it last was.
        """
        silence = self.silence(alert.product, alert.touchpoint, now)
        if silence is not None:
            return f"silenced by {silence.who} until {instant(silence.until)}" if silence.until else None
        snooze = self._latest(alert, Act.SNOOZE)
        if snooze is not None and snooze.until is not None and now < snooze.until:
            return f"snoozed by {snooze.who} until {instant(snooze.until)}"
        acknowledged = self._latest(alert, Act.ACKNOWLEDGE, Act.UNACKNOWLEDGE)
        if (
            alert.kind is Kind.UPDATED
            and acknowledged is not None
            and acknowledged.act is Act.ACKNOWLEDGE
            and (begun is None or acknowledged.recorded_at >= begun)
        ):
            return f"acknowledged by {acknowledged.who}"
        return None

    def silence(self, product: str, touchpoint: str, now: datetime) -> AlertAction | None:
        """The silence that covers a place and ends last; None where none is in force."""
        latest: dict[str, AlertAction] = {}
        for action in self._actions:
            if action.act in {Act.SILENCE, Act.UNSILENCE} and action.is_about(product, touchpoint):
                latest[action.touchpoint] = action
        in_force = [
            action
            for action in latest.values()
            if action.act is Act.SILENCE and action.until is not None and now < action.until
        ]
        return max(in_force, key=lambda action: action.until or action.recorded_at, default=None)

    def silences(self, now: datetime) -> list[AlertAction]:
        """Those in force, by place."""
        places = sorted({(action.product, action.touchpoint) for action in self._actions})
        found = {action.action_id: action for place in places if (action := self.silence(*place, now)) is not None}
        return list(found.values())

    def _latest(self, alert: Alert, *acts: Act) -> AlertAction | None:
        of_episode = (
            action for action in self._actions if action.act in acts and action.episode_id == alert.episode_id
        )
        return max(of_episode, key=lambda action: action.recorded_at, default=None)
