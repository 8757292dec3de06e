"""Languages of short texts: told by what is in them, and English where nothing tells."""

from __future__ import annotations

import pytest

from models.detection import detect, primary


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Geht seit dem Update nicht mehr", "de"),
        ("sehr gut", "de"),
        ("Funktioniert nicht", "de"),
        ("muy buena app", "es"),
        ("No funciona", "es"),
        ("¿Por qué no abre?", "es"),
        ("ne marche pas", "fr"),
        ("très bien merci", "fr"),
        ("C'est nul", "fr"),
        ("non funziona più", "it"),
        ("molto bella, grazie", "it"),
        ("muito bom", "pt"),
        ("não abre mais", "pt"),
        ("NÃO FUNCIONA", "pt"),
        ("Sinds de laatste update kan ik niet meer inloggen", "nl"),
        ("Приложение не работает", "ru"),
        ("アプリが起動しません", "ja"),
    ],
)
def test_short_texts(text: str, language: str) -> None:
    assert detect(text, "en") == language


@pytest.mark.parametrize(
    "text",
    [
        *(
            "ok",
            "nice app",
            "love it",
            "Doesn't work",
            "THIS APP IS GREAT",
            "crash",
            "no",
            "meh",
            "10/10",
            "👍👍",
            "",
        ),
        *(
            "Great app",
            "Excellent",
            "Super",
            "perfect",
            "Best mail app ever",
            "won't open",
            "Gmail",
            "Drive sync error",
        ),
        *("it dies on start", "not me", "a la carte menu is gone", "no sound", "so slow"),
    ],
)
def test_english_and_what_does_not_tell_stay_english(text: str) -> None:
    assert detect(text, "en") == "en"


def test_what_does_not_tell_is_what_the_caller_says() -> None:
    assert detect("👍 123", "fr") == "fr"


def test_a_tag_is_cut_to_its_language() -> None:
    assert [primary(tag) for tag in ("de-AT", "pt_BR", "EN", "und", "", None)] == [
        "de",
        "pt",
        "en",
        None,
        None,
        None,
    ]
