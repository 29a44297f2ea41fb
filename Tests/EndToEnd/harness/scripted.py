"""A scripted authorization server, for odd answers."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from .ports import free_port

Answer = tuple[int, Any]


class ScriptedServer:
    """An authorization server whose user is signed in.

    `answers` replaces the answer of a path, `metadata` adds members to the metadata, and `challenges` has the
    WWW-Authenticate of paths that are answered with 401. The form of a request has its Authorization field, too. An
    answer of bytes is sent as it is, with `coding` as its Content-Encoding. `response` adds to the authorization response.
    """

    coding = "gzip"

    def __init__(self) -> None:
        self.answers: dict[str, Callable[[dict[str, str]], Answer | None]] = {}
        self.metadata: dict[str, Any] = {}
        self.challenges: dict[str, str] = {}
        self.response: dict[str, str] = {}
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.registered = 0
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                pass

            def do_GET(self) -> None:
                self.reply()

            do_POST = do_DELETE = do_GET

            def reply(self) -> None:
                url = urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                form = {name: values[0] for name, values in parse_qs(body or url.query).items()}
                owner.requests.append((self.command, url.path, form))
                if sent := self.headers.get("Authorization"):
                    form["Authorization"] = sent
                script = owner.answers.get(url.path)
                status, answer = (script and script(form)) or owner.answer(self.command, url.path, form)
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", answer)
                    answer = ""
                if status == 401 and url.path in owner.challenges:
                    self.send_header("WWW-Authenticate", owner.challenges[url.path])
                if isinstance(answer, bytes):
                    self.send_header("Content-Encoding", owner.coding)
                else:
                    answer = (answer if isinstance(answer, str) else json.dumps(answer)).encode()
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

        self.server = ThreadingHTTPServer(("127.0.0.1", free_port()), Handler)
        self.origin = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, method: str, path: str, form: dict[str, str]) -> Answer:
        if path == "/.well-known/oauth-authorization-server":
            names = ["authorize", "token", "register", "revoke"]
            ends = {"authorize": "authorization", "register": "registration", "revoke": "revocation"}
            members = {f"{ends.get(name, name)}_endpoint": f"{self.origin}/{name}" for name in names}
            fixed = {"issuer": self.origin, "code_challenge_methods_supported": ["S256"]}
            return 200, {**members, **fixed, **self.metadata}
        if path == "/register":
            self.registered += 1
            return 201, {"client_id": f"c-{self.registered}"}
        if path == "/authorize":
            return 302, form["redirect_uri"] + "?" + urlencode({"code": "c", "state": form["state"], **self.response})
        if path == "/token":
            return 200, {"access_token": "at", "token_type": "Bearer", "expires_in": 1, "refresh_token": "rt"}
        return (200, {}) if path == "/revoke" else (404, {})

    def count(self, path: str, grant: str | None = None) -> int:
        return sum(asked == path and grant in (None, form.get("grant_type")) for _, asked, form in self.requests)
