"""The real Pub/Sub emulator of the gcloud SDK, as a process that tests can start, stop, kill, freeze and restart."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any

import grpc
from google.cloud import pubsub_v1
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport

PROJECT = "tribometer-tests"

_LONGEST_MESSAGES = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]


def missing() -> str | None:
    """Why the emulator cannot run on this machine; None when it can."""
    gcloud = shutil.which("gcloud")
    if gcloud is None:
        return "the Pub/Sub emulator needs the gcloud SDK, and gcloud is not on the PATH"
    if shutil.which("java") is None:
        return "the Pub/Sub emulator needs Java, and java is not on the PATH"
    sdk = Path(gcloud).resolve().parents[1]
    if not (sdk / "platform" / "pubsub-emulator").is_dir():
        return "this gcloud SDK comes without its component pubsub-emulator"
    return None


def free_port() -> int:
    """A port of the loopback interface that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Emulator:
    """One emulator with its own data folder and port, in a process group of its own; a context manager.

    It forgets topics, subscriptions and messages whenever it stops. `log` is the file it writes to.
    """

    def __init__(self, folder: Path, port: int | None = None) -> None:
        (folder / "data").mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self.port = port or free_port()
        self.log = folder / "emulator.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """`host:port`, the value of PUBSUB_EMULATOR_HOST."""
        return f"127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """What a process that shall use this emulator needs in its environment."""
        return {"PUBSUB_EMULATOR_HOST": self.address, "PUBSUB_PROJECT_ID": PROJECT}

    def start(self, within_seconds: float = 90) -> Emulator:
        """Start it and wait until it serves. Raises `RuntimeError` with the end of its log when it does not."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    "gcloud",
                    "beta",
                    "emulators",
                    "pubsub",
                    "start",
                    f"--host-port={self.address}",
                    f"--data-dir={self._folder / 'data'}",
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env=os.environ
                | {
                    "CLOUDSDK_CONFIG": str(self._folder / "gcloud"),
                    "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
                    "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "1",
                },
            )
        end = time.monotonic() + within_seconds
        while not self.serves():
            if self._process.poll() is not None or time.monotonic() > end:
                self.kill()
                raise RuntimeError(f"the Pub/Sub emulator did not start: {self.log.read_text()[-2000:]}")
            time.sleep(0.1)
        return self

    def serves(self) -> bool:
        """Whether it answers now."""
        try:
            with urllib.request.urlopen(f"http://{self.address}/", timeout=1) as answer:
                found: bytes = answer.read()
                return found.strip() == b"Ok"
        except (OSError, urllib.error.URLError):
            return False

    def stop(self) -> None:
        """End it as an operator would. It loses everything it held."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL for the whole process group."""
        self._end(signal.SIGKILL)

    def restart(self) -> Emulator:
        """Kill it and start it on the same port, empty."""
        self.kill()
        return self.start()

    def freeze(self) -> None:
        """SIGSTOP: connections stay open and nothing is answered, as when the service hangs."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT."""
        self._signal(signal.SIGCONT)

    def publisher(self, **options: Any) -> pubsub_v1.PublisherClient:
        """A publisher of this emulator, whatever the environment says."""
        transport = PublisherGrpcTransport(channel=self._channel())
        return pubsub_v1.PublisherClient(transport=transport, **options)

    def subscriber(self) -> pubsub_v1.SubscriberClient:
        """A subscriber of this emulator, whatever the environment says."""
        return pubsub_v1.SubscriberClient(transport=SubscriberGrpcTransport(channel=self._channel()))

    def create(self, name: str, **settings: Any) -> tuple[str, str]:
        """A topic with one subscription, both of this `name`, as their paths; `settings` of the subscription."""
        topic, subscription = f"projects/{PROJECT}/topics/{name}", f"projects/{PROJECT}/subscriptions/{name}"
        with self.publisher() as publisher, self.subscriber() as subscriber:
            publisher.create_topic(name=topic, timeout=10, retry=None)
            request = {"name": subscription, "topic": topic, "ack_deadline_seconds": 10, **settings}
            subscriber.create_subscription(request=request, timeout=10, retry=None)
        return topic, subscription

    def __enter__(self) -> Emulator:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _channel(self) -> grpc.Channel:
        return grpc.insecure_channel(self.address, options=_LONGEST_MESSAGES)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            os.killpg(self._process.pid, number)

    def _end(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        # gcloud is the leader and Java its child: Java is ended by the group's signal, also when gcloud went before.
        for each, wait_seconds in ((number, 10), (signal.SIGKILL, 10)):
            try:
                self._signal(each)
                self._signal(signal.SIGCONT)
            except ProcessLookupError:
                break
            if self._ended(wait_seconds):
                break
        self._process = None

    def _ended(self, within_seconds: float) -> bool:
        """Wait until the whole group is gone."""
        assert self._process is not None
        end = time.monotonic() + within_seconds
        while time.monotonic() < end:
            self._process.poll()
            try:
                os.killpg(self._process.pid, 0)
            except ProcessLookupError:
                return True
            time.sleep(0.05)
        return False
