"""Trials: a test alert, and what it takes to send one to a channel by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from pipelines.alerts.channels.channel import Channel, DeliveryError, Message
from pipelines.alerts.credentials import CredentialError, secrets_of, without_secrets
from schemas.alert import Alert, HourCount, Kind, Reason, Severity, Status
from schemas.errors import TribometerError
from schemas.identity import delivery_id

_HISTORY: Final = (1, 0, 2, 1, 1, 0, 1, 2, 1, 0, 1, 1, 2, 1, 0, 1, 3, 1, 4, 6, 9, 8)


def trial_alert(
    product: str, touchpoint: str, severity: Severity, source: str, kind: Kind, now: datetime
) -> Alert:
    """An alert of made-up figures about what routes look at, told at the hour that has just closed."""
    hour = int(now.timestamp()) // 3600 - 1
    end = datetime.fromtimestamp((hour + 1) * 3600, UTC)
    over = kind in {Kind.RESOLVED, Kind.SPLIT}
    return Alert(
        episode_id=f"{'0' * 16}-{hour - 3}",
        fingerprint="0" * 16,
        kind=kind,
        status=Status.RESOLVED if over else Status.FIRING,
        severity=severity,
        product=product,
        touchpoint=touchpoint,
        sources=(source,),
        hour=hour,
        started_at=end - timedelta(hours=4),
        ended_at=end if over else None,
        window_start=end - timedelta(hours=4),
        window_end=end,
        observed=27.0,
        expected=5.0,
        band_low=2.0,
        band_high=9.0,
        ratio=5.4,
        excess=22.0,
        surprise=6.0,
        p=1e-6,
        q_value=0.004,
        authors=27,
        posts=29,
        conversations=25,
        top_author_share=2 / 29,
        model_version="test",
        resolves_when="this is a test; nothing has to end",
        why=(Reason("authors", 27, 5),),
        history=tuple(HourCount(hour - 21 + place, float(seen), 1.2) for place, seen in enumerate(_HISTORY)),
    )


def send_trial(channel: Channel, alert: Alert, *, name: str, route: str, team: str | None, now: datetime) -> None:
    """Send a test to one channel, and its end to a receiver that holds it open; nothing is recorded.

    Raises `TribometerError` with what the channel said, without its secrets.
    """
    ended = replace(alert, status=Status.RESOLVED, ended_at=alert.told_of)
    for one in [alert, ended] if channel.remembers else [alert]:
        key = delivery_id(f"{one.alert_id}/{one.status}/{now.isoformat()}", name)
        message = Message(key, (one,), now, route, team, trial=True)
        try:
            channel.send(message)
        except (DeliveryError, CredentialError) as error:
            said = without_secrets(str(error), secrets_of(channel))
            raise TribometerError(f"channel {name!r}: {said}") from None
