"""Every channel against a receiver that speaks its protocol; secrets stay where they are."""

from __future__ import annotations

import json
import ssl
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP as Server
from aiosmtpd.smtp import AuthResult
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from pipelines.alerts.channels.channel import DeliveryError, Message
from pipelines.alerts.channels.email import Email
from pipelines.alerts.channels.jsonl import JsonLines
from pipelines.alerts.channels.webhook import Webhook as WebhookChannel
from pipelines.alerts.credentials import without_secrets
from pipelines.alerts.outbox import Outbox
from pipelines.alerts.trial import send_trial
from pipelines.clock import utc_now
from pipelines.listen.log import configure
from schemas.alert import Alert, Kind, Severity
from schemas.errors import TribometerError
from tests.emulator import free_port
from tests.pipelines.alerts.conftest import Desk
from tests.pipelines.alerts.receiver import Receiver
from tests.pipelines.alerts.sample import HOUR, sample, store_words

Put = Callable[..., None]

HOOK_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER_SECRET = "whsec_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"


def message(*alerts: Alert, **changes: Any) -> Message:
    given = Message("d" * 32, alerts or (sample(),), utc_now(), "all", "sync")
    return replace(given, **changes)


class TestWebhook:
    def channel(self, receiver: Receiver) -> WebhookChannel:
        return WebhookChannel.model_validate(
            {"service": "webhook", "url": f"{receiver.url}/hook", "secret": {"env": "HOOK"}}
        )

    def test_its_receiver_can_verify_it(self, receiver: Receiver, secret: Put) -> None:
        secret(HOOK=HOOK_SECRET)
        self.channel(receiver).send(message())
        (request,) = receiver.requests
        data = Webhook(HOOK_SECRET).verify(request.body, dict(request.headers))
        assert data["type"] == "friction.opened"
        assert data["data"]["route"] == "all"
        assert request.headers["webhook-id"] == "d" * 32
        read = {name: value for name, value in data["data"].items() if name not in ("route", "team", "trial")}
        assert Alert.from_json(json.dumps(read)) == sample()
        with pytest.raises(WebhookVerificationError):
            Webhook(OTHER_SECRET).verify(request.body, dict(request.headers))
        with pytest.raises(WebhookVerificationError):
            Webhook(HOOK_SECRET).verify(request.body.replace(b"firefox", b"fire"), dict(request.headers))

    def test_two_secrets_sign_side_by_side(self, receiver: Receiver, secret: Put) -> None:
        secret(HOOK=f"{HOOK_SECRET}\n{OTHER_SECRET}")
        self.channel(receiver).send(message())
        (request,) = receiver.requests
        for one in (HOOK_SECRET, OTHER_SECRET):
            Webhook(one).verify(request.body, dict(request.headers))


class TestAlertmanager:
    ROUTES = """
channels:
  prometheus: {{service: alertmanager, url: "{url}/am/", user: tribometer, password: {{env: AM}}}}
routes:
  - {{name: all, to: prometheus}}
"""

    def test_is_told_again_what_is_still_on(self, desk: Desk, receiver: Receiver, secret: Put) -> None:
        secret(AM="am-password")
        store_words(desk.root)
        desk.use(self.ROUTES.format(url=receiver.url))
        desk.alerts()
        assert desk.deliver().sent == 1
        sent = len(receiver.requests)
        desk.later(hours=20)
        assert desk.deliver().sent == 0
        assert len(receiver.requests) == sent + 1
        (kept,) = receiver.requests[-1].json
        assert "bookmarks are gone" in kept["annotations"]["quotes"]
        assert kept["labels"] == receiver.requests[0].json[0]["labels"]
        assert kept["endsAt"] > receiver.requests[0].json[0]["endsAt"]
        desk.alerts(sample(Kind.RESOLVED, HOUR + 20))
        desk.deliver()
        count = len(receiver.requests)
        desk.deliver()
        assert len(receiver.requests) == count
        assert receiver.requests[-1].json[0]["endsAt"] == "2024-03-05T11:00:00Z"
        assert {request.path for request in receiver.requests} == {"/am/api/v2/alerts"}
        assert all(request.headers["Authorization"].startswith("Basic ") for request in receiver.requests)


