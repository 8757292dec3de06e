"""`tribometer pubsub`: set up a topic with its subscription, and publish files into it."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from schemas.errors import TribometerError, UsageError

if TYPE_CHECKING:
    from pipelines.pubsub.publish import Published


@click.group(short_help="Set up Google Pub/Sub, and publish files into it.")
def pubsub() -> None:
    """Set up a topic and a subscription of Google Pub/Sub, and publish files into it.

    With PUBSUB_EMULATOR_HOST set to host:port, the emulator there is used.
    """


@pubsub.command(short_help="Publish the records of files, as fast as asked.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--topic", required=True, metavar="PATH", help="Topic to publish to: projects/P/topics/T.")
@click.option(
    "--source",
    metavar="NAME|PATH",
    help="Source mapping of the files: says whether they are CSV, and where the event time is.",
)
@click.option("--rate", type=click.FloatRange(min=0, min_open=True), help="Messages a second. Default: no limit.")
@click.option(
    "--speedup",
    type=click.FloatRange(min=0, min_open=True),
    metavar="X",
    help="Publish as far apart as the events were, X times as fast; needs --source.",
)
@click.option(
    "--duplicates",
    type=click.FloatRange(0, 1),
    default=0.0,
    show_default=True,
    metavar="SHARE",
    help="Publish this share of the messages twice.",
)
@click.option(
    "--out-of-order",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    metavar="N",
    help="Displace messages by up to N places.",
)
@click.option(
    "--seed", type=int, default=7, show_default=True, help="The same seed gives the same duplicates and order."
)
@click.option(
    "--resume-from",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    metavar="N",
    help="Leave out the first N messages: go on where an earlier run says it ended.",
)
def publish(
    files: tuple[str, ...],
    topic: str,
    source: str | None,
    rate: float | None,
    speedup: float | None,
    duplicates: float,
    out_of_order: int,
    seed: int,
    resume_from: int,
) -> int:
    """Publish each record of FILE... (files, folders, globs or - ; gzipped or not) as one message.

    A line of JSON is published as it stands. A CSV record is published as a JSON object of strings, named by the
    header; the same mapping reads both. Empty lines are left out. A message that is too large for Pub/Sub is left
    out and makes the exit status 1.
    """
    if rate is not None and speedup is not None:
        raise UsageError("--rate and --speedup exclude each other; give one of them")
    if speedup is not None and source is None:
        raise UsageError("--speedup needs --source: the mapping says where the event time is")
    from rich.console import Console

    from pipelines.cli.progress import PublishProgress
    from pipelines.pubsub.disorder import disordered
    from pipelines.pubsub.pace import EventTime, Pace, Rate, Unpaced
    from pipelines.pubsub.payloads import event_time_reader, payload
    from pipelines.pubsub.publish import Outgoing, Publisher
    from pipelines.records import Records, find_files
    from schemas.mapping import load_mapping

    mapping = load_mapping(source) if source is not None else None
    encoding = "jsonl" if mapping is None else mapping.format
    pace: Pace = Unpaced() if rate is None else Rate(rate)
    if speedup is not None and mapping is not None:
        pace = EventTime(event_time_reader(mapping), speedup)
    publisher = Publisher(topic)
    records = Records(find_files(files, encoding), encoding)
    messages = disordered(
        (Outgoing(payload(record), record.origin) for record in records), duplicates, out_of_order, seed
    )
    done = publisher.published
    done.position = resume_from
    with PublishProgress(Console(stderr=True)) as progress, _saying_where_it_ended(done):
        publisher.publish(itertools.islice(messages, resume_from, None), pace, progress.moved)
        if records.failure is not None:
            raise records.failure
    click.echo(
        f"{done.accepted:,} messages accepted by {topic} in {progress.seconds:.1f} s "
        f"({done.accepted / max(progress.seconds, 1e-9):,.0f} messages/s)"
    )
    if done.empty:
        click.echo(f"{done.empty:,} empty lines left out", err=True)
    if done.too_large:
        click.echo(
            f"tribometer: {done.too_large:,} messages are too large for Pub/Sub and were left out, the first at "
            f"{done.first_too_large}; split them or leave them out",
            err=True,
        )
    return 1 if done.too_large else 0


@contextlib.contextmanager
def _saying_where_it_ended(done: Published) -> Iterator[None]:
    try:
        yield
    except (TribometerError, KeyboardInterrupt):
        click.echo(f"{done.accepted:,} messages were accepted; go on with --resume-from {done.position}", err=True)
        raise
