"""Every other service, through Apprise (github.com/caronc/apprise): Teams, Discord, Telegram, Opsgenie, SMS and some
hundred more, as a short text.

Few of them know a repetition. A message that was cut short is sent again and says so: twice is better than not at all.
"""

from __future__ import annotations

import logging
from typing import ClassVar, Final, Literal

from apprise import Apprise, AppriseAsset, NotifyFormat, NotifyType
from apprise.logger import logger as apprise_logger

from pipelines.alerts.channels.channel import Channel, DeliveryError, Message
from pipelines.alerts.credentials import CredentialError, Secret
from pipelines.alerts.render import wording
from pipelines.alerts.render.text import brief_text, defused, digest_text
from schemas.alert import Severity

apprise_logger.propagate = False  # it speaks of addresses, which hold tokens
apprise_logger.addHandler(logging.NullHandler())

_KINDS: Final = {
    Severity.CRITICAL: NotifyType.FAILURE,
    Severity.WARNING: NotifyType.WARNING,
    Severity.INFO: NotifyType.INFO,
}


class AppriseService(Channel):
    """`url` is an address of Apprise, as in workflows://… for Teams; its tokens are in it."""

    gathers: ClassVar[bool] = True
    recognises: ClassVar[bool] = False

    service: Literal["apprise"]
    url: Secret

    def check(self) -> None:
        self._opened()

    def send(self, message: Message) -> None:
        alert = message.alert
        if message.is_digest:
            body = digest_text(message.alerts, again=message.again)
        else:
            body = brief_text(alert, again=message.again)
        kind = NotifyType.SUCCESS if message.resolved else _KINDS[max(message.alerts, key=_rank).severity]
        reasons = _Reasons()
        apprise_logger.addHandler(reasons)
        try:
            taken = self._opened().notify(
                title=defused(wording.subject(message.alerts, trial=message.trial)),
                body=defused(body),
                notify_type=kind,
                body_format=NotifyFormat.TEXT,
            )
        except (OSError, ValueError, TypeError) as error:
            raise DeliveryError(f"the service cannot be reached ({type(error).__name__})") from None
        finally:
            apprise_logger.removeHandler(reasons)
        if not taken:
            raise DeliveryError(f"the service did not take it{reasons.text}")

    def _opened(self) -> Apprise:
        opened = Apprise(
            asset=AppriseAsset(app_id="Tribometer", app_desc="friction", app_url="", service_timeout=15)
        )
        address = self.url.read()
        if any(character.isspace() for character in address) or not opened.add(address) or len(opened) != 1:
            raise CredentialError(
                "its address is none that Apprise knows; `apprise --dry-run -b test ADDRESS` tries one by hand"
            )
        return opened


def _rank(alert: object) -> int:
    return alert.severity.rank  # type: ignore[attr-defined,no-any-return]


class _Reasons(logging.Handler):
    """What Apprise said while it sent, the last of it."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._last = ""

    def emit(self, record: logging.LogRecord) -> None:
        self._last = record.getMessage()

    @property
    def text(self) -> str:
        """For the end of an error."""
        return f": {' '.join(self._last.split())[:160]}" if self._last else ""
