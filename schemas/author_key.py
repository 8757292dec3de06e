"""Where a deployment keeps the secret for author pseudonyms: the environment, or a file made on first use."""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path
from typing import Final

from schemas.errors import TribometerError, UsageError
from schemas.identity import AuthorKeyring

KEY_VARIABLE: Final = "TRIBOMETER_AUTHOR_KEY"
KEY_FILE_VARIABLE: Final = "TRIBOMETER_AUTHOR_KEY_FILE"
MINIMUM_KEY_CHARACTERS: Final = 32
"""A hash of names can be searched through; a key of 32 characters cannot."""


def default_key_file() -> Path:
    """`author.key` in the user's configuration folder, as the operating system has it."""
    named = os.environ.get(KEY_FILE_VARIABLE)
    if named:
        return Path(named)
    if sys.platform == "win32":
        home = Path(os.environ.get("APPDATA") or Path.home())
    elif sys.platform == "darwin":
        home = Path.home() / "Library" / "Application Support"
    else:
        home = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return home / "tribometer" / "author.key"


def key_file_to_make(key_file: Path | None = None) -> Path | None:
    """The file that `load_keyring` would make; None where there is a key."""
    if key_file is None and os.environ.get(KEY_VARIABLE) is not None:
        return None
    path = key_file or default_key_file()
    return None if path.exists() else path


def load_keyring(key_file: Path | None = None, *, create: bool = True) -> AuthorKeyring:
    """The deployment's keyring: from `key_file` where one is named, else TRIBOMETER_AUTHOR_KEY, else the default file.

    A file that is absent is made.

    Several processes may start at once: one of them makes the file, and all read the same key. Workers of a
    distributed run pass `create=False`: a key made on one machine would split every author in two.
    `UsageError` for a key that is too short, `TribometerError` for a file that cannot be read or made.
    """
    given = os.environ.get(KEY_VARIABLE)
    if key_file is None and given is not None:
        return _keyring(given, KEY_VARIABLE)
    path = key_file or default_key_file()
    try:
        if create and not path.exists():
            _create(path)
        text = path.read_text(encoding="ascii")
    except UnicodeDecodeError:
        raise UsageError(f"{path}: not an author key (not plain text); restore it from your backup") from None
    except OSError as error:
        raise TribometerError(
            f"{path}: the author key cannot be read or made ({error.strerror}); "
            f"set {KEY_VARIABLE} or mend the path"
        ) from None
    return _keyring(text, str(path))


def _keyring(text: str, origin: str) -> AuthorKeyring:
    key = text.strip()
    if len(key) < MINIMUM_KEY_CHARACTERS:
        raise UsageError(
            f"{origin}: an author key needs {MINIMUM_KEY_CHARACTERS} characters, this one has {len(key)}; "
            "make one with `openssl rand -hex 32` (another key gives every author another pseudonym)"
        )
    return AuthorKeyring(key.encode())


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        # A link, unlike a rename, fails when another process was first: nobody's key is replaced.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink(missing_ok=True)