class _Mailbox:
    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.refused: set[str] = set()
        self.answer = "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address in self.refused:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.mails.append(message_from_bytes(envelope.content, policy=default))  # type: ignore[arg-type]
        return self.answer


class TestEmail:
    @pytest.fixture
    def mailbox(self) -> Iterator[tuple[_Mailbox, int]]:
        mailbox = _Mailbox()
        controller = Controller(mailbox, hostname="127.0.0.1", port=free_port())
        controller.start()
        try:
            yield mailbox, controller.port
        finally:
            controller.stop()

    def channel(self, port: int, **settings: Any) -> Email:
        given = {
            "service": "email",
            "host": "127.0.0.1",
            "port": port,
            "tls": "none",
            "sender": "Tribometer <tribometer@example.com>",
            "to": ["ops@example.com", "Kim <kim@example.com>"],
        }
        return Email.model_validate({**given, **settings})

    def test_is_one_thread_an_episode(self, mailbox: tuple[_Mailbox, int]) -> None:
        box, port = mailbox
        channel = self.channel(port)
        channel.send(message())
        channel.send(message(sample(Kind.RESOLVED, HOUR + 9), delivery_id="e" * 32))
        first, second = box.mails
        assert (
            first["Subject"] == "[critical] firefox, account: friction began, 35 people in 6 hours, 7.9 expected"
        )
        assert first["References"] == second["References"]
        assert first["Message-ID"] == f"<{'d' * 32}@example.com>" != second["Message-ID"]
        assert first["To"] == "ops@example.com, Kim <kim@example.com>"
        assert first["Auto-Submitted"] == "auto-generated"
        text, html = first.get_body(("plain",)), first.get_body(("html",))
        assert text is not None
        assert html is not None
        for body in (text.get_content(), html.get_content()):
            assert "bookmarks are gone" in body

    def test_a_subject_cannot_add_headers(self, mailbox: tuple[_Mailbox, int]) -> None:
        box, port = mailbox
        self.channel(port).send(message(sample(product="x\r\nBcc: evil@example.com")))
        assert box.mails[0]["Bcc"] is None
        assert box.mails[0]["Subject"].startswith("[critical] x Bcc: evil@example.com, account")

    def test_who_is_not_known_is_said(self, mailbox: tuple[_Mailbox, int]) -> None:
        box, port = mailbox
        box.refused = {"kim@example.com"}
        with pytest.raises(DeliveryError, match=r"sent, but not to everybody \(550 no such mailbox\)") as error:
            self.channel(port).send(message())
        assert error.value.final
        assert len(box.mails) == 1
        box.refused = {"kim@example.com", "ops@example.com"}
        with pytest.raises(DeliveryError, match="takes none of the addresses") as error:
            self.channel(port).send(message())
        assert not error.value.final

    def test_an_answer_of_failure_is_one(self, mailbox: tuple[_Mailbox, int]) -> None:
        box, port = mailbox
        box.answer = "451 come back later"
        with pytest.raises(DeliveryError, match="the server answered 451 come back later"):
            self.channel(port).send(message())

    def test_nobody_there(self) -> None:
        with pytest.raises(DeliveryError, match="the server cannot be reached"):
            self.channel(9).send(message())

    def test_a_server_without_tls_gets_no_mail_where_it_is_asked_for(self, mailbox: tuple[_Mailbox, int]) -> None:
        box, port = mailbox
        with pytest.raises(DeliveryError):
            self.channel(port, tls="starttls").send(message())
        assert box.mails == []

    def test_an_account_goes_over_tls_to_a_server_that_is_trusted(
        self, tmp_path: Path, secret: Put, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        secret(MAIL="mail-password")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
             "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", tmp_path / "key", "-out", tmp_path / "cert"],
            check=True, capture_output=True,
        )  # fmt: skip
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tmp_path / "cert", tmp_path / "key")
        given: list[tuple[bytes, bytes]] = []

        def authenticate(server: Server, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
            given.append((data.login, data.password))
            return AuthResult(success=data.password == b"mail-password", handled=False)

        box = _Mailbox()
        controller = Controller(
            box, hostname="127.0.0.1", port=free_port(), tls_context=context, require_starttls=True,
            authenticator=authenticate, auth_require_tls=True, auth_required=True,
        )  # fmt: skip
        controller.start()
        port = controller.port
        try:
            channel = self.channel(port, tls="starttls", user="me", password={"env": "MAIL"})
            with pytest.raises(DeliveryError, match="certificate is not trusted"):
                channel.send(message())
            assert given == []
            monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert"))
            channel.send(message())
            assert len(box.mails) == 1
            secret(MAIL="another-password")
            with pytest.raises(DeliveryError, match="does not take user and password") as error:
                channel.send(message())
            assert "another-password" not in str(error.value)
        finally:
            controller.stop()


class TestJsonLines:
    def channel(self, path: Path) -> JsonLines:
        return JsonLines.model_validate({"service": "jsonl", "path": str(path)})

    def test_each_alert_is_a_line_and_none_stands_twice(self, tmp_path: Path) -> None:
        channel = self.channel(tmp_path / "a.jsonl")
        channel.send(message())
        channel.send(message(again=True))
        channel.send(message(delivery_id="e" * 32, again=True))
        lines = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text().splitlines()]
        assert [line["delivery_id"][0] for line in lines] == ["d", "e"]

    def test_a_torn_line_is_left_and_ended(self, tmp_path: Path) -> None:
        path = tmp_path / "a.jsonl"
        path.write_text('{"delivery_id":"' + "d" * 32 + '","sent')
        self.channel(path).send(message(again=True))
        torn, whole = path.read_text().splitlines()
        assert json.loads(whole)["delivery_id"] == "d" * 32
        assert torn.endswith("sent")

    def test_a_place_that_cannot_be_written_is_an_error_that_passes(self, tmp_path: Path) -> None:
        (tmp_path / "a.jsonl").mkdir()
        with pytest.raises(DeliveryError, match="Is a directory"):
            self.channel(tmp_path / "a.jsonl").send(message())


