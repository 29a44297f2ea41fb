"""Machines without a keyring: sign-ins and passwords in the kernel's memory."""

from __future__ import annotations

import contextlib
import json
import shlex
import shutil
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness import bare, binaries, items
from harness.bare import Apart, BareSession, Container
from harness.evidence import Evidence
from harness.family import FamilyServer
from harness.gate import Gate
from harness.marked import MarkedServer
from harness.people import ALICE
from harness.person import Done, Person, description
from harness.provider.server import DEVICE_CLIENT_ID, Provider
from harness.racing import Runner, race
from harness.searching import assert_nothing_leaked
from harness.session import PrivateSession
from harness.ssh import SecureShell
from harness.steps import assert_worked
from harness.terminal import Terminal

pytestmark = pytest.mark.skipif(not bare.can_be_made(), reason="needs root, and a kernel with persistent keyrings")

QUESTION = r"keep sign-ins in the kernel's memory until a restart or 3 days without use\? \[y/N\] "
PASSWORD = b"protocol=https\nhost=git.example.test\nusername=u\npassword=s3cret-password\n\n"
HINT = "to keep sign-ins in the kernel's memory, run: keyfob login --store memory http"


@pytest.fixture
def bare_session() -> Iterator[BareSession]:
    """The session of a user on a machine without a desktop."""
    with BareSession(path=[binaries.bin_directory()]) as session:
        yield session


@pytest.fixture
def session() -> Iterator[PrivateSession]:
    """A session with an unlocked keyring, and with kernel keys of its own."""
    with Apart(path=[binaries.bin_directory()]) as running:
        running.start_keyring()
        yield running


@pytest.fixture
def visitor(bare_session: BareSession) -> Person:
    """That user, before any sign-in."""
    return Person(bare_session)


@pytest.fixture
def memory_service(visitor: Person, server: FamilyServer) -> str:
    """A service at our own server that the visitor's keyfob is configured for."""
    visitor.configure_keyfob(server.issuer, server.issuer)
    return f"{server.issuer}/git"


def set_store(person: Person, store: str) -> None:
    """Writes the setting before the hosts."""
    path = person.configuration
    path.parent.mkdir(parents=True, exist_ok=True)
    before = path.read_text() if path.exists() else ""
    path.write_text(f'store = "{store}"\n{before}')


def erase(person: Person, service: str) -> None:
    """Lets keyfob forget the access token, so that the next question needs a refresh."""
    assert_worked(person.ask_door("erase", service))


def status(person: Person) -> list[dict[str, object]]:
    """The sign-ins that `keyfob status` shows."""
    done = person.keyfob("status", "--json")
    assert_worked(done)
    sign_ins: list[dict[str, object]] = json.loads(done.stdout)
    return sign_ins


def assert_no_keyring(done: Done) -> None:
    """Asserts the answer for a caller that needs a keyring, with the hint that leads on."""
    assert (done.returncode, done.stdout) == (69, b"")
    assert HINT in done.stderr.decode()


def test_a_login_asks_once_and_keeps_the_sign_in_in_memory(
    visitor: Person, server: FamilyServer, memory_service: str
) -> None:
    login = Terminal(visitor.session, binaries.keyfob(), "login", memory_service)
    login.read_until(QUESTION)
    login.type("y\n")
    assert login.finish() == 0, login.shown
    assert visitor.approvals.read_text().splitlines().count("store = 'auto'") == 1
    (sign_in,) = status(visitor)
    assert (sign_in["store"], sign_in["forgotten_after_unused"]) == ("memory", 259200)
    assert "in memory until a restart or 3 days without use" in visitor.keyfob("status").stdout.decode()
    again = Terminal(visitor.session, binaries.keyfob(), "login", "--force", memory_service)
    assert again.finish() == 0
    assert "keep sign-ins" not in again.shown
    assert server.is_active(visitor.token(memory_service))


def test_no_is_the_default_and_nothing_happens(visitor: Person, memory_service: str) -> None:
    login = Terminal(visitor.session, binaries.keyfob(), "login", memory_service)
    login.read_until(QUESTION)
    login.type("\n")
    assert login.finish() == 69
    assert HINT in login.shown
    assert (visitor.browsers_opened(), visitor.approvals.exists()) == (0, False)


