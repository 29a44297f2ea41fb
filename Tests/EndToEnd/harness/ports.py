"""Ports that a test must know before a server listens on them, or that a server takes a second time."""

from __future__ import annotations

import errno
import random
import socket
from collections.abc import Callable
from typing import TypeVar

Listener = TypeVar("Listener")

# Below net.ipv4.ip_local_port_range: the kernel does not give these ports to programs that ask for any port.
BELOW_THE_KERNELS_OWN = range(20_000, 30_000)


def on_free_port(listen: Callable[[int], Listener]) -> Listener:
    """Calls `listen` with one port of loopback after another until it does not fail because the port is in use."""
    for port in random.sample(BELOW_THE_KERNELS_OWN, 100):
        try:
            return listen(port)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
    raise AssertionError("no free port")


def free_port() -> int:
    """A free port of loopback."""
    with on_free_port(lambda port: socket.create_server(("127.0.0.1", port))) as listener:
        return int(listener.getsockname()[1])
