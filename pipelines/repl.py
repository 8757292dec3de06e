"""The prompt of `tribometer sql`: read-only, a query ends with `;`, Ctrl-C cancels it and keeps the prompt."""

from __future__ import annotations

import contextlib
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

import duckdb

from pipelines.connect import time_limit
from pipelines.query import run_query
from pipelines.render import printable
from schemas.errors import StaleSnapshotError, TribometerError
from schemas.views import FUNCTIONS, load_views

HISTORY_FILE: Final = "~/.tribometer_history"
_HISTORY_LINES: Final = 1000

_HELP: Final = """\
A query is one SELECT and ends with a semicolon; it may take several lines.
.views         what there is to query
.schema NAME   columns, units and definition of a view
.help          this text
.quit          leave (also Ctrl-D)
Ctrl-C cancels the running query."""


@dataclass
class Repl:
    """Reads lines with `read` (prompt to line, EOFError at the end) and answers on `out`.

    All answers come from one snapshot, which `connect` opens; from a new one only where vacuum or an erasure has
    deleted files of it.
    """

    connect: Callable[[], duckdb.DuckDBPyConnection]
    form: str = "table"
    seconds: float | None = None
    read: Callable[[str], str] = input
    out: IO[str] | None = None

    def run(self) -> None:
        """Answer until the end of the input or `.quit`."""
        self._connection = self.connect()
        self._say("Tribometer. One SELECT at a time, ended by a semicolon; .help for help, .views for the views.")
        try:
            with _history(enabled=self.read is input):
                self._loop()
        finally:
            self._connection.close()

    def _loop(self) -> None:
        pending: list[str] = []
        while True:
            try:
                line = self.read("     ...> " if pending else "friction> ")
            except EOFError:
                self._say("")
                return
            except KeyboardInterrupt:
                pending.clear()
                self._say("")
                continue
            if not pending and line.strip().startswith("."):
                if line.strip() in (".quit", ".exit"):
                    return
                self._command(line.strip())
                continue
            if line.strip() or pending:
                pending.append(line)
            # DuckDB decides what is a statement: a semicolon inside quotes ends nothing here but is refused there.
            if line.rstrip().endswith(";"):
                query = "\n".join(pending)
                pending.clear()
                self._answer(query)

    def _answer(self, query: str) -> None:
        from pipelines.cli.sql import show

        out = self.out or sys.stdout
        try:
            width = shutil.get_terminal_size().columns if out.isatty() else None

            def answer() -> None:
                with time_limit(self._connection, self.seconds):
                    result = run_query(self._connection, query)
                    show(result, self.form, out, width=width, terminal=True)

            try:
                answer()
            except StaleSnapshotError:
                self._connection.close()
                self._connection = self.connect()
                self._say("(the tables were cleaned up meanwhile; this is their newest state)")
                answer()
        except TribometerError as error:
            self._say(printable(str(error)))
        except (KeyboardInterrupt, duckdb.InterruptException):
            self._say("cancelled")

    def _command(self, line: str) -> None:
        name, _, argument = line.partition(" ")
        views = {view.name: view for view in load_views() if view.name != FUNCTIONS}
        argument = argument.strip().rstrip(";")
        if name == ".help":
            self._say(_HELP)
        elif name == ".views":
            width = max(map(len, views))
            for view in sorted(views.values(), key=lambda view: view.name):
                self._say(f"{view.name:{width}}  {view.summary}")
        elif name == ".schema" and argument in views:
            view = views[argument]
            width = max(len(column.name) for column in (*view.parameters, *view.columns))
            self._say(f"{view.name}: {view.summary}\n{view.grain}\n{view.units}\n{view.definition}\n{view.cost}")
            for parameter in view.parameters:
                self._say(f"  {parameter.name + ' :=':{width + 3}}  {parameter.kind:8}  {parameter.meaning}")
            for column in view.columns:
                self._say(f"  {column.name:{width}}  {column.kind:8}  {column.meaning}")
        elif name == ".schema":
            self._say(f".schema wants the name of a view, one of {', '.join(sorted(views))}")
        else:
            self._say(f"{printable(name)} is no command; .help lists them")

    def _say(self, text: str) -> None:
        print(text, file=self.out or sys.stdout)


@contextlib.contextmanager
def _history(*, enabled: bool) -> Iterator[None]:
    """Line editing with a history kept between sessions, readable by this user only."""
    try:
        import readline
    except ImportError:  # a Python without readline still has a prompt
        enabled = False
    if not enabled:
        yield
        return
    path = Path(HISTORY_FILE).expanduser()
    with contextlib.suppress(OSError):
        readline.read_history_file(path)
    readline.set_history_length(_HISTORY_LINES)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            path.touch(mode=0o600, exist_ok=True)
            readline.write_history_file(path)
