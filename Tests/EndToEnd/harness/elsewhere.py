"""A private network in which a test chooses names and addresses: the Internet, a company's network, this machine.

root can make one on Linux (unshare(1)). Nothing leaves it."""

from __future__ import annotations

import json
import os
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingMixIn, TCPServer
from typing import Any, Self

import trustme

from . import binaries
from .person import Done, Person
from .serving import serve_in_background
from .terminal import Terminal

# Holds the network: sets the addresses, opens the sockets, passes them to the tests, and waits for its end.
HOLDER = """
import json, socket, subprocess, sys
asked = json.loads(sys.argv[1])
subprocess.run(["mount", "--bind", asked["hosts"], "/etc/hosts"], check=True)
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
for address in asked["addresses"]:
    if not address.startswith("127."):
        subprocess.run(["ip", "address", "add", address + "/32", "dev", "lo"], check=True)
sockets = [socket.create_server((address, 443)) for address in asked["addresses"]]
socket.send_fds(socket.socket(fileno=0), [b"x"], [each.fileno() for each in sockets])
sys.stdin.close()
socket.socket(fileno=int(sys.argv[2])).recv(1)
"""

# A browser that returns with a code at once, as if the user had agreed.
BROWSER = """#!{python} -I
import http.client, sys, urllib.parse
start = urllib.parse.urlsplit(sys.argv[1])
def get(target, **fields):
    connection = http.client.HTTPConnection(start.hostname, start.port, timeout=20)
    connection.request("GET", target, headers=fields)
    return connection.getresponse()
began = get(start.path)
asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(began.getheader("Location")).query))
with open("{log}", "a") as log:
    log.write(began.getheader("Location") + "\\n")
back = urllib.parse.urlsplit(asked["redirect_uri"])
query = urllib.parse.urlencode({{"code": "c0de", "state": asked["state"]}})
get(back.path + "?" + query, Cookie=began.getheader("Set-Cookie").partition(";")[0])
"""


def can_be_made() -> bool:
    """Whether these tests can make a private network on this machine."""
    if os.geteuid() != 0:
        return False
    return subprocess.run(["unshare", "--net", "--mount", "true"], capture_output=True).returncode == 0


@dataclass(frozen=True)
class Asked:
    """One request to a server of the network."""

    address: str
    host: str
    method: str
    path: str


Answers = Callable[[Asked], dict[str, Any] | int]


class Network:
    """The network, with a server on port 443 of each address. `answers` returns an object or a status for a request."""

    def __init__(self, directory: Path, addresses: dict[str, str], answers: Answers) -> None:
        self._stack = ExitStack()
        self._answers = answers
        self._addresses = sorted(set(addresses.values()))
        self._names = dict(addresses)
        self._hosts = directory / "hosts"
        self.authority = directory / "authority.pem"
        self._certifier = trustme.CA()
        self._certifier.cert_pem.write_to_path(str(self.authority))
        self.asked: list[Asked] = []

    def lead(self, name: str, address: str) -> None:
        """Lets a name resolve to another address from now on."""
        self._names[name] = address
        self._hosts.write_text("".join(f"{address} {name}\n" for name, address in self._names.items()))

    def requests_at(self, address: str) -> list[Asked]:
        """The requests to an address."""
        return [each for each in self.asked if each.address == address]

    def inside(self, *command: str | Path) -> list[str | Path]:
        """The command line that runs a command in the network."""
        return ["nsenter", f"--target={self._holder.pid}", "--net", "--mount", "--", *command]

    def keyfob(self, person: Person, *arguments: str, stdin: bytes = b"") -> Done:
        """Runs keyfob in the network."""
        return person.session.run(*self.inside(binaries.keyfob(), *arguments), stdin=stdin, **self._environment(person))

    def keyfob_on_terminal(self, person: Person, *arguments: str) -> Terminal:
        """Starts keyfob in the network, on a terminal."""
        command = self.inside(binaries.keyfob(), *arguments)
        return Terminal(person.session, *command, columns=400, **self._environment(person))

    def _environment(self, person: Person) -> dict[str, str]:
        script = person.home / "browser"
        script.write_text(BROWSER.format(python=sys.executable, log=person.home / "browser.log"))
        return {"SSL_CERT_FILE": str(self.authority)}

    def __enter__(self) -> Self:
        self.lead("localhost", "127.0.0.1")
        ours, theirs = socket.socketpair()
        life, held = socket.socketpair()
        asked = {"hosts": str(self._hosts), "addresses": self._addresses}
        self._holder = subprocess.Popen(
            ["unshare", "--net", "--mount", sys.executable, "-I", "-c", HOLDER, json.dumps(asked), str(held.fileno())],
            stdin=theirs,
            pass_fds=[held.fileno()],
        )
        for each in (theirs, held):
            each.close()
        self._stack.callback(self._holder.wait, 20)
        self._stack.callback(life.close)
        ours.settimeout(20)
        _, descriptors, _, _ = socket.recv_fds(ours, 1, len(self._addresses))
        ours.close()
        assert len(descriptors) == len(self._addresses)
        for address, descriptor in zip(self._addresses, descriptors, strict=True):
            self._serve(address, socket.socket(fileno=descriptor))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _serve(self, address: str, listener: socket.socket) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._certifier.issue_cert(*self._names).configure_cert(context)
        server = Server(listener, context, self._handler(address))
        self._stack.callback(serve_in_background(server).join, 20)
        self._stack.callback(server.server_close)
        self._stack.callback(server.shutdown)

    def _handler(self, address: str) -> type[BaseHTTPRequestHandler]:
        network = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                asked = Asked(address, self.headers["Host"], self.command, self.path)
                network.asked.append(asked)
                given = network._answers(asked)
                body = b"" if isinstance(given, int) else json.dumps(given).encode()
                self.send_response(given if isinstance(given, int) else 200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_DELETE = answer

            def log_message(self, *_: object) -> None:
                """Writes no log."""

        return Handler


class Server(ThreadingMixIn, TCPServer):
    """A TLS server on an existing socket."""

    daemon_threads = True

    def __init__(
        self, listener: socket.socket, context: ssl.SSLContext, handler: type[BaseHTTPRequestHandler]
    ) -> None:
        super().__init__(listener.getsockname(), handler, bind_and_activate=False)
        self.socket.close()
        self.socket = context.wrap_socket(listener, server_side=True, do_handshake_on_connect=False)

    def handle_error(self, *_: object) -> None:
        """A client that does not trust the certificate closes the connection, which is no error here."""
