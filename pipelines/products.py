"""What to say of a product that nobody spoke of."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Final

_NAMED: Final = 8


def unknown_product(product: str, known: Sequence[str]) -> str:
    """One line that names what is `known`, the most spoken of first, and what was perhaps meant."""
    if not known:
        return (
            "no feedback here names a product; map a product field in the source's mapping, or look at later days"
        )
    lower = {name.lower(): name for name in known}
    close = difflib.get_close_matches(product.lower(), list(lower), n=1, cutoff=0.5)
    meant = f"; did you mean {lower[close[0]]}?" if close else ""
    more = f" and {len(known) - _NAMED} more" if len(known) > _NAMED else ""
    return f"no feedback about {product!r}{meant} (products: {', '.join(known[:_NAMED])}{more})"