def test_a_caller_that_may_not_ask_gets_the_hint(visitor: Person, memory_service: str) -> None:
    assert_no_keyring(visitor.ask_door("get", memory_service, KEYFOB_INTERACTION="never"))
    assert_no_keyring(visitor.keyfob("login", memory_service))
    assert visitor.browsers_opened() == 0


def test_the_hint_works(visitor: Person, server: FamilyServer, memory_service: str) -> None:
    refused = visitor.keyfob("login", memory_service)
    hint = next(line for line in refused.stderr.decode().splitlines() if HINT in line)
    done = visitor.keyfob(*shlex.split(hint.partition("run: keyfob ")[2]))
    assert_worked(done)
    assert 'in kernel memory if there is no keyring (store = "auto")' in done.stderr.decode()
    erase(visitor, memory_service)
    assert server.is_active(visitor.token(memory_service))


def test_a_sign_in_survives_the_last_process_of_the_user(
    visitor: Person, bare_session: BareSession, server: FamilyServer, memory_service: str
) -> None:
    set_store(visitor, "memory")
    assert_worked(visitor.keyfob("login", memory_service))
    bare_session.lose_access_tokens()
    assert server.is_active(visitor.token(memory_service))
    assert server.refreshes() == [200]
    assert visitor.browsers_opened() == 1


def test_the_kernel_forgets_and_keyfob_says_so(
    visitor: Person, bare_session: BareSession, memory_service: str
) -> None:
    set_store(visitor, "memory")
    assert_worked(visitor.keyfob("login", memory_service))
    bare_session.forget()
    done = visitor.ask_door("get", memory_service, KEYFOB_INTERACTION="never")
    assert (done.returncode, done.stdout) == (77, b"")
    assert f"run: keyfob login {memory_service}" in done.stderr.decode() or "keyfob login" in done.stderr.decode()
    assert status(visitor) == []
    assert_worked(visitor.keyfob("login", memory_service))


def test_login_names_a_missing_keyring_before_the_browser_opens(visitor: Person, memory_service: str) -> None:
    assert_worked(visitor.keyfob("login", "--store", "memory", memory_service))
    for more in ([], ["--force"]):
        refused = visitor.keyfob("login", "--store", "keyring", *more, memory_service)
        assert (refused.returncode, refused.stdout) == (69, b"")
    assert visitor.browsers_opened() == 1


def test_a_logout_ends_both_copies_of_a_sign_in(person: Person, server: FamilyServer) -> None:
    person.configure_keyfob(server.issuer, server.issuer)
    service = f"{server.issuer}/git"
    set_store(person, "auto")
    assert_worked(person.keyfob("login", service))
    bus = person.session.env.pop("DBUS_SESSION_BUS_ADDRESS")
    runtime = person.session.env["XDG_RUNTIME_DIR"]
    person.session.env["XDG_RUNTIME_DIR"] = str(person.home)
    assert_worked(person.keyfob("login", "--force", service))
    person.session.env.update(DBUS_SESSION_BUS_ADDRESS=bus, XDG_RUNTIME_DIR=runtime)
    assert len(server.live_refresh_tokens()) == 2
    assert_worked(person.keyfob("logout", service))
    assert (server.live_refresh_tokens(), status(person)) == ([], [])


def test_a_logout_leaves_nothing(
    visitor: Person, bare_session: BareSession, server: FamilyServer, memory_service: str
) -> None:
    set_store(visitor, "auto")
    assert_worked(visitor.keyfob("login", memory_service))
    assert len(bare_session.items()) == 1
    assert_worked(visitor.keyfob("logout", memory_service))
    assert (bare_session.items(), status(visitor), server.live_refresh_tokens()) == ([], [], [])


@pytest.mark.timeout(300)
def test_many_callers_cause_one_refresh(visitor: Person, server: FamilyServer, memory_service: str) -> None:
    set_store(visitor, "memory")
    assert_worked(visitor.keyfob("login", memory_service))
    erase(visitor, memory_service)
    before = len(server.refreshes())
    question = description(memory_service)
    callers = [
        Runner([binaries.git_credential_keyfob(), "get"], question),
        Runner([binaries.keyfob(), "token", memory_service]),
    ]
    answers = race(visitor.session, callers * 32)
    assert {done.returncode for done in answers} == {0}
    assert server.refreshes()[before:] == [200]


