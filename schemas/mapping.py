"""A source mapping: how one vendor's payload becomes an event, as data.

A mapping is a YAML file. It is validated when it is loaded, so that a mistake is met before the first message and
not at the millionth; every error names file, line and field. How to write one: docs/sources.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from schemas.converters import AnyConverter, Rating, Refused, Timestamp, VersionTag
from schemas.errors import UsageError
from schemas.event import Channel
from schemas.event_fields import EVENT_FIELDS, hold_segment
from schemas.json_path import BadExpression, Expression, Read, remainder
from schemas.json_path import Path as FieldPath
from schemas.mapping_errors import mapping_error
from schemas.nearest import did_you_mean
from schemas.violations import Violation, ViolationKind
from schemas.yaml_lines import YamlDocument

CATALOGUE: Final = Path(__file__).with_name("sources")
"""Mappings that travel with the package: `--source NAME` means `NAME.yaml` in this folder."""

MAPPING_VERSION: Final = 1

SPREAD: Final = "*"
"""Key of `segment` whose value is an object of segments, taken as they are."""


def _expression(value: Any) -> Any:
    if isinstance(value, Expression):
        return value
    if not isinstance(value, str) or not value.strip():
        raise ValueError("must be a JMESPath expression, as in user.id")
    try:
        return Expression(value)
    except BadExpression as error:
        raise ValueError(str(error)) from None


def _plain(value: Any) -> Any:
    expression = _expression(value)
    if not expression.is_plain:
        raise ValueError(f"{expression.text!r} must be a plain field path, as in user.email")
    return expression


def _steps(value: Any) -> Any:
    """`html`, `{timestamp: {timezone: UTC}}` or a list of either, as a list of `{name: …, options…}`."""
    steps = []
    for step in value if isinstance(value, list) else [value]:
        if isinstance(step, str):
            steps.append({"name": step})
        elif isinstance(step, dict):
            for name, options in step.items():
                if options is not None and not isinstance(options, dict):
                    raise ValueError(f"the options of converter {name!r} must be a block of keys")
                steps.append({**(options or {}), "name": name})
        else:
            steps.append(step)
    return steps


AnExpression = Annotated[Any, BeforeValidator(_expression)]
APlainPath = Annotated[Any, BeforeValidator(_plain)]


class FieldMapping(BaseModel):
    """Where one field comes from: `path` through `convert`, or a constant `value`; `default` fills a gap."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    path: AnExpression = None
    value: str | int | float | bool | None = None
    default: str | int | float | bool | None = None
    convert: Annotated[list[AnyConverter], BeforeValidator(_steps)] = []

    @model_validator(mode="before")
    @classmethod
    def _from_shorthand(cls, given: Any) -> Any:
        return {"path": given} if isinstance(given, str) else given

    @model_validator(mode="after")
    def _one_origin(self) -> FieldMapping:
        if (self.path is None) == (self.value is None):
            raise ValueError("give it either a path or a value")
        if self.value is not None and (self.convert or self.default is not None):
            raise ValueError("a value needs neither convert nor default; write the value as it should be stored")
        return self

    def reader(self, field: str, hold: Callable[[Any], Any]) -> Read:
        """The function that reads this field of a vendor's object; raises `Violation`."""
        if self.value is not None:
            constant = hold(self.value)
            return lambda record: constant
        read = self.path.reader()
        steps = [converter.function() for converter in self.convert]
        default = None if self.default is None else hold(self.default)

        def value_of(record: Mapping[str, Any]) -> Any:
            value = read(record)
            if value is None or value == "":
                return default
            try:
                for step in steps:
                    value = step(value)
                    if value is None:
                        return default
                held = hold(value)
            except Refused as refused:
                raise Violation(refused.kind, f"{field} {refused.reason}", field=field) from None
            return default if held is None else held

        return value_of

    @property
    def consumes(self) -> tuple[FieldPath, ...]:
        """Paths of the message that this field holds in full, and that `extra` need not repeat."""
        if self.path is None or any(converter.partial for converter in self.convert):
            return ()
        reads: tuple[FieldPath, ...] = self.path.reads
        return reads


