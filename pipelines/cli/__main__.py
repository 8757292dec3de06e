"""`python -m pipelines.cli` is `tribometer`."""

from pipelines.cli import program

program()
