"""The named converters of source mappings: each turns a vendor's value into the value an event field holds.

A converter is its options (validated when the mapping is loaded) and `function()`, the compiled step. A step
receives a value that is not None and returns the converted value, or None where the value says nothing. It
raises `Refused` when the value cannot be converted; normalize names the field and makes a `Violation` of it.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from schemas.html_text import html_to_text
from schemas.rating import RatingScale
from schemas.timestamps import EPOCH_MILLISECONDS, EPOCH_SECONDS, ISO, RFC3339, BadTimestamp, parse_zone
from schemas.timestamps import timestamp_parser as _timestamp_parser
from schemas.version_tag import version_from_tags
from schemas.violations import ViolationKind

Step = Callable[[Any], Any]

PATTERN_SUBJECT_MAXIMUM_CHARACTERS = 1000
"""Longer values are not matched against a mapping's patterns, which may be slow on hostile input."""

_ESCAPED_QUOTE = re.compile(r"""\\+(["'])""")


class Refused(ValueError):
    """A value that a converter cannot convert. `reason` follows the field's name and never repeats the value."""

    def __init__(self, kind: ViolationKind, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason


class Converter(BaseModel, ABC):
    """Base of the converters: options only, unknown ones refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    partial: ClassVar[bool] = False
    """True where the result holds a part of the value only, so that the value stays in `extra` as well."""

    @abstractmethod
    def function(self) -> Step:
        """The compiled step."""


class Html(Converter):
    """HTML to the text a reader sees; paragraphs stay apart."""

    name: Literal["html"]

    def function(self) -> Step:
        return lambda value: html_to_text(_text(value))


class Lower(Converter):
    """Text in lower case."""

    name: Literal["lower"]

    def function(self) -> Step:
        return lambda value: _text(value).lower()


class Unescape(Converter):
    """Text without the backslashes that some exports leave before quotes, as in `don\\'t`."""

    name: Literal["unescape"]

    def function(self) -> Step:
        return lambda value: _ESCAPED_QUOTE.sub(r"\1", _text(value))


class Join(Converter):
    """The texts of a list, empty ones left out, with `separator` (an empty line) between them."""

    name: Literal["join"]
    separator: str = "\n\n"

    def function(self) -> Step:
        def join(value: Any) -> str | None:
            parts = [str(part).strip() for part in _list(value) if part is not None]
            return self.separator.join(part for part in parts if part) or None

        return join


class Timestamp(Converter):
    """An instant. `format`: iso, rfc3339, epoch_seconds, epoch_milliseconds or a strptime pattern with `%`."""

    name: Literal["timestamp"]
    format: str = ISO
    timezone: str | None = None
    ignore_z: bool = False

    @field_validator("format")
    @classmethod
    def _known_format(cls, form: str) -> str:
        if form not in TIMESTAMP_FORMATS and "%" not in form:
            raise ValueError(
                f"{form!r} is not a timestamp format; "
                f"write one of {', '.join(TIMESTAMP_FORMATS)} or a strptime pattern"
            )
        return form

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, zone: str | None) -> str | None:
        if zone is not None:
            parse_zone(zone)
        return zone

    @model_validator(mode="after")
    def _coherent(self) -> Timestamp:
        if self.timezone and self.format in (EPOCH_SECONDS, EPOCH_MILLISECONDS, RFC3339):
            raise ValueError(f"timezone has no meaning with format {self.format}, which always says its offset")
        if self.ignore_z and self.timezone is None:
            raise ValueError("ignore_z needs a timezone to read the time in")
        return self

    def function(self) -> Step:
        parse = _timestamp_parser(self.format, parse_zone(self.timezone) if self.timezone else None, self.ignore_z)

        def convert(value: Any) -> Any:
            try:
                return parse(value)
            except BadTimestamp as error:
                raise Refused(ViolationKind.INVALID_TIMESTAMP, str(error)) from None

        return convert


class Rating(Converter):
    """A number, or a text that begins with one (`4`, `4/5`, `4,5 stars`), on `scale` (worst to best, `1-5`)."""

    name: Literal["rating"]
    scale: str

    @field_validator("scale")
    @classmethod
    def _known_scale(cls, scale: str) -> str:
        return str(RatingScale.parse(scale))

    def function(self) -> Step:
        def convert(value: Any) -> Any:
            if not isinstance(value, str):
                return value
            match = _LEADING_NUMBER.match(value)
            if match is None:
                raise Refused(ViolationKind.INVALID_RATING, "holds no number")
            return float(match[1].replace(",", "."))

        return convert


class VersionTag(Converter):
    """The version that a list of tags names without dots: with `prefix: firefox-`, `firefox-890` is 89.0."""

    partial: ClassVar[bool] = True
    name: Literal["version_tag"]
    prefix: str

    def function(self) -> Step:
        return lambda value: version_from_tags(_list(value), self.prefix)


class FirstMatch(Converter):
    """The first of a list (or the value itself) that matches `pattern` whole; its group 1, where it has one."""

    partial: ClassVar[bool] = True
    name: Literal["first_match"]
    pattern: str

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, pattern: str) -> str:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"{pattern!r} is not a regular expression ({error})") from None
        return pattern

    def function(self) -> Step:
        pattern = re.compile(self.pattern)

        def convert(value: Any) -> str | None:
            for candidate in value if isinstance(value, list) else [value]:
                if isinstance(candidate, str) and len(candidate) <= PATTERN_SUBJECT_MAXIMUM_CHARACTERS:
                    match = pattern.fullmatch(candidate)
                    if match:
                        return match[1] if pattern.groups else match[0]
            return None

        return convert


class Language(Converter):
    """A locale (`en-US`, `pt_BR`) to its language (`en`, `pt`)."""

    name: Literal["language"]

    def function(self) -> Step:
        def convert(value: Any) -> str:
            match = _LOCALE.fullmatch(_text(value).strip())
            if match is None:
                raise Refused(ViolationKind.INVALID_VALUE, "is not a language or a locale, as in en or en-US")
            return match[1].lower()

        return convert


class Boolean(Converter):
    """True for true, yes, y, t, 1; false for false, no, n, f, 0, whatever the case."""

    name: Literal["boolean"]

    def function(self) -> Step:
        def convert(value: Any) -> bool:
            known = _TRUTH.get(str(value).strip().lower()) if isinstance(value, (str, bool, int)) else None
            if known is None:
                raise Refused(ViolationKind.WRONG_TYPE, "is not a yes or no")
            return known

        return convert


class Map(Converter):
    """A constant for each known value (`values`); any other becomes `otherwise`, or nothing."""

    partial: ClassVar[bool] = True
    name: Literal["map"]
    values: dict[str, str] = Field(min_length=1)
    otherwise: str | None = None

    def function(self) -> Step:
        values, otherwise = dict(self.values), self.otherwise
        return lambda value: values.get(value if isinstance(value, str) else str(value), otherwise)


AnyConverter = Annotated[
    Html | Lower | Unescape | Join | Timestamp | Rating | VersionTag | FirstMatch | Language | Boolean | Map,
    Field(discriminator="name"),
]

CONVERTERS: dict[str, type[Converter]] = {
    "html": Html,
    "lower": Lower,
    "unescape": Unescape,
    "join": Join,
    "timestamp": Timestamp,
    "rating": Rating,
    "version_tag": VersionTag,
    "first_match": FirstMatch,
    "language": Language,
    "boolean": Boolean,
    "map": Map,
}
"""Every converter by the name a mapping calls it."""

TIMESTAMP_FORMATS = (ISO, RFC3339, EPOCH_SECONDS, EPOCH_MILLISECONDS)

_LEADING_NUMBER = re.compile(r"\s*(-?[0-9]{1,9}(?:[.,][0-9]{1,9})?)(?![0-9])")
_LOCALE = re.compile(r"([A-Za-z]{2,3})(?:[-_][A-Za-z0-9@.\-_]{1,40})?")
_TRUTH = dict.fromkeys(("true", "yes", "y", "t", "1"), True) | dict.fromkeys(("false", "no", "n", "f", "0"), False)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise Refused(ViolationKind.WRONG_TYPE, f"is {type(value).__name__}, not text")
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise Refused(ViolationKind.WRONG_TYPE, f"is {type(value).__name__}, not a list")
    return value
