"""The taxonomy of touchpoints as data: definitions, examples, and the seed phrases that speak for each."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from schemas.errors import UsageError
from schemas.touchpoint import Touchpoint

SHIPPED: Final = Path(__file__).with_name("touchpoints.yaml")
"""The taxonomy that travels with the package."""

LONGEST_SEED_WORDS: Final = 4

Phrase = Annotated[str, Field(pattern=rf"^\S+( \S+){{0,{LONGEST_SEED_WORDS - 1}}}$")]
"""One to four words, separated by single spaces."""


class Seeds(BaseModel):
    """Phrases for a touchpoint: `strong` ones surely, `fair` ones unless another is named, `weak` a little."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    strong: tuple[Phrase, ...] = ()
    fair: tuple[Phrase, ...] = ()
    weak: tuple[Phrase, ...] = ()


class TouchpointDefinition(BaseModel):
    """What a touchpoint means, for people, and how it is recognised, for the scorer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    definition: Annotated[str, Field(min_length=1)]
    examples: Annotated[tuple[str, ...], Field(min_length=1)]
    sources: tuple[str, ...] = ()
    seeds: Seeds


Taxonomy = Mapping[Touchpoint, TouchpointDefinition]


class _TaxonomyFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    version: Annotated[int, Field(ge=1, le=1)]
    touchpoints: dict[Touchpoint, TouchpointDefinition]


def load_taxonomy(path: Path = SHIPPED) -> Taxonomy:
    """Read and check a taxonomy file; every touchpoint must be defined.

    Raises `UsageError` naming the file and the first thing that is wrong with it.
    """
    try:
        content = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(f"{path} does not exist; give the path of a taxonomy of touchpoints") from None
    except (YAMLError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not YAML: {' '.join(str(error).split())}") from error
    try:
        taxonomy = _TaxonomyFile.model_validate(content).touchpoints
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        raise UsageError(f"{path}: {place}: {first['msg']}") from error
    missing = [touchpoint.value for touchpoint in Touchpoint if touchpoint not in taxonomy]
    if missing:
        raise UsageError(f"{path} does not define {', '.join(missing)}; every touchpoint needs an entry")
    return {touchpoint: taxonomy[touchpoint] for touchpoint in Touchpoint}
