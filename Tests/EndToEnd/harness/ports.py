"""Ports that a test must know before anything listens on them."""

from __future__ import annotations

import random
import socket
from contextlib import suppress

BELOW_THE_KERNELS_OWN = range(20_000, 30_000)


def free_port() -> int:
    """A port of loopback that is free, and that the kernel gives to nobody who asks for just any."""
    for port in random.sample(BELOW_THE_KERNELS_OWN, 100):
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise AssertionError("no free port")
