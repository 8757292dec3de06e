"""Labels survive a spreadsheet, and every line of a sheet is checked."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import UsageError
from schemas.label import Label, cell, check_digits, merge, read_labels, uncell, write_labels
from schemas.touchpoint import ALL_TOUCHPOINTS

TEXT = '=SUM(1)\nThe invoice is wrong; "why", they won\'t say'
LABELS = [
    Label("e1", TEXT, 8, 28, touchpoint="billing", friction=True, product="@home", drawn="random"),
    Label("e2", "'tis fine", sentiment="positive", friction=False),
]


@given(st.text())
def test_a_cell_is_one_line_starts_no_formula_and_keeps_every_place(text: str) -> None:
    shown = cell(text)
    assert not shown.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert len(shown.splitlines()) <= 1
    assert len(uncell(shown)) == len(text)
    assert uncell(cell(uncell(shown))) == uncell(shown)
    assert check_digits(text) == check_digits(uncell(shown))
    assert not check_digits(text).isdecimal()


def test_written_labels_are_read_again(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    write_labels(path, LABELS)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    assert len(path.read_text(encoding="utf-8").splitlines()) == 3
    assert read_labels(path, ALL_TOUCHPOINTS) == LABELS


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_a_spreadsheet_of_another_country_may_save_it(tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "labels.csv"
    write_labels(path, LABELS)
    with path.open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.reader(lines))
    with path.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows(rows)
    assert read_labels(path, ALL_TOUCHPOINTS) == LABELS


def sheet(tmp_path: Path, *lines: str, header: str = "touchpoint,sentiment,friction,text,start,end,check") -> Path:
    path = tmp_path / "sheet.csv"
    path.write_text("\n".join([header, *lines]), encoding="utf-8")
    return path


def test_a_sheet_of_texts_and_one_kind_of_label_is_enough(tmp_path: Path) -> None:
    [label, *_] = read_labels(
        sheet(tmp_path, "Billing,They charged twice", header="touchpoint,text"), ALL_TOUCHPOINTS
    )
    assert (label.touchpoint, label.text, label.whole_text) == ("billing", "They charged twice", True)
    assert label.event_id == f"text-{check_digits('They charged twice')[1:]}"


def test_lines_without_labels_are_left_out(tmp_path: Path) -> None:
    assert read_labels(sheet(tmp_path, ",,,anything,,,", "", ",,,,,,"), ALL_TOUCHPOINTS) == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("biling,,,text,,,", ":3: touchpoint 'biling' is unknown; did you mean billing"),
        (",negativ,,text,,,", ":3: .*did you mean negative"),
        (",,maybe,text,,,", ":3: friction 'maybe' is not 1 or 0"),
        ("billing,,,,,,", ":3: has labels and no text"),
        ("billing,,,text,2,99,", ":3: end '99' is no place"),
        ("billing,,,text,-1,2,", ":3: start '-1' is no place"),
        ("billing,,,text,3,2,", ":3: start 3 lies behind end 2"),
        ("billing,,,text,,,c000000000000", ":3: .*the spreadsheet has changed it"),
        ("support,,,good text,,,", ":3: is labelled differently in line 2"),
        ("billing,,,text", ":3: has 4 values for 7 columns"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        read_labels(sheet(tmp_path, "billing,,,good text,,,", line), ALL_TOUCHPOINTS)


def test_all_wrong_lines_are_named(tmp_path: Path) -> None:
    wrong = [f"x{number},,,text {number},,," for number in range(20)]
    with pytest.raises(UsageError, match=r":2: .*\(so are lines 3, 4, 5, 6, 7, 8, 9 and more\)"):
        read_labels(sheet(tmp_path, *wrong), ALL_TOUCHPOINTS)


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", "touchpoint,text\nbilling,h\u00e9".encode("latin-1")])
def test_a_file_of_something_else_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "sheet.csv"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=r"columns|CSV UTF-8"):
        read_labels(path, ALL_TOUCHPOINTS)
    with pytest.raises(UsageError, match="no such file"):
        read_labels(tmp_path / "absent.csv", ALL_TOUCHPOINTS)


def test_merging_fills_in_and_does_not_overrule_unasked() -> None:
    [first, _] = LABELS
    more = Label("e1", TEXT, 8, 28, touchpoint="billing", sentiment="negative")
    [merged, _] = merge(LABELS, [more], replace_labels=False)
    assert merged.given == ("billing", "negative", True)
    assert merge([merged], [first, more], replace_labels=False) == [merged]
    other = Label("e1", TEXT, 8, 28, touchpoint="support")
    with pytest.raises(ValueError, match="has the touchpoint billing already, and now support"):
        merge(LABELS, [other], replace_labels=False)
    assert merge([first], [other], replace_labels=True)[0].given == ("support", None, True)
