"""Silence: sources that deliver nothing, told from people who have nothing to say.

A feed is one source of one product. It is silent when more was expected since its last item than chance explains:
P(0 | Poisson mean 9.2) = 1e-4. Silent hours teach nothing and count as neither calm nor friction, and so do the two
hours in which a feed that returns hands over what it held back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from transforms.detect.layout import Flags, Floats, Ints

SILENT_EXPECTED: Final = 9.2
CATCH_UP_HOURS: Final = 2.0


@dataclass(frozen=True)
class Silence:
    """Of each feed: what was expected since its last item, and hours left in which it may be catching up."""

    missing: Floats
    catching_up: Floats


def empty_silence(feeds: int) -> Silence:
    """Every feed delivers."""
    return Silence(np.zeros(feeds), np.zeros(feeds))


def listen(state: Silence, feed: Ints, counts: Floats, mean: Floats) -> tuple[Silence, Flags]:
    """Whether each series (K,) is gated in this hour: its feed is silent or has just returned."""
    feeds, of_feed = len(state.missing), feed >= 0
    seen = np.bincount(feed[of_feed], counts[of_feed], feeds)
    expected = np.bincount(feed[of_feed], mean[of_feed], feeds)
    was_silent = state.missing >= SILENT_EXPECTED
    missing = np.where(seen > 0, 0.0, state.missing + expected)
    catching_up = np.where(was_silent & (seen > 0), CATCH_UP_HOURS, np.maximum(state.catching_up - 1, 0))
    gated = np.zeros(len(feed), dtype=bool)
    gated[of_feed] = ((missing >= SILENT_EXPECTED) | (catching_up > 0))[feed[of_feed]]
    return Silence(missing, catching_up), gated
