"""A mapping is checked when it is loaded, and a mistake is pointed at."""

from __future__ import annotations

import pickle
from pathlib import Path
from textwrap import dedent

import pytest

from schemas.errors import UsageError
from schemas.mapping import catalogue, load_mapping, parse_mapping

GOOD = """\
mapping: 1
description: Tickets
format: jsonl
source: desk
channel: support
fields:
  id: ticket.id
  occurred_at:
    path: created
    convert:
      timestamp: {timezone: UTC}
  author: requester.email
  text: {path: body, convert: html}
segment:
  plan: account.plan
private: [requester]
"""

EXAMPLES = sorted((Path(__file__).parents[2] / "examples" / "sources").glob("*.yaml"))


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "desk.yaml"
    path.write_text(dedent(text))
    return path


def test_a_mapping_survives_pickling_and_reads_the_same(tmp_path: Path) -> None:
    mapping = parse_mapping(write(tmp_path, GOOD))
    mapping.leftover()
    copy = pickle.loads(pickle.dumps(mapping))
    message = {
        "ticket": {"id": 7, "url": "u"},
        "body": "<p>a</p>",
        "requester": {"email": "x"},
        "account": {"plan": "pro"},
    }
    for one in (mapping, copy):
        assert one.field_reader("id")(message) == "7"
        assert one.segment_reader()(message) == [("plan", "pro")]
        assert one.leftover()(message) == {"ticket": {"url": "u"}}
    assert message["ticket"] == {"id": 7, "url": "u"}


MISTAKES = [
    ("chanel: support", "channel: support", 5, "chanel: no such key; did you mean channel?"),
    ("channel: suport", "channel: support", 5, "channel: 'suport' is not one of them; did you mean support?"),
    ("format: json", "format: jsonl", 3, "format: 'json' is not one of them; did you mean jsonl?"),
    ("  txt: {path: body, convert: html}", "  text: {path: body, convert: html}", 13, "did you mean text?"),
    ("convert: htm}", "convert: html}", 13, "no converter htm; did you mean html?"),
    ("{path: body, converter: html}", "{path: body, convert: html}", 13, "no such key; did you mean convert?"),
    (
        "timestmp: {timezone: UTC}",
        "timestamp: {timezone: UTC}",
        11,
        "no converter timestmp; did you mean timestamp?",
    ),
    ("timestamp: {timezon: UTC}", "timestamp: {timezone: UTC}", 11, "no such key; did you mean timezone?"),
    ("timestamp: {timezone: Mars/Base}", "timestamp: {timezone: UTC}", 11, "'Mars/Base' is not a time zone"),
    ("timestamp: {format: unix}", "timestamp: {timezone: UTC}", 11, "'unix' is not a timestamp format"),
    ("  id: ticket.[", "  id: ticket.id", 7, "is not a JMESPath expression"),
    ("  idd: ticket.id", "  id: ticket.id", 7, "did you mean id?"),
    ("  product: {value: x}", "  id: ticket.id", 6, "id is missing"),
    ("  id: {path: a, value: b}", "  id: ticket.id", 7, "either a path or a value"),
    (
        "  rating: {path: stars, convert: {rating: {scale: five}}}",
        "  author: requester.email",
        12,
        "is not a rating scale",
    ),
    ("  rating: stars", "  author: requester.email", 12, "the scale is missing"),
    ("  product: requester.company", "  author: requester.email", 12, "requester is listed as private"),
    (
        "  author_kind: {value: robot}",
        "  author: requester.email",
        12,
        "'robot' is not one of agent, bot, customer",
    ),
    ("mapping: 2", "mapping: 1", 1, "2 is not one of them"),
    ("private: ['a || b']", "private: [requester]", 16, "must be a plain field path"),
    ("source: 'my desk'", "source: desk", 4, "may hold letters, digits"),
]


@pytest.mark.parametrize(
    ("wrong", "right", "line", "says"), MISTAKES, ids=[wrong.strip() for wrong, *_ in MISTAKES]
)
def test_a_mistake_names_file_line_field_and_remedy(
    tmp_path: Path, wrong: str, right: str, line: int, says: str
) -> None:
    assert right in GOOD
    path = write(tmp_path, GOOD.replace(right, wrong, 1))
    with pytest.raises(UsageError) as caught:
        parse_mapping(path)
    message = str(caught.value)
    assert message.startswith(f"{path}:{line}: ")
    assert says in message
    assert "\n" not in message


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "just words\n"])
def test_a_file_that_is_no_mapping(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError, match="a source mapping is a block of keys"):
        parse_mapping(write(tmp_path, text))


@pytest.mark.parametrize("text", ["a: [1\n", "a: b: c\n", "a: 1\na: 2\n"])
def test_a_file_that_is_not_yaml(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError, match=r"desk\.yaml:\d+: not YAML") as caught:
        parse_mapping(write(tmp_path, text))
    assert "\n" not in str(caught.value)


def test_an_unknown_name_says_how_to_find_the_names() -> None:
    with pytest.raises(UsageError, match=r"did you mean feedback_event\?.*sources list"):
        load_mapping("feedback_evnt")
    with pytest.raises(UsageError, match=r"no such mapping file"):
        load_mapping("./absent.yaml")


def test_the_catalogue_and_the_examples_load() -> None:
    assert catalogue() == ["feedback_event"]
    assert load_mapping("feedback_event").source == "feedback_event"
    assert [load_mapping(str(path)).source for path in EXAMPLES] == [path.stem for path in EXAMPLES]
    assert len(EXAMPLES) == 4
