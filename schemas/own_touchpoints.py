"""A user's own touchpoints: what they add to the shipped taxonomy, change in it, and say of single products.

A file of them is YAML:

    version: 1
    touchpoints:
      billing:                        # shipped: its seeds are added to, or changed
        seeds: {strong: [kaching fee], none: [card]}
      seating:                        # their own: needs a definition, an example and seeds
        definition: Seats and the room they leave.
        examples: [There was no leg room.]
        seeds: {strong: [leg room, aisle seat], weak: [seat]}
    without: [renewal]                # shipped touchpoints that are never given
    products:
      Seatly:                         # only for events of this product
        usability: {strong: [seat map]}

How strongly a phrase speaks is said anew by whoever says it last: the shipped taxonomy, `touchpoints`, `products`;
under `none` it says nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from schemas.errors import UsageError
from schemas.nearest import did_you_mean
from schemas.taxonomy import LONGEST_SEED_WORDS, Phrase, Seeds
from schemas.touchpoint import ALL_TOUCHPOINTS, OTHER, OWN_NAME, SHIPPED_TOUCHPOINTS, near_shipped
from schemas.yaml_lines import YamlDocument


class OwnSeeds(Seeds):
    """Phrases for a touchpoint; those under `none` no longer speak for it."""

    none: tuple[Phrase, ...] = ()

    def weighted(self) -> Iterator[tuple[str, int]]:
        """Every phrase with its weight, 0 to 3."""
        for weight, phrases in ((0, self.none), (1, self.weak), (2, self.fair), (3, self.strong)):
            for phrase in phrases:
                yield phrase, weight


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    definition: Annotated[str, Field(min_length=1)] | None = None
    examples: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    seeds: OwnSeeds = OwnSeeds()


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    version: Annotated[int, Field(ge=1, le=1)]
    touchpoints: dict[str, _Entry] = {}
    without: tuple[str, ...] = ()
    products: dict[str, dict[str, OwnSeeds]] = {}


@dataclass(frozen=True)
class OwnTouchpoints:
    """A checked file. `definitions` are of the user's own touchpoints, `seeds` and `products` of any.

    `lines` are where phrases stand in the file, `place` is what it is called in messages.
    """

    definitions: Mapping[str, str] = field(default_factory=dict)
    seeds: Mapping[str, OwnSeeds] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    products: Mapping[str, Mapping[str, OwnSeeds]] = field(default_factory=dict)
    place: str = ""
    lines: Mapping[str, int] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """All touchpoints a text can get: shipped ones, own ones, `other`."""
        shipped = (name for name in SHIPPED_TOUCHPOINTS if name not in self.without)
        return (*shipped, *self.definitions, OTHER)

    def where(self, phrase: str) -> str:
        """`file:line` of a phrase."""
        return f"{self.place}:{self.lines.get(phrase, 1)}"


NO_OWN: Final = OwnTouchpoints()
"""Nothing added, nothing changed."""


def load_own_touchpoints(path: Path) -> OwnTouchpoints:
    """Read and check a file of own touchpoints.

    Raises `UsageError` as `file:line: what is wrong; did you mean X?`.
    """
    document = YamlDocument.read(path)
    content = document.content
    if not isinstance(content, dict):
        raise UsageError(f"{path}:1: is not a block of keys; write version: 1, then touchpoints:")
    try:
        read = _File.model_validate(content)
    except ValidationError as error:
        raise _first_mistake(document, error) from None
    own = {name: entry for name, entry in read.touchpoints.items() if name not in ALL_TOUCHPOINTS}
    for name, entry in own.items():
        _check_own(document, name, entry)
    for name in read.without:
        if name not in SHIPPED_TOUCHPOINTS:
            raise _wrong(document, ["without"], f"without: {name!r} is none of the shipped touchpoints"
                         f"{did_you_mean(name, SHIPPED_TOUCHPOINTS)}")  # fmt: skip
    names = {*SHIPPED_TOUCHPOINTS, *own}
    given: dict[str, list[str]] = {}
    for name, entry in read.touchpoints.items():
        if name == OTHER:
            raise _wrong(document, ["touchpoints", name], f"{OTHER} is what is left when no touchpoint fits; "
                         "it takes no seeds")  # fmt: skip
        _check_once(document, ["touchpoints", name, "seeds"], entry.seeds)
    for product, touchpoints in read.products.items():
        given.setdefault(product.strip().casefold(), []).append(product)
        for name, seeds in touchpoints.items():
            if name not in names:
                raise _wrong(document, ["products", product, name], f"products.{product}: no touchpoint {name!r}"
                             f"{did_you_mean(name, sorted(names))}")  # fmt: skip
            _check_once(document, ["products", product, name], seeds)
    for spellings in given.values():
        if len(spellings) > 1:
            raise _wrong(document, ["products", spellings[1]],
                         f"products: {spellings[1]!r} is {spellings[0]!r} again; capitals do not count")  # fmt: skip
    return OwnTouchpoints(
        definitions={name: entry.definition or "" for name, entry in own.items()},
        seeds={name: entry.seeds for name, entry in read.touchpoints.items()},
        without=read.without,
        products=read.products,
        place=str(path),
        lines=dict(_phrase_lines(document, content, ())),
    )


def _check_own(document: YamlDocument, name: str, entry: _Entry) -> None:
    location = ["touchpoints", name]
    if not OWN_NAME.fullmatch(name):
        raise _wrong(document, location, f"touchpoint {name!r}: a name is up to 40 lower-case letters, digits and "
                     "underscores, beginning with a letter, and not any")  # fmt: skip
    meant = near_shipped(name)
    if meant:
        raise _wrong(document, location, f"touchpoint {name!r} reads like the shipped {meant}; "
                     f"write {meant} to add to it, or choose a name that cannot be taken for it")  # fmt: skip
    if not entry.definition or not entry.examples:
        raise _wrong(document, location, f"touchpoint {name!r} is your own: it needs a definition and examples")


def _check_once(document: YamlDocument, location: Sequence[str], seeds: OwnSeeds) -> None:
    seen: dict[str, int] = {}
    for phrase, weight in seeds.weighted():
        if seen.setdefault(phrase.casefold(), weight) != weight:
            raise _wrong(document, location, f"the seed {phrase!r} is given with two strengths; keep one")


def _first_mistake(document: YamlDocument, error: ValidationError) -> UsageError:
    """The mistake that stands first in the file."""
    first = min(error.errors(include_url=False), key=lambda each: document.line(each["loc"]))
    location = first["loc"]
    key = str(location[-1])
    if first["type"] == "extra_forbidden":
        of_a_touchpoint = location[0] == "touchpoints" and len(location) == 3
        block: type[BaseModel] = _File if len(location) == 1 else _Entry if of_a_touchpoint else OwnSeeds
        message = f"no such key{did_you_mean(key, block.model_fields)}"
    elif first["type"] == "string_pattern_mismatch":
        message = (
            f"the phrase {first['input']!r} must be one to {LONGEST_SEED_WORDS} words with one space between them"
        )
    else:
        message = first["msg"][:1].lower() + first["msg"][1:]
    return _wrong(document, location, f"{'.'.join(str(part) for part in location)}: {message}")


def _wrong(document: YamlDocument, location: Sequence[str | int], message: str) -> UsageError:
    return UsageError(f"{document.path}:{document.line(location)}: {message}")


def _phrase_lines(
    document: YamlDocument, node: object, location: tuple[str | int, ...]
) -> Iterator[tuple[str, int]]:
    """Every text of the file with its line."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield from _phrase_lines(document, value, (*location, key))
    elif isinstance(node, list):
        for number, value in enumerate(node):
            yield from _phrase_lines(document, value, (*location, number))
    elif isinstance(node, str):
        yield node, document.line(location)
