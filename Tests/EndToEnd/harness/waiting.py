"""Waiting for a condition."""

from __future__ import annotations

import time
from collections.abc import Callable

DEADLINE_SECONDS = 20.0
STEP_SECONDS = 0.02


# The lifetime of tokens that a test lets expire.
SHORT_LIFETIME_SECONDS = 2


def wait_until_expired(refused: Callable[[], bool]) -> None:
    """Returns as soon as a short-lived token that keyfob already has is refused by the server and old for keyfob, too:
    keyfob counts from the arrival of the answer, the server from its sending."""
    end = time.monotonic() + SHORT_LIFETIME_SECONDS
    wait_until(lambda: time.monotonic() >= end and refused())


def wait_until(condition: Callable[[], bool]) -> None:
    """Returns as soon as the condition holds. Fails if it does not hold before the deadline."""
    end = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < end, "the condition did not come true"
        time.sleep(STEP_SECONDS)
