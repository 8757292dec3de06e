"""What is removed from a text, and what looks like it and stays."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.personal_data import redact_text

REMOVED = [
    ("mail anna.b+news@mail.example.co.uk now", "mail [EMAIL] now"),
    ("Write to <o'neil@example.com>.", "Write to <[EMAIL]>."),
    ("jürgen@münchen.de schrieb", "[EMAIL] schrieb"),
    ("two: a@b.example, c@d.example", "two: [EMAIL], [EMAIL]"),
    ("card 4111 1111 1111 1111 was charged", "card [CARD] was charged"),
    ("card 4111-1111-1111-1111.", "card [CARD]."),
    ("5555555555554444", "[CARD]"),
    ("amex 3782 822463 10005 declined", "amex [CARD] declined"),
    ("pay to DE89 3704 0044 0532 0130 00 please", "pay to [IBAN] please"),
    ("GB82WEST12345698765432", "[IBAN]"),
    ("iban gb82 west 1234 5698 7654 32 thanks", "iban [IBAN] thanks"),
    ("my router is 192.168.1.254", "my router is [IP]"),
    ("http://203.0.113.9/login fails", "http://[IP]/login fails"),
    ("blocked from 10.0.0.1!", "blocked from [IP]!"),
    ("my IP address is 89.12.14.2", "my IP address is [IP]"),
    ("seen from 2001:db8:85a3::8a2e:370:7334 today", "seen from [IP] today"),
    ("fe80::1ff:fe23:4567:890a", "[IP]"),
    ("call me at +1 415-555-2671", "call me at [PHONE]"),
    ("+442079460958", "[PHONE]"),
    ("0049 30 901820 was called", "[PHONE] was called"),
    ("(415) 555-2671 any time", "[PHONE] any time"),
    ("1-800-275-2273 does not answer", "[PHONE] does not answer"),
    ("phone 4155552671", "phone [PHONE]"),
    ("+4930901820,+4930901821", "[PHONE],[PHONE]"),
    ("0049 30 901820,0049 30 901821", "[PHONE],[PHONE]"),
    ("https://wa.me/+4930901820", "https://wa.me/[PHONE]"),
    ("ruf mich an: 030 901820 12", "ruf mich an: [PHONE]"),
    ("my number is 4155552671", "my number is [PHONE]"),
    ("Anna Example 4155552671", "Anna Example [PHONE]"),
    ("06 12 34 56 78", "[PHONE]"),
    ("whatsapp 98765 43210", "whatsapp [PHONE]"),
    ("https://anna:s3cret@host.example/x", "https://[URL_CREDENTIALS]@host.example/x"),
    ("ftp://u:p@ftp.example", "ftp://[URL_CREDENTIALS]@ftp.example"),
    (
        "https://x.example/r?access_token=abc.def-1&page=2",
        "https://x.example/r?access_token=[URL_CREDENTIALS]&page=2",
    ),
    ("https://x.example/?a=1&api_key=ZZ9", "https://x.example/?a=1&api_key=[URL_CREDENTIALS]"),
    ("https://x.example/#id_token=eyJ.a.b", "https://x.example/#id_token=[URL_CREDENTIALS]"),
]

KEPT = [
    "Firefox 89.0.1 and 102.10.0esr crash",
    "version 89.0.1.2 is worse than 88.0.0.1",
    "Chrome/92.0.4515.107 Safari/537.36",
    "driver 27.21.14.5671, Flash 32.0.0.465",
    "on 2021-06-01 at 12:30:45 and on 01.06.2021",
    "from 2020-10-10 16:02:23 to 10/11/2020 00:50",
    "build 20210601123045",
    "buildID 20210527174632",
    "it costs $1,299.00 or 1.299,00 € or 10 000 000 yen",
    "error 0x80070643 and 0xc0000005",
    "Error code: 2147942405",
    "SEC_ERROR_REUSED_ISSUER_AND_SERIAL 1234567",
    "order number 4155552671",
    "bug 1712669 and ticket #1308016123",
    "unix time 1622543400 or 1622543400123",
    "4111 1111 1111 1112 is not a card",
    "DE89 3704 0044 0532 0130 01 is not an account",
    "icon@2x.png and @JetBlue and a@b",
    "std::vector and a::before and 12:34:56",
    "00:1a:2b:3c:4d:5e",
    "1.2.3.4.5 and 999.1.1.1",
    "1920x1080, 3840 2160, 100000 rows",
    "2019, 2020, 2021, 2022",
    "call 911",
    "?page=2&sort=key and monkey=banana",
    "https://x.example/?keyboard=1&tokens_left=7",
    "I have 15 tabs open since 9.30",
    "3.14159265358979",
    "uuid 123e4567-e89b-12d3-a456-426614174000",
    "TotalPhysicalMemory: 4155552671",
    "TS val 4155552671 ecr 4155552672",
    "0 2021-06-01 and 0.20794609581",
    "4111111111 11111 1",
    'https://x.example","label":"me@"',
    "KB5003173 and KB4023057",
]


@pytest.mark.parametrize(("text", "redacted"), REMOVED, ids=[text for text, _ in REMOVED])
def test_personal_data_is_replaced(text: str, redacted: str) -> None:
    removed: Counter[str] = Counter()
    assert redact_text(text, removed) == redacted
    assert sum(removed.values()) == redacted.count("[")


@pytest.mark.parametrize("text", KEPT)
def test_what_only_looks_like_it_stays(text: str) -> None:
    removed: Counter[str] = Counter()
    assert redact_text(text, removed) == text
    assert not removed


PIECES = st.sampled_from(
    [text for text, _ in REMOVED]
    + KEPT
    + ["[EMAIL]", "[URL_CREDENTIALS]", "@", "?key=", "://", ".", " ", "1", "::", "+", "é"]
)


@given(st.lists(PIECES, max_size=6).map("".join))
def test_a_redacted_text_holds_nothing_more_to_redact(text: str) -> None:
    redacted = redact_text(text, Counter())
    again: Counter[str] = Counter()
    assert redact_text(redacted, again) == redacted
    assert not again


@pytest.mark.parametrize(
    "hostile", ["1" * 200_000, "a" * 200_000 + "@", "1.1." * 50_000, ":" * 200_000, "a@" * 50_000, "+1 " * 60_000]
)
def test_hostile_texts_come_back(hostile: str) -> None:
    assert redact_text(hostile, Counter())


def test_a_text_that_frees_one_number_a_round_ends_without_any() -> None:
    removed: Counter[str] = Counter()
    redacted = redact_text(f"I wrote {'+4930901820' * 5_000} twice to you@work from 1.2.3.4", removed)
    assert redacted.startswith("I wrote [PHONE][PHONE]")
    assert redacted.endswith("+[PERSONAL_DATA] twice to [PERSONAL_DATA] from [PERSONAL_DATA]")
    assert not any(digit in redacted for digit in "0123456789")
    assert sum(removed.values()) == redacted.count("[")
    assert redact_text(redacted, Counter()) == redacted
