"""Servers that fail in the same way each time: the hint names a way that works now, as it stands there."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest

from harness.person import Done, Person
from harness.scripted import ScriptedServer
from harness.steps import assert_refused, assert_worked, commands, hints, write_lines

RESOURCE = "/.well-known/oauth-protected-resource"
AUTHORIZATION = "/.well-known/oauth-authorization-server"
OPENID = "/.well-known/openid-configuration"


def always(status: int) -> Callable[[dict[str, str]], tuple[int, Any]]:
    """The same status for each request."""
    return lambda _: (status, {})


# Registration (RFC 7591).


@pytest.mark.parametrize("status", [500, 503, 429, 408])
def test_a_registration_that_never_works_leads_to_a_client_of_ones_own(
    owner: Person, scripted: ScriptedServer, status: int
) -> None:
    scripted.answers["/register"] = always(status)
    done = owner.keyfob("login", scripted.origin)
    assert_refused(done, 75)
    assert f"HTTP {status}" in done.stderr.decode()
    (own,) = [words for words in commands(done) if "--client-id" in words]
    assert own == ["login", "--client-id", "ID", scripted.origin]
    assert "redirect URI http://127.0.0.1/callback, then run" in done.stderr.decode()
    assert_worked(owner.keyfob(*["mine" if word == "ID" else word for word in own]))
    (asked,) = [form for _, path, form in scripted.requests if path == "/authorize"]
    assert asked["client_id"] == "mine"


# The keyring that takes no registration.


def manage(scripted: ScriptedServer) -> None:
    """The server deletes a registration on request (RFC 7592)."""
    address = f"{scripted.origin}/register/c-1"
    members = {"registration_access_token": "manage", "registration_client_uri": address}
    scripted.answers["/register"] = lambda _: (201, {"client_id": "c-1", **members})
    scripted.answers["/register/c-1"] = lambda _: (204, "")


@pytest.mark.parametrize("is_managed", [True, False])
def test_a_registration_that_cannot_be_stored_is_deleted_and_explained(
    owner: Person, scripted: ScriptedServer, is_managed: bool
) -> None:
    if is_managed:
        manage(scripted)
    owner.session.fill_disk_of_keyring()
    for number in (1, 2):
        done = owner.keyfob("login", scripted.origin)
        assert_refused(done, 69)
        said = done.stderr.decode()
        assert f"the registration of keyfob at {scripted.origin} could not be stored: the Secret Service failed" in said
        assert any("make room" in hint for hint in hints(done)), said
        deleted = [form for method, path, form in scripted.requests if (method, path) == ("DELETE", "/register/c-1")]
        assert [form["Authorization"] for form in deleted] == ["Bearer manage"] * (number if is_managed else 0)
        expected = "has deleted the registration again" if is_managed else f"still has the client c-{number}"
        assert expected in said
    assert owner.browsers_opened() == 0
    memory = next(words for words in commands(done) if "--store" in words)
    assert memory == ["login", "--store", "memory", scripted.origin]
    owner.session.fill_disk_of_keyring(full=False)
    assert_worked(owner.keyfob(*commands(done)[-1]))


# Metadata of the service (RFC 9728) and of the authorization server (RFC 8414).


@pytest.mark.parametrize("status", [500, 429])
@pytest.mark.parametrize("is_named", [True, False])
def test_metadata_of_a_service_that_never_come_lead_to_the_issuer(
    person: Person, scripted: ScriptedServer, status: int, is_named: bool
) -> None:
    with_service = ScriptedServer()
    try:
        service = f"{with_service.origin}/mcp"
        if is_named:
            with_service.challenges["/mcp"] = f'Bearer resource_metadata="{with_service.origin}{RESOURCE}/mcp"'
        with_service.answers["/mcp"] = always(401)
        for path in (f"{RESOURCE}/mcp", RESOURCE, AUTHORIZATION, OPENID):
            with_service.answers[path] = always(status)
        done = person.keyfob("login", service)
        assert_refused(done, 75)
        issuer = next(hint for hint in hints(done) if 'issuer = "https://..."' in hint)
        assert issuer.startswith("if this does not end, and you know its authorization server, write into ")
        write_issuer(person, issuer, scripted.origin)
        assert_worked(person.keyfob(*commands(done)[-1]))
        assert person.token(service) == "at"
    finally:
        with_service.server.shutdown()


def write_issuer(person: Person, hint: str, issuer: str) -> None:
    """Follows the hint with the line for the issuer."""
    entry = hint[hint.index("[host.") : hint.index("]") + 1]
    assert f"write into {person.configuration}: {entry}, and in the next line issuer = " in hint
    person.configuration.parent.mkdir(parents=True, exist_ok=True)
    person.configuration.write_text(f'{entry}\nissuer = "{issuer}"\n')


@pytest.mark.parametrize("status", [500, 429])
@pytest.mark.parametrize("is_configured", [True, False])
def test_metadata_of_a_server_that_never_come_lead_to_its_endpoints(
    person: Person, scripted: ScriptedServer, status: int, is_configured: bool
) -> None:
    for path in (AUTHORIZATION, OPENID):
        scripted.answers[path] = always(status)
    if is_configured:
        person.configure_keyfob(scripted.origin, scripted.origin, client_id=None)
    done = person.keyfob("login", scripted.origin)
    assert_refused(done, 75)
    assert any(hint.startswith("if this does not end, and you know its endpoints, write") for hint in hints(done))
    endpoints = {"authorization_endpoint": f"{scripted.origin}/authorize", "token_endpoint": f"{scripted.origin}/token"}
    lines = next(hint for hint in hints(done) if "authorization_endpoint = " in hint)
    only = Done(done.args, done.returncode, b"", f"hint: {lines}\n".encode())
    write_lines(person, only, **endpoints)
    own = next(words for words in commands(done) if "--client-id" in words)
    assert_worked(person.keyfob(*["mine" if word == "ID" else word for word in own]))
    assert person.token(scripted.origin) == "at"


def test_metadata_of_another_resource_name_the_lines_for_those_who_know(
    person: Person, scripted: ScriptedServer
) -> None:
    service = f"{scripted.origin}/mcp"
    scripted.answers["/mcp"] = always(401)
    other = {"resource": "https://inside.example/mcp", "authorization_servers": [scripted.origin]}
    for path in (f"{RESOURCE}/mcp", RESOURCE):
        scripted.answers[path] = lambda _: (200, other)
    done = person.keyfob("login", service)
    assert_refused(done, 78)
    said = done.stderr.decode()
    assert f"the metadata of {service} describe another resource: https://inside.example/mcp" in said
    assert (scripted.count("/register"), person.browsers_opened()) == (0, 0)
    write_lines(person, done)
    written = f'[host."{service}"]\nissuer = "{scripted.origin}"\nreach = "service"\nresource = "{service}"\n'
    assert person.configuration.read_text() == written
    assert_worked(person.keyfob(*commands(done)[-1]))
    # The token is for the service that was asked for, and not for the one that the metadata name.
    (asked,) = [form for _, path, form in scripted.requests if path == "/authorize"]
    assert asked["resource"] == service


# The flows of the server.


@pytest.mark.parametrize("has_device", [True, False])
def test_only_a_flow_of_the_server_is_proposed(owner: Person, scripted: ScriptedServer, has_device: bool) -> None:
    if has_device:
        scripted.metadata["device_authorization_endpoint"] = f"{scripted.origin}/device"
    scripted.answers["/authorize"] = lambda form: (
        302,
        f"{form['redirect_uri']}?state={form['state']}&code={'x' * 17_000}",
    )
    text = owner.configuration.read_text()
    owner.configuration.write_text(f"login_timeout = 3\n{text}")
    done = owner.keyfob("login", scripted.origin)
    assert_refused(done, 77)
    said = done.stderr.decode()
    assert "too long for keyfob" in said and "operator can make it shorter" in said
    assert [words for words in commands(done) if "--flow" in words] == (
        [["login", "--flow", "device", scripted.origin]] if has_device else []
    )


# The form of the client's secret.


class SpendingServer:
    """Uses up a code before it looks at the client's secret, and accepts the secret only in one form."""

    def __init__(self, scripted: ScriptedServer, accepted: str) -> None:
        self.accepted = accepted
        self.begun: list[str] = []
        self.spent = True
        scripted.answers["/authorize"] = self.authorize
        scripted.answers["/token"] = self.token

    def authorize(self, form: dict[str, str]) -> None:
        self.spent = False

    def token(self, form: dict[str, str]) -> tuple[int, Any] | None:
        if form["grant_type"] != "authorization_code":
            return None
        wasted, self.spent = self.spent, True
        sent = "body" if "client_secret" in form else "header"
        if sent == "header" and "client_id" not in form:
            sent = "plain"
        if not wasted:
            self.begun.append(sent)
        if wasted:
            return 400, {"error": "invalid_grant"}
        return None if sent == self.accepted else (401, {"error": "invalid_client"})