@pytest.mark.parametrize("setting", ["memory", "auto", "keyring"])
def test_a_full_quota_loses_no_grant(
    visitor: Person, bare_session: BareSession, server: FamilyServer, memory_service: str, setting: str
) -> None:
    set_store(visitor, setting)
    assert_worked(visitor.keyfob("login", "--store", "memory", memory_service))
    bare_session.fill_quota()
    before = server.live_refresh_tokens()
    refused = visitor.keyfob("login", "--force", memory_service)
    assert (refused.returncode, refused.stdout) == (69, b"")
    assert "the kernel has no room for more keys of this user" in refused.stderr.decode()
    assert server.live_refresh_tokens() == before
    bare_session.empty_quota()
    assert server.is_active(visitor.token(memory_service))


def test_passwords_of_git_are_kept_too(visitor: Person, bare_session: BareSession) -> None:
    set_store(visitor, "auto")
    url = "https://example.com"
    assert_worked(visitor.ask_door("store", url, "username=ann", "password=s3cret"))
    done = visitor.ask_door("get", url)
    assert_worked(done)
    assert {"username=ann", "password=s3cret"} <= set(done.stdout.decode().splitlines())
    assert_worked(visitor.ask_door("erase", url, "username=ann", "password=s3cret"))
    assert visitor.ask_door("get", url).stdout == b""
    assert bare_session.items() == []


def work_with_git(visitor: Person, provider: Provider, gate: Gate) -> None:
    """Signs in with a code on another device, clones, pushes and signs out."""
    endpoint = provider.device_authorization_endpoint
    visitor.configure_keyfob(
        gate.origin, provider.issuer, client_id=DEVICE_CLIENT_ID, device_authorization_endpoint=endpoint
    )
    login = visitor.begin(binaries.keyfob(), "login", "--store", "memory", "--flow", "device", gate.url)
    address, code = login.hint("on any device, go to: "), login.hint("and type the code: ")
    visitor.browse_elsewhere(address, "--code", code)
    assert_worked(login.finish())
    assert_worked(visitor.git("clone", "--quiet", gate.url, "copy"))
    copy = str(visitor.home / "copy")
    identity = ["-c", "user.name=Ann", "-c", "user.email=ann@example.com"]
    assert_worked(visitor.git("-C", copy, *identity, "commit", "--allow-empty", "--quiet", "-m", "one"))
    assert_worked(visitor.git("-C", copy, "push", "--quiet", "origin", "HEAD:refs/heads/one"))
    assert provider.owner(visitor.token(gate.url)) == ALICE
    erase(visitor, gate.url)
    assert provider.owner(visitor.token(gate.url)) == ALICE
    assert_worked(visitor.keyfob("logout", gate.url))
    assert status(visitor) == []


def test_git_works_after_a_code_on_another_device(visitor: Person, provider: Provider, gate: Gate) -> None:
    work_with_git(visitor, provider, gate)


def test_git_works_over_ssh_with_a_login_for_each_command(provider: Provider, gate: Gate) -> None:
    with SecureShell(path=[binaries.bin_directory()]) as session:
        work_with_git(Person(session), provider, gate)
        assert session.items() == []


# In a container, as root there.


@pytest.fixture
def container() -> Iterator[Container]:
    """A container in which root has the programs and a home directory."""
    with Container(path=[binaries.bin_directory()]) as session:
        yield session


def test_git_works_in_a_container(container: Container, provider: Provider, gate: Gate) -> None:
    work_with_git(Person(container), provider, gate)
    assert container.items() == []


def test_a_container_and_its_machine_know_nothing_of_each_other(
    container: Container, visitor: Person, bare_session: BareSession, server: FamilyServer, memory_service: str
) -> None:
    inside = Person(container)
    inside.configure_keyfob(server.issuer, server.issuer)
    for person in (inside, visitor):
        set_store(person, "memory")
        assert status(person) == []
        assert_worked(person.keyfob("login", memory_service))
    assert (len(container.items()), len(bare_session.items())) == (1, 1)
    assert_worked(inside.keyfob("logout", memory_service))
    assert (status(inside), len(status(visitor))) == ([], 1)
    assert server.is_active(visitor.token(memory_service))


