"""The listener's log: one event a line, as text or JSON, on stderr. It never holds what a message says."""

from __future__ import annotations

import logging
import sys
import time
from typing import Any, Final

from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.json import JsonFormatter

LOGGER: Final = logging.getLogger("tribometer.listen")


def configure(form: str) -> None:
    """Send the log to stderr as `text` or `json`."""
    handler = logging.StreamHandler(sys.stderr)
    formatter: logging.Formatter
    if form == "json":
        formatter = JsonFormatter(
            "%(asctime)s %(levelname)s %(message)s",
            rename_fields={"asctime": "time", "levelname": "level", "message": "event"},
            datefmt="%Y-%m-%dT%H:%M:%SZ",
            reserved_attrs=[*RESERVED_ATTRS, "fields"],
        )
    else:
        formatter = _TextFormatter("%(asctime)s %(levelname)-7s %(message)s", datefmt="%Y-%m-%dT%H:%M:%SZ")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    LOGGER.handlers[:] = [handler]
    LOGGER.propagate = False
    LOGGER.setLevel(logging.INFO)


def say(event: str, level: int = logging.INFO, **fields: Any) -> None:
    """Log one event with its fields."""
    LOGGER.log(level, event, extra={"fields": tuple(fields), **fields})


class _TextFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        names = getattr(record, "fields", ())
        return " ".join([super().format(record), *(f"{name}={_word(getattr(record, name))}" for name in names)])


def _word(value: Any) -> str:
    text = f"{value:.3g}" if isinstance(value, float) else str(value)
    return f'"{text}"' if " " in text else text
