"""Failures of the server, the network and the keyring: the state that keyfob drops or keeps, and the prompts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from harness.gate import Gate
from harness.person import Done, Person
from harness.provider.server import Provider
from harness.steps import assert_refused, assert_worked, let_the_token_expire, refreshes


@contextmanager
def down(provider: Provider) -> Iterator[None]:
    """Stops the authorization server while the block runs."""
    provider.stop()
    try:
        yield
    finally:
        provider.start_again()


def ask(developer: Person, gate: Gate, interaction: str) -> Done:
    """Asks for a token for the git server."""
    return developer.keyfob("token", gate.url, "--interaction", interaction)


def test_an_invalid_refresh_token_without_interaction_fails(developer: Person, provider: Provider, gate: Gate) -> None:
    let_the_token_expire(developer, provider, gate)
    provider.revoke_refresh_tokens()
    assert_refused(ask(developer, gate, "never"), 77)
    assert developer.browsers_opened() == 1
    assert [r.status for r in provider.token_requests("refresh_token")] == [400]
    # keyfob does not send the invalid token a second time.
    assert_refused(ask(developer, gate, "never"), 77)
    assert refreshes(provider) == 1


def test_an_invalid_refresh_token_opens_a_browser_if_allowed(developer: Person, provider: Provider, gate: Gate) -> None:
    copy = developer.working_copy(gate)
    let_the_token_expire(developer, provider, gate)
    provider.revoke_refresh_tokens()
    assert_worked(developer.fetch(copy))
    assert developer.browsers_opened() == 2
    assert_worked(developer.fetch(copy))
    assert developer.browsers_opened() == 2


def test_an_unreachable_server_is_temporary_and_loses_nothing(
    developer: Person, provider: Provider, gate: Gate
) -> None:
    let_the_token_expire(developer, provider, gate)
    with down(provider):
        assert_refused(ask(developer, gate, "always"), 75)
        door = developer.ask_door("get", gate.url)
        assert (door.returncode, door.stdout) == (75, b"")
    assert developer.browsers_opened() == 1
    assert ask(developer, gate, "never").returncode == 0
    assert refreshes(provider) == 1
    assert developer.browsers_opened() == 1


def test_an_unreachable_server_before_the_first_login(developer: Person, provider: Provider, gate: Gate) -> None:
    with down(provider):
        assert_refused(developer.keyfob("login", gate.url), 75)
    assert developer.browsers_opened() == 0


def test_a_locked_keyring_is_not_emptied_and_nothing_is_sent(developer: Person, provider: Provider, gate: Gate) -> None:
    let_the_token_expire(developer, provider, gate)
    developer.session.lock_keyring()
    assert_refused(ask(developer, gate, "always"), 69)
    door = developer.ask_door("get", gate.url)
    assert (door.returncode, door.stdout) == (69, b"")
    assert refreshes(provider) == 0
    developer.session.stop_keyring()
    developer.session.start_keyring()
    assert ask(developer, gate, "never").returncode == 0
    assert (refreshes(provider), developer.browsers_opened()) == (1, 1)


def test_a_locked_keyring_before_the_first_login_opens_no_browser(
    developer: Person, provider: Provider, gate: Gate
) -> None:
    developer.session.lock_keyring()
    assert_refused(developer.keyfob("login", gate.url), 69)
    assert developer.browsers_opened() == 0


def test_logout_revokes_and_deletes_the_tokens(developer: Person, provider: Provider, gate: Gate) -> None:
    assert_worked(developer.keyfob("login", gate.url))
    token = developer.token(gate.url)
    assert_worked(developer.keyfob("logout", gate.url))
    assert not provider.is_active(token)
    assert provider.live_refresh_tokens() == 0
    hints = [r.form.get("token_type_hint") for r in provider.requests.all() if r.path == "/o/revoke_token/"]
    assert hints[0] == "refresh_token"
    assert_refused(ask(developer, gate, "never"), 77)
    assert developer.keyfob("status").stdout == b"not signed in anywhere\n"
    assert_refused(developer.keyfob("logout", gate.url), 1)


def test_logout_deletes_the_tokens_even_if_the_server_is_unreachable(developer: Person, provider: Provider, gate: Gate) -> None:
    assert_worked(developer.keyfob("login", gate.url))
    with down(provider):
        developer.keyfob("logout", gate.url)
    assert_refused(ask(developer, gate, "never"), 77)
    assert refreshes(provider) == 0


def test_logout_of_everything(developer: Person, provider: Provider, gate: Gate) -> None:
    assert_worked(developer.keyfob("login", gate.url))
    assert_worked(developer.keyfob("logout", "--all"))
    assert provider.live_refresh_tokens() == 0


def test_status_shows_sign_ins_and_no_secret(developer: Person, provider: Provider, gate: Gate) -> None:
    assert_worked(developer.keyfob("login", gate.url))
    token = developer.token(gate.url).encode()
    for arguments in (["status"], ["status", "--json"]):
        done = developer.keyfob(*arguments)
        assert_worked(done)
        assert gate.origin.encode() in done.stdout or provider.issuer.encode() in done.stdout
        assert token not in done.stdout + done.stderr
