"""A label: what a person says a mention, or a whole text, is about, how it feels, and whether it tells of friction.

Labels are kept as CSV, with the text they were given to: it is what a model learns from. A sheet to be filled in has
the same columns and more. Both go through spreadsheets, so a cell

- never starts a formula: `=`, `+`, `-`, `@` and their full-width forms get an apostrophe before them (OWASP, "CSV
  Injection"), which is taken off again on reading;
- holds no line breaks: `⏎` stands for one, character for character, so that offsets stay true;
- is not trusted: `check` is a digest of the text, which tells when a spreadsheet has changed it.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from schemas.errors import UsageError
from schemas.nearest import did_you_mean

SENTIMENTS: Final = ("negative", "neutral", "positive")
LABELS: Final = ("touchpoint", "sentiment", "friction")
COLUMNS: Final = ("event_id", "start", "end", *LABELS, "product", "drawn", "text")
"""Of a labels file."""

_FRICTION: Final = {"1": True, "yes": True, "true": True, "0": False, "no": False, "false": False}
_FORMULA: Final = tuple("=+-@＝＋－＠'")
_BREAK: Final = "⏎"
_DELIMITERS: Final = (",", ";", "\t")
_LINES_NAMED: Final = 8

Key = tuple[str, int, int]


@dataclass(frozen=True)
class Label:
    """One labelled mention. `start` and `end` are character offsets into `text`; both 0 where all of it is meant.

    A label that was not given is None. `drawn` says how the mention came into the sheet, `random` or `uncertain`.
    """

    event_id: str
    text: str
    start: int = 0
    end: int = 0
    touchpoint: str | None = None
    sentiment: str | None = None
    friction: bool | None = None
    product: str | None = None
    drawn: str | None = None

    @property
    def key(self) -> Key:
        """What was labelled."""
        return self.event_id, self.start, self.end

    @property
    def whole_text(self) -> bool:
        """Whether the label is of all of the text."""
        return self.start == self.end

    @property
    def given(self) -> tuple[str | None, str | None, bool | None]:
        """The labels themselves."""
        return self.touchpoint, self.sentiment, self.friction


def cell(text: str) -> str:
    """A text as a cell that a spreadsheet leaves alone; `uncell` gives it back but for control characters.

    >>> cell("=1+1\\nnext")
    "'=1+1⏎next"
    """
    line = "".join(_BREAK if sign in "\n\r\v\f\x85\u2028\u2029" else sign if sign >= " " else " " for sign in text)
    return f"'{line}" if line.startswith(_FORMULA) else line


def uncell(value: str) -> str:
    """The text that `cell` made a cell of.

    >>> uncell("'=1+1⏎next")
    '=1+1\\nnext'
    """
    bare = value[1:] if value.startswith("'") and value[1:].startswith(_FORMULA) else value
    return bare.replace(_BREAK, "\n")


def check_digits(text: str) -> str:
    """A digest of a cell's text that no spreadsheet takes for a number."""
    return "c" + hashlib.sha256(uncell(cell(text)).encode("utf-8", "replace")).hexdigest()[:12]


def read_labels(path: Path, touchpoints: Iterable[str]) -> list[Label]:
    """The labels of a CSV file, lines without any left out; `touchpoints` are the names that may be given.

    Columns: `text`, one or more of `LABELS`, and if known `start` and `end` (none: the whole text), `event_id` (none: a
    digest of the text), `product`, `drawn`, `check`. The separator may be a comma, a semicolon or a tab. Raises
    `UsageError` as `file:line: what is wrong`, for the first line that is wrong, with the numbers of the others.
    """
    known = [*touchpoints]
    found: dict[Key, tuple[int, Label]] = {}
    wrong: list[tuple[int, str]] = []
    for line, fields in _rows(path):
        try:
            label = _label(fields, known)
        except ValueError as error:
            wrong.append((line, str(error)))
            continue
        if label is None:
            continue
        earlier, same = found.setdefault(label.key, (line, label))
        if same.given != label.given:
            wrong.append((line, f"is labelled differently in line {earlier}; keep one of them"))
    if wrong:
        line, message = wrong[0]
        others = ", ".join(str(line) for line, _ in wrong[1:_LINES_NAMED])
        more = f" (so are lines {others}{' and more' if len(wrong) > _LINES_NAMED else ''})" if others else ""
        raise UsageError(f"{path}:{line}: {message}{more}; nothing was read")
    return [label for _, label in found.values()]


def write_labels(path: Path, labels: Iterable[Label]) -> None:
    """Write a labels file in the order of its keys; it is complete or, after an interruption, as it was."""
    rows = [
        {
            "event_id": label.event_id,
            "start": label.start,
            "end": label.end,
            "touchpoint": label.touchpoint or "",
            "sentiment": label.sentiment or "",
            "friction": "" if label.friction is None else int(label.friction),
            "product": cell(label.product or ""),
            "drawn": label.drawn or "",
            "text": cell(label.text),
        }
        for label in sorted(labels, key=lambda label: label.key)
    ]
    write_sheet(path, COLUMNS, rows)


