"""What counts as personal data in free text, and the placeholder that takes its place.

Precision matters as much as recall: a verbatim whose version number, price or error code was eaten is worth less
to the analyst. So everything with a checksum or a numbering plan is checked against it, and what remains ambiguous
is decided by the words before it.

| placeholder         | what                                                                                      |
|---------------------|-------------------------------------------------------------------------------------------|
| `[URL_CREDENTIALS]` | `user:password@` of a URL; the value of a secret query parameter (`token=`, `api_key=`)   |
| `[EMAIL]`           | e-mail addresses                                                                          |
| `[IBAN]`            | bank accounts whose structure and check digits are right (ISO 13616)                      |
| `[CARD]`            | payment cards: an issuer's prefix and length, Luhn check digit (ISO/IEC 7812)             |
| `[IP]`              | IPv4 and IPv6 addresses; four small numbers without a word that says so are a version     |
| `[PHONE]`           | numbers of a numbering plan, written as numbers are or announced by a word                |
| `[PERSONAL_DATA]`   | whatever may be any of these, in a text that is made to be searched again and again       |
"""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Callable
from typing import Final

import phonenumbers
from stdnum import iban, luhn

URL_CREDENTIALS: Final = "URL_CREDENTIALS"
EMAIL: Final = "EMAIL"
IBAN: Final = "IBAN"
CARD: Final = "CARD"
IP: Final = "IP"
PHONE: Final = "PHONE"
PERSONAL_DATA: Final = "PERSONAL_DATA"

Judge = Callable[[re.Match[str]], str | None]
"""What takes the place of a match, or None to leave it."""


MAY_HOLD_PERSONAL_DATA: Final = (
    r"[@=]|\d(?:[^A-Za-z0-9]{0,4}\d){6}|\d\.\d{1,3}\.\d|:[0-9A-Fa-f]{0,4}:|[A-Za-z]{2}\d\d[A-Za-z0-9 -]{11}"
)
"""Whatever matches none of this holds nothing that is redacted, inside JSON too; in the syntax that `re` and RE2
share, so that a whole column can be searched at once."""


def redact_text(text: str, removed: Counter[str]) -> str:
    """The text with placeholders for personal data; `removed` counts them by name. Idempotent.

    >>> redact_text("write to anna@example.com", Counter())
    'write to [EMAIL]'
    """
    # A placeholder may free what stood beside it (the digits after an address, say), so go on until nothing
    # changes. People's texts settle in the second round; a text that frees one number a round would take hours.
    for _ in range(_MAXIMUM_ROUNDS):
        redacted = _once(text, removed)
        if redacted == text:
            return text
        text = redacted
    return _without_suspects(text, removed)


_MAXIMUM_ROUNDS: Final = 10


def _without_suspects(text: str, removed: Counter[str]) -> str:
    """The text without anything that a pattern of this module could begin with, whether it is one or not."""

    def judge(match: re.Match[str]) -> str | None:
        return f"[{PERSONAL_DATA}]" if _SUSPECT_WORD.search(match[0]) else None

    text = _replace(_WORD, judge, PERSONAL_DATA, text, removed)
    return _replace(_WHOLE_LONG_NUMBER, lambda _: f"[{PERSONAL_DATA}]", PERSONAL_DATA, text, removed)


def _once(text: str, removed: Counter[str]) -> str:
    at = "@" in text
    if at and "://" in text:
        text = _replace(_USER_INFO, _user_info, URL_CREDENTIALS, text, removed)
    if "=" in text:
        text = _replace(_SECRET_PARAMETER, _parameter, URL_CREDENTIALS, text, removed)
    if at:
        text = _without_emails(text, removed)
    if _LONG_NUMBER.search(text):
        text = _replace(_IBAN, _iban, IBAN, text, removed)
        text = _replace(_CARD, _card, CARD, text, removed)
    # The searches cost a tenth of the exact patterns, and most texts end here.
    if _DOTTED_QUAD.search(text):
        text = _replace(_IPV4, _ipv4, IP, text, removed)
    if _TWO_COLONS.search(text):
        text = _replace(_IPV6, _ipv6, IP, text, removed)
    if _LONG_NUMBER.search(text):
        text = _replace(_PHONE, _phone, PHONE, text, removed)
    return text