def test_the_next_sign_in_begins_with_another_form_of_the_secret(owner: Person, scripted: ScriptedServer) -> None:
    server = SpendingServer(scripted, "body")
    secret = b"the secret"
    refused = owner.keyfob("login", "--client-id", "mine", "--client-secret", scripted.origin, stdin=secret)
    assert_refused(refused, 77)
    again = commands(refused)[0]
    assert again == ["login", "--client-id", "mine", "--client-secret", scripted.origin]
    assert_worked(owner.keyfob(*again, stdin=secret))
    assert server.begun == ["header", "body"]
    # The form that worked is kept with the secret.
    assert_worked(owner.keyfob("login", "--force", scripted.origin))
    assert server.begun == ["header", "body", "body"]


@pytest.mark.parametrize("accepted", ["body", "plain"])
def test_a_registered_client_begins_with_each_form_once(
    owner: Person, scripted: ScriptedServer, accepted: str
) -> None:
    server = SpendingServer(scripted, accepted)
    members = {"client_id": "c-1", "client_secret": "s", "token_endpoint_auth_method": "client_secret_basic"}
    scripted.answers["/register"] = lambda _: (201, members)
    expected = ["header", "body", "plain"]
    expected = expected[: expected.index(accepted) + 1]
    for _ in expected[:-1]:
        refused = owner.keyfob("login", scripted.origin)
        assert_refused(refused, 77)
        assert commands(refused)[0] == ["login", scripted.origin]
    assert_worked(owner.keyfob("login", scripted.origin))
    assert (server.begun, scripted.count("/register")) == (expected, 1)


