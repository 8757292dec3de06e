"""Texts that are nobody's feedback: spam and promotion, automatic messages, an agent's own words.

- `spam`: offers of support numbers, betting, hacking, followers, codes, links. The offer itself tells it; a telephone
  number does so only with words that advertise it.
- `automatic`: out-of-office replies, notices about tickets, bounced mail, by the sentences such programs write.
- `agent`: macros and replies of the vendor's own people, by two different phrases of such replies.

A lost complaint is worse than spam that is counted, so whatever sounds like a person with a problem is no noise: "I
called the support number [PHONE] and nobody answered", "a window says call [PHONE], is this a scam?", "my promo code
is not accepted". Texts are judged after redaction: a telephone number is `[PHONE]` here, unless it was disguised.

Rules, not a trained model: no labelled set of such texts may ship in one, and a rule can be read. They are English.
Repetition is not judged: a text alone does not show it, and a flood of one complaint is a complaint, which the
views count once an author.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

SPAM: Final = "spam"
AUTOMATIC: Final = "automatic"
AGENT: Final = "agent"
KINDS: Final = (SPAM, AUTOMATIC, AGENT)

_JUDGED_CHARACTERS: Final = 2_000
"""Noise shows itself early."""
_OPENS_WITHIN: Final = 150
"""Characters from the start within which a program's or an agent's message shows what it is; a customer quotes it
later, and speaks first."""
_LONGEST_OPENING: Final = 500
_SHORT: Final = 100
"""Characters of a text in which a call to follow somebody is what it is about."""
_STUFFED: Final = 3
"""Times an advertised helpline is named by a text that is made for search engines."""


@dataclass(frozen=True)
class _Sign:
    """A pattern, and words one of which every match of it holds: to look for a word is fifty times as quick."""

    words: tuple[str, ...]
    pattern: re.Pattern[str]

    def search(self, text: str, lower: str) -> re.Match[str] | None:
        """The first match in `text`, whose lower case is `lower`."""
        return self.pattern.search(text) if any(word in lower for word in self.words) else None


def _any_of(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


# A person with a problem

_PERSON: Final = _any_of(r"\b(?:i|im|ive|me|my|mine)\b")
_TROUBLE: Final = _any_of(
    r"\b(?:not|never|nothing|nobody|cannot|cant|dont|doesnt|wont|why|scam\w*|fake|fraud\w*|hacked|virus\w*)\b",
    r"n['’]t\b",
    r"\b(?:errors?|fail\w*|invalid|reject\w*|refus\w*|wrong|broken|problems?|issues?|blocked|locked|expired|frozen)\b",
    r"\bpop[- ]?ups?\b|\b(?:so (?:that )?i can|dm you|in order to)\b",
)
_HEARSAY: Final = _any_of(
    r"\b(?:they|he|she|you|agent|support) (?:said|told|say|keep)\b", r"\b(?:told me|never|nobody|says)\b"
)

# Spam

_NUMBER: Final = re.compile(r"\[PHONE\]|(?<![\w.])[+(]{0,2}\d(?:[ ().\-–_*~/|]{0,3}[\dOolI]){8,14}(?!\w)")
_HELPLINE: Final = _Sign(
    ("helpline", "help line", "help-line", "help -line", "toll", "number", "customer ", "call ", "dial ", "whats"),
    _any_of(
        r"\bhelp ?-?line\b",
        r"\btoll[ -]?free\b",
        r"\bcustomer (?:care|service|support)(?: (?:phone|contact|helpline|toll[ -]?free))* (?:number|no)\b",
        r"\b(?:(?:tech(?:nical)?|phone|product|help ?desk) )?support (?:phone |contact |toll[ -]?free )?number\b",
        r"\b(?:call|dial) (?:us(?! back)|now|our (?:experts?|team|technicians?))\b",
        r"\bwhats ?app (?:us|me|number|no|now|:)",
        r"\bcontact number\b",
    ),
)
_OFFER: Final = _Sign(
    (
        *(
            "gacor",
            "slot",
            "judi",
            "togel",
            "daftar",
            "hack",
            "spell",
            "generator",
            "escort",
            "call girl",
            "full movie",
        ),
        *("online free", "free online", "prescription", "essay", "assignment", "dissertation"),
    ),
    _any_of(
        r"\b(?:slot gacor|slot server|situs (?:slot|judi|poker)|judi (?:online|bola)|togel|link slot)\b",
        r"\b(?:professional|legit|genuine|certified|trusted|ethical) hack(?:er|ing)s? (?:service|for|at|via|on)\b",
        r"\bhire (?:a |an |the )?(?:\w+ )?hacker\b|\bhack(?:er|ing)s? (?:for hire|services?)\b|\bspell ?caster\b",
        r"\b(?:v-?bucks|robux|coins?|gems|gift ?cards?|followers|diamonds) (?:generator|hack tool)\b",
        r"\b(?:escorts? (?:service|agency|girls?)|call girls? (?:in|service|near))\b",
        r"\bwatch\b[^.\n]{3,80}\b(?:full movie|online free|free online)\b",
        r"\bbuy [^.\n]{2,40} (?:online )?without (?:a )?prescription\b",
        r"\b(?:assignment|essay|dissertation) (?:help|writing) service",
    ),
)
_EARNINGS: Final = _Sign(
    ("$", "€", "£", "₹", "usd", "dollar", "bucks"),
    _any_of(
        r"\b(?:earn|make|making|made) (?:up to )?[$€£₹]? ?\d[\d,.]*k? ?(?:usd|dollars|bucks|[$€£₹])? ?"
        r"(?:a|per|every|each|/) ?(?:day|hour|week|month)\b",
    ),
)
_SOLICITS: Final = _Sign(
    ("follow", "f4f", "whats", "telegram", "insta", "signal", "subscribe", "check out", "visit", "code"),
    _any_of(
        r"\b(?:dm|text|message|contact|inbox|reach|write|add) (?:me|us|him|her) (?:on|via|at|through|@) "
        r"(?:whats ?app|telegram|instagram|signal|insta|ig)\b",
        r"(?:^|[.!,;:\n(-]|\b(?:please|pls|plz|guys|everyone|also)) ?follow (?:me|my|us|@\w)",
        r"\b(?:follow (?:4|for) follow|f4f)\b",
        r"\b(?:subscribe to|check out|visit) (?:my|our) (?:page|profile|channel|insta\w*|account|web ?site|site|store"
        r"|shop|blog|youtube|bio)\b",
        r"\b(?:use|enter|with|apply|try)\b[^.\n]{0,20}\b(?:referral|promo(?:tion)?|invit(?:e|ation)|coupon|discount)"
        r"[ -]?code\b",
        r"\b(?:referral|promo|invit(?:e|ation)|coupon|discount)[ -]?code(?: is|:| -)",
    ),
)
_COMPANY: Final = _Sign(
    (
        "offer",
        "provide",
        "speciali",
        "deliver",
        "sell",
        " the best",
        " the leading",
        " the top",
        " the most",
        " the no",
    ),
    _any_of(
        r"\b(?:we|our (?:company|agency|team|firm|experts?|services?|website|store|shop))\b[^.\n]{0,60}"
        r"\b(?:provide|offer|speciali[sz]e|deliver|sell)s?\b",
        r"\b(?:is|are) (?:one of )?the (?:best|leading|top|most trusted|no\.? ?1)\b[^.\n]{0,60}"
        r"\b(?:compan(?:y|ies)|agenc(?:y|ies)|providers?|services?|platforms?|stores?|tools?|websites?|sites?)\b",
    ),
)
_ADVERTISES: Final = _any_of(
    r"\b(?:contact|call|reach|visit|email) us\b",
    r"\b(?:visit|click) (?:here|now|our|this link)\b",
    r"\b(?:affordable|cheap(?:est)?|lowest|best|competitive|unbeatable) (?:prices?|rates?|deals?|quality)\b",
    r"\b\d{1,2} ?% (?:off|discount)\b|\bfree (?:trial|quote|consultation|shipping|delivery)\b",
    r"\bhttps?://\S+|\bwww\.\S+",
)

# Automatic messages

_AUTOMATIC: Final = _Sign(
    (
        *("reply", "response", "this is an ", "office", "away from", " leave", "vacation", "holiday"),
        *("received your", "has been ", "undeliver", "delivery status", "mail delivery"),
    ),
    _any_of(
        r"\A(?:\W*(?:re|fwd?|aw):)?\W*(?:auto(?:matic|mated)?[- ]?(?:reply|response)|out of (?:the )?office) ?[:!-]",
        r"\bi(?: am|['’]m| will be) (?:currently )?(?:out of (?:the )?office|away from (?:the office|my desk|e-?mail)"
        r"|on (?:annual |sick |parental |maternity )?leave|on (?:vacation|holidays?))\b[^\n]{0,200}"
        r"\b(?:i will|i['’]ll|return|until|urgent|back on|limited access)\b",
        r"\bthis is an (?:automated|automatic|auto-generated) (?:message|reply|response|e-?mail|notification"
        r"|acknowledge?ment)\b",
        r"\b(?:please )?do not reply (?:directly )?to this (?:e-?mail|message|automated)\b",
        r"\bplease type your reply above this line\b",
        r"\byour (?:support |service )?(?:ticket|request|case|enquiry|inquiry)[^.\n]{0,40} has been (?:received|created"
        r"|opened|closed|solved|resolved|updated|assigned|logged|escalated)\b",
        r"\bwe have received your (?:request|message|e-?mail|enquiry|inquiry|ticket)\b",
        r"\A(?:\W*(?:re|fwd?):)?\W*(?:undeliver(?:ed|able)(?: mail)?|delivery status notification"
        r"|mail delivery (?:failed|subsystem))\b",
    ),
)

# An agent's own words

_AGENT: Final = (
    _Sign(
        ("thank",),
        _any_of(
            r"\bthank(?:s| you) (?:so much |very much )?for (?:contacting|reaching out|getting in touch"
            r"|writing (?:in|to us)|bringing this|your (?:patience|feedback|message|inquiry|enquiry|e-?mail|report))\b"
        ),
    ),
    _Sign(
        ("sorry", "apolog"),
        _any_of(
            r"\b(?:we|i)(?: are|['’]re| am|['’]m)? (?:truly |very |so |sincerely |really )?"
            r"(?:sorry|apologi[sz]e) (?:for|to hear|about)\b",
            r"\bapologies for (?:the|any)\b",
        ),
    ),
    _Sign(
        ("help", "assist"),
        _any_of(r"\bhow (?:can|may) (?:i|we) (?:help|assist)\b", r"\b(?:happy|glad) to (?:help|assist)\b"),
    ),
    _Sign(
        ("let us know", "let me know", "feel free", "hesitate"),
        _any_of(
            r"\blet (?:us|me) know if you\b",
            r"\b(?:feel free|do(?:n['’]t| not) hesitate) to (?:contact|reach|reply|ask|let)\b",
        ),
    ),
    _Sign(
        ("our ",),
        _any_of(
            r"\b(?:our (?:(?:support|technical) )?team|our (?:engineers|developers|specialists)|a member of our team)\b"
            r"[^.\n]{0,60}\b(?:will|is|are|has|have)\b"
        ),
    ),
    _Sign(
        (" us",),
        _any_of(
            r"\b(?:could|can|would) you (?:please |kindly )?(?:provide|send|share|confirm|dm|tell) us\b",
            r"\bsend us a dm\b|\bplease dm us\b",
        ),
    ),
    _Sign(
        ("team", "specialist", "representative"),
        _any_of(
            r"\b(?:support|customer (?:care|service|success|support)|community) (?:team|specialist|representative)\s*\Z"
        ),
    ),
)


_AGENT_WORDS: Final = (
    *(
        "contacting",
        "reaching out",
        "getting in touch",
        "writing in",
        "writing to us",
        "bringing this",
        "for your ",
    ),
    *("apolog", "sorry for", "sorry to hear", "sorry about", "how can i", "how may i", "how can we", "how may we"),
)
"""One of these is in every reply of an agent; whoever has none of them is spared the patterns."""


def noise(text: str) -> str | None:
    """The kind of noise a text is, one of `KINDS`, or None for what may be feedback.

    >>> noise("Printer helpline: call now [PHONE], toll free, 24/7"), noise("I called [PHONE] and nobody answered")
    ('spam', None)
    """
    seen = text[:_JUDGED_CHARACTERS]
    lower = seen.lower()
    sentence = _AUTOMATIC.search(seen[:_LONGEST_OPENING], lower[:_LONGEST_OPENING])
    if sentence and _opens(seen, sentence.start()):
        return AUTOMATIC
    if is_agents(seen):
        return AGENT
    return SPAM if _is_spam(seen, lower) else None


def is_agents(text: str) -> bool:
    """Whether a text, or a paragraph of one, is the vendor's reply: two of its phrases, the first near the start."""
    if not sounds_like_an_agent(text):
        return False
    lower = text.lower()
    found = [match.start() for sign in _AGENT if (match := sign.search(text, lower))]
    return len(found) > 1 and _opens(text, min(found)) and not _HEARSAY.search(text)


def sounds_like_an_agent(text: str) -> bool:
    """Whether a text may be, or hold, an agent's reply: quickly told, and never False where one is."""
    lower = text.lower()
    return any(word in lower for word in _AGENT_WORDS)


def _opens(text: str, start: int) -> bool:
    """Whether what stands at `start` belongs to the opening of a text in which no customer has spoken yet."""
    before = text[:start]
    return start < _OPENS_WITHIN and not any(words.search(before) for words in (_PERSON, _TROUBLE, _HEARSAY))


def _is_spam(text: str, lower: str) -> bool:
    if _OFFER.search(text, lower) or _EARNINGS.search(text, lower):
        return True
    if _HELPLINE.search(text, lower) and not _PERSON.search(text):
        stuffed = len(_HELPLINE.pattern.findall(text)) >= _STUFFED
        if stuffed or (_NUMBER.search(text) and not _TROUBLE.search(text)):
            return True
    if len(text) <= _SHORT and _SOLICITS.search(text, lower) and not _TROUBLE.search(text):
        return True
    advert = _COMPANY.search(text, lower) and _ADVERTISES.search(text)
    return bool(advert) and not _PERSON.search(text) and not _TROUBLE.search(text)
