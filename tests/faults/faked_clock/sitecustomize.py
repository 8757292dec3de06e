"""Lets Python sleep under libfaketime, which takes its offset from waits by the monotonic clock as well.

A day ahead `time.sleep` fails with EINVAL, a day behind it sleeps a day. Waiting in `select` is left alone.
"""

import select
import time


def _sleep(seconds):
    if seconds > 0:
        select.select([], [], [], seconds)


time.sleep = _sleep
