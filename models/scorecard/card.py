"""Keeps the figures of the shipped model in models/figures.json and shows them in models/CARD.md.

The card's words are written by hand; what stands between the markers of a section is made from figures.json, with the
date, the machine and the model version of the measurement. So a card whose figures are of another model says so, and a
test notices (tests/models/scorecard/test_card.py).
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from models.scorecard.headline import headline
from models.scorecard.table import Table
from schemas.errors import TribometerError, UsageError

FOLDER: Final = Path(__file__).resolve().parents[1]
CARD: Final = "CARD.md"
FIGURES: Final = "figures.json"

_BEGIN: Final = "<!-- scorecard: {name} -->\n"
_END: Final = "<!-- /scorecard: {name} -->\n"
_HEADLINE: Final = "headline"
_MARKER: Final = re.compile(r"^<!-- scorecard: (\S+) -->$", re.MULTILINE)


@dataclass(frozen=True)
class Measured:
    """The tables of a section, and of which model, when and on what they were measured. `on` is an ISO date."""

    model_version: str
    on: str
    machine: str
    tables: tuple[Table, ...]

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Measured:
        """What `as_json` gave."""
        tables = tuple(Table.from_json(table) for table in content["tables"])
        return cls(content["model_version"], content["measured_on"], content["machine"], tables)

    def as_json(self) -> dict[str, Any]:
        """The section as plain objects."""
        return {
            "model_version": self.model_version,
            "measured_on": self.on,
            "machine": self.machine,
            "tables": [table.as_json() for table in self.tables],
        }


Figures = Mapping[str, Measured]
"""Section -> what was measured last."""


def read_figures(folder: Path = FOLDER) -> dict[str, Measured]:
    """The figures kept in this folder, none where there is no file."""
    path = folder / FIGURES
    if not path.exists():
        return {}
    return {name: Measured.from_json(kept) for name, kept in json.loads(path.read_text(encoding="utf-8")).items()}


def as_json(figures: Figures) -> str:
    """The text of figures.json."""
    return (
        json.dumps({name: kept.as_json() for name, kept in figures.items()}, indent=1, ensure_ascii=False) + "\n"
    )


def keep(figures: Figures, folder: Path = FOLDER) -> None:
    """Put these sections in the place of what was kept of them; other sections stay as they are.

    Each file is replaced whole, so an interruption leaves the old or the new one.
    """
    known = read_figures(folder) | dict(figures)
    card = folder / CARD
    try:
        shown = renewed(card.read_text(encoding="utf-8"), known)
        _replace(folder / FIGURES, as_json({name: known[name] for name in _sections(shown) if name in known}))
        _replace(card, shown)
    except OSError as error:
        raise TribometerError(f"{folder}: the figures cannot be kept there: {error.strerror}") from error


def renewed(card: str, figures: Figures) -> str:
    """The card with its headline and the blocks of these sections made again.

    Raises `UsageError` where it has no markers for one of them.
    """
    for name, measured in figures.items():
        card = _filled(card, name, block(name, measured))
    tables = {name: {table.name: table for table in measured.tables} for name, measured in figures.items()}
    return _filled(card, _HEADLINE, f"\n{headline(tables).markdown()}\n")


def _filled(card: str, name: str, content: str) -> str:
    begin, end = _BEGIN.format(name=name), _END.format(name=name)
    if begin not in card or end not in card:
        raise UsageError(
            f"{CARD} has no place for the section {name}; add the lines {begin.strip()} and {end.strip()}"
        )
    before, rest = card.split(begin)
    _, after = rest.split(end)
    return before + begin + content + end + after


def block(name: str, measured: Measured) -> str:
    """What stands between the markers of a section."""
    tables = "\n\n".join(table.markdown() for table in measured.tables)
    again = f"`tribometer evaluate --data DIR --only {name}`"
    return f"\n{tables}\n\n{measured.on}, {measured.machine}; {measured.model_version}; {again}\n"


def _sections(card: str) -> list[str]:
    return _MARKER.findall(card)


def _replace(path: Path, text: str) -> None:
    draft = path.with_name(f".{path.name}.draft")
    draft.write_text(text, encoding="utf-8")
    os.replace(draft, path)  # noqa: PTH105 - atomic, and says so
