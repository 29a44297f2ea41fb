"""Servers of socketserver, each in a thread of its own."""

from __future__ import annotations

import threading
from socketserver import BaseServer

# shutdown() waits this long at most. The default, half a second, would add minutes to a whole run.
POLL_SECONDS = 0.02


def serve_in_background(server: BaseServer) -> threading.Thread:
    """Serves until somebody calls `server.shutdown()`."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": POLL_SECONDS}, daemon=True)
    thread.start()
    return thread
