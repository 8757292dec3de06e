"""The moments of a product's journey at which friction is measured."""

from __future__ import annotations

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
