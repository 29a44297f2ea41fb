"""A proxy that makes tunnels (RFC 9110 section 9.3.6). Only the proxy knows the addresses of the named servers."""

from __future__ import annotations

import base64
import select
import socket
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import quote

from .ports import free_port
from .serving import serve_in_background

TIMEOUT_SECONDS = 20


class ProxyHandler(BaseHTTPRequestHandler):
    """Makes tunnels to known servers, for known users."""

    server: ProxyServer

    def do_CONNECT(self) -> None:
        """Opens a tunnel."""
        self.server.asked.append(self.path)
        if self.server.credentials not in (None, self.headers.get("Proxy-Authorization")):
            self.send_response(407)
            self.send_header("Proxy-Authenticate", 'Basic realm="proxy"')
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif (port := self.server.routes.get(self.path)) is None:
            self.send_error(502)
        else:
            with socket.create_connection(("127.0.0.1", port), TIMEOUT_SECONDS) as there:
                self.send_response(200)
                self.end_headers()
                tunnel(self.connection, there)
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Writes no log."""


class ProxyServer(ThreadingHTTPServer):
    """The listener, and the state that its handlers share."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", free_port()), ProxyHandler)
        self.routes: dict[str, int] = {}
        self.credentials: str | None = None
        self.asked: list[str] = []

    def handle_error(self, *_: object) -> None:
        """A client may close its connection at any time."""


class Proxy:
    """A running proxy."""

    def __init__(self) -> None:
        self._server = ProxyServer()
        serve_in_background(self._server)

    @property
    def address(self) -> str:
        """The value for `http.proxy` or `https_proxy`."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def asked(self) -> list[str]:
        """The tunnels that clients requested, as `host:port`."""
        return list(self._server.asked)

    def route(self, name: str, port: int) -> None:
        """Connects port 443 of that name to a port on loopback."""
        self._server.routes[f"{name}:443"] = port

    def require(self, user: str, password: str) -> str:
        """Requires this user name and password from now on, and returns the address with both."""
        self._server.credentials = f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"
        return self.address.replace("http://", f"http://{quote(user)}:{quote(password)}@")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def tunnel(one: socket.socket, other: socket.socket) -> None:
    """Passes bytes both ways until one side ends."""
    while True:
        ready, _, _ = select.select([one, other], [], [], TIMEOUT_SECONDS)
        if not ready:
            return
        for side in ready:
            data = side.recv(65536)
            if not data:
                return
            (other if side is one else one).sendall(data)
