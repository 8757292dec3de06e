"""Signed webhooks over real HTTP: what is taken, what is refused, and that 200 means on disk."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pipelines.cli import main
from pipelines.connect import connect_stored
from pipelines.launches.intake import LARGEST_BODY_BYTES, IntakeServer
from pipelines.launches.ledger import history, ledger, record, standing
from pipelines.launches.secrets import Secrets
from pipelines.launches.senders import AppStore, GitHub
from schemas.errors import UsageError
from schemas.launch import Launch, RecordedBy
from tests.pipelines.launches.payloads import release, version_state

NOW = datetime(2025, 7, 1, tzinfo=UTC)
SECRET = "a secret for tests, long enough"
APPLE_SECRET = "another secret for tests, long enough"


class Running:
    """An intake on a free port of the loopback interface, and a sender to it."""

    def __init__(self, folder: Path) -> None:
        self.root = str(folder / "tables")
        Path(self.root).mkdir()
        self.secrets = folder / "github.secrets"
        self.secrets.write_text(SECRET + "\n")
        (folder / "apple.secrets").write_text(APPLE_SECRET)
        self.versions = folder / "versions.csv"
        self.versions.write_text("id,version\n")
        senders = {
            "github": GitHub(Secrets(self.secrets), {"parcelbird/app": "Parcelbird"}),
            "app-store": AppStore(
                Secrets(folder / "apple.secrets"), {"1234": "Parcelbird", "5678": "Nest"}, self.versions
            ),
        }
        self.server = IntakeServer(("127.0.0.1", 0), self.root, senders, lambda: NOW)

    def ask(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, Any]]:
        host, _, port = self.server.address.rpartition(":")
        with closing(http.client.HTTPConnection(host, int(port), timeout=30)) as connection:
            connection.request(method, path, body or None, headers or {})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())

    def github(
        self, payload: Any, secret: str = SECRET, event: str = "release", **headers: str
    ) -> tuple[int, dict[str, Any]]:
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        signature = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        sent = {"X-GitHub-Event": event, "X-GitHub-Delivery": "d-1", "X-Hub-Signature-256": signature, **headers}
        return self.ask("POST", "/github", body, sent)

    def apple(
        self, payload: Any, path: str = "/app-store/1234", prefix: str = "hmacsha256="
    ) -> tuple[int, dict[str, Any]]:
        body = json.dumps(payload).encode()
        digest = hmac.new(APPLE_SECRET.encode(), body, hashlib.sha256).hexdigest()
        return self.ask("POST", path, body, {"x-apple-signature": prefix + digest})

    def stored(self) -> list[tuple[Any, ...]]:
        """Rows of the ledger as another reader finds them."""
        if not Path(self.root, "launches").exists():
            return []
        with connect_stored(self.root) as connection:
            query = (
                "SELECT product, version, title, platform, recorded_by, deleted FROM tables.launches ORDER BY ALL"
            )
            return connection.execute(query).fetchall()


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    made = Running(tmp_path)
    with made.server:
        yield made


def test_a_release_is_on_disk_when_it_is_answered(running: Running) -> None:
    status, answer = running.github(release())
    assert (status, answer["done"]) == (200, "added")
    assert running.stored() == [("Parcelbird", "4.2", "One-page checkout", None, "github", False)]
    log = Path(running.root, "launches", "_delta_log")
    assert sorted(path.name for path in log.glob("*.json"))


def test_a_delivery_said_again_changes_nothing(running: Running) -> None:
    assert running.github(release())[0] == 200
    assert running.github(release())[1]["done"] == "already there"
    assert running.github(release("edited"))[1]["done"] == "already there"
    assert len(running.stored()) == 1


def test_an_edit_keeps_what_a_person_has_added(running: Running) -> None:
    running.github(release())
    (launch,) = standing(running.root)
    told = Launch.parse({**_fields(launch), "touchpoints": "purchase"})
    record(running.root, [told], now=NOW, by=RecordedBy.CLI)
    assert running.github(release("edited", name="Checkout on one page"))[1]["done"] == "edited"
    (launch,) = standing(running.root)
    assert (launch.title, launch.touchpoints) == ("Checkout on one page", ("purchase",))
    _, edits = history(running.root, launch.launch_id)
    assert [edit.recorded_by for edit in edits] == ["github", "cli", "github"]


def test_another_tag_moves_the_launch(running: Running) -> None:
    running.github(release())
    payload = {**release("edited", tag_name="v4.3"), "changes": {"tag_name": {"from": "v4.2"}}}
    assert running.github(payload)[0] == 200
    assert running.github(payload)[1]["done"] == "already there"
    assert [launch.version for launch in standing(running.root)] == ["4.3"]


def test_a_deleted_release_is_taken_out_once(running: Running) -> None:
    running.github(release())
    assert running.github(release("deleted"))[1]["done"] == "removed"
    assert running.github(release("deleted"))[1]["done"] == "already there"
    assert standing(running.root) == []
    assert len(ledger(running.root)) == 1


def test_many_at_once_are_each_recorded_once(running: Running) -> None:
    payloads = [release(tag_name=f"v{number % 4}") for number in range(12)]
    answers: list[tuple[int, dict[str, Any]]] = []
    threads = [threading.Thread(target=lambda one=one: answers.append(running.github(one))) for one in payloads]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [status for status, _ in answers] == [200] * 12
    assert sorted(answer["done"] for _, answer in answers) == ["added"] * 4 + ["already there"] * 8
    assert len(running.stored()) == 4


class TestSignatures:
    def test_wrong_and_missing_ones_are_refused_before_anything_is_read(self, running: Running) -> None:
        assert running.github(release(), secret="a secret that nobody has set")[0] == 401
        assert running.github(b"{ this is not JSON", secret="a secret that nobody has set")[0] == 401
        assert running.ask("POST", "/github", b"{}", {"X-GitHub-Event": "release"}) == (
            401,
            {"ok": False, "why": "the signature is missing"},
        )
        for signature in ("sha1=" + "0" * 40, "sha256=", "sha256=" + "é" * 4, "0" * 64):
            assert running.github(release(), **{"X-Hub-Signature-256": signature})[0] == 401
        assert running.stored() == []

    def test_one_byte_more_is_another_message(self, running: Running) -> None:
        body = json.dumps(release()).encode()
        signature = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        headers = {"X-GitHub-Event": "release", "X-Hub-Signature-256": signature}
        assert running.ask("POST", "/github", body + b" ", headers)[0] == 401

    def test_secrets_rotate_without_a_restart(self, running: Running) -> None:
        new = "the next secret for tests, long enough"
        assert running.github(release(), secret=new)[0] == 401
        running.secrets.write_text(f"{new}\n{SECRET}\n")
        assert running.github(release(), secret=new)[0] == 200
        assert running.github(release(), secret=SECRET)[0] == 200
        running.secrets.write_text(f"{new}\n")
        assert running.github(release(), secret=SECRET)[0] == 401

    def test_a_secret_file_that_is_gone_is_not_the_senders_fault(self, running: Running) -> None:
        running.secrets.unlink()
        status, answer = running.github(release())
        assert (status, answer["ok"]) == (503, False)
        assert "secret" not in json.dumps(answer)

    def test_apples_documented_example(self, tmp_path: Path) -> None:
        """https://developer.apple.com/documentation/appstoreconnectapi/configuring-webhook-notifications"""
        (tmp_path / "secret").write_text("This is my secret")
        sender = AppStore(Secrets(tmp_path / "secret"), {})
        header = "hmacsha256=7f062172b01cb00b53ca068614674a3d982a34062a0f5d37687d5e3377e54657"
        signature = sender.signature({"x-apple-signature": header}.get)
        assert signature is not None
        assert sender.secrets.signed(b"Hello, World!", signature)
        assert not sender.secrets.signed(b"Hello, World?", signature)

    @pytest.mark.parametrize(("text", "complaint"), [("", "holds no secret"), ("short\n", "fewer than 16")])
    def test_a_file_without_good_secrets_is_refused(self, tmp_path: Path, text: str, complaint: str) -> None:
        (tmp_path / "secrets").write_text(text)
        with pytest.raises(UsageError, match=complaint) as refused:
            Secrets(tmp_path / "secrets")
        assert "short" not in str(refused.value).removeprefix(str(tmp_path))


