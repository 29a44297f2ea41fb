"""Many callers at once cause one refresh, one registration, one browser. A logout may come at any time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from harness import binaries, counts, items
from harness.family import FamilyServer
from harness.person import Done, Person, description, stderr_lines
from harness.racing import Runner, race
from harness.steps import assert_worked
from harness.waiting import wait_until

CALLERS = 64
ROUNDS, FEWER_ROUNDS = (50, 20) if counts.is_long() else (5, 2)


def callers(service: str, before: Sequence[Path] = ()) -> list[Runner]:
    """Commands of git and of scripts that need a token, by turns. `before` is a program that runs them."""
    git = Runner([*before, binaries.git_credential_keyfob(), "get"], description(service))
    script = Runner([*before, binaries.keyfob(), "token", service])
    return [git, script] * (CALLERS // 2)


def given(done: Done) -> str:
    """The access token in a caller's answer."""
    assert_worked(done)
    lines = done.stdout.decode().splitlines()
    return next((line.removeprefix("password=") for line in lines if line.startswith("password=")), lines[0])


def drop_access_token(person: Person, service: str) -> None:
    """Erases a token, as git does if a service refuses it."""
    assert_worked(person.ask_door("erase", service))


def let_it_expire(person: Person, server: FamilyServer, service: str) -> None:
    """Lets keyfob hold an access token that has expired."""
    drop_access_token(person, service)
    server.lifetime = 1
    token = person.token(service)
    server.lifetime = 3600
    wait_until(lambda: not server.is_active(token))


def assert_signed_in(person: Person, server: FamilyServer, service: str) -> None:
    """Asserts that the stored grant is valid: it brings another token."""
    assert [grant["refresh_token"] for grant in items.kept(person.session, "grant")] == server.live_refresh_tokens()
    drop_access_token(person, service)
    assert server.is_active(person.token(service))


def assert_signed_out(person: Person, server: FamilyServer) -> None:
    """Asserts that nothing is stored here, and that no token is valid at the server."""
    assert (items.how_many(person.session), server.live_refresh_tokens()) == (0, [])
    assert json.loads(person.keyfob("status", "--json").stdout) == []


@pytest.mark.timeout(600)
def test_many_callers_cause_one_refresh(person: Person, server: FamilyServer, service: str) -> None:
    assert_worked(person.keyfob("login", service))
    for number in range(ROUNDS):
        with counts.counted("races", "64 callers with a dead access token"):
            if number % 2:
                let_it_expire(person, server, service)
            else:
                drop_access_token(person, service)
            before = len(server.refreshes())
            tokens = {given(done) for done in race(person.session, callers(service))}
            assert (len(tokens), server.refreshes()[before:]) == (1, [200])
            assert server.is_active(tokens.pop())
            assert_signed_in(person, server, service)
    assert person.browsers_opened() == 1


@pytest.mark.timeout(600)
def test_many_callers_cause_one_refresh_without_kernel_keyrings(
    person: Person, server: FamilyServer, service: str, nokeys: Path
) -> None:
    assert_worked(person.session.run(nokeys, binaries.keyfob(), "login", service))
    for _ in range(FEWER_ROUNDS):
        with counts.counted("races", "64 callers with a dead access token, and no kernel memory"):
            erase = (nokeys, binaries.git_credential_keyfob(), "erase")
            assert_worked(person.session.run(*erase, stdin=description(service)))
            before = len(server.refreshes())
            tokens = {given(done) for done in race(person.session, callers(service, [nokeys]))}
            assert (len(tokens), server.refreshes()[before:]) == (1, [200])
            assert server.is_active(tokens.pop())
    assert person.browsers_opened() == 1


@pytest.mark.timeout(600)
def test_many_first_callers_cause_one_registration_and_one_browser(
    person: Person, server: FamilyServer
) -> None:
    person.configure_keyfob(server.issuer, server.issuer, client_id=None)
    service = f"{server.issuer}/git"
    for number in range(1, ROUNDS + 1):
        with counts.counted("races", "64 callers before the first sign-in"):
            tokens = {given(done) for done in race(person.session, callers(service))}
            assert len(tokens) == 1 and server.is_active(tokens.pop())
            assert (len(server.record.to("/register")), person.browsers_opened()) == (number, number)
            assert server.refreshes() == []
            (registration,) = items.kept(person.session, "registration")
            assert registration["client_id"] in server.clients
            assert_worked(person.keyfob("logout", service))
            assert_signed_out(person, server)


