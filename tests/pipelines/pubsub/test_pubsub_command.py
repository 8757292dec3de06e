"""`tribometer pubsub`, against the real emulator where a server is needed."""

from __future__ import annotations

import contextlib
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import orjson
import pytest

from pipelines.cli import main
from pipelines.listen.subscription import Subscription
from tests.emulator import PROJECT, Emulator, free_port

needs_emulator = pytest.mark.emulator

Printed = pytest.CaptureFixture[str]


@pytest.fixture
def topic(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> str:
    """A topic with a subscription of the same name."""
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", emulator.address)
    return emulator.create(f"t{uuid4().hex}")[0]


@pytest.fixture
def lines(tmp_path: Path) -> Callable[[list[bytes]], str]:
    def write(given: list[bytes]) -> str:
        file = tmp_path / "in.jsonl"
        file.write_bytes(b"".join(line + b"\n" for line in given))
        return str(file)

    return write


def received(topic: str, number: int) -> list[bytes]:
    """All that the topic's subscription holds, which is at least `number` messages."""
    with contextlib.closing(Subscription(topic.replace("/topics/", "/subscriptions/"))) as subscription:
        return drained(subscription, number)


def drained(subscription: Subscription, number: int) -> list[bytes]:
    found: list[bytes] = []
    while more := subscription.receive(1_000, 1 << 28, 10.0 if len(found) < number else 0.3):
        found += [message.payload for message in more]
        subscription.acknowledge(more)
    assert len(found) >= number
    return found


@needs_emulator
def test_what_is_published_arrives(topic: str, lines: Callable[[list[bytes]], str], capsys: Printed) -> None:
    given = [b'{"n": %d}' % number for number in range(1_200)]
    assert main(["pubsub", "publish", lines([*given, b""]), "--topic", topic]) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith(f"1,200 messages accepted by {topic}")
    assert "1 empty lines left out" in printed.err
    assert sorted(received(topic, 1_200)) == sorted(given)


@needs_emulator
def test_duplicates_are_the_same_for_a_seed_and_a_run_can_go_on(
    topic: str, lines: Callable[[list[bytes]], str]
) -> None:
    file = lines([b"%d" % number for number in range(200)])
    options = ["--topic", topic, "--duplicates", "0.5", "--out-of-order", "20", "--seed", "3"]
    with contextlib.closing(Subscription(topic.replace("/topics/", "/subscriptions/"))) as subscription:
        assert main(["pubsub", "publish", file, *options]) == 0
        everything = drained(subscription, 250)
        assert len(set(everything)) == 200 < len(everything)
        assert main(["pubsub", "publish", file, *options, "--resume-from", "150"]) == 0
        rest = drained(subscription, len(everything) - 150)
    assert len(rest) == len(everything) - 150
    assert not set(rest) & {b"0", b"1", b"2"}


@needs_emulator
def test_csv_is_published_as_objects(topic: str, tmp_path: Path) -> None:
    assert main(["simulate", "--out", str(tmp_path), "--events", "200"]) == 0
    mapping, file = tmp_path / "app_reviews.yaml", tmp_path / "app_reviews.csv"
    assert (
        main(["pubsub", "publish", str(file), "--source", str(mapping), "--topic", topic, "--rate", "10000"]) == 0
    )
    found = received(topic, 76)
    header = file.read_bytes().splitlines()[0].decode().split(",")
    objects = [orjson.loads(payload) for payload in found if payload.startswith(b'{"')]
    assert objects
    assert all(list(each) == header and all(isinstance(value, str) for value in each.values()) for each in objects)


@needs_emulator
def test_a_message_that_is_too_large_is_left_out_and_named(
    topic: str, lines: Callable[[list[bytes]], str], capsys: Printed
) -> None:
    file = lines([b"a", b"x" * 10_000_000, b"y" * 9_900_000, b"b"])
    assert main(["pubsub", "publish", file, "--topic", topic]) == 1
    assert (
        f"1 messages are too large for Pub/Sub and were left out, the first at {file}:2" in capsys.readouterr().err
    )
    assert sorted(map(len, received(topic, 3))) == [1, 1, 9_900_000]


@needs_emulator
def test_a_missing_topic_is_said_with_the_position(
    topic: str, lines: Callable[[list[bytes]], str], capsys: Printed
) -> None:
    assert main(["pubsub", "publish", lines([b"a"]), "--topic", topic + "x", "--resume-from", "0"]) == 1
    said = capsys.readouterr().err
    assert "go on with --resume-from 0" in said
    assert "there is no such topic" in said


@needs_emulator
def test_an_interrupted_run_says_how_to_go_on(topic: str, lines: Callable[[list[bytes]], str]) -> None:
    file = lines([b"%d" % number for number in range(100_000)])
    command = [sys.executable, "-m", "pipelines.cli", "pubsub", "publish", file, "--topic", topic, "--rate", "100"]
    with contextlib.closing(Subscription(topic.replace("/topics/", "/subscriptions/"))) as subscription:
        running = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        found = list(subscription.receive(1, 1 << 20, 60.0))
        running.send_signal(signal.SIGINT)
        said = running.communicate(timeout=60)[1]
        position = int(re.search(r"go on with --resume-from (\d+)", said)[1])  # type: ignore[index]
        while more := subscription.receive(1_000, 1 << 20, 1.0):
            found += more
        subscription.acknowledge(found)
    assert running.returncode == 130
    assert sorted(int(message.payload) for message in found) == list(range(position))


def test_an_emulator_that_is_not_there(
    lines: Callable[[list[bytes]], str], monkeypatch: pytest.MonkeyPatch, capsys: Printed
) -> None:
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", f"127.0.0.1:{free_port()}")
    assert main(["pubsub", "publish", lines([b"a"]), "--topic", "projects/p/topics/feedback"]) == 1
    assert "cannot be reached" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--rate", "1", "--speedup", "1"], "exclude each other"),
        (["--speedup", "1"], "needs --source"),
        (["--topic", "feedback"], "write projects/PROJECT/topics/NAME"),
    ],
)
def test_options_that_make_no_sense(
    lines: Callable[[list[bytes]], str], capsys: Printed, options: list[str], says: str
) -> None:
    assert main(["pubsub", "publish", lines([b"a"]), "--topic", "projects/p/topics/feedback", *options]) == 2
    assert says in capsys.readouterr().err


