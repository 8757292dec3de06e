"""What a message from outside says of a launch: it stands like this now, or it was taken back."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.launch import Launch


class NothingSaid(Exception):
    """A message in good order that says nothing of a launch; the text says why it is left alone."""


@dataclass(frozen=True)
class Statement:
    """`launch` is what stands now, None where there is only something to take back.

    `takes_back` is the `launch_id` of a launch that no longer stands: a deleted one, or one under an earlier name.
    Of a `partial` statement the fields it leaves out stay as the ledger has them.
    """

    launch: Launch | None
    takes_back: str | None = None
    partial: bool = False