class SourceMapping(BaseModel):
    """One source: format, names, fields. Immutable and picklable; functions are compiled where they run."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    mapping: Literal[1]
    description: str = Field(min_length=1)
    homepage: str | None = None
    format: Literal["jsonl", "csv"]
    source: str = Field(min_length=1, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")
    channel: Channel
    fields: dict[str, FieldMapping]
    segment: dict[str, FieldMapping] = {}
    private: list[APlainPath] = []
    expect: dict[str, str | int | bool] = {}

    @model_validator(mode="after")
    def _complete(self) -> SourceMapping:
        for name, mapped in self.fields.items():
            field = EVENT_FIELDS.get(name)
            if field is None:
                raise _FieldError(("fields", name), f"no such field{did_you_mean(name, EVENT_FIELDS)}")
            if mapped.value is not None:
                try:
                    field.hold(mapped.value)
                except Refused as refused:
                    raise _FieldError(("fields", name, "value"), f"{mapped.value!r} {refused.reason}") from None
            if mapped.default is not None:
                try:
                    field.hold(mapped.default)
                except Refused as refused:
                    raise _FieldError(
                        ("fields", name, "default"), f"{mapped.default!r} {refused.reason}"
                    ) from None
        for name, field in EVENT_FIELDS.items():
            if field.required and name not in self.fields:
                raise _FieldError(("fields",), f"{name} is missing ({field.meaning})")
        if "text" not in self.fields and "rating" not in self.fields:
            raise _FieldError(("fields",), "text is missing (a source without texts needs a rating)")
        if "rating" in self.fields and self.rating_scale is None and "rating_scale" not in self.fields:
            raise _FieldError(
                ("fields", "rating"),
                "the scale is missing; add convert: {rating: {scale: 1-5}} with its own scale",
            )
        self._keep_private_apart()
        return self

    def _keep_private_apart(self) -> None:
        hidden = self.private_paths
        mapped = {("fields", name): spec for name, spec in self.fields.items() if name not in _PSEUDONYMOUS}
        mapped |= {("segment", name): spec for name, spec in self.segment.items()}
        for location, spec in mapped.items():
            for path in spec.path.reads if spec.path is not None else ():
                for secret in hidden:
                    if path[: len(secret)] == secret or secret[: len(path)] == path:
                        raise _FieldError(
                            location, f"{'.'.join(secret)} is listed as private, so it cannot be stored"
                        )

    @property
    def rating_scale(self) -> str | None:
        """The scale that the rating converter declares, or None where messages carry it."""
        if "rating" not in self.fields:
            return None
        return next((step.scale for step in self.fields["rating"].convert if isinstance(step, Rating)), None)

    @property
    def version_is_tag(self) -> bool:
        """Whether versions are read from tags."""
        return "version" in self.fields and any(
            isinstance(step, VersionTag) for step in self.fields["version"].convert
        )

    @property
    def private_paths(self) -> tuple[FieldPath, ...]:
        """Paths that are stored nowhere but in `raw`."""
        return tuple(expression.reads[0] for expression in self.private)

    def field_reader(self, name: str) -> Read | None:
        """The function that reads one event field, or None where the mapping does not fill it."""
        mapped = self.fields.get(name)
        if mapped is None:
            return None
        if name in ("occurred_at", "revised_at") and mapped.path is not None and not mapped.convert:
            mapped = mapped.model_copy(update={"convert": [Timestamp(name="timestamp")]})
        return mapped.reader(name, EVENT_FIELDS[name].hold)

    def segment_reader(self) -> Callable[[Mapping[str, Any]], list[tuple[str, str]]]:
        """The function that reads all segments, sorted by name; raises `Violation`."""
        named = [
            (name, spec.reader(f"segment.{name}", hold_segment))
            for name, spec in self.segment.items()
            if name != SPREAD
        ]
        spread = self.segment[SPREAD].path.reader() if SPREAD in self.segment else None

        def read(record: Mapping[str, Any]) -> list[tuple[str, str]]:
            found = _spread(spread(record)) if spread else {}
            for name, reader in named:
                value = reader(record)
                if value is not None:
                    found[name] = value
            return sorted(found.items())

        return read

    def expectation(self) -> Callable[[Mapping[str, Any]], None]:
        """The function that raises a `Violation` for a message that is not of this source."""
        expected = [(name, Expression(name).reader(), value) for name, value in self.expect.items()]

        def check(record: Mapping[str, Any]) -> None:
            for name, read, value in expected:
                found = read(record)
                if found is None:
                    raise Violation(
                        ViolationKind.MISSING_FIELD, f"{name} is missing; it should be {value!r}", field=name
                    )
                if found != value:
                    raise Violation(ViolationKind.INVALID_VALUE, f"{name} is not {value!r}", field=name)

        return check

    def leftover(self) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
        """The function that returns what no field holds: all of the message less consumed and private paths."""
        specs = [*self.fields.values(), *self.segment.values()]
        paths = {path for spec in specs for path in spec.consumes} | set(self.private_paths)
        paths |= {Expression(name).reads[0] for name in self.expect}
        return remainder(paths)


_PSEUDONYMOUS: Final = ("author", "author_kind")
"""Fields that may read a private path: the author is stored as a keyed pseudonym only."""


class _FieldError(ValueError):
    """A mistake that concerns more than one key, with the location to point at."""

    def __init__(self, location: tuple[str, ...], text: str) -> None:
        super().__init__(text)
        self.location = location


def _spread(value: Any) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Violation(
            ViolationKind.WRONG_TYPE, f"segment is {type(value).__name__}, not an object", field="segment"
        )
    found = {}
    for name, raw in value.items():
        if raw is None:
            continue
        try:
            held = hold_segment(raw)
        except Refused as refused:
            raise Violation(refused.kind, f"a segment {refused.reason}", field="segment") from None
        if held is not None:
            found[name] = held
    return found


def parse_mapping(path: Path) -> SourceMapping:
    """Load one mapping file; `UsageError` as `file:line: field: what is wrong; did you mean X?`."""
    document = YamlDocument.read(path)
    content = document.content
    if not isinstance(content, dict):
        raise UsageError(f"{path}:1: a source mapping is a block of keys, as `tribometer sources show` prints")
    try:
        return SourceMapping.model_validate(content)
    except ValidationError as error:
        raise mapping_error(document, error) from None


def catalogue() -> list[str]:
    """Names of the mappings that travel with the package."""
    return sorted(path.stem for path in CATALOGUE.glob("*.yaml"))


def mapping_path(name_or_path: str) -> Path:
    """The file that a catalogue name or a path means; a `UsageError` says how to find the names."""
    looks_like_path = name_or_path.endswith((".yaml", ".yml")) or "/" in name_or_path or "\\" in name_or_path
    if looks_like_path:
        path = Path(name_or_path)
        if not path.is_file():
            raise UsageError(f"{name_or_path}: no such mapping file; check the path")
        return path
    if name_or_path in catalogue():
        return CATALOGUE / f"{name_or_path}.yaml"
    raise UsageError(
        f"no source named {name_or_path!r}{did_you_mean(name_or_path, catalogue())} "
        "(`tribometer sources list` shows the names; a mapping of your own is given as a path ending in .yaml)"
    )


def load_mapping(name_or_path: str) -> SourceMapping:
    """The mapping of a catalogue name (`feedback_event`) or of a file (`./mine.yaml`)."""
    return parse_mapping(mapping_path(name_or_path))