def test_others_see_no_secret_of_a_sign_in_in_memory(container: Container, marked: MarkedServer) -> None:
    inside = Person(container)
    set_store(inside, "memory")
    watched = Evidence(inside)
    assert_worked(watched.run(binaries.keyfob(), "login", marked.url))
    assert_worked(watched.run(binaries.git_credential_keyfob(), "erase", stdin=description(marked.url) + b"path=mcp\n"))
    assert_worked(watched.run(binaries.keyfob(), "token", marked.url, answers=True))
    assert_worked(watched.run(binaries.keyfob(), "store", stdin=PASSWORD))
    watched.look_around()
    assert len(container.items()) > 1
    assert_worked(watched.run(binaries.keyfob(), "logout", marked.url))
    assert marked.refreshes() == 1
    # Swift's runtime tells the system's log that the container does not let it set a thread's priority.
    watched.places["sockets"] = watched.places["sockets"].replace(b"/dev/log\n", b"")
    needed = {"refresh_token", "access_token", "code", "code_verifier", "state"}
    assert_nothing_leaked("sign-in in memory", watched, marked.marks, needs=needed)
    assert not any(b"s3cret-password" in seen for seen in watched.places.values())


def test_several_accounts_in_memory(visitor: Person, server: FamilyServer, memory_service: str) -> None:
    set_store(visitor, "memory")
    for account in ("home", "work"):
        assert_worked(visitor.keyfob("login", "--account", account, memory_service))
    assert sorted(str(sign_in["account"]) for sign_in in status(visitor)) == ["home", "work"]
    tokens = {visitor.keyfob("token", "--account", name, memory_service).stdout for name in ("home", "work")}
    assert len(tokens) == 2
    unclear = visitor.keyfob("token", memory_service)
    assert (unclear.returncode, unclear.stdout) == (77, b"")
    assert_worked(visitor.keyfob("logout", "--account", "home", memory_service))
    assert [sign_in["account"] for sign_in in status(visitor)] == ["work"]
    assert server.is_active(visitor.token(memory_service))


def test_an_import_goes_to_memory(visitor: Person, bare_session: BareSession) -> None:
    set_store(visitor, "memory")
    (visitor.home / ".git-credentials").write_text("https://ann:s3cret@git.example.test\n")
    (visitor.home / ".git-credentials").chmod(0o600)
    done = visitor.keyfob("import", "--from", "git-credential-store", "--yes")
    assert_worked(done)
    assert "copied 1 credential into kernel memory, which forgets them at a restart" in done.stderr.decode()
    assert "shred" not in done.stderr.decode()
    assert len(bare_session.items()) == 1
    answer = visitor.ask_door("get", "https://git.example.test")
    assert {b"username=ann", b"password=s3cret"} <= set(answer.stdout.splitlines())


def test_doctor_finds_nothing_wrong(visitor: Person) -> None:
    set_store(visitor, "auto")
    done = visitor.keyfob("doctor", "--json")
    findings = {finding["rung"]: finding for finding in json.loads(done.stdout)}
    assert findings["store"]["details"] == {"place": "memory", "forgotten_after_unused": 259200}
    assert {findings[rung]["status"] for rung in ("bus", "provider", "collection", "writable")} == {"skipped"}
    assert findings["bus"]["because"] == "store"
    assert not [finding for finding in findings.values() if finding["status"] == "failed"]


def test_a_kernel_that_keeps_no_keys_is_named(visitor: Person, memory_service: str, nokeys: Path) -> None:
    set_store(visitor, "memory")
    program = shutil.copy(nokeys, visitor.home)
    done = visitor.session.run(program, binaries.keyfob(), "login", memory_service)
    assert (done.returncode, done.stdout) == (69, b"")
    assert "the kernel keeps no keys for this process" in done.stderr.decode()
    assert visitor.browsers_opened() == 0


# With a keyring.


def test_auto_prefers_the_keyring(person: Person, server: FamilyServer, service: str) -> None:
    set_store(person, "auto")
    assert_worked(person.keyfob("login", service))
    assert items.how_many(person.session) == 1
    assert [sign_in["store"] for sign_in in status(person)] == ["keyring"]


