"""What hours are judged by: options that `watch` and `alerts backtest` share, so a backtest shows what a watch does."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce, wraps
from typing import TYPE_CHECKING, Any, Final

import click

from schemas.errors import UsageError

if TYPE_CHECKING:
    from pipelines.watch.course import Rules

Command = Callable[..., Any]

_OPTIONS: Final = (
    click.option(
        "--q",
        type=click.FloatRange(0.001, 0.5),
        default=0.05,
        show_default=True,
        help="Share of the alarms that may be false.",
    ),
    click.option(
        "--min-authors",
        type=click.FloatRange(0, min_open=True),
        default=5.0,
        show_default=True,
        help="People an alarm rests on at least; an unknown author counts half.",
    ),
    click.option(
        "--min-hours",
        type=click.FloatRange(0, min_open=True),
        default=2.0,
        show_default=True,
        help="Hours with anybody in which they came, at least.",
    ),
    click.option(
        "--min-excess",
        type=click.FloatRange(0),
        default=5.0,
        show_default=True,
        help="People more than expected, at least.",
    ),
    click.option(
        "--min-ratio",
        type=click.FloatRange(1),
        default=1.5,
        show_default=True,
        help="Times as many as expected, at least.",
    ),
    click.option(
        "--zone",
        default="UTC",
        show_default=True,
        metavar="ZONE",
        help="Where your customers live (Europe/Berlin): what is usual depends on the hour of their day.",
    ),
    click.option(
        "--expect-launches",
        is_flag=True,
        help="Reckon with the ledger's launches: fewer false alarms where one moves all feedback, true ones later.",
    ),
)


def judging_options(command: Command) -> Command:
    """The options, given to the command as `rules`. A zone that is not known is a `UsageError` before anything runs."""

    @wraps(command)
    def with_rules(
        *given: Any,
        q: float,
        min_authors: float,
        min_hours: float,
        min_excess: float,
        min_ratio: float,
        zone: str,
        expect_launches: bool,
        **others: Any,
    ) -> Any:
        guards = (min_authors, min_hours, min_excess, min_ratio)
        return command(*given, rules=_rules(q, guards, zone, expect_launches), **others)

    return reduce(lambda decorated, option: option(decorated), reversed(_OPTIONS), with_rules)


def _rules(q: float, guards: tuple[float, float, float, float], zone: str, expect_launches: bool) -> Rules:
    from pipelines.watch.course import Rules
    from transforms.detect.detector import Settings
    from transforms.detect.guards import Guards

    try:
        return Rules(Settings(q, Guards(*guards)), zone, expect_launches)
    except ValueError as error:
        raise UsageError(f"--zone {zone}: {error}") from error
