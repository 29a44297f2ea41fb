"""A git server on loopback. Its gate admits requests with a token that the authorization server confirms.

Behind the gate runs git's own `git http-backend` as a CGI program (RFC 3875), so fetch and push are the real ones.
"""

from __future__ import annotations

import base64
import gzip
import json
import os
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self
from urllib.error import URLError

from .ports import free_port
from .serving import serve_in_background
from .tls import Tls

BASIC_CHALLENGE = 'Basic realm="git"'
METADATA_PATH = "/.well-known/oauth-protected-resource"


@dataclass(frozen=True)
class Knock:
    """One request at the gate: the user name that git sent, and the status of the answer."""

    path: str
    username: str | None
    status: int


def presented_token(authorization: str | None) -> tuple[str | None, str | None]:
    """User name and token of an Authorization field: `Basic any:token` or `Bearer token` (RFC 7617, RFC 6750)."""
    scheme, _, rest = (authorization or "").partition(" ")
    if scheme.lower() == "bearer":
        return None, rest.strip()
    if scheme.lower() == "basic":
        username, _, token = base64.b64decode(rest).decode("utf-8", "replace").partition(":")
        return username, token
    return None, None


def cgi_environment(root: Path, handler: BaseHTTPRequestHandler, length: int, user: str) -> dict[str, str]:
    """The environment of git-http-backend(1)."""
    path, _, query = handler.path.partition("?")
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(root),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_PROJECT_ROOT": str(root),
        "GIT_HTTP_EXPORT_ALL": "1",
        "GIT_PROTOCOL": handler.headers.get("Git-Protocol", ""),
        "REQUEST_METHOD": handler.command,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "CONTENT_TYPE": handler.headers.get("Content-Type", ""),
        "CONTENT_LENGTH": str(length),
        "REMOTE_ADDR": "127.0.0.1",
        "REMOTE_USER": user,
    }


class GateHandler(BaseHTTPRequestHandler):
    """Requires a token, has it confirmed, and then lets git answer."""

    protocol_version = "HTTP/1.1"
    server: GateServer

    def do_GET(self) -> None:
        """The refs of a repository, and the metadata of the whole server as a protected resource (RFC 9728)."""
        if self.path == METADATA_PATH and self.server.metadata is not None:
            return self._send(200, [("Content-Type", "application/json")], json.dumps(self.server.metadata).encode())
        self._answer()

    def do_POST(self) -> None:
        """A fetch or a push."""
        self._answer()

    def log_message(self, *_: object) -> None:
        """Writes no log."""

    def _answer(self) -> None:
        body = self._body()
        username, token = presented_token(self.headers.get("Authorization"))
        try:
            admitted = bool(token) and self.server.admits(token or "")
        except URLError:
            self._send(503, [], b"")
            return self._note(username, 503)
        if not admitted:
            self._send(401, [("WWW-Authenticate", challenge) for challenge in self.server.challenges], b"")
            return self._note(username, 401)
        status, headers, answer = self._git(body)
        self._send(status, headers, answer)
        self._note(username, status)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            body = b"".join(iter(self._chunk, b""))
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        return gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body

    def _chunk(self) -> bytes:
        size = int(self.rfile.readline().split(b";")[0], 16)
        chunk = self.rfile.read(size)
        self.rfile.readline()
        return chunk

    def _git(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        """Runs git http-backend. Its output is a CGI response: header fields, an empty line, the body."""
        environment = cgi_environment(self.server.root, self, len(body), "somebody")
        done = subprocess.run(
            ["git", "http-backend"], input=body, capture_output=True, env=environment, timeout=60, check=True
        )
        head, _, answer = done.stdout.partition(b"\r\n\r\n")
        fields = [tuple(line.split(": ", 1)) for line in head.decode("latin-1").split("\r\n")]
        status = next((int(value[:3]) for name, value in fields if name == "Status"), 200)
        return status, [(name, value) for name, value in fields if name != "Status"], answer

    def _send(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response(status)
        for name, value in [*headers, ("Content-Length", str(len(body)))]:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _note(self, username: str | None, status: int) -> None:
        self.server.note(Knock(self.path.partition("?")[0], username, status))


class GateServer(ThreadingHTTPServer):
    """The listener, and the state that its handlers share."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, admits: Callable[[str], bool], root: Path, tls: Tls | None) -> None:
        super().__init__(("127.0.0.1", free_port()), GateHandler)
        self.admits, self.root = admits, root
        self.challenges = [BASIC_CHALLENGE]
        self.metadata: dict[str, object] | None = None
        if tls is not None:
            self.socket = tls.context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self._knocks: list[Knock] = []
        self._lock = threading.Lock()

    def note(self, knock: Knock) -> None:
        """Records one request."""
        with self._lock:
            self._knocks.append(knock)

    def knocks(self) -> list[Knock]:
        """Every request so far."""
        with self._lock:
            return list(self._knocks)

    def handle_error(self, *_: object) -> None:
        """A client may close its connection at any time."""


class Gate:
    """A running git server with one private repository, `project.git`, which has one commit."""

    def __init__(self, admits: Callable[[str], bool], root: Path, tls: Tls | None = None) -> None:
        self._root = root
        self._tls = tls
        make_repository(root / "project.git")
        self._server = GateServer(admits, root, tls)
        self.port: int = self._server.server_port
        serve_in_background(self._server)

    @property
    def origin(self) -> str:
        """Scheme, host and port. With TLS, the name in the certificate and the default port."""
        return f"https://{self._tls.name}" if self._tls else f"http://127.0.0.1:{self.port}"

    def publish(self, issuer: str, **more: object) -> None:
        """Publishes the issuer of its tokens from now on (RFC 9728)."""
        self._server.metadata = {"resource": self.origin, "authorization_servers": [issuer], **more}
        self._server.challenges = [f'Bearer resource_metadata="{self.origin}{METADATA_PATH}"', BASIC_CHALLENGE]

    @property
    def url(self) -> str:
        """The URL to clone."""
        return f"{self.origin}/project.git"

    @property
    def repository(self) -> Path:
        """The bare repository behind the gate."""
        return self._root / "project.git"

    def admit_by(self, admits: Callable[[str], bool]) -> None:
        """Admits the tokens for which `admits` says yes, from now on."""
        self._server.admits = admits

    def knocks(self) -> list[Knock]:
        """Every request so far."""
        return self._server.knocks()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def make_repository(path: Path) -> None:
    """Makes a bare repository with one commit on its branch `main`, which accepts pushes over http."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(path.parent), "GIT_CONFIG_NOSYSTEM": "1"}
    identity = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.com"]

    def git(*arguments: str, stdin: str = "") -> str:
        command = ["git", *identity, *arguments]
        done = subprocess.run(command, input=stdin, text=True, capture_output=True, env=environment, check=True)
        return done.stdout.strip()

    git("init", "--quiet", "--bare", "--initial-branch=main", str(path))
    inside = f"--git-dir={path}"
    git(inside, "config", "http.receivepack", "true")
    blob = git(inside, "hash-object", "-w", "--stdin", stdin="hello\n")
    tree = git(inside, "mktree", stdin=f"100644 blob {blob}\tREADME\n")
    git(inside, "update-ref", "refs/heads/main", git(inside, "commit-tree", tree, "-m", "Begin"))