def test_a_login_that_names_the_place_moves_the_sign_in_there(person: Person, server: FamilyServer, service: str) -> None:
    """Also if the sign-in elsewhere still works."""
    assert_worked(person.keyfob("login", service))
    for store, place in [("memory", "memory"), ("memory", "memory"), ("keyring", "keyring"), ("keyring", "keyring")]:
        assert_worked(person.keyfob("login", "--store", store, service))
        found = json.loads(person.keyfob("status", "--json").stdout)
        assert [entry["store"] for entry in found] == [place]
    assert_worked(person.keyfob("logout", service))


def test_a_locked_keyring_is_not_a_missing_one(person: Person, server: FamilyServer, service: str) -> None:
    set_store(person, "auto")
    assert_worked(person.keyfob("login", service))
    erase(person, service)
    person.session.lock_keyring()
    done = person.ask_door("get", service, KEYFOB_INTERACTION="never")
    assert (done.returncode, done.stdout) == (69, b"")
    assert "the keyring is locked" in done.stderr.decode()
    assert person.keyfob("login", service).returncode == 69


def test_a_locked_keyring_does_not_keep_a_sign_in_in_memory_alive(
    person: Person, server: FamilyServer, service: str
) -> None:
    set_store(person, "auto")
    assert_worked(person.keyfob("login", "--account", "desk", service))
    assert_worked(person.keyfob("login", "--account", "bare", "--store", "memory", service))
    token = person.keyfob("token", service, "--account", "bare").stdout.decode().strip()
    assert server.is_active(token)
    person.session.lock_keyring()
    done = person.keyfob("logout", "--account", "bare", service)
    said = done.stderr.decode()
    assert done.returncode == 69, said
    assert f"keyfob: logged out of {server.issuer} as bare, the server has revoked the tokens\n" in said
    assert "keyfob: sign-ins in a keyring were not searched: the keyring is locked\n" in said
    assert not server.is_active(token)
    again = person.keyfob("logout", "--account", "bare", service)
    assert again.returncode == 69 and "logged out" not in again.stderr.decode()


def test_logout_says_that_no_keyring_was_there(visitor: Person, memory_service: str) -> None:
    set_store(visitor, "auto")
    done = visitor.keyfob("logout", memory_service)
    assert done.returncode == 1
    assert "there is no keyring here" in done.stderr.decode()


def test_logout_without_the_keyring_keeps_what_its_sign_ins_may_need(person: Person, server: FamilyServer) -> None:
    person.configure_keyfob(server.issuer, server.issuer, client_id=None)
    set_store(person, "auto")
    services = [f"{server.issuer}/one", f"{server.issuer}/two"]
    assert_worked(person.keyfob("login", "--account", "desk", services[0]))
    assert_worked(person.keyfob("login", "--account", "bare", "--store", "memory", services[1]))
    bus = person.session.env.pop("DBUS_SESSION_BUS_ADDRESS")
    runtime = person.session.env["XDG_RUNTIME_DIR"]
    person.session.env["XDG_RUNTIME_DIR"] = str(person.home)
    assert_worked(person.keyfob("logout", "--all"))
    person.session.env.update(DBUS_SESSION_BUS_ADDRESS=bus, XDG_RUNTIME_DIR=runtime)
    assert server.clients, "the registration stays, because the sign-in in the keyring needs it"
    assert len(status(person)) == 1


def test_the_setting_memory_hides_no_sign_in_from_logout(
    person: Person, server: FamilyServer, service: str
) -> None:
    assert_worked(person.keyfob("login", service))
    set_store(person, "memory")
    assert [sign_in["store"] for sign_in in status(person)] == ["keyring"]
    assert_worked(person.keyfob("logout", service))
    assert server.live_refresh_tokens() == []


def test_a_refresh_token_is_not_sent_if_its_successor_has_no_room(
    visitor: Person, bare_session: BareSession, server: FamilyServer, memory_service: str
) -> None:
    set_store(visitor, "memory")
    assert_worked(visitor.keyfob("login", memory_service))
    erase(visitor, memory_service)
    bare_session.fill_quota()
    refused = visitor.ask_door("get", memory_service, KEYFOB_INTERACTION="never")
    assert (refused.returncode, refused.stdout) == (69, b"")
    assert server.refreshes() == []
    bare_session.empty_quota()
    assert server.is_active(visitor.token(memory_service))


