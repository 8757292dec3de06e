"""Texts that are nobody's feedback: spam and promotion, automatic messages, an agent's own words.

| kind        | what it is                                                          | what tells it                          |
|-------------|---------------------------------------------------------------------|----------------------------------------|
| `spam`      | offers: "support numbers", betting, hacking, followers, loans, links | the offer itself; a telephone number    |
|             |                                                                     | only with words that advertise it      |
| `automatic` | out-of-office replies, tickets' notices, bounced mail               | the sentences such programs write      |
| `agent`     | macros and replies of the vendor's own people                       | two different phrases of such a reply  |

A lost complaint is worse than spam that is counted, so whatever sounds like a person with a problem is no noise: "I
called the support number [PHONE] and nobody answered", "a window says call [PHONE], is this a scam?", "my promo code
is not accepted". Texts are judged after redaction: a telephone number is `[PHONE]` here, unless it was disguised.

Rules, not a trained model: there is no labelled set of such texts whose licence lets a model ship, and a rule can be read.
They are English. Repetition is not judged: a text alone does not tell it, and a flood of one complaint is a complaint,
which the views count once an author.
"""

from __future__ import annotations

import re
from typing import Final

SPAM: Final = "spam"
AUTOMATIC: Final = "automatic"
AGENT: Final = "agent"
KINDS: Final = (SPAM, AUTOMATIC, AGENT)


