"""A user's own touchpoints are read as they stand, and a mistake is named with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.errors import UsageError
from schemas.own_touchpoints import load_own_touchpoints
from schemas.touchpoint import SHIPPED_TOUCHPOINTS

OWN = """\
version: 1
touchpoints:
  billing:
    seeds: {strong: [kaching fee], none: [card]}
  seating:
    definition: Seats and the room they leave.
    examples: [There was no leg room.]
    seeds: {strong: [leg room, aisle seat], weak: [seat]}
without: [renewal]
products:
  Seatly:
    usability: {strong: [seat map]}
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "own.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_names_seeds_and_products_are_read(tmp_path: Path) -> None:
    own = load_own_touchpoints(written(tmp_path, OWN))
    assert own.names == (*(name for name in SHIPPED_TOUCHPOINTS if name != "renewal"), "seating", "other")
    assert own.definitions == {"seating": "Seats and the room they leave."}
    assert list(own.seeds["billing"].weighted()) == [("card", 0), ("kaching fee", 3)]
    assert list(own.products["Seatly"]["usability"].weighted()) == [("seat map", 3)]
    assert own.where("aisle seat").endswith("own.yaml:8")


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("strong: [kach", "strog: [kach", ":4: .*strog: no such key; did you mean strong"),
        ("  seating:", "  biling:", ":5: .*reads like the shipped billing"),
        ("  seating:", "  Seat-ing:", ":5: .*lower-case letters"),
        ("  seating:", "  any:", ":5: .*not any"),
        ("  seating:", "  other:", ":5: other is what is left"),
        ("aisle seat", "a seat at the aisle", ":8: .*one to 4 words"),
        ("[renewal]", "[renewl]", ":9: .*did you mean renewal"),
        ("    usability:", "    usabilty:", ":12: .*did you mean usability"),
        ("version: 1", "version: 2", ":1: version"),
        ("none: [card]", "weak: [Kaching fee]", ":4: .*two strengths"),
        ("definition", "definitoin", ":6: .*did you mean definition"),
        ("without", "witout", ":9: .*did you mean without"),
        ("    examples: [There was no leg room.]\n", "", ":5: .*needs a definition and examples"),
        ("products:\n", "products:\n  seatly: {}\n", ":12: .*capitals do not count"),
        ("[leg room, aisle seat]", "[leg room", ":8: not YAML|:9: not YAML"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, right: str, wrong: str, said: str) -> None:
    assert right in OWN
    with pytest.raises(UsageError, match=said) as raised:
        load_own_touchpoints(written(tmp_path, OWN.replace(right, wrong, 1)))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("text", ["", "[]", "just text"])
def test_a_file_of_something_else_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError, match="block of keys"):
        load_own_touchpoints(written(tmp_path, text))
    with pytest.raises(UsageError, match="check the path"):
        load_own_touchpoints(tmp_path / "absent.yaml")
