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
    from pipelines.pubsub.setup import Done


@click.group(short_help="Set up Google Pub/Sub, and publish files into it.")
def pubsub() -> None:
    """Set up a topic and a subscription of Google Pub/Sub, and publish files into it.

    With PUBSUB_EMULATOR_HOST set to host:port, the emulator there is used.
    """


@pubsub.command(short_help="Make the topic and the subscription a listener needs.")
@click.option(
    "--project",
    required=True,
    envvar=("PUBSUB_PROJECT_ID", "GOOGLE_CLOUD_PROJECT"),
    show_envvar=True,
    metavar="ID",
    help="Project to make them in.",
)
@click.option("--topic", default="feedback", show_default=True, metavar="NAME", help="Topic to publish into.")
@click.option(
    "--subscription",
    default="tribometer",
    show_default=True,
    metavar="NAME",
    help="Subscription the listener receives from.",
)
@click.option(
    "--exactly-once", is_flag=True, help="Ask Pub/Sub for exactly-once delivery: fewer duplicates, slower."
)
@click.option(
    "--schema",
    "with_schema",
    is_flag=True,
    help="Have Pub/Sub refuse whatever is not a feedback_event when it is published.",
)
@click.option("--update", is_flag=True, help="Change the settings of what exists and differs.")
@click.option("--dry-run", is_flag=True, help="Only print the gcloud commands that do the same.")
def init(
    project: str,
    topic: str,
    subscription: str,
    exactly_once: bool,
    with_schema: bool,
    update: bool,
    dry_run: bool,
) -> None:
    """Make a topic, a subscription, and a dead-letter topic that keeps what cannot be delivered.

    A second run changes nothing: it says what exists and where its settings differ. The gcloud command that does
    the same is printed with every step, and at the end the grants that Pub/Sub's own account needs.
    """
    from pipelines.pubsub.endpoint import emulator_address
    from pipelines.pubsub.names import resource
    from pipelines.pubsub.setup import Plan, grants, set_up, steps

    plan = Plan(
        resource(project, "topics", topic),
        resource(project, "subscriptions", subscription),
        exactly_once=exactly_once,
        with_schema=with_schema,
    )
    if dry_run:
        for line in [*(step.gcloud for step in steps(plan)), *grants(plan)]:
            click.echo(line)
        return
    for step, done in zip(steps(plan), set_up(plan, update), strict=True):
        click.echo(f"{done.resource}: {done.state}{_differences(done)}")
        click.echo(f"  {done.mend or step.gcloud}")
    if emulator_address() is None:
        click.echo("\nPub/Sub's own account forwards what cannot be delivered; let it, once:")
        for line in grants(plan):
            click.echo(f"  {line}")
    click.echo(f"\nNext: tribometer listen --subscription {plan.subscription} --source NAME --tables DIR")


def _differences(done: Done) -> str:
    if not done.differences:
        return ""
    return f" ({'; '.join(done.differences)}" + ("; --update changes it)" if done.state == "differs" else ")")


@pubsub.command(short_help="Publish the records of files, as fast as asked.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--topic", required=True, metavar="PATH", help="Topic to publish to: projects/P/topics/T.")
@click.option(
    "--source",
    metavar="NAME|PATH",
    help="Source mapping of the files: says whether they are CSV, and where the event time is.",
)
@click.option(
    "--rate",
    type=click.FloatRange(min=0, min_open=True),
    metavar="N",
    help="Messages a second. Default: no limit.",
)
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
    help="Leave out the first N messages: go on where an earlier run with the same options says it ended.",
)
@click.option("--dry-run", is_flag=True, help="Read everything and say how many messages it is; publish nothing.")
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
    dry_run: bool,
) -> int:
    """Publish each record of FILE... (files, folders, globs or - ; gzipped or not) as one message.

    A line of JSON is published as it stands. A CSV record is published as a JSON object of strings, named by the
    header, and needs --source; the same mapping reads both. Empty lines are left out. A message that is too large
    for Pub/Sub is left out and makes the exit status 1.
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
    from pipelines.records import ENDINGS, Records, find_files
    from schemas.mapping import load_mapping

    mapping = load_mapping(source) if source is not None else None
    encoding = "jsonl" if mapping is None else mapping.format
    pace: Pace = Unpaced() if rate is None else Rate(rate)
    if speedup is not None and mapping is not None:
        pace = EventTime(event_time_reader(mapping), speedup)
    publisher = Publisher(topic)
    found = find_files(files, encoding)
    table = next((file.path for file in found if file.path.lower().endswith(ENDINGS["csv"])), None)
    if mapping is None and table is not None:
        raise UsageError(
            f"{table}: is CSV, whose lines say nothing without its header; name its mapping with --source"
        )
    records = Records(found, encoding)
    messages = disordered(
        (Outgoing(payload(record), record.origin) for record in records), duplicates, out_of_order, seed
    )
    done = publisher.published
    done.position = resume_from
    if dry_run:
        number = sum(1 for _ in itertools.islice(messages, resume_from, None))
        if records.failure is not None:
            raise records.failure
        click.echo(f"{number:,} messages would be published to {topic}")
        return 0
    with PublishProgress(Console(stderr=True)) as progress, _saying_where_it_ended(done):
        publisher.publish(itertools.islice(messages, resume_from, None), pace, progress.moved)
        if records.failure is not None:
            raise records.failure
    click.echo(
        f"{done.accepted:,} messages accepted by {topic} in {progress.seconds:.1f} s "
        f"({progress.per_second(done.accepted):,.0f} messages/s)"
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
