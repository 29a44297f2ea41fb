"""Sign-in without a browser on this machine: by pasting an address, or at another device (RFC 8628)."""

from __future__ import annotations

from urllib.parse import parse_qs, quote, urlsplit

import pytest

from harness import binaries
from harness.credential import decode
from harness.dialogue import Dialogue
from harness.gate import Gate
from harness.person import Person, description
from harness.provider import lifetime
from harness.provider.server import Provider
from harness.steps import assert_refused, assert_worked, refreshes
from harness.terminal import Terminal
from harness.waiting import SHORT_LIFETIME_SECONDS, wait_until_expired

REDIRECT = "http://127.0.0.1/callback"
PASTE_HINT = "in any browser, go to: "
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


def begin_login(person: Person, gate: Gate, flow: str) -> Dialogue:
    """Starts `keyfob login` in that flow."""
    return person.begin(binaries.keyfob(), "login", gate.url, "--flow", flow)


def last_address(person: Person, start_address: str, mode: str = "approve") -> str:
    """The last address of a browser that cannot follow the redirect. The user pastes it."""
    address = person.browse_elsewhere(start_address, "--stop-at", f"{REDIRECT}?", mode=mode)
    assert address.startswith(f"{REDIRECT}?"), address
    return address


def assert_nothing_kept(person: Person, provider: Provider, gate: Gate) -> None:
    """Asserts that there is no token, neither here nor at the server, and that no browser was opened."""
    assert person.keyfob("token", gate.url, "--interaction", "never").returncode == 77
    assert (provider.live_refresh_tokens(), person.browsers_opened()) == (0, 0)


# Pasting.


def test_a_pasted_address_signs_in(developer: Person, provider: Provider, gate: Gate) -> None:
    login = begin_login(developer, gate, "paste")
    start_address = login.hint(PASTE_HINT)
    assert not login.is_listening()
    assert parse_qs(urlsplit(start_address).query)["redirect_uri"] == [REDIRECT]
    pasted = last_address(developer, start_address)
    assert_worked(login.finish(f"{pasted}\n".encode()))
    assert developer.browsers_opened() == 0
    assert provider.is_active(developer.token(gate.url))


@pytest.mark.parametrize(
    ("what", "complaint"),
    [
        ("state of another login", "belongs to another sign-in"),
        ("another issuer", "the answer is not from"),
        ("no issuer", "the answer does not name its issuer"),
        ("code alone", "not the whole address"),
        ("start address", "not the whole address"),
        ("garbage", "not the whole address"),
        ("nothing", "not the whole address"),
    ],
)
def test_a_wrong_pasted_text_does_not_sign_in(
    developer: Person, provider: Provider, gate: Gate, what: str, complaint: str
) -> None:
    login = begin_login(developer, gate, "paste")
    start_address = login.hint(PASTE_HINT)
    answer = last_address(developer, start_address)
    query = parse_qs(urlsplit(answer).query)
    pasted = {
        "state of another login": answer.replace(query["state"][0], "A" * 43),
        "another issuer": answer.replace(quote(provider.issuer, safe=""), quote(f"{provider.issuer}/", safe="")),
        "no issuer": answer.partition("&iss=")[0],
        "code alone": query["code"][0],
        "start address": start_address,
        "garbage": "\x1b[2J\x00 ümlaut",
        "nothing": "",
    }[what]
    done = login.finish(f"{pasted}\n".encode())
    assert_refused(done, 77)
    assert complaint in done.stderr.decode()
    assert query["code"][0] not in done.stderr.decode()
    assert provider.token_requests("authorization_code") == []
    assert_nothing_kept(developer, provider, gate)


def test_a_pasted_refusal_is_a_refusal(developer: Person, provider: Provider, gate: Gate) -> None:
    login = begin_login(developer, gate, "paste")
    pasted = last_address(developer, login.hint(PASTE_HINT), mode="deny")
    done = login.finish(f"{pasted}\n".encode())
    assert_refused(done, 77)
    assert "refused" in done.stderr.decode()
    assert_nothing_kept(developer, provider, gate)


def test_git_asks_for_the_address_on_its_terminal(developer: Person, provider: Provider, gate: Gate) -> None:
    developer.configure_keyfob(gate.origin, provider.issuer, flow="paste")
    ask = 'printf %s "$2" | "$0" "$1" >answer'
    command = (binaries.git_credential_keyfob(), "get", description(gate.url).decode())
    door = Terminal(developer.session, "/bin/sh", "-c", ask, *command)
    start_address = door.read_until(r"in any browser, go to:\s+(http://\S+)\s")
    door.type(f"{last_address(developer, start_address)}\n")
    assert door.finish() == 0, door.shown
    assert provider.is_active(decode((developer.home / "answer").read_bytes())["password"])


