"""How maintenance shows that it is alive: a bar on a terminal, nothing elsewhere. On stderr."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TimeRemainingColumn

from pipelines.cli.progress import BAR_WIDTH, drawn_on


@contextmanager
def files_done(doing: str) -> Iterator[Callable[[str], Callable[[int, int], None]]]:
    """A function that, given a table's name, gives what is to be told of files done and in all."""
    with done_of("files") as start:
        yield lambda name: start(f"{doing} {name}")


@contextmanager
def done_of(things: str) -> Iterator[Callable[[str], Callable[[int, int], None]]]:
    """A function that, given what is being done, gives what is to be told of `things` done and in all."""
    bar = drawn_on(
        Console(stderr=True),
        "{task.description}",
        BarColumn(BAR_WIDTH),
        MofNCompleteColumn(),
        things,
        TimeRemainingColumn(),
    )

    def start(doing: str) -> Callable[[int, int], None]:
        task = bar.add_task(doing, total=None)
        return lambda done, total: bar.update(task, completed=done, total=total)

    with bar:
        yield start
