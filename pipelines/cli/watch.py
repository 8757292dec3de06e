"""`tribometer watch`: judge every hour that is over, and tell who wants to know."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from pipelines.cli.judging import judging_options
from pipelines.cli.options import log_format, reads_tables
from pipelines.cli.signals import stop_signals
from pipelines.cli.tables.options import duration_option
from pipelines.clock import utc_now

if TYPE_CHECKING:
    from pipelines.watch.course import Rules
    from pipelines.watch.left_out import FloodNote
    from pipelines.watch.metrics import WatchMetrics

_FLOODS: Final = 5
"""Shown of what was left out, when --once ends."""


def _deliver(tables: str, routes: Path | None, metrics: WatchMetrics) -> Callable[[], None]:
    """What sends alerts after each look; nothing without a routes file. A wrong file is told before anything runs."""
    if routes is None:
        return lambda: None
    from pipelines.alerts.deliver import deliver
    from pipelines.alerts.metrics import DeliveryMetrics
    from pipelines.alerts.routes import read_routes

    read = read_routes(routes)
    read.check()
    delivery = DeliveryMetrics(metrics.registry)

    def send() -> None:
        deliver(tables, read, clock=utc_now, metrics=delivery)

    return send


def _largest(floods: Sequence[FloodNote]) -> Sequence[FloodNote]:
    """The five with the most posts, in the order of their hours."""
    return sorted(sorted(floods, key=lambda note: (-note.posts, note))[:_FLOODS])


@click.command(short_help="Watch friction hour by hour, and tell of rises.")
@reads_tables
@click.option("--once", is_flag=True, help="Stop when every hour that is over is judged and told.")
@click.option(
    "--routes",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Who is told of what, as YAML. Without it alerts are written to the table `alerts` alone.",
)
@duration_option(
    "--lateness",
    default="10m",
    show_default=True,
    help="An hour is over so long after its end (26h, 10m): as long as your slowest source takes to deliver.",
)
@duration_option(
    "--tell-within",
    default="24h",
    show_default=True,
    help="Nobody is told of hours that were over longer than this (24h, 9000d) when they are judged: it is history.",
)
@judging_options
@click.option(
    "--dashboard",
    metavar="URL",
    help="Where an alert leads, with {product}, {touchpoint}, {episode}, {from} and {to} to be filled.",
)
@click.option(
    "--every",
    type=click.FloatRange(0.1, 3600),
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="Between two looks at the tables.",
)
@click.option(
    "--http",
    default="127.0.0.1:9472",
    show_default=True,
    metavar="HOST:PORT",
    help="Serve /healthz, /readyz and /metrics there; `none` serves nothing. Not with --once.",
)
@log_format
def watch(
    tables: str,
    once: bool,
    routes: Path | None,
    lateness: timedelta,
    tell_within: timedelta,
    rules: Rules,
    dashboard: str | None,
    every: float,
    http: str,
    form: str,
) -> None:
    """Judge every hour that is over, in the tables below DIR, and write what there is to tell to the table `alerts`.

    Runs until SIGTERM or Ctrl-C. It may be killed at any time and started again, beside listeners, readers, maintenance
    and another of its kind: what it remembers it makes again where it is missing, and nothing is told twice.
    """
    from pipelines.listen.health import parse_address
    from pipelines.listen.log import configure
    from pipelines.snapshot import readable_folder
    from pipelines.watch.dashboard import checked
    from pipelines.watch.evidence import instant_of
    from pipelines.watch.metrics import WatchMetrics
    from pipelines.watch.service import Service
    from pipelines.watch.watcher import Watcher, WatchSettings

    folder = str(readable_folder(tables))
    address = None if http == "none" or once else parse_address(http, or_none=True)
    settings = WatchSettings(lateness, tell_within, rules, None if dashboard is None else checked(dashboard))
    metrics = WatchMetrics()
    configure(form)
    with stop_signals() as stopped:
        service = Service(
            Watcher(folder, utc_now, settings),
            _deliver(folder, routes, metrics),
            stopped,
            metrics,
            every_seconds=every,
            http=address,
        )
        if not once:
            service.watch()
            return
        looks = list(service.once())
    alerts = [alert for look in looks for alert in look.alerts]
    until = looks[-1].judged_until
    click.echo(
        f"{sum(look.judged for look in looks):,} hours judged, "
        f"{'none is over yet' if until is None else f'up to {until:%Y-%m-%d %H:%M} UTC'}; "
        f"{len(alerts):,} alerts, {sum(alert.notify for alert in alerts):,} to tell; "
        f"{looks[-1].open_episodes:,} episodes are on"
    )
    for note in _largest([note for look in looks for note in look.floods]):
        click.echo(f"no crowd: {note}, {instant_of(note.hour):%Y-%m-%d %H:%M} UTC")