# A key of more than a page cannot be changed in place, and the kernel's quota has 20,000 bytes.
@pytest.mark.parametrize("size", [3_000, 4_000, 5_000, 6_000, 7_000])
def test_a_long_refresh_token_is_replaced(
    visitor: Person, server: FamilyServer, memory_service: str, size: int
) -> None:
    server.pads_refresh_tokens_to = size
    set_store(visitor, "memory")
    assert_worked(visitor.keyfob("login", memory_service))
    for refreshes in (1, 2, 3):
        erase(visitor, memory_service)
        assert server.is_active(visitor.token(memory_service))
        assert server.refreshes() == [200] * refreshes


def test_a_refresh_token_that_is_too_long_for_the_kernel_is_named(
    visitor: Person, server: FamilyServer, memory_service: str
) -> None:
    server.pads_refresh_tokens_to = 25_000
    set_store(visitor, "memory")
    done = visitor.keyfob("login", memory_service)
    said = done.stderr.decode()
    assert (done.returncode, done.stdout) == (69, b""), said
    assert "could not be saved: the kernel has no room for more keys of this user\n" in said
    assert "let root run: sysctl -w kernel.keys.maxkeys=" in said


def test_a_sign_in_returns_to_the_keyring_that_ended_during_its_refresh(
    person: Person, server: FamilyServer, service: str
) -> None:
    set_store(person, "auto")
    assert_worked(person.keyfob("login", service))
    erase(person, service)
    server.holds_answers = person.session.stop_keyring
    token = person.keyfob("token", service, "--interaction", "never").stdout.decode().strip()
    assert server.is_active(token)
    server.holds_answers = lambda: None
    # Without the keyring, the sign-in works from the journal, and does not move.
    erase(person, service)
    assert server.is_active(person.keyfob("token", service, "--interaction", "never").stdout.decode().strip())
    person.session.start_keyring()
    erase(person, service)
    assert server.is_active(person.token(service))
    assert server.refreshes() == [200] * 3
    assert [entry["store"] for entry in status(person)] == ["keyring"]


def test_a_bus_that_refuses_the_connection_is_not_a_missing_one(person: Person, server: FamilyServer, service: str) -> None:
    set_store(person, "auto")
    assert_worked(person.keyfob("login", service))
    erase(person, service)
    with socket.socket(socket.AF_UNIX) as refusing:
        refusing.bind(str(person.home / "bus"))
        refusing.listen()

        def refuse() -> None:
            with contextlib.suppress(OSError):
                while True:
                    refusing.accept()[0].close()

        threading.Thread(target=refuse, daemon=True).start()
        bus = {"DBUS_SESSION_BUS_ADDRESS": f"unix:path={person.home / 'bus'}"}
        for command in (
            ["status"],
            ["logout", service],
            ["token", service, "--interaction", "never"],
            ["login", "--force", service],
        ):
            done = person.keyfob(*command, **bus)
            assert (done.returncode, done.stdout) == (69, b""), (command, done.stderr)
            assert "keyfob: the session bus refuses the connection: " in done.stderr.decode(), command
        refusing.shutdown(socket.SHUT_RDWR)
    assert server.is_active(person.token(service))


@pytest.mark.parametrize("free", [*range(15), 30])
def test_a_refresh_with_few_free_keys_loses_no_token(
    visitor: Person, bare_session: BareSession, server: FamilyServer, memory_service: str, free: int
) -> None:
    set_store(visitor, "memory")
    assert_worked(visitor.keyfob("login", memory_service))
    erase(visitor, memory_service)
    bare_session.use_up_keys(leaving=free)
    done = visitor.ask_door("get", memory_service, KEYFOB_INTERACTION="never")
    if done.returncode:
        assert (done.returncode, done.stdout, server.refreshes()) == (69, b"", []), done.stderr
    bare_session.empty_quota()
    # This server ends the grant at the second use of a refresh token.
    assert server.is_active(visitor.token(memory_service))
    assert set(server.refreshes()) == {200}


