"""Write what this release leaves behind, for the releases after it to be tried on.

    python -m tests.upgrades.make

puts every table this program writes, made of made-up feedback by the command line itself, into
tests/upgrades/releases/VERSION.tar.xz. Run it when the version is final, commit the file, and never write it again once
the version is out: only that program can say what it wrote.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from models import SHIPPED
from pipelines.cli import main
from pipelines.clock import utc_now
from pipelines.embedded import EmbeddedHost
from schemas.arrow import SCHEMA_VERSION
from schemas.mapping import load_mapping
from schemas.violations import Violation, ViolationKind
from transforms.decode import MAXIMUM_MESSAGE_BYTES
from transforms.elements import MessageBatch

RELEASES: Final = Path(__file__).parent / "releases"
AUTHOR_KEY: Final = "a key for tests, long enough to be accepted"
TABLES: Final = "tables"
ABOUT: Final = "release.json"
"""Beside the tables: which program made them."""

PRODUCT: Final = "Lamp"
START: Final = datetime(2024, 3, 1, tzinfo=UTC)
DAYS: Final = 18
INCIDENT: Final = START + timedelta(days=15, hours=9)
ERASED: Final = "author to forget"

_CALM: Final = (
    "Works well, I am happy with it.",
    "Love the new design.",
    "Thank you, everything arrived on time!",
    "Please add a dark mode.",
    "Great app, five stars.",
)
_TROUBLE: Final = (
    "The app crashes every morning.",
    "I cannot log in any more, the password is refused.",
    "I was charged twice for the subscription.",
)
_BROKEN: Final = "I was charged twice {} and the payment page {} shows an error."
_WORDS: Final = ("today", "again", "since Friday", "for March", "at checkout", "on my card", "this week", "still")
_CSV: Final = """\
mapping: 1
description: Made-up reviews as CSV
homepage: https://example.com/reviews
format: csv
source: reviews
channel: review
fields:
  id: id
  occurred_at: {path: at, convert: {timestamp: {format: rfc3339}}}
  text: text
  product: {value: Lamp}
"""
_ROUTES: Final = """\
channels: {record: {service: jsonl, path: alerts.jsonl}}
routes: [{name: all, to: record}]
forget_after_hours: 1000000
"""


def make(folder: Path) -> None:
    """Write every table below `folder`/tables, by commands as a person would type them."""
    with contextlib.chdir(folder):
        _feedback()
        _dead_letters()
        _launches_and_exposure()
        _scores(_other_model())
        _run("themes", "update")
        _run("watch", "--once", "--tell-within", "9000d")
        _alerts()
        _run("tables", "erase", "--author", ERASED, "--source", "feedback_event")
        _run("tables", "rollup")
        _run("tables", "vacuum", "--retention", "0h", "--force")
        shutil.rmtree("other")
        for file in Path().iterdir():
            if file.is_file():
                file.unlink()
    about = {"tribometer": version("tribometer"), "schema_version": SCHEMA_VERSION}
    (folder / ABOUT).write_text(json.dumps(about) + "\n")


def pack(folder: Path, archive: Path) -> None:
    """`folder` as one small file: footers of Parquet files are alike, and only a common compression sees that."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive, "w:xz", preset=9) as packed:
        packed.add(folder, arcname=".", filter=_nobody)


def unpack(archive: Path, folder: Path) -> dict[str, Any]:
    """Put the folder that `archive` holds at `folder`; which program made it."""
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="tar")
    about: dict[str, Any] = json.loads((folder / ABOUT).read_text())
    return about


def _run(*words: str) -> str:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        status = main([*words, "--tables", TABLES])
    if status:
        raise SystemExit(f"tribometer {' '.join(words)}: exit status {status}")
    return printed.getvalue()


def _event(number: int, at: datetime, text: str, **fields: Any) -> dict[str, Any]:
    return {
        "schema": "feedback_event/1",
        "id": str(number),
        "channel": "review",
        "author": {"id": f"author {number}"},
        "occurred_at": at.isoformat(),
        "product": PRODUCT,
        "version": "1.1" if at >= INCIDENT - timedelta(hours=4) else "1.0",
        "language": "en",
        "text": text,
        "rating": {"value": 5 if text in _CALM else 1, "scale": "1-5"},
        "segment": {"plan": ("free", "paid")[number % 2]},
        **fields,
    }


