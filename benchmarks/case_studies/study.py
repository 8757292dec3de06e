"""Study: a page of docs/case-studies, and the tables it is asked of.

Each page is `NAME.md`. Beside it stand `NAME.sql`, the query its picture is drawn from, and, where the ledger of the
stream lacks what happened, `NAME.launches.csv`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
PAGES: Final = ROOT / "docs" / "case-studies"
PICTURES: Final = ROOT / "docs" / "images"
MAPPINGS: Final = ROOT / "examples" / "sources"


@dataclass(frozen=True)
class Study:
    """One page: the stream it is about, the mapping that reads it, the stream's own ledger of launches, and whether
    the page asks for themes."""

    name: str
    stream: str
    mapping: str
    launches: str | None = None
    themes: bool = False

    @property
    def page(self) -> Path:
        return PAGES / f"{self.name}.md"

    @property
    def query(self) -> Path:
        return PAGES / f"{self.name}.sql"

    @property
    def picture(self) -> Path:
        return PICTURES / f"{self.name}.png"

    def ledgers(self, streams: Path) -> Iterator[Path]:
        """Files of launches to import."""
        if self.launches is not None:
            yield streams / self.launches
        if (own := PAGES / f"{self.name}.launches.csv").exists():
            yield own


STUDIES: Final = (
    Study("threads-53-days", "threads_play_reviews", "play_reviews", themes=True),
    Study("gmail-2019", "app_store_reviews", "app_store_reviews", "app_store_release_notes.jsonl.gz", themes=True),
    Study("airline-storm", "airline_tweets", "airline_tweets"),
    Study("firefox-2020-2023", "firefox_support", "firefox_support", "firefox_launches.jsonl.gz"),
)
"""Those that ask for themes come first: tables that hold several streams need no themes of the others."""


def make_tables(study: Study, streams: Path, tables: Path, tribometer: Callable[[list[str]], int]) -> None:
    """Replay the study's stream into `tables`, record its launches, and find themes if the page asks for them.

    `tribometer` runs one command line and returns its exit status. Raises `RuntimeError` naming a command that failed.
    """
    stream, mapping = streams / f"{study.stream}.jsonl.gz", MAPPINGS / f"{study.mapping}.yaml"
    commands: list[tuple[str | Path, ...]] = [("replay", stream, "--source", mapping)]
    commands += [("launches", "import", ledger) for ledger in study.ledgers(streams)]
    commands += [("themes", "update")] * study.themes
    for command in commands:
        words = [*map(str, command), "--tables", str(tables)]
        if tribometer(words) != 0:
            raise RuntimeError(f"this command failed: tribometer {' '.join(words)}")
