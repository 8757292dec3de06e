"""A file that is there whole or not at all."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from pipelines.whole_file import whole_file


def test_it_appears_at_the_end(tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    with whole_file(target) as place:
        place.write_text("half")
        assert not target.exists()
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]
    assert target.read_text() == "half"


def test_after_an_error_the_old_one_is_there_and_the_error_names_it(tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    target.write_text("old")

    def fill() -> None:
        with whole_file(target) as place:
            place.write_text("half")
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match=f"No space left on device: '{target}'"):
        fill()
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]
    assert target.read_text() == "old"


def test_a_link_stays_one_and_a_device_is_written_to(tmp_path: Path) -> None:
    (tmp_path / "link.csv").symlink_to(tmp_path / "real.csv")
    with whole_file(tmp_path / "link.csv") as place:
        place.write_text("new")
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "real.csv").read_text() == "new"
    with whole_file(Path("/dev/null")) as place:
        assert place == Path("/dev/null")
