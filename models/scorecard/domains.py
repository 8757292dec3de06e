"""Which touchpoint sets are about the same kind of business: what leave-one-domain-out leaves out together."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from schemas.errors import UsageError


@dataclass(frozen=True)
class Domain:
    """A kind of business. `sets` are wholly about it; `mixed` are about it among other things.

    To judge a model on a domain it has never seen, both are left out of its training, and `sets` judge it.
    """

    sets: tuple[str, ...]
    mixed: tuple[str, ...] = ()

    @property
    def left_out(self) -> frozenset[str]:
        """What a model that is judged on this domain must not have seen."""
        return frozenset((*self.sets, *self.mixed))


DOMAINS: Final[Mapping[str, Domain]] = {
    "banking": Domain(
        ("banking77", "nlupp_banking", "multidogo_finance", "cfpb_issue"),
        mixed=("clinc150",),  # banking and credit cards are two of its ten domains
    ),
    "airlines": Domain(("multidogo_airline", "airline_reason"), mixed=("clinc150",)),  # travel is another
    "food": Domain(("multidogo_fastfood", "acos_rest16"), mixed=("clinc150",)),  # kitchen and dining is another
    "insurance": Domain(("multidogo_insurance",), mixed=("clinc150",)),  # health insurance is asked about at work
    "media": Domain(("multidogo_media",)),
    "software": Domain(("multidogo_software", "maalej")),
    "hardware": Domain(("acos_laptop",)),
    "retail": Domain(("hint3_curekart", "hint3_sofmattress")),
    "gaming": Domain(("hint3_powerplay11",)),
    "assistants": Domain(("clinc150",)),
}
"""Every touchpoint set is in `sets` of exactly one domain."""


def domain_of(name: str) -> str:
    """The domain that a set is wholly about; `UsageError` where `DOMAINS` does not say.

    >>> domain_of("acos_laptop")
    'hardware'
    """
    for domain, about in DOMAINS.items():
        if name in about.sets:
            return domain
    raise UsageError(f"the touchpoint set {name} has no domain; add it to DOMAINS in models/scorecard/domains.py")


def learned(names: Collection[str], domain: Domain) -> frozenset[str]:
    """Of the sets that a model learns from, those it must do without to be judged on this domain."""
    return domain.left_out & frozenset(names)
