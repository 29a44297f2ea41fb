"""Ports of the tests' servers. No two servers of a run have the same one: keyfob remembers tokens, clients and pauses by the
address of a server, and all tests of a user share the kernel's memory."""

from __future__ import annotations

import errno
import itertools
import os
import random
import socket
from collections.abc import Callable
from typing import TypeVar

Listener = TypeVar("Listener")

# Below net.ipv4.ip_local_port_range and the ports that keyfob chooses for itself, and above the ports that browsers refuse. Each
# of the processes that run tests has a part of them.
PORTS = range(10_100, 15_000)
WORKERS = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_own = PORTS[WORKER::WORKERS]
_first = random.randrange(len(_own))
_next = itertools.cycle(itertools.chain(_own[_first:], _own[:_first]))


def on_free_port(listen: Callable[[int], Listener]) -> Listener:
    """Calls `listen` with one port of loopback after another until it does not fail because the port is in use."""
    for port in itertools.islice(_next, 100):
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
