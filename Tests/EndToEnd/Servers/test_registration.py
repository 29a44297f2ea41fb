"""From a URL to a token at django-oauth-toolkit: discovery, registration, and the state after a login."""

from __future__ import annotations

import json

import pytest

from harness import binaries
from harness.gate import Gate
from harness.people import ALICE
from harness.person import Person
from harness.provider.server import Provider
from harness.steps import assert_refused, assert_worked, refreshes
from harness.waiting import SHORT_LIFETIME_SECONDS, wait_until_expired

REGISTER = "/o/register/"
DOCUMENT = binaries.REPOSITORY / "Sources" / "OAuth" / "Registration" / "client-metadata.json"
DOCUMENT_URL = "https://keyfob.example.test/keyfob/client-metadata.json"


@pytest.fixture
def public_gate(gate: Gate, provider: Provider) -> Gate:
    """The git server, which names the issuer of its tokens."""
    gate.publish(provider.issuer, scopes_supported=["read", "write"])
    return gate


def sign_in(person: Person, gate: Gate, *more: str) -> None:
    """Signs in with only the URL."""
    assert_worked(person.keyfob("login", gate.url, *more))


def requests_to(provider: Provider, method: str, path: str) -> list[int]:
    """The statuses of the requests to a path or below it."""
    return [r.status for r in provider.requests.all() if r.method == method and r.path.startswith(path)]


# Discovery.


def test_git_clones_after_a_login_with_only_the_url(
    person: Person, provider: Provider, public_gate: Gate
) -> None:
    sign_in(person, public_gate)
    assert_worked(person.git("clone", public_gate.url, "work"))
    assert person.browsers_opened() == 1
    assert provider.owner(person.token(public_gate.url)) == ALICE


def test_the_token_is_for_the_resource_and_stays_so(person: Person, provider: Provider, public_gate: Gate) -> None:
    provider.issue_tokens_for(SHORT_LIFETIME_SECONDS)
    sign_in(person, public_gate)
    first = person.token(public_gate.url)
    assert provider.resources(first) == [public_gate.origin]
    wait_until_expired(lambda: not provider.is_active(first))
    second = person.token(public_gate.url)
    assert provider.resources(second) == [public_gate.origin]
    asked = [r.form.get("resource") for r in provider.requests.all() if r.path in ("/o/authorize/", "/o/token/")]
    assert set(asked) - {None} == {public_gate.origin}
    assert [r.form["resource"] for r in provider.token_requests("refresh_token")] == [public_gate.origin]


def test_git_is_not_led_to_an_unapproved_server(person: Person, provider: Provider, public_gate: Gate) -> None:
    done = person.git("clone", public_gate.url, "work")
    assert done.returncode != 0
    assert (person.browsers_opened(), provider.requests.all()) == (0, [])


def test_a_login_pins_the_authorization_server(person: Person, provider: Provider, public_gate: Gate) -> None:
    provider.issue_tokens_for(SHORT_LIFETIME_SECONDS)
    sign_in(person, public_gate)
    token = person.token(public_gate.url)
    with Gate(lambda _: False, person.home / "elsewhere") as elsewhere:
        public_gate.publish(elsewhere.origin)
        wait_until_expired(lambda: not provider.is_active(token))
        assert provider.is_active(person.token(public_gate.url))
        assert elsewhere.knocks() == []
    assert refreshes(provider) == 1


# Registration.


def test_a_login_registers_one_client(person: Person, provider: Provider, public_gate: Gate) -> None:
    sign_in(person, public_gate)
    sign_in(person, public_gate, "--force")
    (client,) = provider.registered()
    assert client.name == "keyfob"
    assert client.authorization_grant_type == "authorization-code"
    assert requests_to(provider, "POST", REGISTER) == [201]


def test_the_registered_client_is_used(person: Person, provider: Provider, public_gate: Gate) -> None:
    sign_in(person, public_gate)
    (client,) = provider.registered()
    (exchange,) = provider.token_requests("authorization_code")
    assert exchange.status == 200
    assert client.client_type in ("public", "confidential")
    assert "code_verifier" in exchange.form


def test_logout_revokes_and_deletes_the_registration(person: Person, provider: Provider, public_gate: Gate) -> None:
    sign_in(person, public_gate)
    token = person.token(public_gate.url)
    assert_worked(person.keyfob("logout", public_gate.url))
    assert not provider.is_active(token)
    assert provider.live_refresh_tokens() == 0
    assert requests_to(provider, "DELETE", REGISTER) == [204]
    assert provider.registered() == []
    assert public_gate.origin not in (person.approvals.read_text() if person.approvals.exists() else "")
    assert person.keyfob("token", public_gate.url, "--interaction", "never").returncode != 0


@pytest.mark.parametrize("closed", ["shut", "absent"])
def test_a_closed_registration_is_reported_with_the_remedy(
    person: Person, provider: Provider, public_gate: Gate, closed: str
) -> None:
    if closed == "shut":
        provider.change(DCR_REGISTRATION_PERMISSION_CLASSES=())
    else:
        provider.change(DCR_ENABLED=False)
    done = person.keyfob("login", public_gate.url)
    assert_refused(done, 78)
    said = done.stderr.decode()
    assert "http://127.0.0.1" in said and "/callback" in said, "the redirect URI"
    assert "read" in said and "write" in said, "the scopes"
    assert "--client-id" in said or "client_id" in said
    assert person.browsers_opened() == 0


def test_a_client_that_was_registered_by_hand_needs_no_file(
    person: Person, provider: Provider, public_gate: Gate
) -> None:
    provider.change(DCR_ENABLED=False)
    sign_in(person, public_gate, "--client-id", "keyfob-tests")
    assert_worked(person.git("clone", public_gate.url, "work"))
    assert person.browsers_opened() == 1


def test_the_metadata_document_of_the_repository_is_taken(
    person: Person, provider: Provider, public_gate: Gate
) -> None:
    class Fetcher:
        """Fetches the document as a distributor publishes it, with its URL as the client id."""

        def fetch(self, client_id: str) -> tuple[dict[str, object], int]:
            assert client_id == DOCUMENT_URL
            return {**json.loads(DOCUMENT.read_text()), "client_id": DOCUMENT_URL}, 300

    provider.change(CIMD_ENABLED=True, CIMD_METADATA_FETCHER=Fetcher)
    person.configuration.parent.mkdir(parents=True)
    person.configuration.write_text(f'client_metadata_document = "{DOCUMENT_URL}"\n')
    sign_in(person, public_gate)
    assert [client.client_id for client in provider.registered()] == [DOCUMENT_URL]
    assert requests_to(provider, "POST", REGISTER) == []
    assert_worked(person.git("clone", public_gate.url, "work"))
