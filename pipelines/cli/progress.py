"""How a long command shows that it is alive: drawn on a terminal, a line now and then elsewhere. On stderr."""

from __future__ import annotations

import time
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from pipelines.records import InputFile
from schemas.run import Counts

if TYPE_CHECKING:
    from pipelines.pubsub.publish import Published

_LINE_EVERY_SECONDS: Final = 10.0


class ReplayProgress:
    """Draws rows, rows per second and dead letters while the `with` block runs."""

    def __init__(self, console: Console, files: Sequence[InputFile]) -> None:
        self._console = console
        self._started = time.monotonic()
        self._rows = 0
        self._counts = Counts()
        sizes = [file.size_bytes for file in files]
        self._bar = Progress(
            TextColumn("replaying"),
            BarColumn(bar_width=30),
            TaskProgressColumn(),
            TextColumn("{task.fields[rows]:,} rows  {task.fields[rate]:,.0f} rows/s  {task.fields[dead]:,} dead"),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
            transient=True,
        )
        total = None if None in sizes else max(sum(size or 0 for size in sizes), 1)
        self._task = self._bar.add_task("replay", total=total, rows=0, rate=0.0, dead=0)

    def __enter__(self) -> ReplayProgress:
        self._bar.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.__exit__(kind, error, trace)

    @property
    def seconds(self) -> float:
        """Since the replay began."""
        return time.monotonic() - self._started

    def scored(self, messages: int, position_bytes: int) -> None:
        self._rows += messages
        self._draw(completed=position_bytes)

    def committed(self, counts: Counts) -> None:
        self._counts += counts
        self._draw()
        if not self._console.is_terminal:
            self._console.print(
                f"{self._counts.messages:,} rows committed, {self._counts.messages / self.seconds:,.0f} rows/s, "
                f"{self._counts.dead:,} dead letters",
                highlight=False,
            )

    def _draw(self, **fields: float) -> None:
        rate = self._rows / max(self.seconds, 1e-9)
        self._bar.update(self._task, rows=self._rows, rate=rate, dead=self._counts.dead, **fields)  # type: ignore[arg-type]


class PublishProgress:
    """Says how many messages the server has accepted while the `with` block runs."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._started = self._said_at = time.monotonic()
        self._drawn = Progress(
            TextColumn("publishing"),
            TextColumn("{task.fields[accepted]:,} accepted  {task.fields[rate]:,.0f} messages/s"),
            console=console,
            disable=not console.is_terminal,
            transient=True,
        )
        self._task = self._drawn.add_task("publish", accepted=0, rate=0.0)

    def __enter__(self) -> PublishProgress:
        self._drawn.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._drawn.__exit__(kind, error, trace)

    @property
    def seconds(self) -> float:
        """Since publishing began."""
        return time.monotonic() - self._started

    def moved(self, published: Published) -> None:
        rate = published.accepted / max(self.seconds, 1e-9)
        if self._console.is_terminal:
            self._drawn.update(self._task, accepted=published.accepted, rate=rate)
        elif time.monotonic() - self._said_at >= _LINE_EVERY_SECONDS:
            self._said_at = time.monotonic()
            self._console.print(f"{published.accepted:,} accepted, {rate:,.0f} messages/s", highlight=False)


class RescoreProgress:
    """Draws rows and rows per second while the `with` block runs; elsewhere than on a terminal a line now and then."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._started = self._said_at = time.monotonic()
        self._bar = Progress(
            TextColumn("scoring"),
            BarColumn(bar_width=30),
            TaskProgressColumn(),
            TextColumn("{task.completed:,.0f} rows  {task.fields[rate]:,.0f} rows/s"),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
            transient=True,
        )
        self._task = self._bar.add_task("score", total=None, rate=0.0)

    def __enter__(self) -> RescoreProgress:
        self._bar.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.__exit__(kind, error, trace)

    def moved(self, done: int, total: int) -> None:
        now = time.monotonic()
        rate = done / max(now - self._started, 1e-9)
        self._bar.update(self._task, completed=done, total=total, rate=rate)
        if not self._console.is_terminal and now - self._said_at >= _LINE_EVERY_SECONDS:
            self._said_at = now
            self._console.print(f"{done:,} of {total:,} rows, {rate:,.0f} rows/s", highlight=False)


class StepProgress:
    """Says which step a long command is at while the `with` block runs, and since when."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._drawn = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
            transient=True,
        )
        self._task = self._drawn.add_task("")

    def __enter__(self) -> StepProgress:
        self._drawn.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._drawn.__exit__(kind, error, trace)

    def say(self, step: str) -> None:
        """A step begins."""
        self._drawn.reset(self._task, description=step)
        if not self._console.is_terminal:
            self._console.print(f"{step} …", soft_wrap=True)
