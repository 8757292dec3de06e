"""Expressions of a source mapping: JMESPath, with plain field paths compiled to dictionary look-ups.

Most expressions are plain paths (`user.id`); looking them up directly is twenty times faster than interpreting
them. Everything else goes through the `jmespath` library and means what its specification says
(https://jmespath.org/specification.html).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError

Path = tuple[str, ...]
Read = Callable[[Mapping[str, Any]], Any]
"""Reads one value from a vendor's object; None where there is none."""


class BadExpression(ValueError):
    """An expression that is not JMESPath; the text says where it breaks."""


class Expression:
    """One compiled expression. Pickles as its text."""

    def __init__(self, text: str) -> None:
        try:
            parsed: Any = jmespath.compile(text)
        except JMESPathError as error:
            detail = str(error).splitlines()[0].removesuffix(":")
            raise BadExpression(f"{text!r} is not a JMESPath expression ({detail})") from None
        self.text = text
        self._plain = _plain_path(parsed.parsed)
        self._parsed = parsed
        self.reads: tuple[Path, ...] = tuple(dict.fromkeys(_whole_paths(parsed.parsed)))
        """Paths whose whole value the expression hands on; what filters, projections and functions touch is not
        among them, since they may leave part of it behind."""

    def __reduce__(self) -> tuple[type[Expression], tuple[str]]:
        return Expression, (self.text,)

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"

    @property
    def is_plain(self) -> bool:
        """Whether the expression is a field path and nothing else."""
        return self._plain is not None

    def reader(self) -> Read:
        """The function that evaluates the expression.

        >>> Expression("user.id").reader()({"user": {"id": 7}})
        7
        >>> Expression("user.id").reader()({"user": "anna"}) is None
        True
        """
        path = self._plain
        if path is None:
            return self._search
        if len(path) == 1:
            name = path[0]
            return lambda record: record.get(name)
        return lambda record: value_at(record, path)

    def _search(self, record: Mapping[str, Any]) -> Any:
        try:
            return self._parsed.search(record)
        except JMESPathError:
            # A function met a value of a type it is not defined for: the field is not there in this message.
            return None


def value_at(record: Mapping[str, Any], path: Path) -> Any:
    """The value at a path of field names, or None."""
    value: Any = record
    for name in path:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def remainder(paths: Iterable[Path]) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """The function that returns a record less the values at `paths`; objects that become empty are left out too.

    >>> remainder([("a", "b"), ("d",)])({"a": {"b": 1, "c": 2}, "d": 3})
    {'a': {'c': 2}}
    """
    names = frozenset(path[0] for path in paths if len(path) == 1)
    inner = sorted(path for path in paths if len(path) > 1 and path[0] not in names)

    def left_of(record: Mapping[str, Any]) -> dict[str, Any]:
        left = {name: value for name, value in record.items() if name not in names}
        for path in inner:
            _drop(left, path)
        return left

    return left_of


def _drop(record: dict[str, Any], path: Path) -> None:
    name, rest = path[0], path[1:]
    if not rest:
        record.pop(name, None)
        return
    inner = record.get(name)
    if not isinstance(inner, dict):
        return
    # The outer copy is shallow: copy before cutting, so that the message itself is never changed.
    trimmed = dict(inner)
    _drop(trimmed, rest)
    if trimmed:
        record[name] = trimmed
    else:
        del record[name]


def _plain_path(node: dict[str, Any]) -> Path | None:
    if node["type"] == "field":
        return (node["value"],)
    if node["type"] == "subexpression":
        parts = [_plain_path(child) for child in node["children"]]
        if all(part is not None for part in parts):
            return tuple(name for part in parts if part for name in part)
    return None


def _whole_paths(node: dict[str, Any]) -> Iterator[Path]:
    plain = _plain_path(node)
    if plain is not None:
        yield plain
    elif node["type"] in ("multi_select_list", "or_expression"):
        for child in node["children"]:
            yield from _whole_paths(child)
