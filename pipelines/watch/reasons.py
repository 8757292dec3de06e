"""Reasons: why an alert is told, what will end it, and what is doubtful about the data behind it."""

from __future__ import annotations

from typing import Final

from pipelines.watch.evidence import instant_of
from pipelines.watch.figures import Figures
from pipelines.watch.ledger import Telling
from pipelines.watch.left_out import FloodNote, NotCounted
from pipelines.watch.told import Told
from schemas.alert import WHOLE_PRODUCT, Kind, Quality, Reason
from transforms.detect.detector import Settings
from transforms.detect.floods import FloodKind
from transforms.detect.lifecycle import ALL_SOURCES, COOL_DOWN_HOURS, RESOLVE_HOURS, TOUCHPOINTS_OF_A_PRODUCT

FLOODS_SHOWN: Final = 3


def quality_of(
    telling: Telling,
    figures: Figures,
    left_out: NotCounted,
    *,
    back_filled: int,
    lag_seconds: float | None,
    clock_jump: float,
) -> Quality:
    """What is doubtful about the data: of the window and the place, and of the clock when it was looked at."""
    place = telling.event.place
    notes = [_flood(note) for note in left_out.at(place.product, place.touchpoint)[:FLOODS_SHOWN]]
    if place.product == "":
        notes.append("The source does not say which product this is about.")
    if figures.learning:
        notes.append("The series is under 14 days old: what is expected of it is not known well yet.")
    return Quality(
        watermark_lag_seconds=lag_seconds,
        silent=telling.told.silent,
        learning=figures.learning,
        back_filled=back_filled,
        clock_jump_seconds=clock_jump,
        notes=tuple(notes),
    )


def _flood(note: FloodNote) -> str:
    """What was left out, or counted as one, in a sentence."""
    counted = "counted once" if note.kind is FloodKind.LOUD else "left out or counted once"
    return f"Not a crowd, and {counted}: {note}, {instant_of(note.hour):%Y-%m-%d %H:%M} UTC."


def is_everywhere(told: Told) -> bool:
    """Whether it is about a product of which three touchpoints or more are, or were, in the episode."""
    event = told.event
    return (
        event.place.touchpoint == WHOLE_PRODUCT and len(event.members - {ALL_SOURCES}) >= TOUCHPOINTS_OF_A_PRODUCT
    )


def why_told(told: Told, settings: Settings) -> tuple[Reason, ...]:
    """What had to hold of the series that was called an alarm."""
    if is_everywhere(told):
        on = float(len(told.event.members - {ALL_SOURCES}))
        return (Reason("touchpoints with an episode", on, float(TOUCHPOINTS_OF_A_PRODUCT)),)
    with_evidence = [one for one in told.standings if one.since >= 0]
    if not with_evidence or told.event.kind not in {Kind.OPENED, Kind.REOPENED, Kind.UPDATED}:
        return ()
    first, guards = with_evidence[0], settings.guards
    reasons = [
        Reason("authors", first.seen, guards.authors),
        Reason("hours with somebody", float(first.hours), guards.hours_with_somebody),
        Reason("authors more than expected", first.seen - first.expected, guards.excess),
        Reason("authors to those expected", first.seen / max(first.expected, 1e-9), guards.ratio),
    ]
    if told.event.kind is not Kind.UPDATED:
        reasons.append(Reason("false alarms among alarms", first.q, settings.q, at_most=True))
    return tuple(reasons)


def resolves_when(resolved: bool) -> str:
    """What will end the episode, or may begin it again."""
    if resolved:
        return f"It is over; within {COOL_DOWN_HOURS} hours it may open again as the same episode."
    return (
        f"{RESOLVE_HOURS} hours in a row, at each of which the six hours before it brought no evidence of more than "
        "what is expected; hours in which its sources were silent do not count."
    )
