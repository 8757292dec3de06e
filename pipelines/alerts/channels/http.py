"""One request to a receiver over HTTP. What it answers decides whether to try again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import requests
from urllib3.exceptions import ProtocolError

from pipelines.alerts.channels.channel import NO_ANSWER, DeliveryError

CONNECT_SECONDS: Final = 5.0
ANSWER_SECONDS: Final = 10.0
LONGEST_WAIT_SECONDS: Final = 3600.0

_SHOWN_BYTES: Final = 200
_NEVER_TAKEN: Final = frozenset({400, 413, 415, 422})
"""Statuses that speak of the message and not of the receiver."""


def post(
    url: str,
    body: bytes,
    *,
    headers: Mapping[str, str] | None = None,
    auth: tuple[str, str] | None = None,
    strict: bool = False,
) -> None:
    """POST `body`; returns at a status of success.

    Raises `DeliveryError`, which is final for statuses that speak of the message, where `strict`. Redirections are not
    followed: a body with what customers wrote goes where the route says. Errors do not name the address, whose path may
    be the secret.
    """
    sent = {"Content-Type": "application/json", "User-Agent": "tribometer", **(headers or {})}
    try:
        with requests.post(
            url,
            data=body,
            headers=sent,
            auth=auth,
            timeout=(CONNECT_SECONDS, ANSWER_SECONDS),
            allow_redirects=False,
            stream=True,
        ) as answer:
            if answer.ok and not answer.is_redirect:
                return
            said = answer.raw.read(_SHOWN_BYTES, decode_content=True)
            status, reason, wait = answer.status_code, answer.reason or "", answer.headers.get("Retry-After")
    except requests.ConnectTimeout:
        raise DeliveryError("cannot be reached") from None
    except requests.Timeout:
        raise DeliveryError(f"{NO_ANSWER} within {ANSWER_SECONDS:g} s") from None
    except requests.exceptions.SSLError:
        raise DeliveryError("the receiver's certificate is not trusted") from None
    except requests.ConnectionError as error:
        ended = bool(error.args) and isinstance(error.args[0], ProtocolError)
        raise DeliveryError(f"{NO_ANSWER}: the connection ended" if ended else "cannot be reached") from None
    except (requests.RequestException, OSError, ValueError) as error:
        raise DeliveryError(f"cannot be sent ({type(error).__name__})") from None
    text = re.sub(r"\s+", " ", said.decode("utf-8", "replace")).strip()
    raise DeliveryError(
        f"answered {status} {reason}".rstrip() + (f": {text}" if text else ""),
        retry_after_seconds=_seconds(wait),
        final=strict and status in _NEVER_TAKEN,
    )


def _seconds(header: str | None) -> float | None:
    """Of `Retry-After`, where it is a number of seconds; a date is passed over."""
    if header is None or not re.fullmatch(r"\d{1,9}", header):
        return None
    return min(float(header), LONGEST_WAIT_SECONDS)