@pytest.mark.timeout(600)
def test_services_that_share_an_authorization_server_share_the_registration(
    person: Person, server: FamilyServer
) -> None:
    services = [f"{server.issuer}/{name}" for name in ("one", "two", "three")]
    hosts = [f'[host."{url}"]\nissuer = "{server.issuer}"\n' for url in services]
    person.configuration.parent.mkdir(parents=True)
    person.configuration.write_text("\n".join(hosts))
    scripts = [Runner([binaries.keyfob(), "token", services[number % 3]]) for number in range(CALLERS)]
    for number in range(1, FEWER_ROUNDS + 1):
        with counts.counted("races", "64 callers at three services of one server, before the first sign-in"):
            tokens = {given(done) for done in race(person.session, scripts)}
            assert len(tokens) == 3 and all(map(server.is_active, tokens))
            assert (len(server.record.to("/register")), person.browsers_opened()) == (number, 3 * number)
            assert_worked(person.keyfob("logout", "--all"))
            assert_signed_out(person, server)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("interaction", ["never", "always"])
def test_a_logout_during_requests_leaves_no_partial_state(
    person: Person, server: FamilyServer, service: str, interaction: str
) -> None:
    for number in range(ROUNDS):
        with counts.counted("races", f"63 callers and a logout, interaction {interaction}"):
            assert_worked(person.keyfob("login", service))
            if number % 2:
                drop_access_token(person, service)
            runners = callers(service)
            runners[CALLERS // 2] = Runner([binaries.keyfob(), "logout", service])
            finished = race(person.session, runners, KEYFOB_INTERACTION=interaction)
            assert_worked(finished.pop(CALLERS // 2))
            for done in finished:
                if interaction == "never" and done.returncode in (1, 77):
                    assert done.stdout == b"", stderr_lines(done)
                else:
                    assert server.has_issued(given(done))
            if items.kept(person.session, "grant"):
                assert_signed_in(person, server, service)
                assert_worked(person.keyfob("logout", service))
            assert_signed_out(person, server)


@pytest.mark.timeout(600)
def test_repeated_logins_during_requests_leave_the_last_grant(
    person: Person, server: FamilyServer, service: str
) -> None:
    assert_worked(person.keyfob("login", service))
    for number in range(FEWER_ROUNDS):
        with counts.counted("races", "62 callers and two logins anew"):
            if number % 2:
                drop_access_token(person, service)
            runners = callers(service)
            runners[10] = runners[50] = Runner([binaries.keyfob(), "login", "--force", service])
            finished = race(person.session, runners)
            for done in (finished.pop(50), finished.pop(10)):
                assert_worked(done)
            assert all(server.has_issued(given(done)) for done in finished)
            (grant,) = items.kept(person.session, "grant")
            assert grant["refresh_token"] in server.live_refresh_tokens()
            drop_access_token(person, service)
            assert server.is_active(person.token(service))


@pytest.mark.timeout(600)
def test_logins_at_many_services_are_all_written_down(person: Person, server: FamilyServer) -> None:
    services = [f"{server.issuer}/{number}" for number in range(16)]
    for number in range(1, FEWER_ROUNDS // 2 + 1):
        with counts.counted("races", "16 first logins, at as many services of one server"):
            for done in race(person.session, [Runner([binaries.keyfob(), "login", url]) for url in services]):
                assert_worked(done)
            assert all(server.is_active(person.token(url)) for url in services)
            assert (len(server.record.to("/register")), person.browsers_opened()) == (number, 16 * number)
            assert_worked(person.keyfob("logout", "--all"))
            assert_signed_out(person, server)
            assert "[host." not in person.approvals.read_text()


@pytest.mark.timeout(600)
def test_many_stores_of_a_password_leave_one_item(person: Person) -> None:
    url = "https://git.example.test"
    attributes = ("server", "git.example.test", "user", "alice")
    requests = [description(url) + f"username=alice\npassword=word-{n}\n".encode() for n in range(CALLERS)]
    door = binaries.git_credential_keyfob()
    for _ in range(FEWER_ROUNDS):
        with counts.counted("races", "64 stores of one password"):
            for done in race(person.session, [Runner([door, "store"], request) for request in requests]):
                assert_worked(done)
            found = person.session.run("secret-tool", "search", "--all", "--unlock", *attributes).stdout
            (secret,) = [line for line in found.splitlines() if line.startswith(b"secret = ")]
            assert any(secret == b"secret = word-%d" % number for number in range(CALLERS))
            assert_worked(person.ask_door("erase", url, "username=alice"))
            assert person.session.run("secret-tool", "search", "--all", *attributes).stdout == b""