class TestRefusals:
    @pytest.mark.parametrize(
        ("event", "payload", "reason"),
        [
            ("ping", {"zen": "Design for failure."}, "ping"),
            ("push", {}, "the event push is about no launch"),
            ("release", release(draft=True), "draft"),
            ("release", release(prerelease=True), "pre-release"),
            ("release", {**release(), "repository": {"full_name": "other/app"}}, "no product"),
        ],
    )
    def test_what_is_about_no_launch_is_taken_and_left_alone(
        self, running: Running, event: str, payload: Any, reason: str
    ) -> None:
        status, answer = running.github(payload, event=event)
        assert status == 202
        assert reason in answer["ignored"]
        assert running.stored() == []

    @pytest.mark.parametrize(
        ("body", "status"),
        [(b"{", 400), (b"[]", 400), (b"", 400), (json.dumps(release(tag_name="")).encode(), 422)],
    )
    def test_what_is_no_release_is_refused_with_a_reason(self, running: Running, body: bytes, status: int) -> None:
        found, answer = running.github(body, **{"Content-Length": str(len(body))})
        assert (found, answer["ok"]) == (status, False)
        assert answer["why"]

    def test_a_form_is_told_what_to_choose(self, running: Running) -> None:
        status, answer = running.github(release(), **{"Content-Type": "application/x-www-form-urlencoded"})
        assert status == 415
        assert "application/json" in answer["why"]

    @pytest.mark.parametrize(
        ("length", "status"),
        [(str(LARGEST_BODY_BYTES + 1), 413), ("9" * 400, 413), ("-1", 411), ("many", 411), (None, 411)],
    )
    def test_a_body_is_bounded_before_it_is_read(self, running: Running, length: str | None, status: int) -> None:
        """The answer comes although no byte of the body was sent."""
        host, _, port = running.server.address.rpartition(":")
        announced = "" if length is None else f"Content-Length: {length}\r\n"
        with socket.create_connection((host, int(port)), timeout=30) as connection:
            connection.sendall(f"POST /github HTTP/1.1\r\nHost: x\r\n{announced}\r\n".encode())
            assert connection.makefile("rb").readline().split()[1] == str(status).encode()

    def test_other_paths(self, running: Running) -> None:
        assert running.ask("GET", "/healthz") == (200, {"ok": True})
        assert running.ask("GET", "/github")[0] == 404
        assert running.ask("POST", "/gitlab", b"{}")[0] == 404

    def test_a_full_disk_is_not_answered_with_success(
        self, running: Running, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(*_: object, **__: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("pipelines.launches.ledger.append", full)
        assert running.github(release())[0] == 503
        monkeypatch.undo()
        assert running.github(release())[1]["done"] == "added"


class TestAppStore:
    def test_the_path_says_the_app_and_a_file_the_version(self, running: Running) -> None:
        running.versions.write_text("id,version\nad7e-1,4.2\n")
        assert running.apple(version_state())[1]["done"] == "added"
        assert running.apple(version_state(), prefix="")[1]["done"] == "already there"
        assert running.apple(version_state(identity="bb-2"), path="/app-store/5678")[0] == 200
        assert running.stored() == [
            ("Nest", None, "App Store version bb-2", "ios", "app_store", False),
            ("Parcelbird", "4.2", None, "ios", "app_store", False),
        ]

    def test_states_before_the_sale_and_unknown_apps_are_left_alone(self, running: Running) -> None:
        assert running.apple(version_state("IN_REVIEW"))[0] == 202
        assert running.apple(version_state(), path="/app-store/999")[0] == 202
        assert running.apple(version_state(), path="/app-store")[0] == 202
        assert running.stored() == []

    def test_a_list_that_is_none_is_not_the_senders_fault(self, running: Running) -> None:
        running.versions.write_text("nothing\nof use\n")
        assert running.apple(version_state())[0] == 503


class TestCommand:
    def test_serves_until_it_is_told_to_stop(self, tmp_path: Path) -> None:
        (tmp_path / "secrets").write_text(SECRET)
        command = [sys.executable, "-m", "pipelines.cli", "launches", "serve", "--http", "127.0.0.1:0"]
        command += [
            "--github-secret-file",
            str(tmp_path / "secrets"),
            "--github-product",
            "parcelbird/app=Parcelbird",
        ]
        command += ["--tables", str(tmp_path / "t"), "--log-format", "json"]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=dict(os.environ)) as process:
            assert process.stderr is not None
            serving = json.loads(process.stderr.readline())
            host, _, port = serving["address"].rpartition(":")
            with closing(http.client.HTTPConnection(host, int(port), timeout=30)) as connection:
                connection.request("GET", "/healthz")
                assert connection.getresponse().status == 200
            process.send_signal(signal.SIGTERM)
            assert json.loads(process.stderr.read().splitlines()[-1])["event"] == "stopped"
            assert process.wait(timeout=60) == 0

    @pytest.mark.parametrize(
        ("options", "complaint"),
        [
            ([], "name --github-secret-file"),
            (["--github-secret-file", "SECRETS"], "--github-product: write what it is"),
            (["--github-secret-file", "SECRETS", "--github-product", "parcelbird/app"], "--github-product"),
            (["--github-secret-file", "none", "--github-product", "a/b=c"], "none: cannot be read"),
            (
                ["--app-store-secret-file", "SECRETS", "--app-store-product", "1=a", "--http", "none"],
                "127.0.0.1:9470\n",
            ),
        ],
    )
    def test_wrong_options_are_named(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], complaint: str
    ) -> None:
        (tmp_path / "secrets").write_text(SECRET)
        words = [str(tmp_path / "secrets") if word == "SECRETS" else word for word in options]
        assert main(["launches", "serve", "--check", "--tables", str(tmp_path / "t"), *words]) == 2
        assert complaint in capsys.readouterr().err

    def test_check_stops_by_itself(self, tmp_path: Path) -> None:
        (tmp_path / "secrets").write_text(SECRET)
        options = ["--github-secret-file", str(tmp_path / "secrets"), "--github-product", "a/b=c", "--check"]
        assert main(["launches", "serve", "--http", "127.0.0.1:0", *options, "--tables", str(tmp_path / "t")]) == 0


def _fields(launch: Launch) -> dict[str, Any]:
    row = launch.row(NOW, RecordedBy.CLI)
    return {name: row[name] for name in ("product", "version", "launched_at", "title", "note", "url")}
