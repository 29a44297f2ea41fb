"""A scripted server that does odd things: keyfob ends in no dead end, and each hint works as it stands there."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from harness.person import Person
from harness.steps import assert_refused, assert_worked

Answer = tuple[int, Any]


class ScriptedServer:
    """An authorization server whose user is signed in; `answers` replaces the answer of a path."""

    def __init__(self) -> None:
        self.answers: dict[str, Callable[[dict[str, str]], Answer | None]] = {}
        self.metadata: dict[str, Any] = {}
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
                script = owner.answers.get(url.path)
                status, answer = (script and script(form)) or owner.answer(self.command, url.path, form)
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", answer)
                    answer = ""
                text = answer if isinstance(answer, str) else json.dumps(answer)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
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
            return 302, form["redirect_uri"] + "?" + urlencode({"code": "c", "state": form["state"]})
        if path == "/token":
            return 200, {"access_token": "at", "token_type": "Bearer", "expires_in": 1, "refresh_token": "rt"}
        return (200, {}) if path == "/revoke" else (404, {})

    def count(self, path: str, grant: str | None = None) -> int:
        return sum(asked == path and grant in (None, form.get("grant_type")) for _, asked, form in self.requests)


@pytest.fixture
def scripted() -> Iterator[ScriptedServer]:
    server = ScriptedServer()
    yield server
    server.server.shutdown()


@pytest.fixture
def owner(person: Person, scripted: ScriptedServer) -> Person:
    person.configure_keyfob(scripted.origin, scripted.origin, client_id=None, scopes=[])
    return person


@pytest.mark.parametrize(
    "answer",
    [
        {"client_id": "c", "token_endpoint_auth_method": "client_secret_jwt", "client_secret": "s"},
        {"client_id": "c", "redirect_uris": ["https://other.example/callback"]},
        {"client_secret": "s"},
    ],
)
def test_an_unusable_registration_is_made_once_and_the_hint_works(
    owner: Person, scripted: ScriptedServer, answer: dict[str, Any]
) -> None:
    scripted.answers["/register"] = lambda _: (201, answer)
    for _ in range(3):
        done = owner.keyfob("login", scripted.origin)
        assert_refused(done, 78)
        said = done.stderr.decode()
        hint = f"redirect URI http://127.0.0.1/callback, then run: keyfob login --client-id ID {scripted.origin}\n"
        assert hint in said, said
        assert f"keyfob login --register {scripted.origin}\n" in said
    assert scripted.count("/register") == 1
    assert_worked(owner.keyfob("login", "--client-id", "mine", scripted.origin))


def test_invalid_client_at_a_refresh_keeps_the_refresh_token(owner: Person, scripted: ScriptedServer) -> None:
    assert_worked(owner.keyfob("login", scripted.origin))
    assert_worked(owner.ask_door("erase", scripted.origin, "username=oauth2", "password=at"))
    scripted.answers["/token"] = lambda _: (401, {"error": "invalid_client"})
    for _ in range(2):
        done = owner.keyfob("token", scripted.origin, "--interaction", "never")
        assert_refused(done, 77)
        assert "a sign-in registers keyfob again" in done.stderr.decode()
    del scripted.answers["/token"]
    assert_worked(owner.keyfob("token", scripted.origin, "--interaction", "never"))
    assert (scripted.registered, owner.browsers_opened()) == (1, 1)


def test_a_client_that_is_refused_at_a_refresh_is_replaced_by_a_sign_in(
    owner: Person, scripted: ScriptedServer
) -> None:
    assert_worked(owner.keyfob("login", scripted.origin))
    scripted.answers["/token"] = lambda form: (
        (401, {"error": "invalid_client"}) if form.get("client_id") == "c-1" else None
    )
    assert_worked(owner.ask_door("erase", scripted.origin, "username=oauth2", "password=at"))
    assert_worked(owner.keyfob("login", scripted.origin))
    assert scripted.registered == 2


@pytest.mark.parametrize("refusal", [(401, "invalid_client"), (400, "invalid_request")])
def test_an_optional_endpoint_for_pushed_requests_that_refuses_is_left_out(
    owner: Person, scripted: ScriptedServer, refusal: tuple[int, str]
) -> None:
    scripted.metadata["pushed_authorization_request_endpoint"] = f"{scripted.origin}/par"
    scripted.answers["/par"] = lambda _: (refusal[0], {"error": refusal[1]})
    for _ in range(2):
        assert_worked(owner.keyfob("login", "--force", scripted.origin))
    assert scripted.count("/par") == 2
    assert (scripted.registered, owner.browsers_opened()) == (1, 2)


def test_a_revocation_that_is_answered_with_an_error_is_not_confirmed(
    owner: Person, scripted: ScriptedServer
) -> None:
    assert_worked(owner.keyfob("login", scripted.origin))
    scripted.answers["/revoke"] = lambda _: (200, {"error": "unsupported_token_type"})
    done = owner.keyfob("logout", scripted.origin)
    assert "the revocation is not confirmed" in (done.stdout + done.stderr).decode()