@pytest.mark.parametrize("name", ["in.csv", "in.CSV.gz"])
def test_csv_needs_its_mapping(name: str, tmp_path: Path, capsys: Printed) -> None:
    (tmp_path / name).write_text("id,text\n1,Slow\n")
    command = ["pubsub", "publish", str(tmp_path / name), "--topic", "projects/p/topics/feedback", "--dry-run"]
    assert main(command) == 2
    assert "is CSV, whose lines say nothing without its header; name its mapping with --source" in (
        capsys.readouterr().err
    )


def test_a_dry_run_counts_and_needs_no_server(lines: Callable[[list[bytes]], str], capsys: Printed) -> None:
    assert (
        main(["pubsub", "publish", lines([b"a"] * 3), "--topic", "projects/p/topics/feedback", "--dry-run"]) == 0
    )
    assert capsys.readouterr().out == "3 messages would be published to projects/p/topics/feedback\n"


@needs_emulator
def test_init_makes_what_a_listener_needs_and_a_second_run_says_what_differs(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, capsys: Printed
) -> None:
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", emulator.address)
    name = f"t{uuid4().hex}"
    arguments = ["pubsub", "init", "--project", PROJECT, "--topic", name, "--subscription", name]

    assert main(arguments) == 0
    assert capsys.readouterr().out.count(": made\n") == 4
    with emulator.subscriber() as subscriber:
        path = f"projects/{PROJECT}/subscriptions/{name}"
        made = subscriber.get_subscription(subscription=path)
        assert made.dead_letter_policy.dead_letter_topic == f"projects/{PROJECT}/topics/{name}-dead-letters"
        assert (made.ack_deadline_seconds, made.message_retention_duration.days) == (60, 7)

        assert main(arguments) == 0
        assert capsys.readouterr().out.count(": exists\n") == 4

        assert main([*arguments, "--exactly-once", "--schema"]) == 0
        said = capsys.readouterr().out
        assert f"{path}: differs (its exactly-once delivery is off, not on; --update changes it)" in said
        assert (
            f"gcloud pubsub subscriptions update {name} --project={PROJECT} --enable-exactly-once-delivery" in said
        )
        assert not subscriber.get_subscription(subscription=path).enable_exactly_once_delivery

        assert main([*arguments, "--exactly-once", "--update"]) == 0
        assert f"{path}: updated" in capsys.readouterr().out
        assert subscriber.get_subscription(subscription=path).enable_exactly_once_delivery

    Subscription(path).check()


@needs_emulator
def test_a_subscription_of_another_topic_is_not_taken(topic: str, capsys: Printed) -> None:
    name = topic.rsplit("/", 1)[1]
    arguments = ["pubsub", "init", "--project", PROJECT, "--topic", f"{name}-other", "--subscription", name]
    assert main(arguments) == 1
    assert f"belongs to {topic}, which cannot be changed" in capsys.readouterr().err


def test_a_dry_run_prints_commands_and_needs_no_server(capsys: Printed) -> None:
    assert main(["pubsub", "init", "--project", "shop", "--exactly-once", "--schema", "--dry-run"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert [line.split()[2:4] for line in printed] == [
        ["schemas", "create"],
        ["topics", "create"],
        ["topics", "create"],
        ["subscriptions", "create"],
        ["subscriptions", "create"],
        ["topics", "add-iam-policy-binding"],
        ["subscriptions", "add-iam-policy-binding"],
    ]


def test_a_name_that_pubsub_would_refuse(capsys: Printed) -> None:
    assert main(["pubsub", "init", "--project", "shop", "--topic", "x"]) == 2
    assert "3 to 255 letters" in capsys.readouterr().err
