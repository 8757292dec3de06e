"""Write the generated pages: `python -m pipelines.docs [FOLDER]`, or `make docs`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from pipelines.cli import reference as commands
from schemas import data_dictionary, views

PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "commands.md": commands.reference,
    "tables.md": data_dictionary.reference,
    "views.md": views.reference,
}
"""File in docs/ to the function that gives its text."""

FOLDER: Final = Path(__file__).resolve().parents[1] / "docs"


def write_pages(folder: Path = FOLDER) -> None:
    """Write every generated page into `folder`, which must be there."""
    for name, text in PAGES.items():
        (folder / name).write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    write_pages(*map(Path, sys.argv[1:2]))
