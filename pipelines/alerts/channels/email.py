"""E-mail by SMTP: HTML and plain text, one thread an episode.

Mail knows no key. A mail that was cut short is sent again with the same Message-ID, by which many servers and readers
show it once; those that do not show it twice.
"""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import Annotated, ClassVar, Final, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from pipelines.alerts.channels.channel import Channel, DeliveryError, Message
from pipelines.alerts.credentials import Secret
from pipelines.alerts.render.mail import mail

_SECONDS: Final = 15.0


def _mailbox(value: str) -> str:
    _, address = parseaddr(value)
    name, at, domain = address.rpartition("@")
    if not (name and at and domain) or any(character.isspace() for character in address) or "\n" in value:
        raise ValueError("is no mail address; write ops@example.com or Ops <ops@example.com>")
    return value


Mailbox = Annotated[str, AfterValidator(_mailbox)]


class Email(Channel):
    """A server, an account where it asks for one, a sender and those who read. `tls: none` is for a server of the same
    machine or network: it sends in the clear, so it is refused with a password."""

    gathers: ClassVar[bool] = True
    recognises: ClassVar[bool] = False

    service: Literal["email"]
    host: Annotated[str, Field(min_length=1)]
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    tls: Literal["starttls", "implicit", "none"] = "starttls"
    user: str | None = None
    password: Secret | None = None
    sender: Mailbox
    to: Annotated[list[Mailbox], Field(min_length=1)]

    @model_validator(mode="after")
    def _account(self) -> Self:
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password stand together; password names where it is")
        if self.password is not None and self.tls == "none":
            raise ValueError("would send the password in the clear; set tls to starttls or implicit")
        return self

    def send(self, message: Message) -> None:
        password = None if self.password is None else self.password.read()
        try:
            with self._connected() as server:
                if self.user is not None and password is not None:
                    server.login(self.user, password)
                refused = server.send_message(self.mail(message))
        except smtplib.SMTPRecipientsRefused as error:
            raise DeliveryError(f"the server takes none of the addresses ({_reasons(error.recipients)})") from None
        except smtplib.SMTPAuthenticationError as error:
            raise DeliveryError(f"the server does not take user and password ({error.smtp_code})") from None
        except smtplib.SMTPResponseException as error:
            raise DeliveryError(f"the server answered {error.smtp_code} {_said(error.smtp_error)}") from None
        except ssl.SSLError:
            raise DeliveryError("the server's certificate is not trusted") from None
        except (smtplib.SMTPException, OSError) as error:
            reason = getattr(error, "strerror", None) or type(error).__name__
            raise DeliveryError(f"the server cannot be reached ({reason})") from None
        if refused:
            # The others have it. Sent again it would come to them twice, so this is final, and said.
            raise DeliveryError(f"sent, but not to everybody ({_reasons(refused)})", final=True)

    def mail(self, message: Message) -> EmailMessage:
        """The mail itself."""
        content = mail(message.alerts, again=message.again, trial=message.trial)
        made = EmailMessage()
        made["Subject"] = content.subject
        made["From"] = self.sender
        made["To"] = ", ".join(self.to)
        made["Date"] = format_datetime(message.sent_at)
        domain = parseaddr(self.sender)[1].rpartition("@")[2]
        made["Message-ID"] = f"<{message.delivery_id}@{domain}>"
        if not message.is_digest:
            thread = f"<{message.alert.episode_id}@{domain}>"
            made["References"] = thread
            made["In-Reply-To"] = thread
        made["Auto-Submitted"] = "auto-generated"
        made.set_content(content.text)
        made.add_alternative(content.html, subtype="html")
        return made

    def _connected(self) -> smtplib.SMTP:
        if self.tls == "implicit":
            context = ssl.create_default_context()
            return smtplib.SMTP_SSL(self.host, self.port or 465, timeout=_SECONDS, context=context)
        server = smtplib.SMTP(self.host, self.port or (25 if self.tls == "none" else 587), timeout=_SECONDS)
        if self.tls == "starttls":
            try:
                server.starttls(context=ssl.create_default_context())
            except BaseException:
                server.close()
                raise
        return server


def _reasons(refused: dict[str, tuple[int, bytes]]) -> str:
    return "; ".join(f"{code} {_said(text)}" for code, text in refused.values())[:200]


def _said(text: bytes | str) -> str:
    decoded = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return " ".join(decoded.split())[:120]
