"""The parts of a text that its author did not write for it: quoted replies, signatures, disclaimers, agents' turns.

| part              | what tells it                                                                                  |
|-------------------|------------------------------------------------------------------------------------------------|
| quoted lines      | lines that begin with `> ` (RFC 3676, 4.5); `>text` is as often a list as a quotation          |
| a quoted reply    | "On 3 May 2021 at 10:12, Anna wrote:" and what follows; where `>` lines follow, only these      |
| a forwarded mail  | "-----Original Message-----" and what follows; three header lines from "From:" on, and what    |
|                   | follows; at the very top of a text only the header lines, because the mail is the text         |
| a vendor's answer | "Developer response:" under a review, and what follows                                         |
| a signature       | "-- " and a few lines to the end (RFC 3676, 4.3); "Best regards" with names under it; "Sent     |
|                   | from my iPhone"                                                                                |
| a disclaimer      | a paragraph that begins "This e-mail is confidential" or the like                              |
| an agent's turn   | a line "Agent: …" in a chat in which the customer's lines are marked as well                   |

In English, German, French, Spanish, Italian and Portuguese. What is not sure is left to the author: a lost complaint
is worse than a greeting that is read. Every rule looks at a bounded stretch of text from a bounded number of
starts: linear in the length of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

Span = tuple[int, int]

_QUOTE_LINE: Final = re.compile(r"^[ \t]{0,3}>(?:[> \t]|$).*$", re.MULTILINE)

_WROTE: Final = re.compile(r"\b(?:wrote|schrieb[^\n:]{0,100}|a écrit|escribió|ha scritto|escreveu)[ \xa0]?:")
_VERBS: Final = ("wrote", "schrieb", "écrit", "escribió", "scritto", "escreveu")
_ATTRIBUTION_STARTS: Final = re.compile(r"(?<!\w)(?:On|Am|Le|El|Il|Em)(?= )")
_LONGEST_ATTRIBUTION: Final = 200
_DATE: Final = re.compile(r"\d[^\n]*\d")
_MAIL_DATE: Final = re.compile(r"\d[:h]\d\d|<[^<>\n]*>|\[EMAIL\]")

_SEPARATOR: Final = re.compile(
    r"""^[ \t]*+(?:
      [-_=*]{2,}[ ]?(?:original[ ]message|forwarded[ ]message|original[ ]e-?mail
        |urspr(?:ü|ue)ngliche[ ](?:nachricht|mail)|weitergeleitete[ ]nachricht
        |message[ ]d['’]origine|message[ ](?:transféré|original)
        |mensaje[ ](?:original|reenviado)|messaggio[ ](?:originale|inoltrato)
        |mensagem[ ](?:original|encaminhada))[ ]?[-_=*]{2,}
      |(?:begin[ ]forwarded[ ]message|anfang[ ]der[ ]weitergeleiteten[ ](?:nachricht|e-?mail)|début[ ]du[ ]message[ ]
        (?:réexpédié|transféré)|inicio[ ]del[ ]mensaje[ ]reenviado|inizio[ ]messaggio[ ]inoltrato
        |início[ ]da[ ]mensagem[ ](?:encaminhada|reencaminhada)):
      |(?:developer|vendor|owner|seller|merchant|company)(?:['’]s)?[ ](?:response|reply|answer)[ ]?:
      |(?:response|reply)[ ]from[ ](?:the[ ])?(?:developer|vendor|owner|seller|merchant|company)[ ]?:
      |开发者回复:|antwort[ ]de[sr][ ](?:entwickler|anbieter|verkäufer|inhaber)s?[ ]?:
      |réponse[ ]du[ ](?:développeur|vendeur)[ ]?:
      |respuesta[ ]del[ ](?:desarrollador|vendedor)[ ]?:|risposta[ ]d(?:ello[ ]sviluppatore|el[ ]venditore)[ ]?:
      |resposta[ ]do[ ](?:desenvolvedor|programador|vendedor)[ ]?:
      |[#–-][# –-]{1,20}please[ ](?:type|enter)[ ]your[ ]reply[ ]above[ ]this[ ]line
    )""",
    re.VERBOSE | re.IGNORECASE | re.MULTILINE,
)  # fmt: skip

_FIELD: Final = (
    r"\*?(?:Sent|Date|To|Cc|Subject|Reply-To|Gesendet|Datum|An|Betreff|Envoyé|À|Objet|Enviado|Fecha|Para|Asunto"
    r"|Inviato|Data|A|Oggetto|Enviada|Assunto)(?:[ ](?:le|el|em|on|am))?\*?[ \xa0]?:"
)
_HEADERS: Final = re.compile(
    rf"^[ \t]*+\*?(?:From|Von|De|Da)\*?[ \xa0]?:(?:[^\n]{{1,200}}?[ \t\n]{{1,4}}{_FIELD}){{2}}"
    rf"[^\n]*(?:\n[ \t]*{_FIELD}[^\n]*)*",
    re.MULTILINE,
)

_SIGNATURE: Final = re.compile(r"^--[ ]?$", re.MULTILINE)
_MOST_SIGNATURE_LINES: Final = 8
_MOST_SIGNATURE_CHARACTERS: Final = 600

_DEVICE: Final = re.compile(
    r"""^[ \t]*+(?:
      sent[ ](?:from|via|with)[ ](?:my[ ]|the[ ]all[ -]new[ ])?(?:iphone|ipad|phone|ipod|apple|android|samsung|galaxy
        |huawei|pixel|xperia|blackberry|nokia|windows|verizon|at&t|t-mobile|xfinity|mail[ ]for|mailspring|yahoo|aol
        |outlook|gmail|proton|mobile|cell|smartphone|tablet|mac)
      |get[ ]outlook[ ]for
      |(?:von[ ]meinem|gesendet[ ]von|gesendet[ ]mit|diese[ ]nachricht[ ]wurde[ ]von[ ]mein)[^\n]{0,50}
      |envoyé[ ](?:de(?:puis)?[ ]mon|à[ ]partir[ ]de|depuis[ ]l)
      |enviado[ ](?:desde[ ](?:mi|el)|do[ ]meu|de[ ]mi|via)
      |inviato[ ]da(?:l[ ]mio|[ ])
    )[^\n]{0,50}$""",
    re.VERBOSE | re.IGNORECASE | re.MULTILINE,
)  # fmt: skip

_CLOSING: Final = re.compile(
    r"""^[ \t]*+(?:
      (?:(?:with[ ])?(?:best|kind(?:est)?|warm(?:est)?|many)[ ])?regards|best[ ]wishes
      |yours(?:[ ](?:sincerely|truly|faithfully))?
      |sincerely(?:[ ]yours)?|respectfully|cheers|thanks|many[ ]thanks|thank[ ]you|thanks[ ]and[ ]regards|best
      |(?:mit[ ])?(?:freundlichen?|besten?|herzlichen?|vielen?|schönen?|lieben?)[ ]gr(?:ü|ue)(?:ß|ss)(?:en?)?|mfg|lg|vg
      |(?:bien[ ])?cordialement|bien[ ]à[ ]vous|salutations|sincères[ ]salutations
      |(?:un[ ]|con[ ])?(?:cordial(?:es)?[ ])?saludos?(?:[ ]cordial(?:es)?)?|atentamente
      |(?:cordiali|distinti)[ ]saluti|saluti|atenciosamente|cumprimentos|abraços
    )[ \t]*[,.!:–-]*[ \t]*(?P<name>[^\n]{0,60})$""",
    re.VERBOSE | re.IGNORECASE | re.MULTILINE,
)  # fmt: skip
_NAME_LINE: Final = re.compile(
    r"""^(?:
      (?:[A-ZÀ-Þ](?:[\w'’.&-]*)|\[[A-Z_]+\]|(?:de|da|di|van|von|der|of|and|the|at|for|und)\b|[|,/()•·–-])
      (?:[ \t,|/()•·–-]+(?:[A-ZÀ-Þ][\w'’.&-]*|\[[A-Z_]+\]|(?:de|da|di|van|von|der|of|and|the|at|for|und)\b|(?=$)))*
      |(?:(?:https?://|www\.)\S+|(?:tel|phone|mobile|cell|e-?mail|fax|web)\b[^\n]{0,40}|\[[A-Z_]+\])
    )[.,!]?$""",
    re.VERBOSE | re.MULTILINE,
)  # fmt: skip
_LONGEST_NAME_LINE: Final = 60
_MOST_NAME_LINES: Final = 6
_MOST_CLOSING_CHARACTERS: Final = 600
_MOST_NAME_WORDS: Final = 8

_DISCLAIMER: Final = re.compile(
    r"""^[ \t*_]*+(?:
      (?:confidentiality[ ]notice|legal[ ]disclaimer|confidential(?:ity)?[ ]disclaimer)\b
      |(?:this|the[ ]information[ ](?:contained[ ])?in[ ]this)[ ](?:e-?mail|message|communication|transmission)\b
        [^\n]{0,120}?\b(?:confidential|privileged|intended[ ](?:only|solely))\b
      |diese[ ](?:e-?mail|nachricht)\b[^\n]{0,120}?\bvertraulich
      |(?:ce|cet)[ ](?:message|e-?mail|courriel)\b[^\n]{0,120}?\bconfidentiel
      |este[ ](?:mensaje|correo|e-?mail)\b[^\n]{0,120}?\bconfidencial
      |(?:questo|la[ ]presente)[ ](?:messaggio|e-?mail)\b[^\n]{0,120}?\b(?:riservat|confidenzial)
      |esta[ ](?:mensagem|e-?mail)\b[^\n]{0,120}?\bconfidencia
      |please[ ]consider[ ]the[ ]environment[ ]before[ ]printing
      |if[ ]you[ ](?:are[ ]not[ ]the[ ]intended[ ]recipient|have[ ]received[ ]this[ ](?:e-?mail|message)[ ]in[ ]error)
    )""",
    re.VERBOSE | re.IGNORECASE | re.MULTILINE,
)  # fmt: skip
_PARAGRAPH_END: Final = re.compile(r"\n[ \t]*\n")

_SPEAKER: Final = re.compile(
    r"""^[ \t]*+(?:[\[(]?\d{1,2}:\d\d(?::\d\d)?(?:[ ]?[AP]M)?[\])]?[ ,–-]*)?(?:
      (?P<agent>(?:support|service|chat|live|customer[ ](?:service|support|care)|virtual)?[ ]?
        (?:agent|representative|operator|assistant|bot|chatbot|advisor)|support|customer[ ](?:service|support|care)
        |kundenservice|kundendienst|mitarbeiter(?:in)?|service[ ]client|conseiller|conseillère|agente
        |atención[ ]al[ ]cliente|servicio[ ]al[ ]cliente|assistenza|operatore|atendente|suporte)
      |(?P<customer>customer|client|visitor|user|me|you|guest|kunde|kundin|ich|moi|cliente|yo|io|eu)
    )(?:[ ]?\([^()\n]{0,40}\))?[ ]?:[ \t]""",
    re.VERBOSE | re.IGNORECASE | re.MULTILINE,
)  # fmt: skip


def _scoped(pattern: re.Pattern[str]) -> str:
    flags = "".join(letter for letter, flag in (("i", re.I), ("x", re.X)) if pattern.flags & flag)
    return f"(?m{flags}:{pattern.pattern})"


_ANY: Final = re.compile(
    "\\n(?:"
    + "|".join(
        map(_scoped, (_QUOTE_LINE, _SEPARATOR, _HEADERS, _SIGNATURE, _DEVICE, _CLOSING, _DISCLAIMER, _SPEAKER))
    )
    + ")"
)
"""Any of the lines that matter, behind a line break, which is quickly searched for: most texts have none of them."""


def quoted_parts(text: str) -> list[Span]:
    """Where the parts stand that are not the author's: first character and the one after the last, ascending, apart.

    >>> [text[a:b] for text in ["No, it is not.\\n> Is it solved?"] for a, b in quoted_parts(text)]
    ['> Is it solved?']
    """
    told = any(verb in text for verb in _VERBS)
    if not told and not _ANY.search("\n" + text):
        return []
    attributions = [*_attributions(text)] if told else []
    rest = _start_of_rest(text, attributions)
    found = [*_headers_on_top(text), *_lines_and_paragraphs(text, rest), (rest, len(text))]
    found += (span for span in attributions if _quote_follows(text, span[1]))
    parts: list[Span] = []
    for start, end in sorted(span for span in found if span[0] < span[1]):
        if parts and start <= parts[-1][1]:
            parts[-1] = parts[-1][0], max(end, parts[-1][1])
        else:
            parts.append((start, end))
    return parts


def _start_of_rest(text: str, attributions: Sequence[Span]) -> int:
    """Where a part begins that goes on to the end of the text; the length of the text where there is none."""
    starts = [len(text)]
    if separator := _SEPARATOR.search(text):
        starts.append(separator.start())
    for headers in _HEADERS.finditer(text):
        if text[: headers.start()].strip():
            starts.append(headers.start())
            break
    starts += (start for start, end in attributions if not _quote_follows(text, end))
    rest = min(starts)
    for delimiter in _SIGNATURE.finditer(text, max(0, rest - _MOST_SIGNATURE_CHARACTERS), rest):
        if text.count("\n", delimiter.end(), rest) <= _MOST_SIGNATURE_LINES:
            rest = delimiter.start()
            break
    for closing in _CLOSING.finditer(text, max(0, rest - _MOST_CLOSING_CHARACTERS), rest):
        if _names_follow(text, closing, rest):
            return closing.start()
    return rest


def _attributions(text: str) -> Iterator[Span]:
    """Lines such as "On 3 May 2021 at 10:12, Anna wrote:", which may be broken once."""
    for verb in _WROTE.finditer(text):
        earliest = max(0, verb.start() - _LONGEST_ATTRIBUTION)
        ends_line = text[verb.end() : verb.end() + 1] in ("", "\n")
        date = _DATE if ends_line else _MAIL_DATE
        for opening in reversed([*_ATTRIBUTION_STARTS.finditer(text, earliest, verb.start())]):
            said = text[opening.start() : verb.end()]
            if said.count("\n") <= 1 and date.search(said):
                yield opening.start(), verb.end()
                break


def _quote_follows(text: str, position: int) -> bool:
    return text[position : position + 200].lstrip().startswith(">")


def _headers_on_top(text: str) -> Iterator[Span]:
    headers = _HEADERS.search(text)
    if headers and not text[: headers.start()].strip():
        yield headers.span()


def _lines_and_paragraphs(text: str, rest: int) -> Iterator[Span]:
    for line in _QUOTE_LINE.finditer(text, 0, rest):
        # "> Tools > Options" is a way through menus.
        if " > " not in line[0].lstrip("> \t"):
            yield line.span()
    yield from (line.span() for line in _DEVICE.finditer(text, 0, rest))
    done = 0
    for opening in _DISCLAIMER.finditer(text, 0, rest):
        if opening.start() >= done:
            end = _PARAGRAPH_END.search(text, opening.end(), rest)
            done = end.start() if end else rest
            yield opening.start(), done
    yield from _agents_turns(text, rest)


def _agents_turns(text: str, rest: int) -> Iterator[Span]:
    turns = [*_SPEAKER.finditer(text, 0, rest)]
    if not any(turn["customer"] for turn in turns):
        return
    ends = [*(turn.start() for turn in turns[1:]), rest]
    yield from ((turn.start(), end) for turn, end in zip(turns, ends, strict=False) if turn["agent"])


def _names_follow(text: str, closing: re.Match[str], rest: int) -> bool:
    """Whether only names, titles and addresses stand behind a closing, one at least."""
    lines = [line.strip() for line in (closing["name"], *text[closing.end() : rest].splitlines()) if line.strip()]
    return 0 < len(lines) <= _MOST_NAME_LINES and all(map(_is_name, lines))


def _is_name(line: str) -> bool:
    words = line.split()
    if len(line) > _LONGEST_NAME_LINE or len(words) > _MOST_NAME_WORDS:
        return False
    shouted = len(words) > 1 and line.isupper() and "[" not in line
    return not shouted and _NAME_LINE.match(line) is not None
