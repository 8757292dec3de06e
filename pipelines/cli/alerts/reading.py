"""`tribometer alerts list` and `show`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import click

from pipelines.cli.alerts.options import episode_argument
from pipelines.cli.options import one_product, reads_as_of, reads_tables, table_or_json
from pipelines.clock import utc_now

if TYPE_CHECKING:
    from pipelines.alerts.episodes import TellableEpisode
    from pipelines.alerts.outbox import Outbox, Step
    from schemas.alert_action import AlertAction

_EPISODES: Final = """
    SELECT
        episode_id, status, severity, started_at, hours, product, touchpoint, observed, expected, ratio, authors,
        last_kind, last_hour, acknowledged_by, snoozed_until, silenced_until, verdict, last_alert_id
    FROM episodes
    WHERE (product = $product OR $product IS NULL)
        AND (
            status = 'firing' OR $everything
            OR ended_at >= coalesce(getvariable('tribometer_as_of')::TIMESTAMPTZ, now()) - INTERVAL 7 DAY
        )
    ORDER BY status, list_position(['critical', 'warning', 'info'], severity), started_at DESC, episode_id
"""


@click.command(name="list", short_help="Show episodes: what is on, and what lately was.")
@reads_tables
@reads_as_of
@one_product
@click.option("--all", "everything", is_flag=True, help="Those that ended more than seven days ago, too.")
@table_or_json("an array with exact figures and more fields")
def list_(tables: str, as_of: datetime | None, product: str | None, everything: bool, form: str) -> None:
    """Show the episodes that are on, the severest first, then those that ended in the last seven days.

    seen is how many people with friction there were at its peak, expected how many would have been usual. told says
    which channels took the latest alert, or what keeps it. Channels that fail are named on standard error.
    """
    from pipelines.alerts.outbox import Outbox
    from pipelines.cli.tables.output import print_rows
    from pipelines.connect import connect, with_fresh_snapshot

    def read() -> list[dict[str, Any]]:
        with connect(tables, as_of) as connection:
            answer = connection.execute(_EPISODES, {"product": product, "everything": everything})
            names = [column[0] for column in answer.description]
            return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]

    rows = with_fresh_snapshot(read)
    outbox = Outbox.read(tables, as_of=as_of)
    by_alert: dict[str, list[Step]] = {}
    for step in outbox.states():
        by_alert.setdefault(step.alert_id, []).append(step)
    if form == "json":
        print_rows(({**row, "told": _told(by_alert.get(row["last_alert_id"], []))} for row in rows), form)
    else:
        print_rows((_shown(row, _told(by_alert.get(row["last_alert_id"], []))) for row in rows), form)
        if not rows:
            click.echo(
                "no episodes"
                if everything
                else "nothing is on, and nothing was in the last seven days; --all shows what was before"
            )
    for channel in sorted({step.channel for step in outbox.states()}):
        last = outbox.latest_result(channel)
        if last is not None and last.state in ("failed", "refused"):
            click.echo(f"channel {channel} fails: {last.error}; `tribometer alerts channels` says more", err=True)


def _shown(row: dict[str, Any], told: str) -> dict[str, Any]:
    """A line for people: few columns, short figures."""
    from pipelines.alerts.render.wording import count

    answers = [
        f"{row['acknowledged_by']} is on it" if row["acknowledged_by"] else "",
        f"snoozed until {row['snoozed_until']:%d %b %H:%M}" if row["snoozed_until"] else "",
        f"silenced until {row['silenced_until']:%d %b %H:%M}" if row["silenced_until"] else "",
        row["verdict"] or "",
    ]
    return {
        "state": "resolved" if row["status"] == "resolved" else row["severity"],
        "since (UTC)": f"{row['started_at']:%Y-%m-%d %H:%M}",
        "hours": row["hours"],
        "product": row["product"],
        "touchpoint": row["touchpoint"],
        "seen": count(row["observed"]),
        "expected": count(row["expected"]),
        "answers": ", ".join(answer for answer in answers if answer) or "-",
        "told": told,
        "episode": row["episode_id"],
    }


def _told(steps: list[Step]) -> str:
    """Of the latest alert: `page, chat`, or what keeps it from being told."""
    parts = []
    for step in sorted(steps, key=lambda step: step.channel):
        if step.state == "sent":
            parts.append(step.channel)
        elif step.next_at is not None:
            parts.append(f"{step.channel} {step.state} until {step.next_at:%H:%M}")
        else:
            parts.append(f"{step.channel} {step.state}")
    return ", ".join(parts) or "nobody"


@click.command(short_help="Show all that is known of one episode.")
@episode_argument
@reads_tables
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How to print it; json is the alert as receivers get it.",
)
def show(episode: str, tables: str, form: str) -> None:
    """Show the latest alert of EPISODE with its quotes, then what was told to whom, and what people answered."""
    from pipelines.alerts.episodes import find_episode
    from pipelines.alerts.ledger import stored_actions
    from pipelines.alerts.outbox import Outbox
    from pipelines.alerts.quoting import with_words
    from pipelines.alerts.render import wording
    from pipelines.alerts.render.text import alert_text
    from pipelines.snapshot import readable_folder

    root = str(readable_folder(tables))
    found = find_episode(root, episode)
    (alert,) = with_words(root, [found.latest])
    if form == "json":
        click.echo(alert.to_json())
        return
    click.echo(alert_text(alert))
    click.echo("\nSo far")
    for at, text in sorted(_history(found, Outbox.read(root), stored_actions(root))):
        click.echo(f"  {wording.instant(at)}  {text}")
    if utc_now() < alert.told_of:
        click.echo("  (this alert is of the future: look at the clock of this machine)", err=True)


def _history(
    found: TellableEpisode, outbox: Outbox, actions: Iterable[AlertAction]
) -> Iterator[tuple[datetime, str]]:
    """What was told of the episode, to whom, and what people answered, each with its time."""
    from pipelines.alerts.render.wording import instant, seen, visible

    def until(moment: datetime | None) -> str:
        return "" if moment is None else f" until {instant(moment)}"

    alert = found.latest
    for one in found.alerts:
        held = "" if one.notify else f" (not told: {visible(one.held_back or 'the watcher decided so')})"
        yield one.told_of, f"{one.kind}: {seen(one)}{held}"
    for step in outbox.states():
        if step.episode_id == alert.episode_id:
            why = f": {visible(step.error)}" if step.error else ""
            yield (
                step.taken_at,
                f"{step.alert_id.split('/')[1]} {step.state} {step.channel}{until(step.next_at)}{why}",
            )
    for action in actions:
        of_place = action.episode_id is None and action.is_about(alert.product, alert.touchpoint)
        if action.episode_id == alert.episode_id or of_place:
            verdict = f" {action.verdict}" if action.verdict else ""
            note = f": {visible(action.note)}" if action.note else ""
            yield action.recorded_at, f"{action.act}{verdict} by {visible(action.who)}{until(action.until)}{note}"
