"""An authorization server that compares redirect URIs byte for byte and gives a secret to clients that want none."""

from __future__ import annotations

import socket

import pytest

from harness.gate import Gate
from harness.people import ALICE, BOB
from harness.person import Person
from harness.ports import free_port
from harness.steps import assert_refused, assert_worked
from harness.strict import StrictProvider

AUTHORIZE, TOKEN, REGISTER, REVOKE, KEYS = (
    f"/oauth/{name}" for name in ("authorize", "token", "register", "revoke", "jwks.json")
)


@pytest.fixture
def owner(person: Person, strict: StrictProvider, strict_gate: Gate) -> Person:
    """A person whose keyfob is configured with an issuer for the git server, but without a client."""
    person.configure_keyfob(strict_gate.origin, strict.issuer, client_id=None, scopes=["profile"])
    return person


def redirect_uris(strict: StrictProvider) -> set[str]:
    """The redirect URIs of the requests so far."""
    return {r.form["redirect_uri"] for r in strict.record.to(AUTHORIZE) if "redirect_uri" in r.form}


def refreshed_token(person: Person, gate: Gate, token: str) -> str:
    """Erases the token, as git does after a refusal, and returns the next one."""
    assert_worked(person.ask_door("erase", gate.url, "username=oauth2", f"password={token}"))
    return person.token(gate.url)


def test_a_login_registers_the_client_and_the_port(owner: Person, strict: StrictProvider, strict_gate: Gate) -> None:
    assert_worked(owner.keyfob("login", strict_gate.url))
    (client,) = strict.clients()
    assert redirect_uris(strict) <= set(client["redirect_uris"])
    assert client["token_endpoint_auth_method"] == "none"
    assert strict.owner(owner.token(strict_gate.url)) == ALICE
    assert owner.browsers_opened() == 1


def test_an_unrequested_secret_is_not_sent(owner: Person, strict: StrictProvider, strict_gate: Gate) -> None:
    assert_worked(owner.keyfob("login", strict_gate.url))
    assert strict.clients()[0]["client_secret"]
    exchange = strict.record.to(TOKEN, "authorization_code")
    assert [("client_secret" in r.form, r.status) for r in exchange] == [(False, 200)]


def test_the_next_login_uses_the_registered_port_again(
    owner: Person, strict: StrictProvider, strict_gate: Gate
) -> None:
    for _ in range(2):
        assert_worked(owner.keyfob("login", strict_gate.url, "--force"))
    assert len(strict.clients()) == len(redirect_uris(strict)) == 1


def test_a_registered_port_that_is_taken_is_registered_anew(
    owner: Person, strict: StrictProvider, strict_gate: Gate
) -> None:
    assert_worked(owner.keyfob("login", strict_gate.url))
    port = int(redirect_uris(strict).pop().rpartition(":")[2].partition("/")[0])
    with socket.create_server(("127.0.0.1", port)):
        assert_worked(owner.keyfob("login", strict_gate.url, "--force"))
    assert len(redirect_uris(strict)) == 2
    assert strict.owner(owner.token(strict_gate.url)) == ALICE


def test_another_program_on_the_registered_port_ends_no_other_sign_in(
    owner: Person, strict: StrictProvider, strict_gate: Gate
) -> None:
    def stored() -> set[str]:
        return {client["client_id"] for client in strict.clients()}

    assert_worked(owner.keyfob("login", strict_gate.url, "--account", ALICE))
    token = owner.keyfob("token", strict_gate.url, "--account", ALICE).stdout.decode().strip()
    port = int(redirect_uris(strict).pop().rpartition(":")[2].partition("/")[0])
    with socket.create_server(("127.0.0.1", port)):
        assert_worked(owner.keyfob("login", strict_gate.url, "--account", "other"))
        assert len(stored()) == 2
    # The client of the first sign-in still exists, and a refresh works.
    assert_worked(owner.ask_door("erase", strict_gate.url, f"username={ALICE}", f"password={token}"))
    refreshed = owner.keyfob("token", strict_gate.url, "--account", ALICE, "--interaction", "never")
    assert_worked(refreshed)
    assert strict.owner(refreshed.stdout.decode().strip()) == ALICE
    # The registration is deleted with the last sign-in that needs it.
    assert_worked(owner.keyfob("logout", strict_gate.url, "--account", ALICE))
    assert len(stored()) == 1