def _replace(pattern: re.Pattern[str], judge: Judge, name: str, text: str, removed: Counter[str]) -> str:
    def replacement(match: re.Match[str]) -> str:
        verdict = judge(match)
        if verdict is None:
            return match[0]
        removed[name] += 1
        return verdict

    return pattern.sub(replacement, text)


def _words_before(match: re.Match[str], characters: int = 30) -> str:
    before = match.string[max(0, match.start() - characters) : match.start()]
    # A placeholder is no word of the customer's: "[PHONE]" does not announce another phone number.
    return before.rpartition("]")[2]


# Texts that do not settle

_WHOLE_LONG_NUMBER: Final = re.compile(r"\d(?:[ ().\-/\u00a0]{0,3}\d){6,}")
_WORD: Final = re.compile(r"\S+")
_SUSPECT_WORD: Final = re.compile(r"[@=]|\d\.\d{1,3}\.\d{1,3}\.\d|:[0-9A-Fa-f]{0,4}:")

# URLs with credentials

_USER_INFO: Final = re.compile(r"(://)([^\s/?#@\[\]:\"'<>,]{0,200}:[^\s/?#@\"'<>]{1,200})@")
_SECRET_PARAMETER: Final = re.compile(
    r"([?&;#](?:[a-z0-9]{1,30}[_.-]){0,3}"
    r"(?:token|key|apikey|secret|password|passwd|passwort|pwd|pass|auth|authorization|signature|sig|session|sessionid|"
    r"sid|jwt|credential|credentials|accesstoken|sessionkey)=)"
    r"(?!\[URL_CREDENTIALS\])([^\s&#;\"'<>]{1,4096})",
    re.IGNORECASE,
)


def _user_info(match: re.Match[str]) -> str:
    return f"{match[1]}[{URL_CREDENTIALS}]@"


def _parameter(match: re.Match[str]) -> str:
    return f"{match[1]}[{URL_CREDENTIALS}]"


# E-mail addresses

_LOCAL_PART: Final = re.compile(r"[\w.%+'-]{1,64}\Z")
_DOMAIN: Final = re.compile(
    r"@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,8}([^\W\d_]{2,24}|xn--[a-z0-9-]{1,59})(?![\w-])", re.IGNORECASE
)
_FILE_EXTENSIONS: Final = frozenset(
    {"png", "jpg", "jpeg", "gif", "svg", "webp", "ico", "css", "js", "json", "xpi", "html"}
)
"""`icon@2x.png` is a picture, not a person."""


def _without_emails(text: str, removed: Counter[str]) -> str:
    # From the sign outwards: a pattern that begins with the local part is tried at every letter of a long text.
    parts: list[str] = []
    done = 0
    for domain in _DOMAIN.finditer(text):
        local = _LOCAL_PART.search(text[max(done, domain.start() - 64) : domain.start()])
        if local is None or domain[1].lower() in _FILE_EXTENSIONS:
            continue
        parts += [text[done : domain.start() - len(local[0])], f"[{EMAIL}]"]
        removed[EMAIL] += 1
        done = domain.end()
    return "".join([*parts, text[done:]]) if parts else text


# Numbers with check digits

_LONG_NUMBER: Final = re.compile(r"\d(?:[ ().\-/\u00a0]{0,3}\d){6}")
_IBAN: Final = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}\d\d(?:[ \u00a0-]?[A-Za-z0-9]){11,30}", re.ASCII)
_CARD: Final = re.compile(r"(?<![\d.,+])[2-6]\d{3}(?:[ \u00a0.-]{0,2}\d){9,15}(?![.,]?\d)", re.ASCII)
_ISSUERS: Final = re.compile(
    r"4(?:\d{15}|\d{18})|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}"
    r"|3(?:0[0-5]|[68]\d)\d{11}|35(?:2[89]|[3-8]\d)\d{12}|6(?:011|5\d\d|4[4-9]\d)\d{12}|62\d{14,17}|(?:50|5[6-8]|6\d)\d{14}",
    re.ASCII,
)
_CARD_GROUPS: Final = ((4, 4, 4, 4), (4, 6, 5), (4, 6, 4), (4, 4, 4, 4, 3))
_NOT_ALPHANUMERIC: Final = re.compile(r"[^A-Za-z0-9]")


