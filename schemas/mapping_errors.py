"""One line for the first mistake in a source mapping: file, line, field, what is wrong, the nearest valid name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from pydantic import ValidationError

from schemas.converters import CONVERTERS
from schemas.errors import UsageError
from schemas.nearest import did_you_mean
from schemas.yaml_lines import YamlDocument

Location = tuple[str | int, ...]

MAPPING_KEYS: Final = (
    "mapping", "description", "homepage", "format", "source", "channel", "fields", "segment", "private", "expect",
)  # fmt: skip
FIELD_KEYS: Final = ("path", "value", "default", "convert")


def mapping_error(document: YamlDocument, error: ValidationError) -> UsageError:
    """The mistake that stands first in the file; a misspelt key before the key it leaves missing."""
    mistakes = [(details["type"] == "missing", *_mistake(details)) for details in error.errors(include_url=False)]
    _, location, text = min(mistakes, key=lambda mistake: (mistake[0], document.line(mistake[1])))
    more = f" ({len(mistakes) - 1} more)" if len(mistakes) > 1 else ""
    return UsageError(f"{document.path}:{document.line(location)}: {_name(location)}: {text}{more}")


def _mistake(details: Any) -> tuple[Location, str]:
    kind, location, context = details["type"], tuple(details["loc"]), details.get("ctx", {})
    if kind == "extra_forbidden":
        return location, f"no such key{did_you_mean(str(location[-1]), _valid_keys(location))}"
    if kind == "missing":
        return location[:-1] or location, f"{location[-1]} is missing"
    if kind == "union_tag_invalid":
        tag = str(context["tag"])
        return (*location, tag), f"no converter {tag}{did_you_mean(tag, CONVERTERS)}"
    if kind == "union_tag_not_found":
        return location, f"name a converter: {', '.join(CONVERTERS)}"
    if kind in ("literal_error", "enum"):
        given = details["input"]
        expected = [word.strip().strip("'") for word in context["expected"].replace(" or ", ", ").split(",")]
        return location, f"{given!r} is not one of them{did_you_mean(str(given), expected)}"
    if kind == "value_error":
        cause = context["error"]
        return tuple(getattr(cause, "location", location)), str(cause)
    if kind == "model_type":
        return location, "must be a block of keys or an expression"
    if kind == "string_pattern_mismatch":
        return location, f"{details['input']!r} may hold letters, digits, '_', '.' and '-' only"
    return location, details["msg"][:1].lower() + details["msg"][1:]


def _valid_keys(location: Location) -> Iterable[str]:
    if len(location) == 1:
        return MAPPING_KEYS
    for part in reversed(location[:-1]):
        if part in CONVERTERS and "convert" in location:
            return [key for key in CONVERTERS[str(part)].model_fields if key != "name"] or ["(no option)"]
    return FIELD_KEYS


def _name(location: Location) -> str:
    """`fields.occurred_at.convert.timezone`: the location as a person would say it."""
    return ".".join(str(part) for part in location if isinstance(part, str)) or "mapping"
