"""The pages a person reads, and what stands in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.glob("*.md")), *sorted(DOCS.glob("case-studies/*.md"))]

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def blocks(page: Path, *languages: str) -> Iterator[tuple[str, str]]:
    """Code blocks in one of `languages`, each as `(page:line, code)`; none named means all."""
    text = page.read_text(encoding="utf-8")
    for found in _BLOCK.finditer(text):
        if not languages or found[1] in languages:
            yield f"{name(page)}:{text.count(chr(10), 0, found.start()) + 2}", found[2]


def prose(page: Path) -> str:
    """The text outside code blocks."""
    return _BLOCK.sub("", page.read_text(encoding="utf-8"))
