"""`tribometer alerts ack`, `unack`, `snooze`, `silence`, `unsilence` and `feedback`."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import click

from pipelines.cli.alerts.options import episode_argument
from pipelines.cli.options import reads_tables
from pipelines.cli.tables.options import duration
from pipelines.clock import utc_now
from schemas.alert import WHOLE_PRODUCT, Status
from schemas.alert_action import Act, AlertAction, Verdict
from schemas.errors import UsageError


def _answer(command: Callable[..., Any]) -> Callable[..., Any]:
    """Who answers, and what they add."""
    by = click.option("--by", metavar="NAME", help="Who answers. Default: the user of this machine.")
    note = click.option("--note", metavar="TEXT", help="What others should know.")
    return reads_tables(by(note(command)))


def _for(default: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return click.option(
        "--for",
        "length",
        callback=duration,
        metavar="LENGTH",
        default=default,
        show_default=True,
        help="How long, as 4h or 2d.",
    )


@click.command(short_help="Say that somebody is on it.")
@episode_argument
@_answer
def ack(episode: str, tables: str, by: str | None, note: str | None) -> None:
    """Say that somebody is on EPISODE: no more updates of it are told, its end is."""
    _of_episode(Act.ACKNOWLEDGE, episode, tables, by, note)


@click.command(short_help="Take an acknowledgement back.")
@episode_argument
@_answer
def unack(episode: str, tables: str, by: str | None, note: str | None) -> None:
    """Say that nobody is on EPISODE any more: updates of it are told again."""
    _of_episode(Act.UNACKNOWLEDGE, episode, tables, by, note)


@click.command(short_help="Tell nothing of an episode for a while.")
@episode_argument
@_for("4h")
@_answer
def snooze(episode: str, length: timedelta, tables: str, by: str | None, note: str | None) -> None:
    """Tell nothing of EPISODE for a while. If it is still on then, that is told."""
    _of_episode(Act.SNOOZE, episode, tables, by, note, length=length)


@click.command(short_help="Say what telling of an episode was worth.")
@episode_argument
@click.argument("verdict", type=click.Choice([verdict.value for verdict in Verdict]))
@_answer
def feedback(episode: str, verdict: str, tables: str, by: str | None, note: str | None) -> None:
    """Say whether telling of EPISODE was useful, noise (nothing was there) or expected (it was known before).

    It is kept in the table `alert_actions` and shown with later episodes of the same place. It changes nothing else.
    """
    _of_episode(Act.FEEDBACK, episode, tables, by, note, verdict=Verdict(verdict))


@click.command(short_help="Tell nothing of a product or touchpoint for a while.")
@click.argument("product")
@click.argument("touchpoint", default=WHOLE_PRODUCT)
@_for("8h")
@_answer
def silence(
    product: str, touchpoint: str, length: timedelta, tables: str, by: str | None, note: str | None
) -> None:
    """Tell nothing of PRODUCT at TOUCHPOINT (default: all of the product) for a while, whatever begins or ends.

    All is recorded as ever. An incident that PagerDuty or Alertmanager holds open is ended there all the same.
    """
    _of_place(Act.SILENCE, product, touchpoint, tables, by, note, length=length)


@click.command(short_help="End a silence.")
@click.argument("product")
@click.argument("touchpoint", default=WHOLE_PRODUCT)
@_answer
def unsilence(product: str, touchpoint: str, tables: str, by: str | None, note: str | None) -> None:
    """End the silence of PRODUCT at TOUCHPOINT, as `silence` was given it."""
    _of_place(Act.UNSILENCE, product, touchpoint, tables, by, note)


def _of_episode(
    act: Act,
    episode: str,
    tables: str,
    by: str | None,
    note: str | None,
    *,
    length: timedelta | None = None,
    verdict: Verdict | None = None,
) -> None:
    from pipelines.alerts.episodes import find_episode
    from pipelines.alerts.ledger import record_action
    from pipelines.alerts.render import wording
    from pipelines.snapshot import readable_folder

    root = str(readable_folder(tables))
    alert = find_episode(root, episode).latest
    if act is not Act.FEEDBACK and alert.status is Status.RESOLVED:
        raise UsageError(
            f"{alert.episode_id} ({wording.place(alert)}) ended at {wording.instant(alert.ended_at or alert.told_of)}; "
            "to be left alone by what may come, use `tribometer alerts silence`"
        )
    now = utc_now()
    until = None if length is None else now + length
    about = alert.product, alert.touchpoint, _who(by), now
    record_action(root, AlertAction(act, *about, alert.episode_id, until, verdict, note))
    done = f"{act}d" if verdict is None else f"{verdict}:"
    click.echo(f"{done} {wording.place(alert)}{_until(until)}")


def _of_place(
    act: Act,
    product: str,
    touchpoint: str,
    tables: str,
    by: str | None,
    note: str | None,
    *,
    length: timedelta | None = None,
) -> None:
    from pipelines.alerts.answers import Answers
    from pipelines.alerts.ledger import record_action, stored_actions
    from pipelines.alerts.render import wording
    from pipelines.launches.notices import unheard_products
    from pipelines.snapshot import readable_folder

    root, now = str(readable_folder(tables)), utc_now()
    if act is Act.UNSILENCE:
        in_force = Answers(stored_actions(root)).silences(now)
        if not any((action.product, action.touchpoint) == (product, touchpoint) for action in in_force):
            named = "; ".join(f"{action.product} {action.touchpoint}" for action in in_force) or "none"
            raise UsageError(f"{product} {touchpoint} is not silent; silences in force: {wording.visible(named)}")
    until = None if length is None else now + length
    record_action(root, AlertAction(act, product, touchpoint, _who(by), now, None, until, None, note))
    place = product if touchpoint == WHOLE_PRODUCT else f"{product}, {touchpoint}"
    click.echo(f"{act}d {wording.visible(place)}{_until(until)}")
    if act is Act.SILENCE:
        for notice in unheard_products(root, [product]):
            click.echo(notice, err=True)


def _until(until: datetime | None) -> str:
    return "" if until is None else f" until {until:%Y-%m-%d %H:%M} UTC"


def _who(by: str | None) -> str:
    if by is not None and by.strip():
        return by.strip()
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return f"uid {os.getuid()}"