def _any_of(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


# A person with a problem

_PERSON: Final = _any_of(r"\b(?:i|i'm|i’m|i've|i’ve|i'd|i'll|im|ive|me|my|mine)\b")
_TROUBLE: Final = _any_of(
    r"\b(?:not|never|nothing|nobody|cannot|cant|dont|doesnt|wont|why|scam\w*|fake|fraud\w*|hacked|virus\w*|pop[- ]?ups?)\b",
    r"n['’]t\b",
    r"\b(?:errors?|fail\w*|invalid|reject\w*|refus\w*|wrong|broken|problems?|issues?|blocked|locked|expired|frozen|freez\w*)\b",
)

# Spam

_NUMBER: Final = re.compile(
    r"\[PHONE\]|(?<![\w.])[+(]{0,2}\d(?:[ ().\-–_*~/|]{0,3}[\dOolI]){8,14}(?!\w)",
)
_HELPLINE: Final = _any_of(
    r"\bhelp ?-?line\b",
    r"\btoll[ -]?free\b",
    r"\bcustomer (?:care|service|support)(?: (?:phone|contact|helpline|toll[ -]?free))* (?:number|no)\b",
    r"\b(?:tech(?:nical)?|phone|product|help ?desk) support(?: phone| contact)? number\b",
    r"\bsupport (?:phone |contact |toll[ -]?free )?number\b",
    r"\bcall (?:us|now|our (?:experts?|team|technicians?))\b",
    r"\bdial (?:our|us|now)\b",
    r"\bwhats ?app (?:us|me|number|no|now|:)",
    r"\bcontact number\b",
)
_OFFER: Final = _any_of(
    r"\b(?:slot gacor|slot server|situs (?:slot|judi|poker)|judi (?:online|bola)|togel|link slot|daftar (?:akun|slot|situs))\b",
    r"\b(?:professional|legit|genuine|certified|trusted|ethical|reliable) hack(?:er|ing)s? (?:service|for|at|via|on|team)\b",
    r"\bhire (?:a |an |the )?(?:\w+ )?hacker\b|\bhack(?:er|ing)s? (?:for hire|services?)\b|\bspell ?caster\b",
    r"\b(?:v-?bucks|robux|coins?|gems|gift ?cards?|followers|diamonds) (?:generator|hack tool|hack\b[^\n]{0,10}\bfree)\b",
    r"\b(?:escorts? (?:service|agency|girls?)|call girls? (?:in|service|near))\b",
    r"\bwatch\b[^.\n]{3,80}\b(?:full movie|live stream(?:ing)?|online free|free online)\b",
    r"\b(?:earn|make|making|made) (?:up to )?[$€£₹]? ?\d[\d,.]*k? ?(?:usd|dollars|bucks|[$€£₹])? ?"
    r"(?:a|per|every|each|/) ?(?:day|hour|week|month)\b",
    r"\b(?:buy|order) [^.\n]{2,40} (?:online )?without (?:a )?prescription\b",
    r"\b(?:assignment|essay|dissertation) (?:help|writing) service",
)
_SOLICITS: Final = _any_of(
    r"\b(?:dm|text|message|contact|inbox|reach|write|add) (?:me|us|him|her) (?:on|via|at|through|@)? ?"
    r"(?:whats ?app|telegram|instagram|signal|insta|ig|@|\[email\]|\[phone\])",
    r"(?:^|[.!,;:\n(-]|\b(?:please|pls|plz|guys|everyone|also)) ?follow (?:me|my|us|@\w)",
    r"\b(?:follow (?:4|for) follow|f4f|follow ?back|followback)\b",
    r"\b(?:subscribe to|check out|visit) (?:my|our) (?:page|profile|channel|insta\w*|account|website|web ?site|site|store|shop"
    r"|blog|youtube|bio)\b",
    r"\b(?:use|enter|with|apply|try)\b[^.\n]{0,20}\b(?:referral|promo(?:tion)?|invit(?:e|ation)|coupon|discount)[ -]?code\b",
    r"\b(?:referral|promo|invit(?:e|ation)|coupon|discount)[ -]?code(?: is|:| -)",
)
_COMPANY: Final = _any_of(
    r"\b(?:we|our (?:company|agency|team|firm|experts?|services?|website|store|shop))\b[^.\n]{0,60}"
    r"\b(?:provide|offer|speciali[sz]e|deliver|sell)s?\b",
    r"\b(?:is|are) (?:one of )?the (?:best|leading|top|most trusted|no\.? ?1)\b[^.\n]{0,60}"
    r"\b(?:compan(?:y|ies)|agenc(?:y|ies)|providers?|services?|platforms?|stores?|tools?|websites?|sites?)\b",
)
_ADVERTISES: Final = _any_of(
    r"\b(?:contact|call|reach|visit|email) us\b",
    r"\b(?:visit|click) (?:here|now|our|this link)\b",
    r"\b(?:affordable|cheap(?:est)?|lowest|best|competitive|unbeatable) (?:prices?|rates?|deals?|quality)\b",
    r"\b\d{1,2} ?% (?:off|discount)\b|\bfree (?:trial|quote|consultation|shipping|delivery)\b",
    r"\bhttps?://\S+|\bwww\.\S+",
)

# Automatic messages

_AUTOMATIC: Final = _any_of(
    r"^(?:\W*(?:re|fwd?|aw):)?\W*(?:automatic reply|auto(?:mated)?[- ]?(?:reply|response)|out of (?:the )?office(?: auto\w*)?)\s*[:!-]",
    r"\bi(?: am|['’]m| will be) (?:currently )?(?:out of (?:the )?office|away from (?:the office|my desk|e-?mail)|on (?:annual |sick "
    r"|parental |maternity )?leave|on (?:vacation|holidays?))\b[^\n]{0,200}\b(?:i will|i['’]ll|return|until|urgent|back on|limited access)\b",
    r"\bthis is an (?:automated|automatic|auto-generated) (?:message|reply|response|e-?mail|notification|acknowledge?ment)\b",
    r"\b(?:please )?do not reply (?:directly )?to this (?:e-?mail|message|automated)\b",
    r"\bplease type your reply above this line\b",
    r"\byour (?:support |service )?(?:ticket|request|case|enquiry|inquiry)[^.\n]{0,40} has been (?:received|created|opened|closed|solved|"
    r"resolved|updated|assigned|logged|escalated)\b",
    r"\bwe have received your (?:request|message|e-?mail|enquiry|inquiry|ticket)\b",
    r"^(?:\W*(?:re|fwd?):)?\W*(?:undeliver(?:ed|able)(?: mail)?|delivery status notification|mail delivery (?:failed|subsystem))\b",
)

# An agent's own words

_AGENT: Final = (
    _any_of(r"\bthank(?:s| you) (?:so much |very much )?for (?:contacting|reaching out|getting in touch|writing (?:in|to us)|bringing this"
            r"|your (?:patience|feedback|message|inquiry|enquiry|e-?mail|report))\b"),
    _any_of(r"\b(?:we|i)(?: are|['’]re| am|['’]m)? (?:truly |very |so |sincerely |really )?(?:sorry|apologi[sz]e) (?:for|to hear|about)\b"
            r"|\bapologies for (?:the|any)\b"),
    _any_of(r"\b(?:how (?:can|may) (?:i|we) (?:help|assist)|(?:happy|glad) to (?:help|assist)|here to help"
            r"|i(?:['’]d| would|['’]ll| will) be (?:happy|glad) to (?:help|assist))\b"),
    _any_of(r"\b(?:please )?(?:let (?:us|me) know if|feel free to|do(?:n['’]t| not) hesitate to) (?:you|contact|reach|reply|ask|let)\b"),
    _any_of(r"\b(?:our (?:team|engineers?|developers?|specialists?|support team|technical team)|a member of our team)\b[^.\n]{0,60}"
            r"\b(?:will|is|are|has|have)\b"),
    _any_of(r"\b(?:could|can|would) you (?:please |kindly )?(?:provide|send|share|confirm|dm|tell) us\b|\b(?:send us a dm|please dm us)\b"),
    _any_of(r"\b(?:support|customer (?:care|service|success|support)|community) (?:team|specialist|representative|agent|manager)\s*$"),
)  # fmt: skip
_AGENT_OPENS_WITHIN: Final = 250
"""Characters from the start within which an agent's reply shows what it is; a customer quotes it later."""
_LONGEST_JUDGED: Final = 4_000
"""Characters of a text that are looked at: noise shows itself early."""

_HINTS: Final = (
    *(
        "[phone]",
        "number",
        "line",
        "free",
        "hack",
        "follow",
        "code",
        "slot",
        "judi",
        "togel",
        "daftar",
        "generator",
        "escort",
    ),
    *(
        "call ",
        "watch ",
        "earn",
        "mak",
        "prescription",
        "whatsapp",
        "telegram",
        "subscribe",
        "check out",
        "visit",
        "dm me",
    ),
    *(
        "offer",
        "provide",
        "best",
        "leading",
        "top",
        "speciali",
        "deliver",
        "spell",
        "assignment",
        "essay",
        "dissertation",
    ),
    *(
        "automat",
        "auto",
        "office",
        "leave",
        "vacation",
        "holiday",
        "not reply",
        "above this line",
        "has been",
        "received your",
    ),
    *(
        "undeliver",
        "delivery",
        "thank",
        "sorry",
        "apolog",
        "assist",
        "to help",
        "let us",
        "our ",
        "could you",
        "team",
    ),
)


def noise(text: str) -> str | None:
    """The kind of noise a text is, one of `KINDS`, or None for what may be feedback.

    >>> noise("Printer helpline: call now [PHONE], toll free, 24/7"), noise("I called [PHONE] and nobody answered")
    ('spam', None)
    """
    seen = text[:_LONGEST_JUDGED]
    if _is_automatic(seen):
        return AUTOMATIC
    if is_agents(seen):
        return AGENT
    return SPAM if _is_spam(seen) else None


def is_agents(text: str) -> bool:
    """Whether a text, or a paragraph of one, is the vendor's reply: two of its phrases, one near the start."""
    found = [match.start() for pattern in _AGENT if (match := pattern.search(text))]
    return len(found) >= 2 and min(found) < _AGENT_OPENS_WITHIN


def _is_automatic(text: str) -> bool:
    return _AUTOMATIC.search(text) is not None


def _is_spam(text: str) -> bool:
    if _OFFER.search(text):
        return True
    person, trouble = _PERSON.search(text) is not None, _TROUBLE.search(text) is not None
    helplines = len(_HELPLINE.findall(text))
    if helplines and not person and (helplines >= 3 or (_NUMBER.search(text) and not trouble)):
        return True
    if _SOLICITS.search(text) and not trouble:
        return True
    return not person and not trouble and bool(_COMPANY.search(text) and _ADVERTISES.search(text))
