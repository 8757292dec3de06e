"""YAML with the line of every key, so that a mistake can be pointed at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from schemas.errors import UsageError


class YamlDocument:
    """One YAML file: its plain content and where each part of it stands."""

    def __init__(self, path: Path, tree: Any) -> None:
        self.path = path
        self._tree = tree

    @classmethod
    def read(cls, path: Path) -> YamlDocument:
        """Parse a file; a `UsageError` names the line that is not YAML."""
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            raise UsageError(f"{path}: cannot be read ({error.strerror}); check the path") from None
        except UnicodeDecodeError as error:
            raise UsageError(f"{path}: is not UTF-8 text (byte {error.start}); save it as UTF-8") from None
        try:
            return cls(path, YAML(typ="rt", pure=True).load(text))
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = mark.line + 1 if mark else 1
            raise UsageError(f"{path}:{line}: not YAML: {error.problem or error.context}") from None
        except (YAMLError, RecursionError) as error:
            raise UsageError(f"{path}: not YAML: {' '.join(str(error).split())[:200]}") from None

    @property
    def content(self) -> Any:
        """The file as plain dictionaries, lists and scalars."""
        return _plain(self._tree)

    def line(self, location: Sequence[str | int]) -> int:
        """Line (from 1) of the deepest part of `location` that the file spells out.

        Parts of the location that the file leaves out (a shorthand) are skipped.
        """
        node, line = self._tree, 1
        for part in location:
            if isinstance(node, CommentedMap) and part in node:
                line = node.lc.key(part)[0] + 1
                node = node[part]
            elif isinstance(node, CommentedSeq) and isinstance(part, int) and part < len(node):
                line = node.lc.item(part)[0] + 1
                node = node[part]
        return line


def _plain(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_plain(value) for value in node]
    # Scalars of the round-trip loader are subclasses that remember their spelling.
    for kind in (bool, int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return node
