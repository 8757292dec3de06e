"""The author key: from the environment, or a file made once and readable by its owner only."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from schemas.author_key import KEY_FILE_VARIABLE, KEY_VARIABLE, default_key_file, load_keyring
from schemas.errors import TribometerError, UsageError


@pytest.fixture(autouse=True)
def _no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    monkeypatch.delenv(KEY_FILE_VARIABLE, raising=False)


def test_a_key_is_made_once_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "new" / "author.key"
    with ThreadPoolExecutor(8) as pool:
        keys = {keyring.key_id for keyring in pool.map(lambda _: load_keyring(path), range(16))}
    assert keys == {load_keyring(path).key_id}
    assert path.stat().st_mode & 0o777 == 0o600
    assert [found.name for found in path.parent.iterdir()] == ["author.key"]


def test_a_named_file_comes_before_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "k" * 32)
    monkeypatch.setenv(KEY_FILE_VARIABLE, str(tmp_path / "default.key"))
    assert load_keyring().key == b"k" * 32
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "author.key").write_text("f" * 32)
    assert load_keyring(tmp_path / "author.key").key == b"f" * 32


def test_a_short_key_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "author.key").write_text("short\n")
    with pytest.raises(UsageError, match=r"needs 32 characters, this one has 5"):
        load_keyring(tmp_path / "author.key")
    monkeypatch.setenv(KEY_VARIABLE, "short")
    with pytest.raises(UsageError, match=KEY_VARIABLE):
        load_keyring()


def test_an_unreadable_key_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(TribometerError, match=r"cannot be read or made"):
        load_keyring(tmp_path)
    (tmp_path / "binary.key").write_bytes(b"\xff" * 40)
    with pytest.raises(UsageError, match=r"not plain text"):
        load_keyring(tmp_path / "binary.key")


def test_a_worker_never_makes_a_key(tmp_path: Path) -> None:
    with pytest.raises(TribometerError):
        load_keyring(tmp_path / "author.key", create=False)
    assert list(tmp_path.iterdir()) == []


def test_the_default_file_follows_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_FILE_VARIABLE, str(tmp_path / "k"))
    assert default_key_file() == tmp_path / "k"
    monkeypatch.delenv(KEY_FILE_VARIABLE)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setattr("sys.platform", "linux")
    assert default_key_file() == tmp_path / "tribometer" / "author.key"
