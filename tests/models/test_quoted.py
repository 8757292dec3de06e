"""Which parts of a text are not the author's, in six languages, and which only look like it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.quoted import quoted_parts

OWN = "It still crashes."


def _left(text: str) -> str:
    """The text without its quoted parts."""
    kept, done = "", 0
    for start, end in quoted_parts(text):
        kept += text[done:start]
        done = end
    return (kept + text[done:]).strip()


@pytest.mark.parametrize(
    "below",
    [
        "> Did you restart it?\n>> I will.\n> Please do",
        "On Mon, 3 May 2021 at 10:12, Ann Smith <[EMAIL]> wrote:\n\n> Did you restart it?",
        "On Mon, 3 May 2021 at 10:12, Ann Smith\n<[EMAIL]> wrote:\n\nDid you restart it? It helps.",
        "Am 03.05.2021 um 10:12 schrieb Anna Schmidt:\n> Haben Sie es neu gestartet?",
        "Le lun. 3 mai 2021 à 10:12, Anne Dupont <[EMAIL]> a écrit :\n\nAvez-vous essayé ?",
        "El lun, 3 may 2021 a las 10:12, Ana (<[EMAIL]>) escribió:\n\n¿Lo ha reiniciado?",
        "Il giorno lun 3 mag 2021 alle ore 10:12 Anna <[EMAIL]> ha scritto:\n\nHa provato?",
        "Em seg., 3 de mai. de 2021 às 10:12, Ana <[EMAIL]> escreveu:\n\nJá tentou?",
        "-----Original Message-----\nFrom: Support\nSent: Monday\n\nDid you restart it?",
        "-------- Ursprüngliche Nachricht --------\nHaben Sie es neu gestartet?",
        "Begin forwarded message:\n\nDid you restart it?",
        "From: Support <[EMAIL]>\nSent: Monday, 3 May 2021 10:12\nTo: Ann\nSubject: Re: broken\n\nDid you restart it?",
        "Von: Support\nGesendet: Montag, 3. Mai 2021\nAn: Anna\nBetreff: AW: kaputt\n\nHaben Sie es neu gestartet?",
        "De : Support\nEnvoyé : lundi 3 mai 2021\nÀ : Anne\nObjet : RE: panne\n\nAvez-vous essayé ?",
        "Developer response: Hi there! Please write to us.",
        "----------\n开发者回复: Hi there! Please write to us.",
        "-- \nAnn Smith\nExample Ltd, 1 High Street",
        "Best regards,\nAnn Smith\nHead of Sales, Example Ltd\n[PHONE]",
        "Kind regards, Ann",
        "Mit freundlichen Grüßen\nAnna Schmidt",
        "Cordialement,\nAnne Dupont",
        "Saludos,\nAna Pérez",
        "Sent from my iPhone",
        "Von meinem iPhone gesendet",
        "Envoyé de mon iPhone",
        "Enviado desde mi iPhone",
        "This e-mail and any attachments are confidential and intended solely for the addressee.\nDelete it otherwise.",
        "Diese E-Mail enthält vertrauliche Informationen.",
    ],
)
def test_what_stands_below_the_authors_words_is_not_theirs(below: str) -> None:
    assert _left(f"{OWN}\n\n{below}").rstrip(" -\n") == OWN


@pytest.mark.parametrize(
    "text",
    [
        "On 3 May your agent wrote: we will refund you. Nothing came.",
        "> Tools > Options > Privacy is gone",
        ">:( it crashes",
        "Thanks\nfor nothing",
        "Thanks\nFIX IT NOW",
        "Kind regards",
        "It worked -- until today\n-- and I mean today\nit is broken",
        "Support: terrible\nPrice: fine",
        "Sent from my account were forty mails that I never wrote, to everybody I know",
        "From: the start I hated it",
        "This message keeps coming up and I cannot close it",
        "Best browser I ever had\nuntil the update",
    ],
)
def test_what_only_looks_quoted_stays(text: str) -> None:
    assert quoted_parts(text) == []


def test_an_answer_between_quoted_lines_stays() -> None:
    text = "On 3 May 2021, Ann wrote:\n> Did you restart?\nYes, twice.\n> And now?\nStill broken."
    assert _left(text) == "Yes, twice.\n\nStill broken."


def test_a_mail_that_is_the_text_loses_its_headers_only() -> None:
    text = "From: Ann\nDate: Monday\nTo: Support\nSubject: broken\n\nMy parcel never came."
    assert _left(text) == "My parcel never came."


def test_the_customers_turns_of_a_chat_stay() -> None:
    text = "Agent: How can I help?\nCustomer: My order is late\nAgent (Tom): Sorry to hear that\nCustomer: So help"
    assert _left(text) == "Customer: My order is late\nCustomer: So help"


LINES = st.sampled_from(
    (
        *(
            "> quoted",
            "own words",
            "",
            "-- ",
            "Best regards,",
            "Ann Smith",
            "From: a",
            "To: b",
            "Date: c",
            "Agent: hi",
        ),
        *("Me: no", "On 3 May 2021, Ann wrote:", "-----Original Message-----", "Sent from my iPad", "   "),
        "Confidentiality notice",
    )
)


@given(st.lists(LINES, max_size=25).map("\n".join) | st.text(max_size=80))
def test_parts_are_inside_the_text_ascending_and_apart(text: str) -> None:
    edges = [edge for part in quoted_parts(text) for edge in part]
    assert edges == sorted(set(edges))
    assert all(0 <= edge <= len(text) for edge in edges)
