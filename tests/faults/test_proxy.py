"""The proxy does to connections what it says it does."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from tests.faults.proxy import Proxy


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    """In front of a server that sends back what it is sent."""
    server = socket.create_server(("127.0.0.1", 0))

    def echo(client: socket.socket) -> None:
        while data := client.recv(100):
            client.sendall(data)

    def serve() -> None:
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=echo, args=(client,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    with Proxy(server.getsockname()) as made:
        yield made
    server.close()


def said(connection: socket.socket, word: bytes, seconds: float = 5) -> bytes:
    connection.settimeout(seconds)
    connection.sendall(word)
    return connection.recv(100)


def test_it_carries_both_ways(proxy: Proxy) -> None:
    with socket.create_connection(("127.0.0.1", proxy.port)) as connection:
        assert said(connection, b"hello") == b"hello"
        proxy.set("delay")
        assert said(connection, b"again") == b"again"


def test_what_hangs_is_handed_on_afterwards(proxy: Proxy) -> None:
    with socket.create_connection(("127.0.0.1", proxy.port)) as connection:
        proxy.set("hang")
        with pytest.raises(TimeoutError):
            said(connection, b"hello", 0.3)
        proxy.set("pass")
        connection.settimeout(5)
        assert connection.recv(100) == b"hello"


def test_open_connections_are_reset_and_new_ones_too(proxy: Proxy) -> None:
    with socket.create_connection(("127.0.0.1", proxy.port)) as connection:
        assert said(connection, b"hello") == b"hello"
        proxy.set("reset")
        with pytest.raises(ConnectionError):  # noqa: PT012 - either call may be the one that learns of it
            said(connection, b"hello")
            said(connection, b"hello")
    proxy.set("pass")
    with socket.create_connection(("127.0.0.1", proxy.port)) as connection:
        assert said(connection, b"hello") == b"hello"


def test_nobody_listens_until_it_passes_again(proxy: Proxy) -> None:
    proxy.set("refuse")
    with pytest.raises(ConnectionError):
        socket.create_connection(("127.0.0.1", proxy.port), 5)
    proxy.set("pass")
    with socket.create_connection(("127.0.0.1", proxy.port)) as connection:
        assert said(connection, b"hello") == b"hello"
