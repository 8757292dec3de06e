"""`python -m models.gold`: how far the two passes over the gold set agree, as a table."""

from __future__ import annotations

from models.gold.labels import agreements


def table() -> str:
    """The table of docs/labelling.md."""
    rows = [f"| {one.what} | {one.mentions} | {one.share:.1%} | {one.kappa:.2f} |" for one in agreements()]
    return "\n".join(["| label | labelled twice | alike | Cohen's kappa |", "|---|---:|---:|---:|", *rows])


if __name__ == "__main__":
    print(table())  # noqa: T201 - what the command is for
