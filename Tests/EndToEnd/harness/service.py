"""A service on loopback. A test chooses the answers, and the service records the requests."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

from .ports import free_port
from .serving import serve_in_background
from .tls import Tls


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def authorization(self) -> str | None:
        """The `Authorization` field."""
        return self.headers.get("authorization")


@dataclass(frozen=True)
class Answer:
    """The answer to a request."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        asked = Asked(self.command, self.path, {name.lower(): value for name, value in self.headers.items()}, body)
        answer = self.server.answers(asked)
        self.server.note(asked, answer.status)
        self.send_response(answer.status)
        for name, value in {**answer.headers, "Content-Length": str(len(answer.body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _answer

    def log_message(self, *_: object) -> None:
        """Writes no log."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, answers: Callable[[Asked], Answer], tls: Tls | None) -> None:
        super().__init__(("127.0.0.1", free_port()), _Handler)
        self.answers = answers
        if tls is not None:
            self.socket = tls.context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.noted: list[tuple[Asked, int]] = []
        self._lock = threading.Lock()

    def note(self, asked: Asked, status: int) -> None:
        """Records a request and its answer."""
        with self._lock:
            self.noted.append((asked, status))

    def handle_error(self, *_: object) -> None:
        """A client may close its connection at any time."""


class Service:
    """A running service. With TLS it has the name in its certificate, which must resolve to loopback."""

    def __init__(self, answers: Callable[[Asked], Answer], tls: Tls | None = None) -> None:
        self._server = _Server(answers, tls)
        self.port: int = self._server.server_port
        self.host = f"{tls.name if tls else '127.0.0.1'}:{self.port}"
        self.origin = f"{'https' if tls else 'http'}://{self.host}"

    def __enter__(self) -> Self:
        serve_in_background(self._server)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer_by(self, answers: Callable[[Asked], Answer]) -> None:
        """Answers in this way from now on."""
        self._server.answers = answers

    def answered(self, status: int) -> list[Asked]:
        """The requests that got this status, in their order."""
        return [asked for asked, given in list(self._server.noted) if given == status]


def guarded(
    admits: Callable[[str], bool], challenge: str, answers: Callable[[Asked], Answer]
) -> Callable[[Asked], Answer]:
    """Answers 401 with the challenge to requests without an admitted `Authorization` field."""

    def answer(asked: Asked) -> Answer:
        if asked.authorization is None or not admits(asked.authorization):
            return Answer(401, headers={"WWW-Authenticate": challenge})
        return answers(asked)

    return answer
