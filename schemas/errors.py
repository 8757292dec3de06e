"""Errors a person sees: one line that says what is wrong and what to do next."""

from __future__ import annotations


class TribometerError(Exception):
    """A run that cannot go on. The command line prints the text and exits with `exit_status`."""

    exit_status = 1


class UsageError(TribometerError):
    """The command was asked for something it cannot do: wrong path, unknown name, bad query."""

    exit_status = 2


class StaleSnapshotError(TribometerError):
    """A file of the snapshot is gone: `tables vacuum` or an erasure deleted it. A new snapshot does not name it."""


class NewerFileError(TribometerError):
    """A file holds columns that this program does not know; writing its rows again would lose them."""


class DamagedFileError(TribometerError):
    """A file of the snapshot is there, but its bytes are not those that were written."""