def test_a_client_that_was_registered_by_hand_keeps_its_port(
    person: Person, strict: StrictProvider, strict_gate: Gate
) -> None:
    redirect = f"http://127.0.0.1:{free_port()}/callback"
    strict.add_client("by-hand", redirect, "profile")
    person.configure_keyfob(
        strict_gate.origin, strict.issuer, client_id="by-hand", scopes=["profile"], redirect_uri=redirect
    )
    assert_worked(person.git("clone", strict_gate.url, "work"))
    assert redirect_uris(strict) == {redirect}
    assert strict.record.to(REGISTER) == []


def test_a_refresh_rotates_and_the_gate_opens(owner: Person, strict: StrictProvider, strict_gate: Gate) -> None:
    assert_worked(owner.keyfob("login", strict_gate.url))
    first = owner.token(strict_gate.url)
    second = refreshed_token(owner, strict_gate, first)
    assert second != first and strict.owner(second) == ALICE
    assert [r.status for r in strict.record.to(TOKEN, "refresh_token")] == [200]
    assert_worked(owner.git("clone", strict_gate.url, "work"))
    assert owner.browsers_opened() == 1


def test_a_client_that_the_server_deleted_registers_once_more(
    owner: Person, strict: StrictProvider, strict_gate: Gate
) -> None:
    assert_worked(owner.keyfob("login", strict_gate.url))
    token = owner.token(strict_gate.url)
    strict.forget_clients()
    assert_worked(owner.ask_door("erase", strict_gate.url, "username=oauth2", f"password={token}"))
    assert_refused(owner.keyfob("token", strict_gate.url, "--interaction", "never"), 77)
    assert_worked(owner.git("clone", strict_gate.url, "work"))
    assert [r.status for r in strict.record.to(REGISTER)] == [201, 201]


def test_logout_deletes_the_registration_and_reports_that_tokens_stay_valid(
    owner: Person, strict: StrictProvider, strict_gate: Gate
) -> None:
    assert_worked(owner.keyfob("login", strict_gate.url))
    done = owner.keyfob("logout", strict_gate.url)
    assert strict.clients() == [], "and the server deletes the tokens of a client with it"
    assert strict.live_refresh_tokens() == 0
    refused = [r for r in strict.record.to(REVOKE) if r.status == 401]
    assert not refused or b"revo" in done.stderr
    assert_refused(owner.keyfob("token", strict_gate.url, "--interaction", "never"), 77)


def test_the_name_in_the_id_token_is_the_name_of_the_account(
    owner: Person, strict: StrictProvider, strict_gate: Gate
) -> None:
    owner.configure_keyfob(strict_gate.origin, strict.issuer, client_id=None, scopes=["openid", "profile"])
    assert_worked(owner.keyfob("login", strict_gate.url))
    assert "nonce" in strict.record.to(AUTHORIZE)[0].form
    assert ALICE in owner.keyfob("status").stdout.decode()
    assert strict.owner(owner.token(strict_gate.url)) == ALICE
    assert strict.record.to(KEYS) == [], "TLS stands for the signature"


def test_a_sign_in_as_another_account_is_refused(
    owner: Person, strict: StrictProvider, strict_gate: Gate
) -> None:
    owner.configure_keyfob(strict_gate.origin, strict.issuer, client_id=None, scopes=["openid", "profile"])
    done = owner.keyfob("login", strict_gate.url, "--account", BOB)
    assert_refused(done, 77)
    assert ALICE in done.stderr.decode() and BOB in done.stderr.decode()
    assert strict.record.to(AUTHORIZE)[0].form["login_hint"] == BOB
    assert owner.keyfob("token", strict_gate.url, "--interaction", "never").returncode == 77
    owner.set_browser(user=BOB)
    assert_worked(owner.keyfob("login", strict_gate.url, "--account", BOB))
    assert strict.owner(owner.token(strict_gate.url)) == BOB


def test_a_refusal_is_a_refusal(owner: Person, strict: StrictProvider, strict_gate: Gate) -> None:
    owner.set_browser("deny")
    assert_refused(owner.keyfob("login", strict_gate.url), 77)
    assert (strict.record.to(TOKEN), owner.browsers_opened()) == ([], 1)
