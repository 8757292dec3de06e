"""`tribometer`: one file per command group; a command's module is imported when the command is called.

Exit status: 0 done, 1 the run failed, 2 the command was asked for something it cannot do, 130 interrupted.
Errors are one line on stderr; `--debug` adds the traceback.
"""

from __future__ import annotations

import atexit
import errno
import importlib
import logging
import os
import sys
import threading
from collections.abc import Mapping
from typing import Any, Final, NoReturn

import click

from schemas.errors import TribometerError

COMMANDS: Final = {
    "replay": "pipelines.cli.replay:replay",
    "listen": "pipelines.cli.listen:listen",
    "score": "pipelines.cli.score:score",
    "rescore": "pipelines.cli.rescore:rescore",
    "compare-models": "pipelines.cli.compare_models:compare_models",
    "switch-model": "pipelines.cli.rescore:switch_model",
    "evaluate": "pipelines.cli.evaluate:evaluate",
    "label": "pipelines.cli.label:label",
    "train": "pipelines.cli.train:train",
    "sql": "pipelines.cli.sql:sql",
    "shell-init": "pipelines.cli.sql:shell_init",
    "dbt-sources": "pipelines.cli.dbt_sources:dbt_sources",
    "launches": "pipelines.cli.launches:launches",
    "exposure": "pipelines.cli.exposure:exposure",
    "themes": "pipelines.cli.themes:themes",
    "alerts": "pipelines.cli.alerts:alerts",
    "report": "pipelines.cli.report:report",
    "watch": "pipelines.cli.watch:watch",
    "dead-letters": "pipelines.cli.dead_letters:dead_letters",
    "tables": "pipelines.cli.tables:tables",
    "sources": "pipelines.cli.sources:sources",
    "pubsub": "pipelines.cli.pubsub:pubsub",
    "simulate": "pipelines.cli.simulate:simulate",
}
"""Command to `module:attribute`, in the order of `tribometer --help`."""


class LazyGroup(click.Group):
    """A group that knows its commands by name only, so that `--help` needs no Beam and no spaCy.

    `lazy` maps a command to `module:attribute`, in the order of the help.
    """

    def __init__(self, *args: Any, lazy: Mapping[str, str], **options: Any) -> None:
        super().__init__(*args, **options)
        self._lazy = lazy

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._lazy:
            return None
        module, attribute = self._lazy[cmd_name].split(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command


@click.group(
    cls=LazyGroup,
    lazy=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="tribometer", prog_name="tribometer")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.pass_context
def cli(ctx: click.Context, debug: bool) -> None:
    """Measure the friction between a product and the people who use it, after every launch."""
    ctx.obj = {"debug": debug}


_ROOM: Final = "make room and run it again"
_RIGHTS: Final = "mend the permissions, or name another place"
_WAY_OUT: Final = {
    errno.ENOSPC: _ROOM,
    errno.EDQUOT: _ROOM,
    errno.EACCES: _RIGHTS,
    errno.EPERM: _RIGHTS,
    errno.EROFS: _RIGHTS,
}
"""What to do about errors of the machine that any command may meet."""


def main(argv: list[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    status = _run(sys.argv[1:] if argv is None else argv)
    lost = _flush_output()
    if lost is None or isinstance(lost, BrokenPipeError):
        return status
    print(f"tribometer: {_explained(lost)}", file=sys.stderr)  # noqa: T201
    return status or 1


def program() -> NoReturn:
    """All of a process: the command line, what was asked to be done at the end, and the end.

    Not Python's own end: there the libraries' C++ parts are taken down while threads of theirs may still run, which
    aborted about one process in ten on a busy machine after all was done ("terminate called without an active
    exception", exit status 134).
    """
    status = main()
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join()
    atexit._run_exitfuncs()
    sys.stderr.flush()
    os._exit(status)


def _run(arguments: list[str]) -> int:
    debug = "--debug" in arguments
    # Libraries report on stderr what is said here in one line; Beam even warns about optional parts at import.
    logging.basicConfig(level=logging.INFO if debug else logging.CRITICAL)
    try:
        # --debug is welcome anywhere on the line, not only before the command.
        ordered = (["--debug"] if debug else []) + [word for word in arguments if word != "--debug"]
        status: Any = cli.main(args=ordered, prog_name="tribometer", standalone_mode=False)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.exceptions.NoArgsIsHelpError as asked:
        print(asked.format_message(), file=sys.stderr)  # noqa: T201
        return asked.exit_code
    except (click.Abort, KeyboardInterrupt):
        return _interrupted()
    except (BrokenPipeError, SystemExit):
        return 0  # the reader of our output went away (`| head`); click turns that into an exit of its own
    except click.ClickException as error:
        if debug:
            raise
        print(f"tribometer: {error.format_message()}", file=sys.stderr)  # noqa: T201
        return error.exit_code
    except TribometerError as error:
        if debug:
            raise
        print(f"tribometer: {error}", file=sys.stderr)  # noqa: T201
        return error.exit_status
    except Exception as error:
        if _is_interrupt(error):
            return _interrupted()
        if debug:
            raise
        _flush_output()
        print(f"tribometer: {_explained(error)}", file=sys.stderr)  # noqa: T201
        return 1
    return status if isinstance(status, int) else 0


def _interrupted() -> int:
    print("tribometer: interrupted; what was committed stays, run it again to go on", file=sys.stderr)  # noqa: T201
    return 130


def _is_interrupt(error: Exception) -> bool:
    """Ctrl-C while DuckDB runs a query is no `KeyboardInterrupt`."""
    return type(error) is RuntimeError and str(error) == "Query interrupted"


def _explained(error: Exception) -> str:
    """One line about an error that no command foresaw."""
    if isinstance(error, OSError) and error.errno in _WAY_OUT:
        place = "" if error.filename is None else f"{error.filename}: "
        return f"{place}{os.strerror(error.errno)}; {_WAY_OUT[error.errno]}"
    summary = " ".join(str(error).split()) or type(error).__name__
    return f"unexpected {type(error).__name__}: {summary} (--debug shows where)"


def _flush_output() -> OSError | None:
    """Write what standard output still holds; drop what cannot be written, or Python would complain at its end."""
    try:
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return error
    return None
