"""The shipped taxonomy is whole, and a mistake in another one is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.errors import UsageError
from schemas.taxonomy import SHIPPED, load_taxonomy
from schemas.touchpoint import Touchpoint


def test_every_touchpoint_is_defined_with_seeds() -> None:
    taxonomy = load_taxonomy()
    assert list(taxonomy) == list(Touchpoint)
    assert all(len(definition.seeds.strong) >= 10 for definition in taxonomy.values())


def test_no_strong_seed_speaks_for_two_touchpoints() -> None:
    owners: dict[str, list[str]] = {}
    for touchpoint, definition in load_taxonomy().items():
        for phrase in definition.seeds.strong:
            owners.setdefault(phrase, []).append(touchpoint)
    assert {phrase: names for phrase, names in owners.items() if len(names) > 1} == {}


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("version: 1", "version: 2"), "version"),
        (("\ntouchpoints:", "\ntouchpoint:"), "touchpoint"),
        (("  renewal:", "  renewals:"), "renewals"),
        (("    strong:", "    strog:"), "strog"),
    ],
)
def test_a_mistake_is_named_with_its_file(tmp_path: Path, change: tuple[str, str], complaint: str) -> None:
    text = SHIPPED.read_text(encoding="utf-8")
    assert change[0] in text
    broken = tmp_path / "touchpoints.yaml"
    broken.write_text(
        text.replace(*change, 1) if "strong" not in change[0] else text.replace(change[0], change[1])
    )
    with pytest.raises(UsageError, match=complaint) as raised:
        load_taxonomy(broken)
    assert str(broken) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_missing_file_and_a_missing_touchpoint_are_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        load_taxonomy(tmp_path / "absent.yaml")
    text = SHIPPED.read_text(encoding="utf-8")
    short = tmp_path / "short.yaml"
    short.write_text(text[: text.index("  renewal:")])
    with pytest.raises(UsageError, match="does not define renewal"):
        load_taxonomy(short)