def test_a_login_in_a_script_that_forbids_questions_ends_at_once(visitor: Person, memory_service: str) -> None:
    done = visitor.keyfob("login", memory_service, KEYFOB_INTERACTION="never")
    assert (done.returncode, done.stdout, visitor.browsers_opened()) == (77, b"", 0)
    assert "KEYFOB_INTERACTION=never forbids a sign-in" in done.stderr.decode()


def test_a_line_below_a_host_gets_the_hint(visitor: Person, memory_service: str) -> None:
    visitor.configuration.write_text(visitor.configuration.read_text() + 'store = "auto"\n')
    done = visitor.keyfob("status")
    assert done.returncode == 78
    assert "hint: write it above the first line that begins with [" in done.stderr.decode()


# The words of commands, on such a machine.


def test_the_hint_of_an_import_names_the_setting(visitor: Person) -> None:
    (visitor.home / ".git-credentials").write_text("https://u:p@git.example.com\n")
    done = visitor.keyfob("import", "--yes")
    assert done.returncode == 69
    shown = done.stderr.decode()
    assert f'write store = "auto" into {visitor.configuration}' in shown
    assert " URL" not in shown
    set_store(visitor, "auto")
    assert visitor.keyfob("import", "--yes").returncode != 69


def test_no_hint_of_doctor_has_a_word_to_replace(visitor: Person) -> None:
    assert " URL" not in visitor.keyfob("doctor").stdout.decode()


def test_the_hint_of_setup_names_the_service(visitor: Person) -> None:
    done = visitor.keyfob("setup", "git", "gitlab.com")
    assert done.returncode == 69
    assert "run: keyfob login --store memory https://gitlab.com" in done.stderr.decode()


def test_a_logout_proposes_no_sign_in(visitor: Person, memory_service: str) -> None:
    done = visitor.keyfob("logout", memory_service)
    assert done.returncode == 69
    assert "there is no session bus" in done.stderr.decode()
    assert "login" not in done.stderr.decode().replace("log in", "")


@pytest.mark.parametrize("store", [None, "auto"])
def test_status_says_what_it_did_not_see(visitor: Person, store: str | None) -> None:
    if store:
        set_store(visitor, store)
    done = visitor.keyfob("status")
    assert (done.returncode, done.stdout) == (0, b"not signed in anywhere that keyfob can see\n")
    assert "keyring" in done.stderr.decode() and "--store" not in done.stderr.decode()
    assert status(visitor) == []


def test_status_shows_what_is_in_memory(visitor: Person, memory_service: str) -> None:
    assert_worked(visitor.keyfob("login", "--store", "memory", memory_service))
    done = visitor.keyfob("status")
    assert (done.returncode, done.stderr) == (0, b"")
    assert memory_service in done.stdout.decode() or "http://" in done.stdout.decode()


def test_a_password_that_cannot_be_stored_proposes_no_sign_in(visitor: Person) -> None:
    done = visitor.ask_door("store", "https://example.com", "username=ann", "password=s3cret")
    assert done.returncode == 69
    assert 'write store = "auto" into' in done.stderr.decode() and "keyfob login" not in done.stderr.decode()
    erased = visitor.ask_door("erase", "https://example.com", "username=ann", "password=s3cret")
    assert "keyfob login" not in erased.stderr.decode() and "store =" not in erased.stderr.decode()


def answers_alone(visitor: Person, operation: str, *lines: str) -> tuple[bool, str]:
    """Whether the door for git starts no other program for the question, and the answer."""
    trace = visitor.home / "trace"
    strace = ["strace", "-f", "-qq", "-e", "trace=execve", "-o", str(trace)]
    question = "".join(f"{line}\n" for line in ("protocol=https", "host=example.com", *lines, ""))
    done = visitor.session.run(*strace, binaries.git_credential_keyfob(), operation, stdin=question.encode())
    assert_worked(done)
    return trace.read_text().count("execve(") == 1, done.stdout.decode()


@pytest.fixture(params=["memory", "auto"])
def remembering(visitor: Person, request: pytest.FixtureRequest) -> Person:
    """The visitor, with a password in kernel memory that the door knows."""
    set_store(visitor, request.param)
    answers_alone(visitor, "store", "username=ann", "password=s3cret")
    assert answers_alone(visitor, "get") == (False, "username=ann\npassword=s3cret\n")
    return visitor


