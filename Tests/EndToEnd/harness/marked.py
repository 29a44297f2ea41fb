"""An authorization server that records each secret that it gives or gets; its secrets are unmistakable. A service that
requires its tokens has the same address.

It offers all that a client can use: registration (RFC 7591, 7592), pushed authorization requests (RFC 9126),
the device grant (RFC 8628), rotation and revocation (RFC 7009). It asks for no password, and says yes to everybody.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import parse_qsl, urlencode, urlsplit

from .serving import serve_in_background

DEFAULT_SECONDS = 3600
SENT_SECRETS = (
    "code_verifier",
    "state",
    "nonce",
    "code",
    "refresh_token",
    "token",
    "device_code",
    "client_secret",
    "password",
)
Form = dict[str, str]


@dataclass
class Marks:
    """The secrets so far, each with its kind."""

    of: dict[str, str] = field(default_factory=dict)

    def make(self, kind: str) -> str:
        """A new secret."""
        return self.know(f"{kind[:2]}{secrets.token_hex(20)}", kind)

    def know(self, secret: str, kind: str) -> str:
        """Records a secret that a client made."""
        self.of.setdefault(secret, kind)
        return secret

    def kinds(self) -> set[str]:
        """The kinds of the secrets so far."""
        return set(self.of.values())


class MarkedHandler(BaseHTTPRequestHandler):
    """One request. Each endpoint is a method of the server that takes a form and returns a status and an object."""

    protocol_version = "HTTP/1.1"
    server: MarkedServer

    def do_GET(self) -> None:
        """Metadata, the authorization endpoint, and the service itself."""
        target = urlsplit(self.path)
        form = self.server.note(dict(parse_qsl(target.query)))
        if target.path == "/authorize":
            return self._send(302, {}, [("Location", self.server.authorize(form))])
        if target.path.startswith("/.well-known/"):
            return self._send(200, self.server.documents().get(target.path.split("/")[2], {}))
        self._send(401, {}, [("WWW-Authenticate", f'Bearer resource_metadata="{self.server.resource_metadata}"')])

    def do_POST(self) -> None:
        """The endpoints that take a form, and the one that takes JSON."""
        body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
        path = urlsplit(self.path).path
        if path == "/register":
            return self._send(*self.server.register())
        form = self.server.note({**dict(parse_qsl(body)), **self._client()})
        if self.server.repeats_what_it_is_sent and path == self.server.repeats_what_it_is_sent:
            return self._send(400, {"error": "invalid_request", "error_description": " ".join(form.values())})
        answers = {"/token": self.server.token, "/par": self.server.push, "/device": self.server.device}
        self._send(*(answers[path](form) if path in answers else (200, {})))

    def do_DELETE(self) -> None:
        """Deletes a registration."""
        self.server.note({"deleted": self.path})
        self._send(204, {})

    def log_message(self, *_: object) -> None:
        """Writes no log."""

    def _client(self) -> Form:
        scheme, _, rest = (self.headers.get("Authorization") or "").partition(" ")
        if scheme.lower() != "basic":
            return {}
        client, _, secret = base64.b64decode(rest).decode().partition(":")
        return {"client_id": client, "client_secret": secret}

    def _send(self, status: int, body: object, headers: list[tuple[str, str]] | None = None) -> None:
        data = b"" if status == 204 else json.dumps(body).encode()
        self.send_response(status)
        for name, value in [("Content-Type", "application/json"), ("Content-Length", str(len(data))), *(headers or [])]:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)


class MarkedServer(ThreadingHTTPServer):
    """The running server."""

    daemon_threads = True

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__((host, port), MarkedHandler)
        self.origin = f"http://{host}:{self.server_port}"
        self.resource_metadata = f"{self.origin}/.well-known/oauth-protected-resource/mcp"
        self.url = f"{self.origin}/mcp"
        self.marks = Marks()
        self.seconds = DEFAULT_SECONDS
        # The path of an endpoint that refuses every request and repeats it in the error.
        self.repeats_what_it_is_sent: str | None = None
        self.asked: list[Form] = []
        self._pushed: dict[str, Form] = {}
        self._challenges: dict[str, str] = {}
        self._dead_at = 0.0
        self._lock = threading.Lock()

    def note(self, form: Form) -> Form:
        """Records a request and the secrets in it."""
        with self._lock:
            self.asked.append(form)
            for name in SENT_SECRETS:
                if form.get(name):
                    self.marks.know(form[name], name)
        return form

    def documents(self) -> dict[str, object]:
        """The documents below /.well-known/."""
        at = self.origin
        return {
            "oauth-protected-resource": {"resource": self.url, "authorization_servers": [at]},
            "oauth-authorization-server": {
                "issuer": at,
                "authorization_endpoint": f"{at}/authorize",
                "token_endpoint": f"{at}/token",
                "registration_endpoint": f"{at}/register",
                "revocation_endpoint": f"{at}/revoke",
                "pushed_authorization_request_endpoint": f"{at}/par",
                "device_authorization_endpoint": f"{at}/device",
                "response_types_supported": ["code"],
                "code_challenge_methods_supported": ["S256"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic"],
                "authorization_response_iss_parameter_supported": True,
                "scopes_supported": [],
            },
        }

    def register(self) -> tuple[int, object]:
        """Gives a client a secret, and a token with which it can delete itself."""
        return 201, {
            "client_id": "marked",
            "client_secret": self.marks.make("client_secret"),
            "client_secret_expires_at": 0,
            "token_endpoint_auth_method": "client_secret_basic",
            "registration_access_token": self.marks.make("registration_access_token"),
            "registration_client_uri": f"{self.origin}/register/marked",
        }

    def push(self, form: Form) -> tuple[int, object]:
        """Keeps an authorization request until a browser names it."""
        address = f"urn:ietf:params:oauth:request_uri:{secrets.token_hex(8)}"
        self._pushed[address] = form
        return 201, {"request_uri": address, "expires_in": 60}

    def authorize(self, form: Form) -> str:
        """The redirect back to the client, with a code."""
        asked = self._pushed.pop(form.get("request_uri", ""), form)
        code = self.marks.make("code")
        self._challenges[code] = asked["code_challenge"]
        answer = {"code": code, "state": asked["state"], "iss": self.origin}
        return f"{asked['redirect_uri']}?{urlencode(answer)}"

    def device(self, _: Form) -> tuple[int, object]:
        """A user code, which counts as typed already."""
        return 200, {
            "device_code": self.marks.make("device_code"),
            "user_code": "WDJB-MJHT",
            "verification_uri": f"{self.origin}/type",
            "expires_in": 60,
            "interval": 1,
        }

    def token(self, form: Form) -> tuple[int, object]:
        """Two new tokens for a code with the right verifier, a device code or a refresh token."""
        if form["grant_type"] == "authorization_code":
            digest = hashlib.sha256(form["code_verifier"].encode()).digest()
            challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
            if self._challenges.pop(form["code"], None) != challenge:
                return 400, {"error": "invalid_grant"}
        self._dead_at = time.time() + self.seconds
        return 200, {
            "access_token": self.marks.make("access_token"),
            "refresh_token": self.marks.make("refresh_token"),
            "token_type": "Bearer",
            "expires_in": self.seconds,
        }

    def refreshes(self) -> int:
        """The number of refresh requests."""
        return len([form for form in self.asked if form.get("grant_type") == "refresh_token"])

    def token_is_dead(self) -> bool:
        """Whether the last access token has expired."""
        return time.time() > self._dead_at

    def __enter__(self) -> Self:
        serve_in_background(self)
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()

    def handle_error(self, *_: object) -> None:
        """A client may close its connection at any time."""
