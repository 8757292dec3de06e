from __future__ import annotations

from models.data import Row, heldout_hash, without_overlap


def test_rows_that_share_their_text_are_left_out() -> None:
    def row(text: str) -> Row:
        return Row("a", text, "neg", "", {})

    judged = [row("It does n't work at all , and nobody ever answered my many letters .")]
    kept = without_overlap(
        [row("It doesn't work at all, and nobody ever answered my many letters. Twice."), row("It works.")], judged
    )
    assert [each.text for each in kept] == ["It works."]
    assert heldout_hash("It  Works!") == heldout_hash("it works")
