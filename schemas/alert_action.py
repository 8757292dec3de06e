"""What people answer to alerts: it decides who is told from then on, never what is recorded of the friction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from schemas.alert import WHOLE_PRODUCT
from schemas.identity import alert_action_id


class Act(StrEnum):
    """One answer. The first three and `feedback` are about an episode, `silence` and `unsilence` about a place."""

    ACKNOWLEDGE = "acknowledge"
    UNACKNOWLEDGE = "unacknowledge"
    SNOOZE = "snooze"
    SILENCE = "silence"
    UNSILENCE = "unsilence"
    FEEDBACK = "feedback"


class Verdict(StrEnum):
    """What an episode was worth telling: worth it; not there; there, but known before."""

    USEFUL = "useful"
    NOISE = "noise"
    EXPECTED = "expected"


@dataclass(frozen=True)
class AlertAction:
    """A row of `alert_actions`: who did what, when.

    `episode_id` is None for a silence, which is about `product` and `touchpoint` (`*`: all of the product). `until` is
    the instant a snooze or silence ends. `verdict` stands in feedback only. Of what contradicts each other the later
    `recorded_at` counts.
    """

    act: Act
    product: str
    touchpoint: str
    who: str
    recorded_at: datetime
    episode_id: str | None = None
    until: datetime | None = None
    verdict: Verdict | None = None
    note: str | None = None

    @property
    def action_id(self) -> str:
        """Identity, 32 hexadecimal digits: the same answer given twice at one instant is one."""
        about = self.episode_id or f"{self.product}|{self.touchpoint}"
        return alert_action_id(about, self.act, self.who, self.recorded_at)

    def is_about(self, product: str, touchpoint: str) -> bool:
        """Whether a silence covers the place."""
        return self.product == product and self.touchpoint in {touchpoint, WHOLE_PRODUCT}

    def row(self) -> dict[str, Any]:
        """The row as `schemas.arrow.ALERT_ACTIONS` has it."""
        return {"action_id": self.action_id, **vars(self)}

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> AlertAction:
        """A stored row, read back."""
        given = {name: row[name] for name in cls.__dataclass_fields__}
        verdict = given["verdict"]
        return cls(**{**given, "act": Act(given["act"]), "verdict": None if verdict is None else Verdict(verdict)})
