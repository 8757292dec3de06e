"""Personal data that people put into their remarks, made up within ranges reserved for examples and tests.

E-mail addresses: RFC 2606 domains. Phone numbers: 555-0100 to 555-0199 (NANPA, fictional use). Cards: the test
numbers payment networks publish. IBANs: the specimens of the IBAN registry. IP addresses: RFC 5737 and RFC 3849.
"""

from __future__ import annotations

from enum import StrEnum
from random import Random
from typing import Final


class PersonalDatum(StrEnum):
    """What redaction has to remove."""

    EMAIL = "email"
    PHONE = "phone"
    CARD = "card"
    IBAN = "iban"
    IP = "ip"
    URL = "url_with_credentials"


_NAMES: Final = ("ada", "bo", "cleo", "dana", "eli", "fay", "gus", "hal", "ida", "jo", "kit", "lou", "max", "nia")
_SURNAMES: Final = ("ashgrove", "birchall", "coppice", "dalewood", "elmhurst", "fernley", "greenacre", "hazelton")
_DOMAINS: Final = ("example.com", "example.org", "example.net")
_AREA_CODES: Final = (202, 303, 415, 512, 617, 718, 808)
_CARDS: Final = (
    "4111 1111 1111 1111",
    "4012888888881881",
    "5555-5555-5555-4444",
    "5105105105105100",
    "378282246310005",
    "6011 1111 1111 1117",
)
_IBANS: Final = (
    "GB33BUKB20201555555555",
    "DE89 3704 0044 0532 0130 00",
    "FR14 2004 1010 0505 0001 3M02 606",
    "NL91ABNA0417164300",
    "ES9121000418450200051332",
)
_NETWORKS: Final = ("192.0.2", "198.51.100", "203.0.113")

_SENTENCES: Final = {
    PersonalDatum.EMAIL: ("You can reach me at {}.", "My address is {} if you need it."),
    PersonalDatum.PHONE: ("Call me on {} after six.", "My number is {}."),
    PersonalDatum.CARD: ("The card is {}.", "I paid with {} as always."),
    PersonalDatum.IBAN: ("Please refund to {}.", "My account for the refund is {}."),
    PersonalDatum.IP: ("My connection shows {} if that helps.", "I am writing from {}."),
    PersonalDatum.URL: ("The log is at {} for you.", "See {} for a recording."),
}
_WEIGHTS: Final = {
    PersonalDatum.EMAIL: 40,
    PersonalDatum.PHONE: 25,
    PersonalDatum.CARD: 10,
    PersonalDatum.IBAN: 10,
    PersonalDatum.IP: 10,
    PersonalDatum.URL: 5,
}


def confide(rng: Random) -> tuple[PersonalDatum, str, str]:
    """What kind of datum, the datum itself, and a sentence that gives it away."""
    kind = rng.choices(list(_WEIGHTS), weights=list(_WEIGHTS.values()))[0]
    datum = _datum(rng, kind)
    return kind, datum, rng.choice(_SENTENCES[kind]).format(datum)


def email(rng: Random) -> str:
    """A made-up address."""
    return f"{rng.choice(_NAMES)}.{rng.choice(_SURNAMES)}{rng.randrange(10, 1000)}@{rng.choice(_DOMAINS)}"


def phone(rng: Random) -> str:
    """A number set aside for fiction, in one of the usual notations."""
    area, line = rng.choice(_AREA_CODES), rng.randrange(100, 200)
    return rng.choice((f"+1 {area}-555-0{line}", f"({area}) 555-0{line}", f"+1{area}5550{line}"))


def _datum(rng: Random, kind: PersonalDatum) -> str:
    if kind is PersonalDatum.EMAIL:
        return email(rng)
    if kind is PersonalDatum.PHONE:
        return phone(rng)
    if kind is PersonalDatum.CARD:
        return rng.choice(_CARDS)
    if kind is PersonalDatum.IBAN:
        return rng.choice(_IBANS)
    if kind is PersonalDatum.IP:
        last = rng.randrange(1, 255)
        return rng.choice((f"{rng.choice(_NETWORKS)}.{last}", f"2001:db8::{last:x}:17"))
    return f"https://{rng.choice(_NAMES)}:{rng.choice(_SURNAMES)}{rng.randrange(100)}@{rng.choice(_DOMAINS)}/log"
