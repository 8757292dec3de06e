"""Episodes by what a person calls them, with all that was told of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pipelines.alerts.ledger import stored_rows
from schemas.alert import Alert, Kind
from schemas.errors import UsageError
from schemas.tables import ALERTS


@dataclass(frozen=True)
class TellableEpisode:
    """An episode's alerts, the oldest first; `recorded_at` is when each was made."""

    alerts: Sequence[Alert]
    recorded_at: Sequence[datetime]

    @property
    def latest(self) -> Alert:
        """The latest that is no amendment, else the latest."""
        told = [alert for alert in self.alerts if alert.kind is not Kind.AMENDED]
        return (told or self.alerts)[-1]


def find_episode(root: str, prefix: str) -> TellableEpisode:
    """The episode whose identity, or one of whose alerts' identities, begins so.

    Of several episodes of one place the latest is meant. Raises `UsageError` where none is, or several places are.
    """
    episode = prefix.partition("/")[0]
    rows = [row for row in stored_rows(root, ALERTS) if episode and row["episode_id"].startswith(episode)]
    places = {row["fingerprint"] for row in rows}
    if len(places) != 1:
        found = "no episode" if not places else f"episodes of {len(places)} places"
        raise UsageError(f"{found} with an identity starting {prefix!r}; `tribometer alerts list` shows them")
    latest = max(rows, key=lambda row: (row["started_at"], row["hour"]))["episode_id"]
    chosen = sorted(
        (row for row in rows if row["episode_id"] == latest), key=lambda row: (row["hour"], row["recorded_at"])
    )
    return TellableEpisode(
        tuple(Alert.from_json(row["payload"]) for row in chosen), tuple(row["recorded_at"] for row in chosen)
    )
