"""Scenarios: each breaks one kind of thing, in a world of its own, and lets the world conclude."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.faults.world import World


@dataclass(frozen=True)
class Scenario:
    """`run` breaks things in a world and calls `World.conclude`; `without` says why it cannot run here."""

    name: str
    breaks: str
    run: Callable[[World], None]
    without: Callable[[], str | None] = lambda: None
    quick: bool = True
    """Whether it belongs to the short run as well."""
    erasing: bool = False
    """Whether authors are erased, so that rows may go."""
