"""`tribometer alerts`: what there is to tell of friction, and who is told."""

from __future__ import annotations

from typing import Final

import click

from pipelines.cli import LazyGroup

COMMANDS: Final = {
    "list": "pipelines.cli.alerts.reading:list_",
    "show": "pipelines.cli.alerts.reading:show",
    "ack": "pipelines.cli.alerts.answering:ack",
    "unack": "pipelines.cli.alerts.answering:unack",
    "snooze": "pipelines.cli.alerts.answering:snooze",
    "silence": "pipelines.cli.alerts.answering:silence",
    "unsilence": "pipelines.cli.alerts.answering:unsilence",
    "feedback": "pipelines.cli.alerts.answering:feedback",
    "channels": "pipelines.cli.alerts.routing:channels",
    "test-route": "pipelines.cli.alerts.routing:test_route",
    "deliver": "pipelines.cli.alerts.routing:deliver",
    "backtest": "pipelines.cli.alerts.backtest:backtest",
}
"""Command to `module:attribute`, in the order of `tribometer alerts --help`."""


@click.group(cls=LazyGroup, lazy=COMMANDS, short_help="Read, answer and route alerts.")
def alerts() -> None:
    """Read, answer and route alerts: friction that rose, from its beginning to its end.

    EPISODE is an episode_id or its beginning; of several episodes of one product and touchpoint the latest is meant.
    """