class TestApprise:
    ROUTES = """
channels:
  other: {service: apprise, url: {env: OTHER}}
routes:
  - {name: all, to: other}
"""

    def test_reaches_its_services(self, desk: Desk, receiver: Receiver, secret: Put) -> None:
        secret(OTHER=receiver.url.replace("http://", "json://") + "/path")
        desk.use(self.ROUTES)
        desk.alerts(sample(product="<!channel> @everyone"))
        assert desk.deliver().sent == 1
        (request,) = receiver.requests
        assert request.path == "/path"
        assert request.json["type"] == "failure"
        assert request.json["title"].startswith("[critical] <\u200b!channel> @\u200beveryone, account")
        assert "Launch: 124.0 on desktop" in request.json["message"]

    def test_says_what_the_service_said(self, desk: Desk, receiver: Receiver, secret: Put) -> None:
        secret(OTHER=receiver.url.replace("http://", "json://") + "/TopSecretToken")
        desk.use(self.ROUTES)
        desk.alerts()
        receiver.answer(500, times=9)
        done = desk.deliver()
        assert done.failed == 1
        assert done.failing["other"].startswith("the service did not take it")
        assert "TopSecretToken" not in done.failing["other"]


SECRETS = {
    "CHAT": "{url}/services/T0AAA/B0BBB/xoxb-chat-secret?key=query-secret",
    "PAGE": "page-routing-secret",
    "HOOK": HOOK_SECRET,
    "AM": "am-password-secret",
    "OTHER": "jsons://apprise-user:apprise-secret@{host}/apprise-path-secret",
}

