"""Credentials of channels: a route names the variable or file they are in; no route, table, log or alert has them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, Protocol, Self
from urllib.parse import quote, unquote, urlsplit

from pydantic import BaseModel, ConfigDict, model_validator

from schemas.errors import UsageError

_SHORTEST_HIDDEN: Final = 6
"""Parts of a secret shorter than this are words such as `v2` or `com`; hiding them would hide the error."""


class CredentialError(UsageError):
    """A credential that is named and not there; the text says where it was looked for, never what it is."""


class Secret(BaseModel):
    """Where a secret is: `env` is the name of a variable, `file` a file; white space around what is in it is left out.

    It is read at every use, so that a rotation needs no restart.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    env: str | None = None
    file: Path | None = None

    @model_validator(mode="before")
    @classmethod
    def _never_inline(cls, given: object) -> object:
        if not isinstance(given, dict):
            raise ValueError(  # noqa: TRY004 - pydantic makes its error of it
                "is a secret and must not stand in this file; name where it is, as {env: OPS_SLACK_URL} or "
                "{file: /run/secrets/slack}"
            )
        return given

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.env is None) == (self.file is None):
            raise ValueError("name one place it is in, env or file")
        return self

    def read(self) -> str:
        """The secret. Raises `CredentialError` where it is not there, or empty."""
        if self.env is not None:
            value = os.environ.get(self.env, "").strip()
            if not value:
                raise CredentialError(f"the environment variable {self.env} is not set")
            return value
        path = Path(str(self.file)).expanduser()
        try:
            value = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "is not UTF-8 text"
            raise CredentialError(f"the file {path} cannot be read ({reason})") from None
        if not value:
            raise CredentialError(f"the file {path} is empty")
        return value


def without_secrets(text: str, secrets: Iterable[str]) -> str:
    """The text with every secret, and every telling part of one that is an address, replaced by `***`."""
    hidden: set[str] = set()
    for secret in secrets:
        hidden |= {secret, quote(secret, safe=""), unquote(secret)} | _parts(secret)
    for part in sorted((part for part in hidden if len(part) >= _SHORTEST_HIDDEN), key=len, reverse=True):
        text = text.replace(part, "***")
    return text


class HasSecrets(Protocol):
    """A channel, as far as this module needs it."""

    def secrets(self) -> Iterator[Secret]:
        """Every secret it is set up with."""


def secrets_of(channel: HasSecrets) -> list[str]:
    """Every secret of a channel that is there, and each of several that stand in one place."""
    found: list[str] = []
    for secret in channel.secrets():
        try:
            value = secret.read()
        except CredentialError:
            continue
        found += [value, *value.split()]
    return found


def _parts(secret: str) -> set[str]:
    """Of an address: path, its steps, query, user and password. Host and scheme are no secret; who reads an error needs
    them."""
    try:
        address = urlsplit(secret)
    except ValueError:
        return set()
    if not address.netloc:
        return set()
    if address.scheme not in ("http", "https"):  # an Apprise address has its tokens anywhere
        found = {address.netloc, *address.netloc.replace("@", ":").split(":")}
    else:
        found = {part for part in (address.username, address.password) if part}
    values = [part.partition("=")[2] for part in address.query.split("&")]
    found |= {address.path.strip("/"), *address.path.split("/"), address.query, *values, address.fragment}
    return {variant for part in found for variant in (part, unquote(part))}
