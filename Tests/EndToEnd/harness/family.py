"""Our own authorization server for tests that need hundreds of requests: small, quick and strict.

It rotates refresh tokens, and revokes the whole family if one is used a second time (RFC 9700 section 4.14.2). It
consents for everybody at once. It knows the live token, so a test can compare it with the stored one.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, urlencode, urlsplit
from urllib.request import ProxyHandler, build_opener

from .ports import free_port
from .record import Answered, Record, harmless
from .serving import serve_in_background
from .waiting import wait_until

CLIENT_ID = "keyfob-tests"
LIFETIME_SECONDS = 3600
Answer = tuple[int, Any]


@dataclass
class Family:
    """The tokens of one sign-in: the refresh tokens, of which only the last is valid, and the access tokens."""

    client_id: str
    live: str | None
    spent: list[str] = field(default_factory=list)
    access: dict[str, float] = field(default_factory=dict)


def unguessable() -> str:
    """A new code, token or id."""
    return secrets.token_urlsafe(24)


class FamilyServer:
    """The running server.

    `lifetime` is the lifetime of new access tokens. With `forgives_repeats`, an old refresh token still brings a new
    one, as at servers with a grace period. `holds_answers` is called between a refresh and its answer, `holds_sign_ins`
    between a code and its answer. Refresh tokens have at least `pads_refresh_tokens_to` bytes.
    """

    def __init__(self) -> None:
        self.record = Record()
        self.lifetime = LIFETIME_SECONDS
        self.forgives_repeats = False
        self.pads_refresh_tokens_to = 0
        self.holds_answers: Callable[[], None] = lambda: None
        self.holds_sign_ins: Callable[[], None] = lambda: None
        self.families: list[Family] = []
        self.clients: set[str] = {CLIENT_ID}
        self._codes: dict[str, dict[str, str]] = {}
        self._lock = threading.Lock()
        self._server = QuietServer(("127.0.0.1", free_port()), handler(self))
        self.issuer = f"http://127.0.0.1:{self._server.server_port}"
        serve_in_background(self._server)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    # For the tests.

    def settle(self) -> None:
        """Waits until the server has processed all requests so far, also those of killed processes."""
        # The server accepts connections in their order, so all earlier ones are counted when this one ends.
        with build_opener(ProxyHandler({})).open(f"{self.issuer}/.well-known/oauth-authorization-server") as response:
            response.read()
        wait_until(lambda: self._server.connections == 0)

    def is_active(self, access_token: str) -> bool:
        """Whether the server would accept this access token now."""
        with self._lock:
            return any(family.access.get(access_token, 0) > time.time() for family in self.families)

    def has_issued(self, access_token: str) -> bool:
        """Whether this server issued the access token, valid or not."""
        with self._lock:
            return any(access_token in family.access for family in self.families)

    def live_refresh_tokens(self) -> list[str]:
        """The refresh tokens that are valid now."""
        with self._lock:
            return [family.live for family in self.families if family.live]

    def forget_everything(self) -> None:
        """Forgets all tokens, and all clients except the preset one."""
        with self._lock:
            self.families.clear()
            self.clients = {CLIENT_ID}
        self.record.clear()

    def refreshes(self) -> list[int]:
        """The statuses of the refreshes."""
        return [answered.status for answered in self.record.to("/token", "refresh_token")]

    # The endpoints. Each answers with a status and a JSON value.

    def metadata(self, path: str) -> Answer:
        """RFC 8414 section 2; and RFC 9728 section 2 for services with a path, all of which are behind this server."""
        resource = path.removeprefix("/.well-known/oauth-protected-resource/")
        if resource != path:
            return 200, {"resource": f"{self.issuer}/{resource}", "authorization_servers": [self.issuer]}
        if path != "/.well-known/oauth-authorization-server":
            return 404, None
        at = self.issuer
        return 200, {
            "issuer": at,
            "authorization_endpoint": f"{at}/authorize",
            "token_endpoint": f"{at}/token",
            "revocation_endpoint": f"{at}/revoke",
            "registration_endpoint": f"{at}/register",
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_methods_supported": ["none"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
        }

    def authorize(self, query: dict[str, str]) -> str:
        """The redirect back to the client, with a code (RFC 6749 section 4.1.2, RFC 9207)."""
        code = unguessable()
        self.record.secrets.add(code)
        with self._lock:
            self._codes[code] = query
        back = {"code": code, "state": query["state"], "iss": self.issuer}
        return f"{query['redirect_uri']}?{urlencode(back)}"

    def token(self, form: dict[str, str]) -> Answer:
        """RFC 6749 sections 4.1.3 and 6."""
        with self._lock:
            if form.get("client_id") not in self.clients:
                return 401, {"error": "invalid_client"}
            family = self._renewed(form) if form.get("grant_type") == "refresh_token" else self._begun(form)
            if family is None:
                return 400, {"error": "invalid_grant"}
            access = unguessable()
            family.access[access] = time.time() + self.lifetime
            answer = {"access_token": access, "token_type": "Bearer", "expires_in": self.lifetime}
            answer["refresh_token"] = family.live
            self.record.secrets.update({access, family.live or access})
        if form.get("grant_type") == "refresh_token":
            self.holds_answers()
        else:
            self.holds_sign_ins()
        return 200, answer

    def _begun(self, form: dict[str, str]) -> Family | None:
        asked = self._codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if asked is None or asked["code_challenge"] != challenge or asked["redirect_uri"] != form.get("redirect_uri"):
            return None
        self.families.append(Family(form["client_id"], self._refresh_token()))
        return self.families[-1]

    def _renewed(self, form: dict[str, str]) -> Family | None:
        sent = form.get("refresh_token", "")
        for family in self.families:
            is_repeat = self.forgives_repeats and family.live is not None and sent in family.spent[-1:]
            if sent == family.live or is_repeat:
                if not is_repeat:
                    family.spent.append(sent)
                family.live = self._refresh_token()
                return family
            if sent in family.spent:
                self._end(family)
        return None

    def _refresh_token(self) -> str:
        return unguessable().ljust(self.pads_refresh_tokens_to, "x")

    @staticmethod
    def _end(family: Family) -> None:
        family.live = None
        family.access = dict.fromkeys(family.access, 0.0)

    def revoke(self, form: dict[str, str]) -> Answer:
        """RFC 7009 section 2.1: a refresh token revokes its family. An unknown token is no error."""
        sent = form.get("token", "")
        with self._lock:
            for family in self.families:
                if sent == family.live:
                    self._end(family)
                elif sent in family.access:
                    family.access[sent] = 0.0
        return 200, {}

    def register(self, wanted: dict[str, Any]) -> Answer:
        """RFC 7591 section 3.2.1."""
        client_id = f"registered-{unguessable()}"
        with self._lock:
            self.clients.add(client_id)
        return 201, {
            **wanted,
            "client_id": client_id,
            "token_endpoint_auth_method": "none",
            "registration_access_token": unguessable(),
            "registration_client_uri": f"{self.issuer}/register/{client_id}",
        }

    def unregister(self, client_id: str) -> Answer:
        """RFC 7592 section 2.3."""
        with self._lock:
            self.clients.discard(client_id)
        return 204, None


class QuietServer(ThreadingHTTPServer):
    """Accepts many connections at once. A client may close its connection at any time."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.connections = 0
        self._counting = threading.Lock()

    def process_request(self, *arguments: Any) -> None:
        with self._counting:
            self.connections += 1
        super().process_request(*arguments)

    def process_request_thread(self, *arguments: Any) -> None:
        try:
            super().process_request_thread(*arguments)
        finally:
            with self._counting:
                self.connections -= 1

    def handle_error(self, *_: object) -> None:
        pass


def handler(server: FamilyServer) -> type[BaseHTTPRequestHandler]:
    """The request handler of a server."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, query = urlsplit(self.path).path, dict(parse_qsl(urlsplit(self.path).query))
            if path == "/authorize":
                return self._say(302, None, query, location=server.authorize(query))
            self._say(*server.metadata(path), query)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            if self.path == "/register":
                return self._say(*server.register(json.loads(body)), {})
            form = dict(parse_qsl(body))
            answers = {"/token": server.token, "/revoke": server.revoke}
            self._say(*(answers[self.path](form) if self.path in answers else (404, None)), form)

        def do_DELETE(self) -> None:
            self._say(*server.unregister(self.path.rpartition("/")[2]), {})

        def _say(self, status: int, value: Any, form: dict[str, str], location: str = "") -> None:
            # A processed request counts, even if the client has gone.
            server.record.add(Answered(self.command, urlsplit(self.path).path, status, harmless(form)))
            body = b"" if value is None else json.dumps(value).encode()
            self.send_response(status)
            for name, content in {"Location": location, "Content-Type": "application/json" if body else ""}.items():
                if content:
                    self.send_header(name, content)
            if status != 204:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return Handler
