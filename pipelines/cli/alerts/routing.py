"""`tribometer alerts deliver`, `channels` and `test-route`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from pipelines.cli.alerts.options import routes_file
from pipelines.cli.options import log_format, reads_tables, table_or_json
from pipelines.clock import utc_now
from schemas.alert import WHOLE_PRODUCT, Kind, Severity
from schemas.errors import TribometerError, UsageError


@click.command(short_help="Tell people what is due, once.")
@reads_tables
@routes_file
@click.option("--channel", "only", multiple=True, metavar="NAME", help="Only this channel; may be repeated.")
@log_format
def deliver(tables: str, routes_path: Path, only: tuple[str, ...], form: str) -> None:
    """Tell people what is due, once: new alerts, those that failed before, those that have waited.

    May be run as often as one likes and killed at any time; nothing is told twice where the receiver can know it. Exit
    status 1 says that a channel failed or refused something in this round.
    """
    from pipelines.alerts.deliver import deliver as deliver_due
    from pipelines.alerts.routes import read_routes
    from pipelines.listen.log import configure
    from pipelines.snapshot import readable_folder

    routes = read_routes(routes_path)
    _known(only, routes.channels)
    routes.check()
    configure(form)
    done = deliver_due(str(readable_folder(tables)), routes, only=only)
    if done.busy:
        click.echo("another process is delivering; nothing to do here")
        return
    without = f", {done.unrouted:,} without a route" if done.unrouted else ""
    click.echo(
        f"{done.sent:,} sent, {done.failed:,} failed, {done.refused:,} given up, {done.held:,} held, "
        f"{done.muted:,} muted; {done.waiting:,} waiting{without}"
    )
    if done.failed or done.refused:
        named = "; ".join(f"{channel}: {reason}" for channel, reason in sorted(done.failing.items()))
        raise TribometerError(f"not everybody was told ({named}); what failed is tried again by the next round")


@click.command(short_help="Show every channel and how it does.")
@reads_tables
@routes_file
@table_or_json("an array")
def channels(tables: str, routes_path: Path, form: str) -> None:
    """Show every channel of the routes file: which routes lead to it, what it last took, what waits, why it fails.

    Credentials are looked for, never shown.
    """
    from pipelines.alerts.outbox import Outbox
    from pipelines.alerts.routes import read_routes
    from pipelines.cli.tables.output import print_rows
    from pipelines.snapshot import readable_folder

    routes = read_routes(routes_path)
    outbox = Outbox.read(str(readable_folder(tables)))
    rows = []
    for name, channel in routes.channels.items():
        steps = [step for step in outbox.states() if step.channel == name]
        sent = max((step.taken_at for step in steps if step.state == "sent"), default=None)
        last = outbox.latest_result(name)
        fails = last is not None and last.state in ("failed", "refused")
        try:
            channel.check()
            state = "fails" if fails else "works" if sent else "never used"
            error = last.error if fails and last is not None else None
        except UsageError as missing:
            state, error = "cannot be used", str(missing)
        rows.append(
            {
                "channel": name,
                "service": channel.service,
                "routes": ", ".join(route.name for route in routes.routes if name in route.to) or "none",
                "state": state,
                "last sent": sent if form == "json" or sent is None else f"{sent:%Y-%m-%d %H:%M}",
                "waiting": sum(not step.state.is_final for step in steps),
                "refused": sum(step.state == "refused" for step in steps),
                "error": error,
            }
        )
    print_rows(rows, form)


@click.command(name="test-route", short_help="Say where an alert would go, or send a test.")
@routes_file
@click.option("--product", default="test", show_default=True, metavar="NAME", help="Product of the alert.")
@click.option(
    "--touchpoint",
    default=WHOLE_PRODUCT,
    show_default=True,
    metavar="NAME",
    help="Its touchpoint; * is all of it.",
)
@click.option(
    "--severity",
    type=click.Choice([severity.value for severity in Severity]),
    default="critical",
    show_default=True,
    help="Its severity.",
)
@click.option("--source", default="*", metavar="NAME", help="Its source. Default: the sum of the sources.")
@click.option(
    "--kind",
    type=click.Choice([kind.value for kind in Kind]),
    default="opened",
    show_default=True,
    help="What there is to tell.",
)
@click.option(
    "--at", type=click.DateTime(["%Y-%m-%dT%H:%M"]), metavar="TIME", help="As if it were 2026-03-01T03:00 UTC."
)
@click.option(
    "--channel", "only", multiple=True, metavar="NAME", help="Send to this channel only; may be repeated."
)
@click.option("--send", is_flag=True, help="Send a test to the channels it would go to.")
def test_route(
    routes_path: Path,
    product: str,
    touchpoint: str,
    severity: str,
    source: str,
    kind: str,
    at: datetime | None,
    only: tuple[str, ...],
    send: bool,
) -> None:
    """Check a routes file and say where an alert would go, route by route, and why not elsewhere.

    With --send a test goes to those channels, marked as such and recorded nowhere; hours and numbers a day are not
    looked at then, and PagerDuty and Alertmanager get its end as well.
    """
    from datetime import UTC

    from pipelines.alerts.routes import read_routes
    from pipelines.alerts.trial import send_trial, trial_alert

    routes = read_routes(routes_path)
    _known(only, routes.channels)
    routes.check()
    now = utc_now() if at is None else at.replace(tzinfo=UTC)
    alert = trial_alert(product, touchpoint, Severity(severity), source, Kind(kind), now)
    leading: list[tuple[Any, str]] = [pair for pair in routes.leading_from(alert) if not only or pair[1] in only]
    for route in routes.routes:
        misfit = routes.misfit(route, alert)
        where = [name for found, name in leading if found is route]
        if misfit is not None:
            click.echo(f"{route.name}: no, {misfit}")
            continue
        waits = ""
        if route.hours is not None and alert.severity not in route.at_any_hour:
            opens = route.hours.next_open(now, routes.zone_of(route))
            waits = f", waiting until {opens:%Y-%m-%d %H:%M} UTC" if opens > now else ""
        click.echo(
            f"{route.name}: to {', '.join(where) or 'no channel that an earlier route did not name'}{waits}"
        )
    mute = routes.mute_of(alert, now)
    if mute is not None:
        click.echo(f"muted: {mute.reason}")
    if not leading:
        click.echo("nobody would be told; add a route without `match` as the last one")
    if not send:
        return
    failed = []
    for route, name in leading:
        try:
            send_trial(routes.channels[name], alert, name=name, route=route.name, team=route.team, now=utc_now())
            click.echo(f"sent a test to {name}")
        except TribometerError as error:
            failed.append(str(error))
    if failed:
        raise TribometerError("; ".join(failed))


def _known(names: tuple[str, ...], channels: Any) -> None:
    from schemas.nearest import did_you_mean

    for name in names:
        if name not in channels:
            raise UsageError(
                f"--channel {name}: the routes file has no such channel{did_you_mean(name, channels)}"
            )
