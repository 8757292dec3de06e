"""Every record of every file, with its bytes as they stand."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.records import Record, Records, find_files
from schemas.errors import UsageError


def read(path: Path, encoding: str = "jsonl") -> list[Record]:
    records = Records(find_files([str(path)], encoding), encoding)
    found = list(records)
    assert records.failure is None
    return found


def test_lines_keep_their_bytes_and_know_where_they_stood(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_bytes(b'\xef\xbb\xbf{"a":1}\r\n\n\xff\xfe\n{"b":2}')
    assert [(r.payload, r.origin.rsplit(":")[-1]) for r in read(file)] == [
        (b'{"a":1}', "1"),
        (b"", "2"),
        (b"\xff\xfe", "3"),
        (b'{"b":2}', "4"),
    ]


def test_gzip_is_recognised_by_content(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_bytes(gzip.compress(b"{}\n{}\n"))
    assert len(read(file)) == 2


def test_a_cut_gzip_file_gives_what_it_has_and_says_so(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl.gz"
    lines = b"".join(f'{{"n":{number * 7919 % 10007}}}\n'.encode() for number in range(50_000))
    file.write_bytes(gzip.compress(lines)[:-2000])
    records = Records(find_files([str(file)], "jsonl"), "jsonl")
    assert len(list(records)) > 1_000
    assert "damaged or cut short" in str(records.failure)


@given(
    st.lists(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\0")), min_size=2, max_size=3))
)
def test_csv_records_hold_exactly_what_a_csv_reader_sees(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows([["x", "y", "z"], *rows])
    file = tmp_path_factory.mktemp("csv") / "a.csv"
    file.write_bytes(text.getvalue().encode())
    found = [next(csv.reader(io.StringIO(r.payload.decode(), newline=""))) for r in read(file, "csv")]
    assert found == rows
    assert {r.header for r in read(file, "csv")} <= {("x", "y", "z")}


def test_a_csv_quote_that_never_closes_costs_one_line(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    good = [f'{number},"fine"' for number in range(3000)]
    file.write_text("\n".join(["id,text", *good[:10], '10,"broken', *good[11:]]) + "\n")
    payloads = [record.payload.decode() for record in read(file, "csv")]
    assert payloads == [*good[:10], '10,"broken', *good[11:]]


def test_a_folder_gives_its_files_by_name(tmp_path: Path) -> None:
    for name in ("b.jsonl", "a.jsonl.gz", "notes.txt", "c.csv"):
        (tmp_path / name).write_bytes(gzip.compress(b"{}\n") if name.endswith("gz") else b"{}\n")
    assert [Path(file.path).name for file in find_files([str(tmp_path)], "jsonl")] == ["a.jsonl.gz", "b.jsonl"]
    assert [Path(file.path).name for file in find_files([str(tmp_path / "*.csv")], "csv")] == ["c.csv"]


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("missing.jsonl", "no such file or folder"),
        ("*.jsonl", "no file matches"),
        ("empty", "holds no .jsonl"),
        ("ftp://host/a.jsonl", "use gs://, s3:// or a local path"),
    ],
)
def test_a_path_that_leads_nowhere_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("empty").mkdir()
    with pytest.raises(UsageError, match=f"^{path.replace('*', '[*]')}: .*{says}"):
        find_files([path], "jsonl")
