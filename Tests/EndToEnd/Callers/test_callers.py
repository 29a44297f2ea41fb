"""The built program's answers to every caller: hit, miss, stored password, refresh, and each kind of failure."""

from __future__ import annotations

import json
import socket
import threading
import time

import pytest

from harness.callers import link
from harness.dialects import CALLERS, GOOGLE, SERVICE, Caller
from harness.family import FamilyServer
from harness.person import Person, stderr_lines
from harness.provider import lifetime
from harness.provider.server import Provider
from harness.session import LONGEST_SECONDS
from harness.steps import assert_worked, refreshes
from harness.waiting import SHORT_LIFETIME_SECONDS, wait_until_expired

EVERYBODY = [*CALLERS, GOOGLE]
TOO_LARGE = b" " * (1 << 20) + b" "


@pytest.fixture
def caller_of(person: Person, provider: Provider) -> Person:
    """A person with a link for each caller and a configured service, before the sign-in."""
    link(person)
    person.configure_keyfob(SERVICE, provider.issuer)
    return person


@pytest.fixture
def signed_in(caller_of: Person) -> Person:
    """The same person after one sign-in."""
    assert_worked(caller_of.keyfob("login", SERVICE))
    return caller_of


def refuse(person: Person, token: str) -> None:
    """Erases the token, as git does after a 401."""
    assert_worked(person.ask_door("erase", SERVICE, "username=oauth2", f"password={token}"))


def test_one_sign_in_serves_every_caller(signed_in: Person) -> None:
    token = signed_in.token(SERVICE)
    assert {caller.name: caller.token(signed_in) for caller in CALLERS} == {c.name: token for c in CALLERS}
    assert "is not a JWT" in GOOGLE.complaint(GOOGLE.ask(signed_in))
    assert signed_in.browsers_opened() == 1


def test_an_erased_token_is_refreshed_for_every_caller(signed_in: Person, provider: Provider) -> None:
    for caller in CALLERS:
        old = signed_in.token(SERVICE)
        before = refreshes(provider)
        refuse(signed_in, old)
        new = caller.token(signed_in)
        assert new != old, caller.name
        assert provider.is_active(new), caller.name
        assert refreshes(provider) == before + 1, caller.name
    assert signed_in.browsers_opened() == 1


def test_a_token_that_has_expired_is_refreshed(caller_of: Person, provider: Provider) -> None:
    provider.issue_tokens_for(SHORT_LIFETIME_SECONDS)
    assert_worked(caller_of.keyfob("login", SERVICE))
    old = CALLERS[0].token(caller_of)
    wait_until_expired(lambda: not provider.is_active(old))
    provider.issue_tokens_for(lifetime.DEFAULT_SECONDS)
    assert provider.is_active(CALLERS[0].token(caller_of))


def test_every_caller_reports_that_there_is_no_credential(person: Person) -> None:
    link(person)
    for caller in EVERYBODY:
        done = caller.ask(person)
        assert (done.stdout.decode(), done.returncode) == caller.miss, (caller.name, stderr_lines(done))
    # Without a keyring on this machine, keyfob knows no credential either.
    for caller in EVERYBODY:
        done = caller.ask(person, DBUS_SESSION_BUS_ADDRESS="unix:path=/nonexistent")
        assert (done.stdout.decode(), done.returncode) == caller.miss, (caller.name, stderr_lines(done))


def test_a_stored_password_is_given_to_callers_that_can_use_one(person: Person) -> None:
    link(person)
    assert_worked(person.ask_door("store", SERVICE, "username=alice", "password=pass word"))
    for caller in EVERYBODY:
        if caller.carries_passwords:
            assert caller.password(person) == "pass word", caller.name
        else:
            done = caller.ask(person)
            assert (done.stdout.decode(), done.returncode) == caller.miss, caller.name


def assert_told(person: Person, words: str) -> None:
    """Asserts that every caller gets this message, and that no browser was opened."""
    before = person.browsers_opened()
    for caller in EVERYBODY:
        done = caller.ask(person)
        assert words in caller.complaint(done), (caller.name, done.stdout, stderr_lines(done))
    assert person.browsers_opened() == before


def test_before_a_sign_in_no_caller_opens_a_browser(caller_of: Person) -> None:
    assert_told(caller_of, f"run: keyfob login {SERVICE}")


def test_an_unreachable_server_is_reported_to_every_caller(signed_in: Person, provider: Provider) -> None:
    refuse(signed_in, signed_in.token(SERVICE))
    provider.stop()
    try:
        assert_told(signed_in, "cannot reach 127.0.0.1")
    finally:
        provider.start_again()
    # keyfob has not dropped the grant.
    assert provider.is_active(CALLERS[0].token(signed_in))


def test_a_refresh_token_that_is_refused_needs_a_person(signed_in: Person, provider: Provider) -> None:
    refuse(signed_in, signed_in.token(SERVICE))
    provider.revoke_refresh_tokens()
    assert_told(signed_in, "no longer accepts the refresh token")


def test_a_locked_keyring_is_reported_and_no_window_opens(signed_in: Person) -> None:
    refuse(signed_in, signed_in.token(SERVICE))
    signed_in.session.lock_keyring()
    assert_told(signed_in, "the keyring is locked")


