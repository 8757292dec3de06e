"""Exposure from files: which columns, which rows, and what a file does to the table, once and again."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.cli import main
from pipelines.connect import connect, connect_stored
from pipelines.exposure.columns import Asked, choose_columns
from pipelines.exposure.files import read_exposure
from pipelines.exposure.store import Recorded, record_exposure
from schemas.errors import UsageError
from schemas.exposure import ExposureKey
from tests.pipelines.feedback_table import event, store

NOW = datetime(2024, 6, 1, tzinfo=UTC)
CSV = """\
app,date,active_devices,version
Parcelbird,2024-05-01,1000,
Parcelbird,2024-05-01,700,4.2
Parcelbird,2024-05-02,0,
"""


def write(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    return str(path)


def numbers(path: str, **asked: object) -> dict[ExposureKey, float]:
    return read_exposure(path, Asked(**asked), UTC)  # type: ignore[arg-type]


class TestColumns:
    def test_usual_names_are_found_however_they_are_written(self) -> None:
        columns = choose_columns(["App Name", "DATE", "Active-Devices", "note"], Asked())
        assert (columns.product, columns.day, columns.count) == ("App Name", "DATE", "Active-Devices")
        assert (columns.measure, columns.hour, columns.version) == ("active devices", None, None)

    def test_what_the_user_says_goes_first(self) -> None:
        asked = Asked(product="Parcelbird", hour="t", count="n2", measure="visits", segments={"plan": "p"})
        columns = choose_columns(["product", "day", "t", "n2", "orders", "p"], asked)
        assert (columns.product, columns.product_name, columns.day, columns.hour) == (
            None,
            "Parcelbird",
            None,
            "t",
        )
        assert (columns.count, columns.measure, columns.segments) == ("n2", "visits", {"plan": "p"})

    def test_an_hour_goes_before_a_day(self) -> None:
        columns = choose_columns(["product", "day", "hour", "orders"], Asked())
        assert (columns.day, columns.hour) == (None, "hour")

    @pytest.mark.parametrize(
        ("names", "asked", "complaint"),
        [
            (["day", "orders"], Asked(), "no column says the product.*columns: day, orders.*--product NAME"),
            (["product", "orders"], Asked(), "no column says when.*--day-column"),
            (["product", "day"], Asked(), "no column holds the count"),
            (["product", "day", "orders", "sessions"], Asked(), "orders, sessions may each be the count"),
            (["product", "day", "count"], Asked(), "does not say what is counted; say --measure"),
            (["product", "day", "orders"], Asked(version="versoin"), "--version-column versoin: no such column"),
            (["product", "day", "orders"], Asked(day="dya"), "did you mean day"),
            (["product", "day", "orders"], Asked(product="a", product_column="product"), "keep one of them"),
            (["product", "day", "orders"], Asked(day="day", hour="day"), "both say when"),
        ],
    )
    def test_what_is_missing_or_unclear_is_named(self, names: list[str], asked: Asked, complaint: str) -> None:
        with pytest.raises(UsageError, match=complaint):
            choose_columns(names, asked)


class TestReading:
    def test_csv_and_parquet_say_the_same(self, tmp_path: Path) -> None:
        from_csv = numbers(write(tmp_path / "a.csv", "\ufeff" + CSV + "\n"))
        rows = {
            "app": ["Parcelbird"] * 3,
            "date": [date(2024, 5, 1), date(2024, 5, 1), date(2024, 5, 2)],
            "active_devices": [1000, 700, 0],
            "version": [None, "4.2", None],
        }
        pq.write_table(pa.table(rows), tmp_path / "a.parquet")
        (tmp_path / "a.csv.gz").write_bytes(gzip.compress(CSV.encode()))
        assert numbers(str(tmp_path / "a.parquet")) == from_csv == numbers(str(tmp_path / "a.csv.gz"))
        total = ExposureKey("Parcelbird", date(2024, 5, 1), "active devices")
        assert from_csv == {
            total: 1000,
            replace(total, version="4.2"): 700,
            replace(total, day=date(2024, 5, 2)): 0,
        }

    def test_hours_are_read_in_their_zone_and_say_the_utc_day(self, tmp_path: Path) -> None:
        file = write(tmp_path / "a.csv", "hour,orders,plan name\n2024-05-01T01:00,5,pro\n2024-05-01T02:00Z,6,\n")
        asked = Asked(product="app", segments={"plan": "plan name"})
        assert read_exposure(file, asked, ZoneInfo("Europe/Berlin")) == {
            ExposureKey(
                "app", date(2024, 4, 30), "orders", datetime(2024, 4, 30, 23, tzinfo=UTC), None, (("plan", "pro"),)
            ): 5,
            ExposureKey("app", date(2024, 5, 1), "orders", datetime(2024, 5, 1, 2, tzinfo=UTC)): 6,
        }

    @pytest.mark.parametrize(
        ("text", "complaint"),
        [
            ("app,day,orders\na,2024-05-01,1\na,2024-05-02,-1\n", r"a\.csv:3: count '-1' is negative"),
            ("app,day,orders\na,2024-05-01,NaN\n", r"a\.csv:2: count 'NaN' is not a finite number"),
            ("app,day,orders\na,2024-05-01,inf\n", r"a\.csv:2: count 'inf' is not a finite number"),
            ("app,day,orders\na,soon,1\n", r"a\.csv:2: day 'soon' is not a date"),
            ("app,day,orders\n ,2024-05-01,1\n", r"a\.csv:2: the product is missing"),
            (
                "app,day,orders\na,2024-05-01,1\na,2024-05-01,2\n",
                r"a\.csv:3: says 2 orders where .*a\.csv:2 says 1",
            ),
            ("app,day,orders\na,2024-05-01\n", r"a\.csv:2: has 2 values for 3 columns"),
            ('app,day,orders\n"a,2024-05-01,1\n', r"a\.csv:2: "),
            ("app,day,day\na,2024-05-01,1\n", "two columns have one name"),
            ("app,day,orders\n", "holds no rows"),
            ("", "no column"),
        ],
    )
    def test_a_bad_row_is_named(self, tmp_path: Path, text: str, complaint: str) -> None:
        with pytest.raises(UsageError, match=complaint):
            numbers(write(tmp_path / "a.csv", text))

    def test_a_bad_row_of_parquet_is_named(self, tmp_path: Path) -> None:
        rows = {"app": ["a", "a"], "day": [date(2024, 5, 1)] * 2, "orders": [1.0, float("nan")]}
        pq.write_table(pa.table(rows), tmp_path / "a.parquet")
        with pytest.raises(UsageError, match=r"a\.parquet: row 2: count 'nan' is not a finite number"):
            numbers(str(tmp_path / "a.parquet"))

    def test_files_that_cannot_be_read(self, tmp_path: Path) -> None:
        (tmp_path / "latin.csv").write_bytes(b"app,day,orders\n\xe9,2024-05-01,1\n")
        (tmp_path / "cut.parquet").write_bytes(b"PAR1 and no more")
        for name, complaint in {
            "none": "no such file",
            "latin.csv": "UTF-8",
            "cut.parquet": "cannot be read",
        }.items():
            with pytest.raises(UsageError, match=complaint):
                numbers(str(tmp_path / name))


class TestRecording:
    def test_twice_is_once_and_the_last_number_counts(self, tmp_path: Path) -> None:
        counts, root = numbers(write(tmp_path / "a.csv", CSV)), str(tmp_path / "t")
        assert record_exposure(root, counts, now=NOW, dry_run=True) == Recorded(3, 0, 0)
        assert not Path(root).exists()
        assert record_exposure(root, counts, now=NOW) == Recorded(3, 0, 0)
        assert record_exposure(root, counts, now=NOW) == Recorded(0, 0, 3)
        (first, *_) = counts
        changed = {**counts, first: 1001.0, replace(first, segment=(("plan", "pro"),)): 5.0}
        earlier = datetime(2020, 1, 1, tzinfo=UTC)  # the clock was set back
        assert record_exposure(root, changed, now=earlier) == Recorded(1, 1, 2)
        assert record_exposure(root, changed, now=earlier) == Recorded(0, 0, 4)
        with connect(root) as connection:
            found = connection.execute("SELECT count, segment FROM exposure ORDER BY count").fetchall()
        assert found == [(0, {}), (5, {"plan": "pro"}), (700, {}), (1001, {})]
        with connect_stored(root) as connection:
            assert connection.execute("SELECT count(*) FROM tables.exposure").fetchall() == [(5,)]

    def test_hours_versions_and_segments_are_numbers_of_their_own(self, tmp_path: Path) -> None:
        key = ExposureKey("app", date(2024, 5, 1), "orders")
        keys = [
            key,
            replace(key, hour=datetime(2024, 5, 1, 3, tzinfo=UTC)),
            replace(key, version="1"),
            replace(key, segment=(("country", "de"), ("plan", "pro"))),
            replace(key, segment=(("country", "de"),)),
            replace(key, measure="sessions"),
        ]
        counts = {one: float(number) for number, one in enumerate(keys)}
        assert record_exposure(str(tmp_path), counts, now=NOW) == Recorded(6, 0, 0)
        assert record_exposure(str(tmp_path), counts, now=NOW) == Recorded(0, 0, 6)


class TestCommand:
    def test_import_and_list(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        store(str(tmp_path / "t"), [event("1", "2024-05-01", product="Parcelbird")])
        file = write(tmp_path / "a.csv", CSV.replace("2024-05-02", "2024-05-04"))
        at = ["--tables", str(tmp_path / "t")]
        assert main(["exposure", "import", file, "--dry-run", *at]) == 0
        assert capsys.readouterr().out == "active devices: 3 would be added, 0 would be changed, 0 already there\n"
        assert main(["exposure", "import", file, *at]) == 0
        captured = capsys.readouterr()
        assert (captured.out, captured.err) == ("active devices: 3 added, 0 changed, 0 already there\n", "")
        assert main(["exposure", "list", "--format", "json", *at]) == 0
        listed = {row["version"]: row for row in json.loads(capsys.readouterr().out)}
        assert listed["4.2"]["total"] == 700
        assert (listed[None]["days"], listed[None]["gaps"], listed[None]["last_day"]) == (2, 2, "2024-05-04")

    def test_a_product_nobody_spoke_of_is_a_warning(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        store(str(tmp_path / "t"), [event("1", "2024-05-01", product="Parcelbirds")])
        file = write(tmp_path / "a.csv", CSV)
        assert main(["exposure", "import", file, "--tables", str(tmp_path / "t")]) == 0
        assert "did you mean Parcelbirds?" in capsys.readouterr().err

    @pytest.mark.parametrize(
        ("options", "complaint"),
        [
            (["--zone", "Mars/Olympus"], "--zone Mars/Olympus"),
            (["--segment-column", "plan"], "write NAME=COLUMN"),
            (["--count-column", "orders"], "--count-column orders: no such column"),
        ],
    )
    def test_a_wrong_option_says_so_and_nothing_is_made(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], complaint: str
    ) -> None:
        file = write(tmp_path / "a.csv", CSV)
        assert main(["exposure", "import", file, *options, "--tables", str(tmp_path / "t")]) == 2
        assert complaint in capsys.readouterr().err
        assert not (tmp_path / "t").exists()
