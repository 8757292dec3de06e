"""A TCP proxy on the loopback interface that can delay, swallow, reset or refuse what passes through it."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from typing import Final

MODES: Final = ("pass", "delay", "hang", "reset", "refuse")
"""`hang` takes bytes and hands none on; `reset` breaks open connections and new ones; `refuse` listens no more."""

DELAY_SECONDS: Final = 1.0
_CHUNK: Final = 1 << 16


class Proxy:
    """Between clients and `target`, a (host, port); a context manager. `address` is where clients connect."""

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self._mode = "pass"
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self._lock = threading.Lock()
        self._server = self._listen(0)
        self.port: int = self._server.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._server,), daemon=True).start()

    @property
    def address(self) -> str:
        """`host:port`."""
        return f"127.0.0.1:{self.port}"

    def set(self, mode: str) -> None:
        """Treat all connections so from now on, those that are open included."""
        if mode not in MODES:
            raise ValueError(f"no mode {mode!r}; there are {', '.join(MODES)}")
        was, self._mode = self._mode, mode
        if mode in ("reset", "refuse"):
            self._break()
        if mode == "refuse":
            self._deafen()
        elif was == "refuse":
            self._server = self._listen(self.port)
            threading.Thread(target=self._accept, args=(self._server,), daemon=True).start()

    def close(self) -> None:
        """Refuse everything, for good."""
        self._deafen()
        self._break()

    def __enter__(self) -> Proxy:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _listen(self, port: int) -> socket.socket:
        server = socket.socket()
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", port))
        server.listen(64)
        server.settimeout(0.2)  # closing a socket does not wake a thread that waits in accept
        return server

    def _accept(self, server: socket.socket) -> None:
        while server.fileno() != -1:
            try:
                client, _ = server.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            client.settimeout(None)
            if self._mode == "reset":
                _reset(client)
                continue
            try:
                upstream = socket.create_connection(self._target, timeout=5)
            except OSError:
                _reset(client)
                continue
            upstream.settimeout(None)
            with self._lock:
                self._pairs.add((client, upstream))
            for source, sink in ((client, upstream), (upstream, client)):
                threading.Thread(target=self._carry, args=(source, sink), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(_CHUNK):
                if self._mode == "delay":
                    time.sleep(DELAY_SECONDS)
                while self._mode == "hang":
                    time.sleep(0.05)
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _deafen(self) -> None:
        # Closing alone leaves it open for as long as a thread waits in accept.
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    def _break(self) -> None:
        with self._lock:
            pairs, self._pairs = self._pairs, set()
        for pair in pairs:
            for end in pair:
                _reset(end)


def _reset(end: socket.socket) -> None:
    """Close with RST, not with FIN: the other side learns that something went wrong."""
    with contextlib.suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        end.shutdown(socket.SHUT_RDWR)
    with contextlib.suppress(OSError):
        end.close()
