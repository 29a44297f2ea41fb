"""Waiting for a condition."""

from __future__ import annotations

import time
from collections.abc import Callable

DEADLINE_SECONDS = 20.0
STEP_SECONDS = 0.02


def wait_until(condition: Callable[[], bool]) -> None:
    """Returns as soon as the condition holds. Fails if it does not hold before the deadline."""
    end = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < end, "the condition did not come true"
        time.sleep(STEP_SECONDS)
