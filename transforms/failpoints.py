"""Failpoints: named places where the fault harness makes the process die, stop or fail. Inert unless it asks.

`TRIBOMETER_FAILPOINTS=after_commit=kill@3;after_stage=enospc` kills the process the third time it comes by
`after_commit` and makes every `after_stage` fail as on a full disk. Actions: `kill` (SIGKILL), `stop` (SIGSTOP),
`enospc`, `eio`, `raise`; `@n` means only the n-th time, counted in this process.
"""

from __future__ import annotations

import errno
import os
import signal
from collections import Counter
from functools import cache
from typing import Final

VARIABLE: Final = "TRIBOMETER_FAILPOINTS"

POINTS: Final = (
    "after_pull",
    "after_file_write",
    "after_stage",
    "after_commit",
    "after_half_of_the_acks",
    "after_suppression",
    "after_erasure_rewrite",
    "after_erasure_delete",
    "after_alerts",
    "after_watch_state",
    "after_intent",
    "after_send",
)
"""In the order in which a batch meets them: messages pulled; one file written; all files of a table written, none
visible; a table committed; half of the messages acknowledged. Then those of an erasure: the suppression committed;
a table committed without the erased rows; one file that held them deleted. Then those of the watcher: the alerts of
some hours committed; what it remembers of them committed. And those of an alert: recorded as being sent; taken by its
receiver, and not yet recorded as sent."""

_passed: Final[Counter[str]] = Counter()


def failpoint(name: str) -> None:
    """Do what the environment asks for at this place, which is nothing unless a fault is being injected."""
    asked = _asked(os.environ.get(VARIABLE, ""))
    if name not in asked:
        return
    action, turn = asked[name]
    _passed[name] += 1
    if turn is None or _passed[name] == turn:
        _act(name, action)


@cache
def _asked(text: str) -> dict[str, tuple[str, int | None]]:
    asked = {}
    for part in filter(None, text.split(";")):
        name, _, rest = part.partition("=")
        action, _, turn = rest.partition("@")
        if name not in POINTS:
            raise ValueError(f"{VARIABLE}: no failpoint {name!r}; there are {', '.join(POINTS)}")
        asked[name] = action, int(turn) if turn else None
    return asked


def _act(name: str, action: str) -> None:
    if action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif action == "stop":
        os.kill(os.getpid(), signal.SIGSTOP)
    elif action in ("enospc", "eio"):
        number = {"enospc": errno.ENOSPC, "eio": errno.EIO}[action]
        raise OSError(number, os.strerror(number), f"failpoint {name}")
    else:
        raise RuntimeError(f"failpoint {name}")