def test_the_door_answers_with_a_password_in_memory(remembering: Person) -> None:
    assert answers_alone(remembering, "get") == (True, "username=ann\npassword=s3cret\n")
    assert answers_alone(remembering, "store", "username=ann", "password=s3cret")[0]
    for other in (["username=ann"], ["path=x"], ["capability[]=authtype"]):
        assert not answers_alone(remembering, "get", *other)[0], other
    assert answers_alone(remembering, "get", "username=ann")[0]
    assert not answers_alone(remembering, "get", "path=x")[0]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["username=ann", "password=new"], "username=ann\npassword=new\n"),
        (["username=bob", "password=s3cret"], "username=bob\npassword=s3cret\n"),
        (
            ["username=ann", "password=s3cret", "password_expiry_utc=9999999999"],
            "username=ann\npassword=s3cret\npassword_expiry_utc=9999999999\n",
        ),
    ],
    ids=["another password", "another user", "an expiry"],
)
def test_the_door_never_answers_with_what_was_stored_before(
    remembering: Person, lines: list[str], expected: str
) -> None:
    assert not answers_alone(remembering, "store", *lines)[0]
    assert answers_alone(remembering, "get")[1] == expected
    assert answers_alone(remembering, "get")[1] == expected


def test_the_door_knows_no_password_that_was_erased_or_that_the_configuration_hides(remembering: Person) -> None:
    answers_alone(remembering, "erase", "username=ann", "password=s3cret")
    assert answers_alone(remembering, "get") == (False, "")
    answers_alone(remembering, "store", "username=ann", "password=s3cret")
    assert answers_alone(remembering, "get")[1] == answers_alone(remembering, "get")[1] != ""
    with remembering.configuration.open("a") as file:
        file.write('[host."https://example.com"]\nissuer = "https://login.example.com"\n')
    done = remembering.ask_door("get", "https://example.com", KEYFOB_INTERACTION="never")
    assert (done.returncode, done.stdout) == (77, b"")


def test_the_door_leaves_the_choice_to_keyfob_if_there_may_be_a_keyring(visitor: Person) -> None:
    set_store(visitor, "auto")
    answers_alone(visitor, "store", "username=ann", "password=s3cret")
    for variable, value in {"DISPLAY": ":1", "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent"}.items():
        assert answers_alone(visitor, "get")[1] != ""
        assert answers_alone(visitor, "get")[0]
        visitor.session.env[variable] = value
        assert [answers_alone(visitor, "get") for _ in range(2)] == [(False, "username=ann\npassword=s3cret\n")] * 2
        del visitor.session.env[variable]


def without_libsecret(session: PrivateSession) -> tuple[str, ...]:
    """The beginning of a command that runs a program on a machine without libsecret."""
    found = session.run("sh", "-c", "/sbin/ldconfig -p | sed -n 's/.*libsecret-1.so.0 .*=> //p'").stdout.decode().split()
    assert found
    hidden = " && ".join(f"mount --bind /dev/null {shlex.quote(str(Path(path).resolve()))}" for path in found)
    return ("unshare", "--mount", "sh", "-c", hidden + ' && exec "$@"', "sh")


def test_a_machine_without_libsecret_keeps_sign_ins_in_memory(
    person: Person, server: FamilyServer, service: str
) -> None:
    within = without_libsecret(person.session)

    def keyfob(*arguments: str) -> Done:
        return person.session.run(*within, binaries.keyfob(), *arguments)

    refused = keyfob("token", service, "--interaction", "never")
    assert (refused.returncode, refused.stdout) == (69, b"")
    assert "libsecret is not installed" in refused.stderr.decode() and HINT in refused.stderr.decode()
    assert "libsecret is not installed" in keyfob("doctor").stdout.decode()
    assert_worked(keyfob("login", "--store", "memory", service))
    erase(person, service)
    assert server.is_active(keyfob("token", service, "--interaction", "never").stdout.decode().strip())
    assert [entry["store"] for entry in json.loads(keyfob("status", "--json").stdout)] == ["memory"]
    assert "not needed: sign-ins are kept in kernel memory" in keyfob("doctor").stdout.decode()
