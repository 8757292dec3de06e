"""How a long command shows that it is alive: drawn on a terminal, a line now and then elsewhere. On stderr."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    TaskProgressColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from schemas.run import Counts

if TYPE_CHECKING:
    from pipelines.pubsub.publish import Published
    from pipelines.records import InputFile

_LINE_EVERY_SECONDS: Final = 10.0
BAR_WIDTH: Final = 30


def drawn_on(console: Console, *columns: str | ProgressColumn) -> Progress:
    """Columns that are drawn on a terminal and nowhere else, and are gone at the end."""
    return Progress(*columns, console=console, disable=not console.is_terminal, transient=True)


class _Shown:
    """One line of columns, drawn while the `with` block runs; `fields` are what the columns show at first."""

    def __init__(
        self, console: Console, *columns: str | ProgressColumn, total: float | None = None, **fields: Any
    ) -> None:
        self._console = console
        self._started = self._said_at = time.monotonic()
        self._drawn = drawn_on(console, *columns)
        self._task = self._drawn.add_task("", total=total, **fields)

    def __enter__(self) -> Self:
        self._drawn.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._drawn.stop()

    @property
    def seconds(self) -> float:
        """Since the work began."""
        return time.monotonic() - self._started

    def per_second(self, number: float) -> float:
        """How many a second, if so many are done by now."""
        return number / max(self.seconds, 1e-9)

    def _draw(self, **fields: Any) -> None:
        self._drawn.update(self._task, **fields)

    def _say(self, line: str) -> None:
        if not self._console.is_terminal:
            self._console.print(line, highlight=False, soft_wrap=True)

    def _say_now_and_then(self, line: str) -> None:
        if time.monotonic() - self._said_at >= _LINE_EVERY_SECONDS:
            self._said_at = time.monotonic()
            self._say(line)


class ReplayProgress(_Shown):
    """Rows scored, rows a second and dead letters; elsewhere than on a terminal a line a commit."""

    def __init__(self, console: Console, files: Sequence[InputFile]) -> None:
        sizes = [file.size_bytes for file in files]
        super().__init__(
            console,
            "replaying",
            BarColumn(BAR_WIDTH),
            TaskProgressColumn(),
            "{task.fields[rows]:,} rows  {task.fields[rate]:,.0f} rows/s  {task.fields[dead]:,} dead",
            TimeRemainingColumn(),
            total=None if None in sizes else max(sum(size or 0 for size in sizes), 1),
            rows=0,
            rate=0.0,
            dead=0,
        )
        self._rows = 0
        self._counts = Counts()

    def scored(self, messages: int, position_bytes: int) -> None:
        self._rows += messages
        self._draw(rows=self._rows, rate=self.per_second(self._rows), completed=position_bytes)

    def committed(self, counts: Counts) -> None:
        self._counts += counts
        rows, dead = self._counts.messages, self._counts.dead
        self._draw(dead=dead)
        self._say(f"{rows:,} rows committed, {self.per_second(rows):,.0f} rows/s, {dead:,} dead letters")


class PublishProgress(_Shown):
    """How many messages the server has accepted, and how many a second."""

    def __init__(self, console: Console) -> None:
        shown = "{task.fields[accepted]:,} accepted  {task.fields[rate]:,.0f} messages/s"
        super().__init__(console, "publishing", shown, accepted=0, rate=0.0)

    def moved(self, published: Published) -> None:
        accepted, rate = published.accepted, self.per_second(published.accepted)
        self._draw(accepted=accepted, rate=rate)
        self._say_now_and_then(f"{accepted:,} accepted, {rate:,.0f} messages/s")


class ScoringProgress(_Shown):
    """How many of the stored rows are scored, and how many a second."""

    def __init__(self, console: Console) -> None:
        super().__init__(
            console,
            "scoring",
            BarColumn(BAR_WIDTH),
            TaskProgressColumn(),
            "{task.completed:,.0f} rows  {task.fields[rate]:,.0f} rows/s",
            TimeRemainingColumn(),
            rate=0.0,
        )

    def moved(self, done: int, total: int) -> None:
        rate = self.per_second(done)
        self._draw(completed=done, total=total, rate=rate)
        self._say_now_and_then(f"{done:,} of {total:,} rows, {rate:,.0f} rows/s")


class StepProgress(_Shown):
    """Which step a long command is at, and since when."""

    def __init__(self, console: Console) -> None:
        super().__init__(console, SpinnerColumn(), "{task.description}", TimeElapsedColumn())

    def say(self, step: str) -> None:
        """A step begins."""
        self._drawn.reset(self._task, description=step)
        self._say(f"{step} …")
