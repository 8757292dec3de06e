"""The moments of a product's journey at which friction is measured."""

from __future__ import annotations

import difflib
import re
from enum import StrEnum
from typing import Final


class Touchpoint(StrEnum):
    """The common taxonomy; definitions and seed phrases are in `touchpoints.yaml`."""

    DISCOVERY = "discovery"
    PURCHASE = "purchase"
    DELIVERY = "delivery"
    ONBOARDING = "onboarding"
    ACCOUNT = "account"
    USABILITY = "usability"
    RELIABILITY = "reliability"
    FEATURES = "features"
    BILLING = "billing"
    SUPPORT = "support"
    RETURNS = "returns"
    RENEWAL = "renewal"


OTHER: Final = "other"
"""The scorer's abstention: no touchpoint is likely enough to be named."""

SHIPPED_TOUCHPOINTS: Final = tuple(touchpoint.value for touchpoint in Touchpoint)
ALL_TOUCHPOINTS: Final = (*SHIPPED_TOUCHPOINTS, OTHER)

OWN_NAME: Final = re.compile(r"(?!any$)[a-z][a-z0-9_]{0,39}")
"""What a user may call a touchpoint of their own; `any` means all of them in the views."""

_NEAR: Final = 0.8
"""Share of letters in common from which a name is a shipped one misspelt, as difflib counts."""


def near_shipped(name: str) -> str | None:
    """The shipped touchpoint that a name which is none was probably meant to be.

    >>> near_shipped("biling"), near_shipped("seating")
    ('billing', None)
    """
    close = difflib.get_close_matches(name, ALL_TOUCHPOINTS, n=1, cutoff=_NEAR)
    return close[0] if close and name not in ALL_TOUCHPOINTS else None