@pytest.mark.parametrize("caller", [c for c in CALLERS if c.stdin], ids=lambda caller: caller.name)
def test_malformed_and_oversized_requests_are_refused(caller_of: Person, caller: Caller) -> None:
    assert "malformed" in caller.complaint(caller.ask(caller_of, stdin=b"\xff\x00 \xc3"))
    assert "larger than 1048576 bytes" in caller.complaint(caller.ask(caller_of, stdin=TOO_LARGE))


def test_cargo_gets_its_answers_line_by_line(signed_in: Person) -> None:
    cargo = next(caller for caller in CALLERS if caller.name == "cargo")
    lines = [cargo.stdin, '{"v":2}\n', cargo.stdin.replace('"get"', '"dance"'), cargo.stdin.rstrip()]
    greeting, *answers = cargo.ask(signed_in, stdin="".join(lines).encode()).stdout.decode().splitlines()
    assert greeting == '{"v":[1]}'
    kinds = [answer.get("Err", {}).get("kind", "ok") for answer in map(json.loads, answers)]
    assert kinds == ["ok", "other", "operation-not-supported", "ok"]


def test_go_gets_an_empty_answer_in_its_first_phase(signed_in: Person) -> None:
    done = signed_in.keyfob("goauth")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_an_mcp_client_waits_three_seconds_at_most(signed_in: Person, provider: Provider) -> None:
    headers = next(caller for caller in CALLERS if caller.name == "headers")
    refuse(signed_in, signed_in.token(SERVICE))
    provider.stop()
    try:
        # The port accepts connections and never answers.
        with socket.create_server(("127.0.0.1", provider.port)):
            begun = time.monotonic()
            done = headers.ask(signed_in)
            waited = time.monotonic() - begun
    finally:
        provider.start_again()
    assert "no answer within 3 seconds" in headers.complaint(done)
    assert done.returncode == 75
    assert waited < 10
    assert provider.is_active(headers.token(signed_in))


def test_a_refresh_that_outlasts_the_time_limit_is_stored(person: Person, server: FamilyServer, service: str) -> None:
    """The server revokes the token family if a refresh token comes twice, so the late one must be stored."""
    link(person)
    assert_worked(person.keyfob("login", service))
    old = person.token(service)
    assert_worked(person.ask_door("erase", service, "username=oauth2", f"password={old}"))
    late = threading.Event()
    server.holds_answers = lambda: assert_set(late)
    asking = person.session.start("keyfob", "headers", service)
    person.session.end_at_last(asking)
    try:
        begun = time.monotonic()
        # The whole output must come in time, although the process runs on.
        output, errors = (stream.read() for stream in (asking.stdout, asking.stderr) if stream)
        assert (output, b"no answer within 3 seconds" in errors) == (b"", True)
        assert time.monotonic() - begun < 10
        assert asking.poll() is None
    finally:
        late.set()
    assert asking.wait(LONGEST_SECONDS) == 75
    server.holds_answers = lambda: None
    assert server.refreshes() == [200]
    assert person.token(service) != old
    assert server.refreshes() == [200]
    assert person.browsers_opened() == 1


def assert_set(event: threading.Event) -> None:
    """Waits for the event."""
    assert event.wait(LONGEST_SECONDS)


def test_a_caller_that_allows_interaction_opens_a_browser(caller_of: Person) -> None:
    kubernetes = next(caller for caller in CALLERS if caller.name == "kubernetes")
    asking = kubernetes.variables["KUBERNETES_EXEC_INFO"].replace('"interactive": false', '"interactive": true')
    declined = kubernetes.ask(caller_of, KUBERNETES_EXEC_INFO=asking, KEYFOB_INTERACTION="never")
    assert (declined.returncode, caller_of.browsers_opened()) == (77, 0)
    done = kubernetes.ask(caller_of, KUBERNETES_EXEC_INFO=asking)
    assert kubernetes.secret(done.stdout.decode()) == caller_of.token(SERVICE)
    assert caller_of.browsers_opened() == 1


def test_cargo_login_without_a_token_replaces_the_remembered_token(caller_of: Person, provider: Provider) -> None:
    cargo = next(caller for caller in CALLERS if caller.name == "cargo")
    assert_worked(caller_of.keyfob("login", SERVICE))
    before = cargo.token(caller_of)
    assert cargo.token(caller_of) == before
    done = cargo.ask(caller_of, stdin=cargo.stdin.replace('"get"', '"login"').encode())
    assert done.stdout == b'{"v":[1]}\n{"Ok":{"kind":"login"}}\n', stderr_lines(done)
    assert cargo.token(caller_of) != before
    assert (refreshes(provider), caller_of.browsers_opened()) == (1, 1)


def test_cargo_login_without_a_token_signs_in(caller_of: Person) -> None:
    cargo = next(caller for caller in CALLERS if caller.name == "cargo")
    done = cargo.ask(caller_of, stdin=cargo.stdin.replace('"get"', '"login"').encode())
    assert done.stdout == b'{"v":[1]}\n{"Ok":{"kind":"login"}}\n', stderr_lines(done)
    assert caller_of.browsers_opened() == 1
    assert cargo.token(caller_of) == caller_of.token(SERVICE)