def _events() -> Iterator[dict[str, Any]]:
    """A calm fortnight, some hours in which many are charged twice, and a few events of every other kind."""
    chance = random.Random(7)
    number = 0
    for day in range(DAYS):
        for _ in range(11):
            number += 1
            at = START + timedelta(days=day, seconds=chance.randrange(86_400))
            yield _event(number, at, chance.choice(_TROUBLE if chance.random() < 0.2 else _CALM))
    for _ in range(60):
        number += 1
        words = chance.sample(_WORDS, 2)
        yield _event(number, INCIDENT + timedelta(minutes=chance.randrange(600)), _BROKEN.format(*words))
    at = START + timedelta(days=2)
    yield _event(9_001, at, "The button is broken.", revision="1", author={"id": "author 1"})
    yield _event(9_001, at, "The button works again.", revision="2", author={"id": "author 1"})
    yield _event(9_002, at, "Never mind.", revision="1", author={"id": "author 2"})
    yield {**_event(9_002, at, "", revision="2", author={"id": "author 2"}), "deleted": True}
    yield _event(9_003, at, "Call me at +1 212 555 0123.", author={"id": ERASED})
    yield _event(9_004, datetime(1901, 1, 1, tzinfo=UTC), "An impossible date.")
    survey = {"value": 3, "scale": "0-10", "survey_kind": "nps"}
    yield _event(9_005, at, "Das ist viel zu teuer.", language="de", rating=survey, channel="survey")


def _feedback() -> None:
    lines = [json.dumps(event) for event in _events()]
    half = len(lines) // 2
    for name, part in (("first.jsonl", lines[: half + 10]), ("second.jsonl", lines[half:])):  # ten come twice
        Path(name).write_text("\n".join(part) + "\n")
        _run("replay", name, "--source", "feedback_event")


def _dead_letters() -> None:
    """One dead letter of every kind that this program knows."""
    good = _event(9_100, START, "fine")
    refused = [
        b"",
        b'{"id": "' + b"x" * MAXIMUM_MESSAGE_BYTES + b'"}',
        b"\xff\xfe not text",
        b'{"schema":"feedback_event/1",',
        b"[1, 2]",
        b'{"schema":"feedback_event/1","id":"9101","channel":"review","text":"no date"}',
        json.dumps({**good, "text": ["a", "list"]}).encode(),
        json.dumps({**good, "occurred_at": "soon"}).encode(),
        json.dumps({**good, "rating": {"value": 9, "scale": "1-5"}}).encode(),
        json.dumps({**good, "channel": "carrier pigeon"}).encode(),
    ]
    Path("refused.jsonl").write_bytes(b"\n".join(refused) + b"\n")
    _run("replay", "refused.jsonl", "--source", "feedback_event")
    Path("reviews.yaml").write_text(_CSV)
    Path("reviews.csv").write_text("id,at,text\n1,2024-03-02T10:00:00Z,good,and more,than columns\n")
    _run("replay", "reviews.csv", "--source", "reviews.yaml")
    host = EmbeddedHost("listen", TABLES, load_mapping("feedback_event"), utc_now)
    for kind in (ViolationKind.PROCESS_DIED, ViolationKind.PROCESS_HUNG, ViolationKind.DEFECT):
        message = json.dumps(_event(9_200, START, f"This one ended a worker: {kind}.")).encode()
        host.refuse(MessageBatch([message], [f"made up:{kind}"], utc_now()), Violation(kind, "made up"))


def _launches_and_exposure() -> None:
    day = (INCIDENT - timedelta(hours=4)).isoformat()
    _run(
        "launches",
        "add",
        PRODUCT,
        day,
        "--version",
        "1.1",
        "--title",
        "New payment page",
        "--touchpoints",
        "billing",
    )
    _run("launches", "add", PRODUCT, "2024-03-10", "--kind", "campaign", "--title", "Spring")
    days = [(START + timedelta(days=number)).date().isoformat() for number in range(DAYS)]
    rows = [f"{PRODUCT},{one},{1000 + number}" for number, one in enumerate(days)]
    Path("sessions.csv").write_text("\n".join(["product,day,sessions", *rows]) + "\n")
    _run("exposure", "import", "sessions.csv")


def _other_model() -> str:
    """The shipped model under another version: its scores are kept beside the first ones."""
    shutil.copytree(SHIPPED, "other")
    meta = Path("other", "meta.json")
    meta.write_text(json.dumps({**json.loads(meta.read_text()), "version": "9.9.9+other"}))
    return "other"


def _scores(model: str) -> None:
    _run("rescore", "--model", model, "--switch")
    _run("switch-model", "stored")


def _alerts() -> None:
    Path("routes.yaml").write_text(_ROUTES)
    _run("alerts", "deliver", "--routes", "routes.yaml")
    _run("alerts", "silence", PRODUCT, "login", "--for", "2d", "--note", "known")


def main_program() -> None:
    """Write the archive of the installed version."""
    os.environ["TRIBOMETER_AUTHOR_KEY"] = AUTHOR_KEY
    archive = RELEASES / f"{version('tribometer')}.tar.xz"
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder))
        pack(Path(folder), archive)
    print(f"{archive}: {archive.stat().st_size:,} bytes")


def _nobody(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


if __name__ == "__main__":
    main_program()
