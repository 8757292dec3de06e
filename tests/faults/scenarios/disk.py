"""A disk that is full, read-only, or has damaged what was on it."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import duckdb

from pipelines.connect import connect
from schemas.errors import TribometerError
from schemas.tables import FEEDBACK
from tests.faults.scenarios import Scenario
from tests.faults.tables import contents
from tests.faults.traffic import disordered, stream
from tests.faults.world import World
from transforms.delta import active_files, open_table


@cache
def _cannot_mount() -> str | None:
    """A small file system of its own needs the right to mount one."""
    if os.geteuid() != 0:
        return "mounting a small disk needs root"
    folder = Path("/tmp") / f"tribometer-mount-{os.getpid()}"
    folder.mkdir(exist_ok=True)
    try:
        _mount(folder, "1m")
    except subprocess.CalledProcessError as error:
        return f"a small disk cannot be mounted: {error.stderr.strip()}"
    else:
        _run("umount", str(folder))
        return None
    finally:
        folder.rmdir()


def _run(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True, text=True)


def _mount(folder: Path, size: str) -> None:
    _run("mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder))


def _disk(world: World, size: str) -> Callable[[str], None]:
    """Put the tables on a disk of `size`; what is returned is a function that mounts it again with other options."""
    folder = str(world.tables)
    world.tables.mkdir(exist_ok=True)
    _mount(world.tables, size)
    world.stack.callback(subprocess.run, ("umount", "-l", folder), check=False, capture_output=True)
    return lambda options: _run("mount", "-o", f"remount,{options}", folder)


def _full(world: World) -> None:
    """Full, then larger; read-only, then not; in between nothing is acknowledged."""
    source = stream("threads_play_reviews", 9_000 if world.long else 900)
    world.source = source.mapping
    messages = disordered(source.messages(), world.rng)
    remount = _disk(world, "24m")
    world.read()
    listener = world.listen()
    third = len(messages) // 3
    world.publish(messages[:third])
    world.settle()
    with contextlib.suppress(OSError), (world.tables / "ballast").open("wb", buffering=0) as ballast:
        while ballast.write(bytes(4096)):
            pass
    world.publish(messages[third : 2 * third])
    listener.wait(lambda: listener.events("cannot commit, trying again"), 300, "the disk does not fill")
    world.fault("the disk is full")
    told = listener.events("cannot commit, trying again")[-1]["why"]
    world.expect("No space left" in told, f"a full disk is called {told!r}")
    world.expect(not listener.ready(), "the listener calls itself ready on a full disk")
    remount("size=500m")
    world.settle()
    world.expect(listener.ready(), "the listener is not ready again")
    remount("ro")
    world.publish(messages[2 * third :])
    listener.wait(lambda: len(listener.events("cannot commit, trying again")) > 1, 300, "read-only is no trouble")
    world.fault("the disk is read-only")
    told = listener.events("cannot commit, trying again")[-1]["why"]
    world.expect("Read-only" in told, f"a read-only disk is called {told!r}")
    remount("rw")
    world.settle()
    world.expect(listener.alive, "the listener did not live through it")
    world.conclude()


def _damage(world: World) -> None:
    """Files cut short, deleted, and garbage in the log: named, refused clearly, mended, and all is well again."""
    source = stream("threads_play_reviews", 600)
    world.source = source.mapping
    world.publish(disordered(source.messages(), world.rng))
    listener = world.listen()
    world.settle()
    world.expect(listener.stop() == 0, "the listener did not end well")
    right = contents(world.tables)
    _expect_right(world)
    damages = (_cut_short, _delete, _garbage_in_log, _flip_a_byte, _empty, _log_cut_short)
    for number in range(3 if world.long else 1):
        for damage in damages if world.long else damages[:3]:
            with damage(world) as (what, name):
                world.fault(what)
                _expect_named(world, what, name)
            world.expect(contents(world.tables) == right, f"{what}: after it was mended the tables are others")
        _repair_and_replay(world, number, right)
    _expect_right(world)
    world.conclude()


def _expect_right(world: World) -> None:
    found = world.command("tables", "verify", "--tables", str(world.tables))
    world.expect(found.returncode == 0, f"verify objects to tables that are right: {found.stdout} {found.stderr}")


def _expect_named(world: World, what: str, name: str) -> None:
    """`tables verify` names it; a reader says what is wrong in one line, or does not need it."""
    found = world.command("tables", "verify", "--tables", str(world.tables))
    told = found.stdout + found.stderr
    world.expect(found.returncode == 1 and name in told, f"{what}: verify does not name {name}: {told[-600:]}")
    world.expect("Traceback" not in told, f"{what}: verify shows a traceback")
    if what.startswith("one byte"):
        return  # pages carry no checksum that readers look at: this is what verify is for
    try:
        with connect(str(world.tables)) as connection:
            connection.execute("SELECT * FROM tables.feedback").fetchall()
    except (TribometerError, duckdb.Error) as error:
        world.expect(str(world.tables) in str(error), f"{what}: the reader does not say where: {error}")
    else:
        world.complain(f"{what}: the reader saw nothing")


def _repair_and_replay(world: World, number: int, right: dict[str, tuple[int, str]]) -> None:
    """The way out where there is no copy: take the file out of the table, and replay."""
    file = _some_file(world)
    file.unlink()
    world.fault("a file is deleted for good")
    repaired = world.command("tables", "verify", "--repair", "--yes", "--tables", str(world.tables))
    world.expect(repaired.returncode == 0, f"repair ended with {repaired.returncode}: {repaired.stderr}")
    replayed = world.folder / f"again-{number}.jsonl"
    replayed.write_bytes(b"".join(m.payload + b"\n" for m in world.ledger.messages() if m.native_id))
    done = world.command("replay", str(replayed), "--source", world.source, "--tables", str(world.tables))
    world.expect(done.returncode == 0, f"the replay ended with {done.returncode}: {done.stderr}")
    rows = {name: count for name, (count, _) in contents(world.tables).items()}
    world.expect(rows == {name: count for name, (count, _) in right.items()}, f"after repair and replay: {rows}")
    right.update(contents(world.tables))


def _some_file(world: World) -> Path:
    table = open_table(str(world.tables), FEEDBACK)
    assert table is not None
    return Path(world.rng.choice(sorted(active_files(table))))


Damaged = Iterator[tuple[str, str]]


@contextmanager
def _cut_short(world: World) -> Damaged:
    file = _some_file(world)
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    yield "a file is cut in half", file.name
    file.write_bytes(whole)


@contextmanager
def _flip_a_byte(world: World) -> Damaged:
    file = _some_file(world)
    whole = file.read_bytes()
    at = world.rng.randrange(8, len(whole) // 2)
    file.write_bytes(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :])
    yield "one byte of a file is another", file.name
    file.write_bytes(whole)


@contextmanager
def _delete(world: World) -> Damaged:
    file = _some_file(world)
    away = world.folder / "away.parquet"
    file.rename(away)
    yield "a file is gone", file.name
    away.rename(file)


@contextmanager
def _empty(world: World) -> Damaged:
    file = _some_file(world)
    whole = file.read_bytes()
    file.write_bytes(b"")
    yield "a file is empty", file.name
    file.write_bytes(whole)


@contextmanager
def _garbage_in_log(world: World) -> Damaged:
    log = world.tables / FEEDBACK.name / "_delta_log"
    entry = log / f"{len(list(log.glob('0*.json'))):020}.json"
    entry.write_bytes(b"\x00\xffgarbage\n")
    yield "the log ends in garbage", entry.name
    entry.unlink()


@contextmanager
def _log_cut_short(world: World) -> Damaged:
    entry = max((world.tables / FEEDBACK.name / "_delta_log").glob("0*.json"))
    whole = entry.read_bytes()
    entry.write_bytes(whole[: len(whole) // 2])
    yield "the newest log entry is cut in half", entry.name
    entry.write_bytes(whole)


SCENARIOS = (
    Scenario("disk", "full, then larger; read-only, then writable", _full, without=_cannot_mount),
    Scenario(
        "damage",
        "files cut, changed, emptied, deleted; garbage in the log; repair and replay",
        _damage,
        quick=False,
    ),
)