def write_sheet(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> None:
    """Write CSV for a spreadsheet: UTF-8 with the mark by which Excel knows it; all of it or nothing."""
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        with unfinished.open("w", encoding="utf-8-sig", newline="") as out:
            writer = csv.DictWriter(out, columns)
            writer.writeheader()
            writer.writerows(rows)
        unfinished.replace(path)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from error
    finally:
        unfinished.unlink(missing_ok=True)


def merge(kept: Sequence[Label], new: Iterable[Label], *, replace_labels: bool) -> list[Label]:
    """Kept labels with new ones; a label that was not given before is filled in.

    Raises `ValueError` where a mention was labelled differently before, unless the new label is to replace it.
    """
    merged = {label.key: label for label in kept}
    for label in new:
        before = merged.get(label.key)
        if before is None:
            merged[label.key] = label
            continue
        for name in LABELS:
            old, now = getattr(before, name), getattr(label, name)
            if now is None or now == old:
                continue
            if old is not None and not replace_labels:
                raise ValueError(
                    f"event {label.event_id} at {label.start}-{label.end} has the {name} {_shown(old)} already, "
                    f"and now {_shown(now)}; correct the sheet, or take the new ones with --replace"
                )
            before = replace(before, **{name: now})
        merged[label.key] = before
    return list(merged.values())


def _shown(value: str | bool) -> str:
    return str(int(value)) if isinstance(value, bool) else value


def _label(fields: Mapping[str, str], touchpoints: Sequence[str]) -> Label | None:
    given = {name: fields.get(name, "").strip().lower() for name in LABELS}
    if not any(given.values()):
        return None
    text = uncell(fields["text"])
    if not text.strip():
        raise ValueError("has labels and no text; a label without its text teaches nothing")
    check = fields.get("check", "").strip()
    if check and check != check_digits(text):
        raise ValueError(
            "the text is not the one that was exported: the spreadsheet has changed it; save it as CSV UTF-8, "
            "and leave the column text as it is"
        )
    start, end = (_offset(fields.get(name, ""), name, len(text)) for name in ("start", "end"))
    if start > end:
        raise ValueError(f"start {start} lies behind end {end}")
    touchpoint, sentiment, friction = given["touchpoint"], given["sentiment"], given["friction"]
    if touchpoint and touchpoint not in touchpoints:
        raise ValueError(
            f"touchpoint {touchpoint[:40]!r} is unknown{did_you_mean(touchpoint, touchpoints)} "
            "(--touchpoints FILE names your own)"
        )
    if sentiment and sentiment not in SENTIMENTS:
        raise ValueError(f"sentiment {sentiment[:40]!r} is unknown{did_you_mean(sentiment, SENTIMENTS)}")
    if friction and friction not in _FRICTION:
        raise ValueError(f"friction {friction[:40]!r} is not 1 or 0")
    return Label(
        event_id=fields.get("event_id", "").strip() or f"text-{check_digits(text)[1:]}",
        text=text,
        start=0 if (start, end) == (0, len(text)) else start,
        end=0 if (start, end) == (0, len(text)) else end,
        touchpoint=touchpoint or None,
        sentiment=sentiment or None,
        friction=_FRICTION[friction] if friction else None,
        product=uncell(fields.get("product", "")).strip() or None,
        drawn=fields.get("drawn", "").strip() or None,
    )


def _offset(value: str, name: str, length: int) -> int:
    if not value.strip():
        return 0
    if not value.strip().isdecimal() or int(value) > length:
        raise ValueError(f"{name} {value[:20]!r} is no place in the text, which has {length:,} characters")
    return int(value)


def _rows(path: Path) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Line number and fields of each row of a CSV file with header."""
    try:
        content = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise UsageError(f"{path}: no such file") from None
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: is not UTF-8 text (byte {error.start}); save it as CSV UTF-8") from None
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    first = content.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    # The longest text that is scored has 20,000 characters, beyond what the csv module reads unasked in one row.
    csv.field_size_limit(1_000_000)
    reader = csv.reader(io.StringIO(content, newline=""), delimiter=delimiter, strict=True)
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        if "text" not in header or not set(header) & set(LABELS):
            raise UsageError(
                f"{path}:1: has the columns {', '.join(header) or '(none)'}; a sheet has text and one or more of "
                f"{', '.join(LABELS)}"
            )
        for values in reader:
            if not any(value.strip() for value in values):
                continue
            if len(values) != len(header):
                raise UsageError(f"{path}:{reader.line_num}: has {len(values)} values for {len(header)} columns")
            yield reader.line_num, dict(zip(header, values, strict=True))
    except csv.Error as error:
        raise UsageError(f"{path}:{reader.line_num}: {error}") from None
