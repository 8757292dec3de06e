"""Compaction: fewer files, the same rows, whatever happens beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.cli import main
from pipelines.tables import compact as module
from pipelines.tables.checkpoint import checkpoint
from pipelines.tables.compact import compact, mergeable
from schemas import tables
from schemas.tables import DEAD_LETTERS, FEEDBACK, LAUNCHES
from tests.pipelines.feedback_table import store
from tests.pipelines.tables.kept import DAYS, content, feedback_row, files, fill, on_disk
from transforms.delta import LiveFile, add_files, open_or_create, open_table, replace_files
from transforms.delta_log import checkpoint_paths
from transforms.parquet import read_file, write_file


def sized(*sizes: int, partition: str = "d") -> list[LiveFile]:
    return [LiveFile(f"{partition}/{number}", partition, 1, size) for number, size in enumerate(sizes)]


@pytest.mark.parametrize(
    ("sizes", "taken"),
    [
        ((10, 10, 10, 10), 4),
        ((10, 10, 10), 0),  # too few
        ((10, 11, 12, 13, 1000), 4),  # the large one would be written again for little
        ((10, 11, 12, 13, 90), 5),
        ((10, 10, 10, module.TARGET_BYTES), 0),
    ],
)
def test_files_are_merged_with_their_like(sizes: tuple[int, ...], taken: int) -> None:
    assert sum(map(len, mergeable(sized(*sizes)))) == taken


def test_partitions_are_not_mixed() -> None:
    chosen = mergeable([*sized(1, 1, 1, 1), *sized(1, 1, partition="e")])
    assert [{file.partition for file in group} for group in chosen] == [{"d"}]


@pytest.mark.parametrize("spec", [FEEDBACK, DEAD_LETTERS, LAUNCHES], ids=lambda spec: spec.name)
def test_rows_stay_as_they_are(root: str, spec: tables.TableSpec) -> None:
    before = content(root, spec)
    done = compact(root, spec)
    assert (done.files_before, done.files_after) == ((15, 3) if spec == FEEDBACK else (5, 1))
    assert content(root, spec) == before
    assert len(files(root, spec)) == done.files_after


def test_a_table_left_alone_is_not_written_again(root: str) -> None:
    compact(root, FEEDBACK)
    before = files(root, FEEDBACK)
    assert compact(root, FEEDBACK).files_before == 0
    assert files(root, FEEDBACK) == before


def test_a_merge_is_bounded_by_memory(root: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = read_file(root, FEEDBACK, files(root, FEEDBACK)[0])
    monkeypatch.setattr(module, "MEMORY_BYTES", 2 * rows.nbytes - 1)
    before = content(root, FEEDBACK)
    compact(root, FEEDBACK)
    assert sorted(file.rows for file in files(root, FEEDBACK)) == [1, 1, 1, *[2] * 6]
    assert content(root, FEEDBACK) == before


def test_what_a_rival_removed_is_not_brought_back(root: str, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = next(file for file in files(root, FEEDBACK) if file.partition == DAYS[0])
    write = module.write_file

    def erase_first(*arguments: object, **options: object) -> object:
        monkeypatch.setattr(module, "write_file", write)
        replace_files(open_table(root, FEEDBACK), FEEDBACK, [gone], [], {}, changes_rows=True)  # type: ignore[arg-type]
        return write(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "write_file", erase_first)
    done = compact(root, FEEDBACK)
    assert (done.files_before, done.files_after) == (10, 2)
    assert sum(file.rows for file in files(root, FEEDBACK)) == 14
    assert on_disk(root, FEEDBACK) >= {file.path for file in files(root, FEEDBACK)}
    merged = on_disk(root, FEEDBACK) - {file.path for file in files(root, FEEDBACK)}
    assert len(merged) == 11, "the file that lost is deleted; the sources wait for vacuum"


def test_a_rewrite_that_is_faster_makes_it_look_again(root: str, monkeypatch: pytest.MonkeyPatch) -> None:
    replace = module.replace_files

    def late(*arguments: object, **options: object) -> int:
        monkeypatch.setattr(module, "replace_files", replace)
        replace_files(open_table(root, FEEDBACK), FEEDBACK, [], [], {}, changes_rows=False)  # type: ignore[arg-type]
        return replace(*arguments, **options)  # type: ignore[arg-type]

    before = content(root, FEEDBACK)
    monkeypatch.setattr(module, "replace_files", late)
    done = compact(root, FEEDBACK)
    assert (done.conflicts, done.files_after) == (1, 3)
    assert content(root, FEEDBACK) == before


def test_appends_go_on_beside_it(root: str, monkeypatch: pytest.MonkeyPatch) -> None:
    replace = module.replace_files

    def late(*arguments: object, **options: object) -> int:
        store(root, [feedback_row(9, DAYS[0])])
        return replace(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "replace_files", late)
    assert compact(root, FEEDBACK).conflicts == 0
    assert sum(file.rows for file in files(root, FEEDBACK)) == 16


def test_a_damaged_file_is_left_and_named(root: str, capsys: pytest.CaptureFixture[str]) -> None:
    file = next(file for file in files(root, FEEDBACK) if file.partition == DAYS[0])
    path = Path(root, "feedback", file.path)
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    assert main(["tables", "compact", "--tables", root]) == 1
    said = capsys.readouterr()
    assert path.name in said.err
    assert "10 files became 2" in said.out


def test_an_identity_twice_is_refused(root: str) -> None:
    file = next(file for file in files(root, FEEDBACK) if file.partition == DAYS[1])
    again = write_file(
        root,
        FEEDBACK,
        read_file(root, FEEDBACK, file),
        partition=file.partition,
        written_at=read_file(root, FEEDBACK, file)["committed_at"][0].as_py(),
    )
    add_files(open_or_create(root, FEEDBACK), FEEDBACK, [again], {})
    done = compact(root, FEEDBACK)
    assert [DAYS[1] in reason and "twice" in reason for reason in done.refused] == [True]
    assert done.files_after == 2


def test_the_log_gets_a_checkpoint_that_readers_use(root: str) -> None:
    fill(root, 8)
    before = content(root, FEEDBACK)
    assert checkpoint(root, FEEDBACK)
    assert not checkpoint(root, FEEDBACK)
    (version,) = checkpoint_paths(root, FEEDBACK)
    for number in range(version + 1):
        Path(root, "feedback", "_delta_log", f"{number:020}.json").unlink()
    assert content(root, FEEDBACK) == before
