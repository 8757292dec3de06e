"""Clock: hours since the epoch as people live them, in a time zone.

What is expected of an hour hangs on the hour of the day that people have, so where clocks change an hour of the day
comes twice or never. Hours are counted without gaps all the same: only what is expected of them moves.
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo


def local_hour(hour: int, zone: tzinfo = UTC) -> tuple[int, int]:
    """Hour of the day, 0 to 23, and weekday, Monday is 0, at which `hour` (since the epoch, in UTC) begins in `zone`.

    In zones half an hour off, the hour that is half over.
    """
    local = datetime.fromtimestamp(hour * 3600, UTC).astimezone(zone)
    return local.hour, local.weekday()
