"""`tribometer listen`: messages that keep arriving, into tables, exactly once."""

from __future__ import annotations

import signal
from pathlib import Path
from types import FrameType

import click

from pipelines.cli.options import scoring_workers, writes_tables, writing_options
from schemas.errors import UsageError


@click.command(short_help="Commit messages as they arrive, from Pub/Sub or an inbox folder, until stopped.")
@click.option("--subscription", metavar="PATH", help="Pub/Sub: projects/PROJECT/subscriptions/NAME.")
@click.option(
    "--inbox", type=click.Path(path_type=Path), metavar="DIR", help="Folder that files are dropped into."
)
@writing_options
@writes_tables
@scoring_workers
@click.option(
    "--linger",
    type=click.FloatRange(0, 60),
    default=0.5,
    show_default=True,
    metavar="SECONDS",
    help="Longest a message waits for others to be committed with it.",
)
@click.option(
    "--max-batch",
    type=click.IntRange(1, 20_000),
    default=2_000,
    show_default=True,
    help="Messages of the largest batch; batches are smaller while the load is low.",
)
@click.option(
    "--max-bytes",
    type=click.IntRange(1),
    default=64,
    show_default=True,
    metavar="MIB",
    help="Payload held in memory at once.",
)
@click.option(
    "--batch-timeout",
    type=click.FloatRange(1),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="After this, and 0.05 s a message, a worker counts as hung.",
)
@click.option(
    "--settle",
    type=click.FloatRange(0),
    default=2.0,
    show_default=True,
    metavar="SECONDS",
    help="A file of the inbox is complete when it has not changed for so long.",
)
@click.option(
    "--drain-timeout",
    type=click.FloatRange(0),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="Longest a stop waits for what was received to be committed.",
)
@click.option(
    "--exit-when-idle",
    type=click.FloatRange(0),
    metavar="SECONDS",
    help="Stop after so long without a message.",
)
@click.option(
    "--http",
    default="127.0.0.1:9470",
    show_default=True,
    metavar="HOST:PORT",
    help="Serve /healthz, /readyz and /metrics there; `none` serves nothing.",
)
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Of the log on stderr.",
)
def listen(
    subscription: str | None,
    inbox: Path | None,
    source: str,
    tables: str,
    author_key_file: Path | None,
    model: str | None,
    keep_raw: bool,
    workers: int,
    linger: float,
    max_batch: int,
    max_bytes: int,
    batch_timeout: float,
    settle: float,
    drain_timeout: float,
    exit_when_idle: float | None,
    http: str,
    log_format: str,
) -> None:
    """Commit messages as they arrive into the tables below DIR, each exactly once, until SIGTERM or Ctrl-C.

    A message is acknowledged, and a file moved to `done/`, only after it is committed and on disk. The command may
    be killed at any time and run beside others of its kind: what is delivered twice is recognised.
    """
    from pipelines.cli.options import tables_folder
    from pipelines.clock import utc_now
    from pipelines.listen.attendant import Patience
    from pipelines.listen.buffer import Limits
    from pipelines.listen.health import parse_address
    from pipelines.listen.listener import Listener, ListenSettings
    from pipelines.listen.log import configure
    from pipelines.listen.source import MessageSource
    from pipelines.listen.worker import WorkerSettings
    from schemas.mapping import load_mapping

    if (subscription is None) == (inbox is None):
        raise UsageError("name one of --subscription projects/P/subscriptions/S and --inbox DIR")
    settings = ListenSettings(
        workers=workers,
        limits=Limits(max_batch, min(16, max_bytes) << 20, max_bytes << 20, linger),
        patience=Patience(batch_timeout),
        drain_seconds=drain_timeout,
        exit_when_idle=exit_when_idle,
        http=None if http == "none" else parse_address(http, or_none=True),
    )
    mapping = load_mapping(source)
    messages: MessageSource
    if inbox is not None:
        from pipelines.listen.inbox import Inbox

        messages = Inbox(inbox.resolve(), mapping.format, settle_seconds=settle)
    else:
        from pipelines.listen.subscription import Subscription

        messages = Subscription(str(subscription))
    configure(log_format)
    worker = WorkerSettings(str(tables_folder(tables)), mapping, author_key_file, model, keep_raw)
    listener = Listener(messages, worker, settings, utc_now)

    def stop(number: int, frame: FrameType | None) -> None:
        # The second signal of a kind does what it always does.
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
        listener.stop()

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        listener.listen()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
