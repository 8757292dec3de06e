"""The shipped spaCy model, the components it is made of, its training recipe and its card.

Importing this package registers the language and the components, after which `spacy.load(models.SHIPPED)` works.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

MODEL_NAME: Final = "feedback"
SHIPPED: Final = Path(__file__).with_name("en_feedback")
"""The folder of the model that travels with the package."""

MULTILINGUAL: Final = Path(__file__).with_name("multi_feedback")
"""The folder of the model for other languages, which travels with the package too."""

from models import clauses, heads, language, multilingual, spoken_heads  # noqa: E402, F401