def _iban(match: re.Match[str]) -> str | None:
    found = match[0]
    # The pattern runs on into the words after the number: try every end that is the end of a word, longest first.
    ends = [end for end in range(len(found), 14, -1) if end == len(found) or not found[end].isalnum()]
    following = match.string[match.end() : match.end() + 1]
    for end in ends:
        if end == len(found) and following.isalnum():
            continue
        if iban.is_valid(_NOT_ALPHANUMERIC.sub("", found[:end])):
            return f"[{IBAN}]{found[end:]}"
    return None


def _card(match: re.Match[str]) -> str | None:
    groups = re.split(r"\D+", match[0])
    if len(groups) > 1 and tuple(map(len, groups)) not in _CARD_GROUPS:
        return None
    digits = "".join(groups)
    if _ISSUERS.fullmatch(digits) and luhn.is_valid(digits) and len(set(digits)) > 1:
        return f"[{CARD}]"
    return None


# IP addresses

_OCTET: Final = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_DOTTED_QUAD: Final = re.compile(r"\d\.\d{1,3}\.\d{1,3}\.\d", re.ASCII)
_TWO_COLONS: Final = re.compile(r":[0-9A-Fa-f]{0,4}:")
_IPV4: Final = re.compile(rf"(?<![\w.])(?:{_OCTET}\.){{3}}{_OCTET}(?!\w|\.\d|-\d)", re.ASCII)
_IPV6: Final = re.compile(r"(?<![\w:.])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?![\w:])", re.ASCII)
_SAYS_VERSION: Final = re.compile(
    r"(?:\b(?:v|ver|vers|version|versions|versione|versión|versão|build|release|update|updated|upgrade|driver|firmware|"
    r"firefox|chrome|chromium|edge|opera|safari|thunderbird|android|ios|app|player|plugin)\b\W{0,3}(?:is|to|from|was|=)?"
    r"\W{0,2}|[A-Za-z]/|\b[vV])$",
    re.IGNORECASE,
)
_SAYS_IP: Final = re.compile(
    r"(?:\bip\b|\bipv4\b|address|ping|server|host|router|gateway|dns|proxy|//|login from)[^.]{0,20}$", re.I
)
_SMALL_OCTET: Final = 100


def _ipv4(match: re.Match[str]) -> str | None:
    before = _words_before(match)
    if _SAYS_IP.search(before):
        return f"[{IP}]"
    if _SAYS_VERSION.search(before):
        return None
    octets = [int(octet) for octet in match[0].split(".")]
    # Of all public addresses one in forty has four numbers below 100; nearly every four-part version has.
    if octets[0] != 10 and all(octet < _SMALL_OCTET for octet in octets):
        return None
    return f"[{IP}]"


def _ipv6(match: re.Match[str]) -> str | None:
    found = match[0]
    if not any(character.isdigit() for character in found):
        return None
    try:
        ipaddress.IPv6Address(found)
    except ValueError:
        return None
    return f"[{IP}]"


# Phone numbers

