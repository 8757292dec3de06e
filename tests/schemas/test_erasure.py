"""The signature of a row of the erasure log."""

from __future__ import annotations

from datetime import UTC, datetime

from schemas.erasure import Erasure, Signature, check_signature
from schemas.identity import AuthorKeyring

KEYRING = AuthorKeyring(b"k" * 40)
AT = datetime(2024, 7, 1, tzinfo=UTC)


def erasure(theme_rows: int | None) -> Erasure:
    return Erasure("e", "s", AT, AT, 6, 6, 0, 3, 4, theme_rows)


def test_a_row_is_as_it_was_signed_or_forged() -> None:
    row = erasure(2).row(KEYRING)
    assert check_signature(row, KEYRING) is Signature.VALID
    for changed in ({"theme_rows": 1}, {"theme_rows": None}, {"raw_rows": 5}):
        assert check_signature({**row, **changed}, KEYRING) is Signature.FORGED


def test_a_row_from_before_themes_were_counted_is_valid_still() -> None:
    # As the program before signed it: without the column.
    statement = (
        '{"dead_letters":3,"deleted_files":4,"erasure_id":"e","feedback_rows":6,'
        '"finished_at":"2024-07-01T00:00:00.000000+00:00","key_id":"' + KEYRING.key_id + '","raw_rows":6,'
        '"score_rows":0,"started_at":"2024-07-01T00:00:00.000000+00:00","suppression_id":"s"}'
    )
    row = {**erasure(None).row(KEYRING), "signature": KEYRING.sign(statement.encode())}
    assert check_signature(row, KEYRING) is Signature.VALID
    assert check_signature({**row, "theme_rows": 0}, KEYRING) is Signature.FORGED