EVERYWHERE = """
channels:
  chat: {{service: slack, url: {{env: CHAT}}}}
  page: {{service: pagerduty, key: {{env: PAGE}}, url: "{url}/page"}}
  hook: {{service: webhook, url: "{url}/hook", secret: {{env: HOOK}}}}
  prometheus: {{service: alertmanager, url: "{url}", user: me, password: {{env: AM}}}}
  other: {{service: apprise, url: {{env: OTHER}}}}
  mail: {{service: email, host: 127.0.0.1, port: 9, sender: a@b.c, to: [d@e.f], user: me, password: {{env: AM}}}}
routes:
  - {{name: all, to: [chat, page, hook, prometheus, other, mail]}}
"""


@pytest.mark.parametrize("echo", [True, False])
def test_no_secret_is_in_a_table_a_log_an_alert_or_an_error(
    desk: Desk, receiver: Receiver, secret: Put, capfd: pytest.CaptureFixture[str], echo: bool
) -> None:
    host = receiver.url.removeprefix("http://")
    values = {name: value.format(url=receiver.url, host=host) for name, value in SECRETS.items()}
    secret(**values)
    desk.use(EVERYWHERE.format(url=receiver.url))
    receiver.echo = echo  # a receiver that says back what it was sent, address and headers among it
    desk.alerts()
    if echo:
        receiver.answer(500, times=100)
    configure("text")
    done = desk.deliver()
    assert done.failed == (6 if echo else 2)
    said = "".join(capfd.readouterr()) + json.dumps(done.failing)
    stored = json.dumps([step.row() for step in Outbox.read(desk.root).states()], default=str)
    files = b"".join(path.read_bytes() for path in Path(desk.root).rglob("*") if path.is_file())
    logs = b"".join(path.read_bytes() for path in Path(desk.root).rglob("*.json")).decode()
    assert "alert not sent, trying again" in said
    assert "answered 500" in stored or not echo
    for word in (
        *("xoxb-chat-secret", "T0AAA", "query-secret", "page-routing-secret", HOOK_SECRET.removeprefix("whsec_")),
        *("am-password-secret", "apprise-secret", "apprise-path-secret", "apprise-user"),
    ):
        assert word not in said
        assert word not in stored
        assert word not in logs
        assert word.encode() not in files


def test_parts_of_an_address_are_hidden_and_its_host_is_not() -> None:
    text = "POST https://hooks.example.com/services/T0/SecretPart?sig=a%2Fbcdefg a/bcdefg at hooks.example.com"
    clean = without_secrets(text, ["https://hooks.example.com/services/T0/SecretPart?sig=a%2Fbcdefg"])
    assert "SecretPart" not in clean
    assert "bcdefg" not in clean
    assert "hooks.example.com" in clean


def test_a_trial_is_marked_and_recorded_nowhere(desk: Desk, receiver: Receiver, secret: Put) -> None:
    values = {name: value.format(url=receiver.url, host="x") for name, value in SECRETS.items()}
    secret(**values)
    routes = desk.use(EVERYWHERE.format(url=receiver.url))
    now = datetime(2026, 1, 1, tzinfo=UTC)
    for name in ("chat", "page", "hook", "prometheus"):
        alert = sample(severity=Severity.INFO)
        send_trial(routes.channels[name], alert, name=name, route="all", team=None, now=now)
    bodies = [request.json for request in receiver.requests]
    assert bodies[0]["text"].startswith("[test] [info]")
    assert [body["event_action"] for body in bodies[1:3]] == ["trigger", "resolve"]
    assert bodies[3]["data"]["trial"] is True
    assert {body[0]["labels"]["alertname"] for body in bodies[4:]} == {"TribometerTest"}
    assert list(Outbox.read(desk.root).states()) == []
    receiver.answer(404, "no_service")
    with pytest.raises(TribometerError, match="channel 'chat': answered 404 Not Found: no_service"):
        send_trial(routes.channels["chat"], sample(), name="chat", route="all", team=None, now=now)