_PHONE: Final = re.compile(
    r"(?:(?<![\w.,$€£¥#=/+-])|(?<=[,=/])(?=\+|00[1-9]))"
    r"(\+ ?|00)?\(?\d(?:[ \u00a0]?[().\-/\u2010-\u2013]{0,2}[ \u00a0]?\d){6,16}"
    r"(?!\w|[.,:](?!00[1-9])\d|[%€£$])",
    re.ASCII,
)
_SAYS_PHONE: Final = re.compile(
    r"(?:\b(?:phone|(?:my|our|the) number is|telephone|tel|mobile|cell|cellphone|"
    r"call|called|calling|dial|whatsapp|sms|fax|hotline|contact|reach|"
    r"text me|telefono|teléfono|telefone|celular|telefon|handy|mobil)\b|\bph\b)[^.!?\n\d]{0,24}$",
    re.IGNORECASE,
)
_SAYS_IDENTIFIER: Final = re.compile(
    r"(?:\b(?:order|case|ticket|id|ids|ref|reference|code|error|bug|build|version|isbn|ean|serial|invoice|flight|"
    r"booking|confirmation|conf|pin|account|buildid|timestamp|question|questions|article|pid|port|kb|crash|license)\b|#)"
    r"[^.!?\n\d]{0,12}$",
    re.IGNORECASE,
)
_DATE: Final = re.compile(
    r"(?:(?:19|20)\d\d[-./ ](?:0?[1-9]|1[0-2])[-./ ](?:0?[1-9]|[12]\d|3[01])"
    r"|(?:0?[1-9]|[12]\d|3[01])[-./ ](?:0?[1-9]|[12]\d|3[01])[-./ ](?:19|20)\d\d)(?:\D.*)?",
    re.ASCII,
)
_COMPACT_DATE: Final = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{0,6}", re.ASCII)
_THOUSANDS: Final = re.compile(r"[1-9]\d{0,2}(?:[ \u00a0.]\d{3}){2,}", re.ASCII)
_NORTH_AMERICAN: Final = re.compile(r"(?:1[ .-]?)?(?:\(\d{3}\) ?|\d{3}[ .\-/])\d{3}[ .-]\d{4}", re.ASCII)
_DATE_INSIDE: Final = re.compile(r"(?:19|20)\d\d[-./](?:0[1-9]|1[0-2])[-./](?:0[1-9]|[12]\d|3[01])", re.ASCII)
_DECIMAL: Final = re.compile(r"\+? ?\d\.\d+", re.ASCII)
_LOG_FIELD: Final = re.compile(
    r"(?:[:=\"',\[{(|]|\d|\b(?:val|ecr|seq|ack|root|size|bytes|memory|uptime|result|failed|offset|address|line))\s*$",
    re.IGNORECASE,
)
"""Ten bare digits after one of these are a value that a program printed."""
_YEARS: Final = re.compile(r"(?:19|20)\d\d(?:\D{1,3}(?:19|20)\d\d)+", re.ASCII)
_TRUNK_REGIONS: Final = ("GB", "DE", "FR", "IT", "AU", "IN", "NL", "BE", "CH", "AT", "JP", "TR", "ZA", "IE", "SE")
"""Where national numbers are written with a leading 0."""
_OTHER_REGIONS: Final = ("US", "IN", "ES", "BR", "PL", "CZ", "DK", "NO", "PT", "MX", "HU", "FI", *_TRUNK_REGIONS)
"""Tried when a word says that a phone number follows."""


def _phone(match: re.Match[str]) -> str | None:
    written = match[0]
    digits = re.sub(r"\D", "", written)
    if (
        not 7 <= len(digits) <= 15
        or _DATE_INSIDE.search(written)
        or _DECIMAL.fullmatch(written)
        or _DATE.fullmatch(written)
        or _COMPACT_DATE.fullmatch(written)
        or _YEARS.fullmatch(written)
    ):
        return None
    before = _words_before(match)
    if match[1]:
        international = "+" + digits[2:] if match[1] == "00" else "+" + digits
        return f"[{PHONE}]" if _is_number(international, None) else None
    announced = _SAYS_PHONE.search(before) is not None
    if announced:
        known = len(digits) == 7 or any(_is_number(digits, region) for region in _OTHER_REGIONS)
        return f"[{PHONE}]" if known else None
    if _SAYS_IDENTIFIER.search(before) or _THOUSANDS.fullmatch(written):
        return None
    if _looks_national(written, digits, before):
        return f"[{PHONE}]"
    return None


def _looks_national(written: str, digits: str, before: str) -> bool:
    """A number as it is written at home, without any word before it."""
    if _NORTH_AMERICAN.fullmatch(written):
        return _is_number(digits, "US")
    if written == digits and len(digits) == 10:
        return _LOG_FIELD.search(before) is None and _is_number(digits, "US")
    separated = written != digits
    if separated and written.lstrip("(").startswith("0") and 9 <= len(digits) <= 12:
        return any(_is_number(digits, region) for region in _TRUNK_REGIONS)
    if separated and re.fullmatch(r"[6-9]\d{4}[ -]\d{5}", written):
        return _is_number(digits, "IN")
    return False


def _is_number(digits: str, region: str | None) -> bool:
    try:
        return bool(phonenumbers.is_valid_number(phonenumbers.parse(digits, region)))
    except phonenumbers.NumberParseException:
        return False
