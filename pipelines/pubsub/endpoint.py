"""Endpoint: connections to Pub/Sub, or to the emulator that PUBSUB_EMULATOR_HOST names.

The client library connects to an emulator with gRPC's default of 4 MiB a message, where Pub/Sub takes 10 MB, and
without a bound to the service; so channels are made here.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import Any, Final

import grpc

from schemas.errors import UsageError

EMULATOR_VARIABLE: Final = "PUBSUB_EMULATOR_HOST"
SERVICE: Final = "pubsub.googleapis.com"

LARGEST_RESPONSE_BYTES: Final = 32 << 20
"""gRPC refuses a longer response before it is in memory."""

_OPTIONS: Final = (
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", LARGEST_RESPONSE_BYTES),
    # Back within seconds of the server's return; gRPC's own limit is two minutes.
    ("grpc.initial_reconnect_backoff_ms", 500),
    ("grpc.max_reconnect_backoff_ms", 5_000),
)
_SERVICE_OPTIONS: Final = (*_OPTIONS, ("grpc.keepalive_time_ms", 30_000))
_ADDRESS: Final = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:]+\]):[0-9]{1,5}", re.ASCII)


def emulator_address() -> str | None:
    """`host:port` of the emulator in use, None for the service. Raises `UsageError` for another form."""
    address = os.environ.get(EMULATOR_VARIABLE)
    if not address:
        return None
    if not _ADDRESS.fullmatch(address):
        raise UsageError(f"{EMULATOR_VARIABLE}={address}: write host:port, as in localhost:8085, or unset it")
    return address


def transport(kind: Callable[..., Any], on_disconnect: Callable[[], None] | None = None) -> Any:
    """A transport of this `kind` (a gapic gRPC transport class) to the endpoint in use.

    `on_disconnect` is called whenever the connection to an emulator is lost. Raises `DefaultCredentialsError` of
    google-auth where the service needs credentials and there are none.
    """
    address = emulator_address()
    if address is None:
        return kind(channel=_service_channel(kind), always_use_jwt_access=True)
    channel = grpc.insecure_channel(address, options=_OPTIONS)
    if on_disconnect is not None:
        channel.subscribe(_Connection(on_disconnect).changed)
    return kind(channel=channel)


def _service_channel(kind: Any) -> Callable[..., grpc.Channel]:
    def create(host: str, **settings: Any) -> grpc.Channel:
        channel: grpc.Channel = kind.create_channel(host, **{**settings, "options": _SERVICE_OPTIONS})
        return channel

    return create


class _Connection:
    """Tells of the moments when a channel that was connected no longer is."""

    def __init__(self, on_disconnect: Callable[[], None]) -> None:
        self._on_disconnect = on_disconnect
        self._connected = False

    def changed(self, state: grpc.ChannelConnectivity) -> None:
        if self._connected and state is not grpc.ChannelConnectivity.READY:
            self._on_disconnect()
        self._connected = state is grpc.ChannelConnectivity.READY