def test_a_secret_that_no_form_makes_right_is_sent_first_in_each_form_only_once(
    owner: Person, scripted: ScriptedServer
) -> None:
    server = SpendingServer(scripted, "none of them")
    for _ in range(5):
        done = owner.keyfob("login", "--client-id", "mine", "--client-secret", scripted.origin, stdin=b"wrong")
        assert_refused(done, 77)
        assert any("set client_authentication to" in hint for hint in hints(done))
    assert server.begun == ["header", "body", "plain", "header", "header"]


def test_a_form_that_works_is_not_left_because_of_a_failure_of_another_kind(
    owner: Person, scripted: ScriptedServer
) -> None:
    server = SpendingServer(scripted, "header")
    first = owner.keyfob("login", "--client-id", "mine", "--client-secret", scripted.origin, stdin=b"s")
    assert_worked(first)
    working = scripted.answers["/token"]
    for answer in [(500, {}), (400, {"error": "invalid_grant"})]:
        scripted.answers["/token"] = lambda _, answer=answer: answer
        assert owner.keyfob("login", "--force", scripted.origin).returncode != 0
    scripted.answers["/token"] = working
    assert_worked(owner.keyfob("login", "--force", scripted.origin))
    assert server.begun == ["header", "header"]


def test_the_header_of_the_first_form_has_the_client(owner: Person, scripted: ScriptedServer) -> None:
    assert_worked(owner.keyfob("login", "--client-id", "mine", "--client-secret", scripted.origin, stdin=b"s"))
    (sent,) = [form["Authorization"] for _, path, form in scripted.requests if path == "/token"]
    assert base64.b64decode(sent.removeprefix("Basic ")) == b"mine:s"


# The end of a sign-in.


def test_a_logout_after_the_server_has_ended_the_sign_in_claims_no_revocation(
    owner: Person, scripted: ScriptedServer
) -> None:
    assert_worked(owner.keyfob("login", scripted.origin))
    scripted.answers["/token"] = lambda _: (400, {"error": "invalid_grant"})
    # The token lives for one second.
    while (done := owner.keyfob("token", scripted.origin, "--interaction", "never")).returncode == 0:
        pass
    assert_refused(done, 77)
    done = owner.keyfob("logout", scripted.origin)
    assert_worked(done)
    end = "nothing was left to revoke, because the server had ended the sign-in"
    assert done.stderr.decode() == f"keyfob: logged out of {scripted.origin}; {end}\n"
    assert scripted.count("/revoke") == 0