def test_git_without_a_terminal_does_not_ask_for_an_address(developer: Person, provider: Provider, gate: Gate) -> None:
    developer.configure_keyfob(gate.origin, provider.issuer, flow="paste")
    done = developer.ask_door("get", gate.url)
    assert_refused(done, 77)
    assert PASTE_HINT not in done.stderr.decode()


def test_a_caller_without_a_terminal_keeps_its_input(developer: Person, provider: Provider, gate: Gate) -> None:
    developer.configure_keyfob(gate.origin, provider.issuer, flow="paste")
    done = developer.keyfob("token", gate.url, "--interaction", "always", stdin=b"http://127.0.0.1/\n")
    assert_refused(done, 77)
    assert "no terminal to paste into" in done.stderr.decode()


# At another device.


def test_a_code_typed_at_another_device_signs_in(device_owner: Person, provider: Provider, gate: Gate) -> None:
    provider.issue_tokens_for(SHORT_LIFETIME_SECONDS)
    login = begin_login(device_owner, gate, "device")
    address, code = login.hint("on any device, go to: "), login.hint("and type the code: ")
    assert address == f"{provider.issuer}/o/device/"
    device_owner.browse_elsewhere(address, "--code", code)
    assert_worked(login.finish())
    assert [r.status for r in provider.token_requests(DEVICE_GRANT)][-1] == 200

    token = device_owner.token(gate.url)
    wait_until_expired(lambda: not provider.is_active(token))
    provider.issue_tokens_for(lifetime.DEFAULT_SECONDS)
    fresh = device_owner.token(gate.url)
    assert fresh != token and provider.is_active(fresh)
    assert refreshes(provider) == 1
    assert device_owner.browsers_opened() == 0


def test_the_longer_address_needs_no_typing(device_owner: Person, provider: Provider, gate: Gate) -> None:
    login = begin_login(device_owner, gate, "device")
    code = login.hint("and type the code: ")
    address = login.hint("or go to this address, and compare the code: ")
    assert address.endswith(f"?user_code={code}")
    device_owner.browse_elsewhere(address)
    assert_worked(login.finish())
    assert provider.is_active(device_owner.token(gate.url))


def test_a_denied_code_does_not_sign_in(device_owner: Person, provider: Provider, gate: Gate) -> None:
    login = begin_login(device_owner, gate, "device")
    address, code = login.hint("on any device, go to: "), login.hint("and type the code: ")
    device_owner.browse_elsewhere(address, "--code", code, mode="deny")
    done = login.finish()
    assert_refused(done, 77)
    assert "refused" in done.stderr.decode()
    assert_nothing_kept(device_owner, provider, gate)


def test_a_code_that_is_not_typed_in_time_does_not_sign_in(
    device_owner: Person, provider: Provider, gate: Gate
) -> None:
    login = begin_login(device_owner, gate, "device")
    login.hint("and type the code: ")
    provider.expire_device_codes()
    done = login.finish()
    assert_refused(done, 77)
    assert "the code has expired" in done.stderr.decode()
    assert_nothing_kept(device_owner, provider, gate)


def test_a_code_that_the_server_forgot_ends_the_login(device_owner: Person, provider: Provider, gate: Gate) -> None:
    login = begin_login(device_owner, gate, "device")
    login.hint("and type the code: ")
    provider.forget_device_codes()
    done = login.finish()
    assert_refused(done, 77)
    assert "device_not_found" in done.stderr.decode()
    assert_nothing_kept(device_owner, provider, gate)


def test_a_server_that_has_no_page_for_the_code_is_a_clear_error(
    device_owner: Person, provider: Provider, gate: Gate
) -> None:
    provider.change(OAUTH_DEVICE_VERIFICATION_URI=None, OAUTH_DEVICE_VERIFICATION_URI_COMPLETE=None)
    done = device_owner.keyfob("login", gate.url, "--flow", "device")
    assert_refused(done, 78)
    assert "verification_uri" in done.stderr.decode()
    assert provider.token_requests(DEVICE_GRANT) == []


def test_a_server_without_a_device_endpoint_is_a_clear_error(developer: Person, provider: Provider, gate: Gate) -> None:
    done = developer.keyfob("login", gate.url, "--flow", "device")
    assert_refused(done, 78)
    assert "device_authorization_endpoint" in done.stderr.decode()
    assert_nothing_kept(developer, provider, gate)


def test_the_servers_error_for_a_device_is_shown(developer: Person, provider: Provider, gate: Gate) -> None:
    endpoint = provider.device_authorization_endpoint
    developer.configure_keyfob(
        gate.origin, provider.issuer, client_id="unheard-of", device_authorization_endpoint=endpoint
    )
    done = developer.keyfob("login", gate.url, "--flow", "device")
    assert_refused(done, 77)
    assert "client_id" in done.stderr.decode()
