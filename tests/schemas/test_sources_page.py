"""docs/sources.md names every field, key, converter, option and violation, and its examples load."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from schemas.converters import CONVERTERS, TIMESTAMP_FORMATS
from schemas.event_fields import EVENT_FIELDS
from schemas.mapping import SourceMapping, parse_mapping
from schemas.mapping_errors import FIELD_KEYS, MAPPING_KEYS
from schemas.violations import ViolationKind

PAGE = (Path(__file__).parents[2] / "docs" / "sources.md").read_text()
ROWS = set(re.findall(r"^\| `([^`]+)` \|", PAGE, re.MULTILINE))


@pytest.mark.parametrize(
    "name", [*EVENT_FIELDS, *CONVERTERS, *MAPPING_KEYS, *FIELD_KEYS, *(kind.value for kind in ViolationKind)]
)
def test_every_name_has_its_row(name: str) -> None:
    assert name in ROWS


def test_every_row_names_something() -> None:
    known = {*EVENT_FIELDS, *CONVERTERS, *MAPPING_KEYS, *FIELD_KEYS, *(kind.value for kind in ViolationKind)}
    assert known >= ROWS


@pytest.mark.parametrize("name", CONVERTERS)
def test_every_option_is_documented(name: str) -> None:
    (row,) = [line for line in PAGE.splitlines() if line.startswith(f"| `{name}` |") and line.count("|") == 4]
    options = set(CONVERTERS[name].model_fields) - {"name"}
    assert {option for option in options if f"`{option}`" in row} == options


def test_timestamp_formats_are_documented() -> None:
    assert [form for form in TIMESTAMP_FORMATS if f"`{form}`" not in PAGE] == []


def test_the_keys_in_errors_are_the_keys_of_a_mapping() -> None:
    assert set(MAPPING_KEYS) == set(SourceMapping.model_fields)


def test_the_mapping_on_the_page_loads(tmp_path: Path) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "page.yaml").write_text(example)
    assert parse_mapping(tmp_path / "page.yaml").source == "desk"
