"""Failures of the kernel keyring: keyfob loses nothing, and the user does not notice.

The kernel has one quota and one keyring for each user, shared by all sessions. If the tests run as root, they use a
separate user, whose quota they may exhaust and whose keys they may revoke.
"""

from __future__ import annotations

import os
import pwd
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness import binaries, counts, kernel
from harness.family import FamilyServer
from harness.person import Person, stderr_lines
from harness.session import PrivateSession
from harness.steps import assert_worked
from harness.waiting import wait_until
from test_keyring_trouble import drop_access_token, during_a_refresh, lock

# A user that every Debian has, without processes.
USER = pwd.getpwnam("games").pw_uid
NOBODY = "65534"
POSSESSOR_AND_ALL = "0x3f3f003f"
# A key counts with its payload and its name. These keys use up the quota to the last byte.
FILLERS = [*([4096] * 8), *([512] * 8), *([64] * 8), *([1] * 200)]


@pytest.fixture
def server() -> Iterator[FamilyServer]:
    """The authorization server, which revokes a token family if a refresh token is used twice."""
    with FamilyServer() as running:
        yield running


@pytest.fixture
def somebody(monkeypatch: pytest.MonkeyPatch) -> Iterator[Person]:
    """A person with a separate user id, and so with separate keys."""
    if os.geteuid() != 0:
        pytest.skip("only root can run a session for another user")
    with PrivateSession(user=USER) as session:
        # That user may not be allowed to read the directories of the programs and the browser.
        programs = session.root / "bin"
        programs.mkdir()
        for program in (binaries.keyfob(), binaries.keyfob_main(), binaries.git_credential_keyfob()):
            shutil.copy(program, programs)
        monkeypatch.setenv("KEYFOB_BIN", str(programs))
        session.start_keyring()
        person = Person(session)
        browser = programs / "browser"
        browser.write_text(f'#!/bin/sh\necho "$1" >> {session.home}/browser.log\nexec curl -sSL -b "" "$1"\n')
        browser.chmod(0o755)
        session.env["BROWSER"] = str(browser)
        empty(session)
        yield person
        empty(session)


@pytest.fixture
def tracer(person: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Makes every keyring system call of keyfob fail, in the given way."""

    def refuse(what: str) -> None:
        for program in (binaries.keyfob(), binaries.git_credential_keyfob()):
            trace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=add_key,keyctl", "-e", f"inject={what}"]
            wrapper = tmp_path / program.name
            wrapper.write_text(f'#!/bin/sh\nexec {shlex.join(trace)} {program} "$@"\n')
            wrapper.chmod(0o755)
        monkeypatch.setenv("KEYFOB_BIN", str(tmp_path))

    return refuse


def keyctl(session: PrivateSession, *arguments: str) -> str:
    """Runs keyctl as the session's user, if it can."""
    return session.run("keyctl", *arguments).stdout.decode().strip()


def keyring(session: PrivateSession) -> str:
    """The serial number of keyfob's keyring."""
    serial = keyctl(session, "search", "@u", "keyring", "keyfob")
    assert serial, "keyfob has made no keyring"
    return serial


def empty(session: PrivateSession) -> None:
    """Removes all keys from the user's keyring. The kernel frees them later, on a busy machine after seconds."""
    keyctl(session, "clear", "@u")
    wait_until(lambda: kernel.keys_in_quota(USER) < 20)


# The failures.


def use_up_the_quota(session: PrivateSession) -> None:
    """Uses up the user's quota of keys."""
    script = "".join(
        f"head -c {size} /dev/zero | keyctl padd user filler-{number} @u\n" for number, size in enumerate(FILLERS)
    )
    session.run("sh", "-c", script)
    assert keyctl(session, "add", "user", "one more", "x", "@u") == ""


def revoke_the_keys(session: PrivateSession) -> None:
    """Revokes keyfob's keys."""
    serials = keyctl(session, "rlist", keyring(session)).split()
    assert serials
    for serial in serials:
        keyctl(session, "revoke", serial)


def revoke_the_keyring(session: PrivateSession) -> None:
    """Revokes keyfob's keyring."""
    keyctl(session, "revoke", keyring(session))


def give_the_keyring_away(session: PrivateSession) -> None:
    """Gives the keyring to another user, with write permission for everybody."""
    serial = keyring(session)
    keyctl(session, "setperm", serial, POSSESSOR_AND_ALL)
    subprocess.run(["keyctl", "chown", serial, NOBODY], check=True)


def take_the_keyring_away(session: PrivateSession) -> None:
    """Removes all permissions of the keyring."""
    keyctl(session, "setperm", keyring(session), "0")


TROUBLES = {
    "quota exceeded": use_up_the_quota,
    "keys revoked": revoke_the_keys,
    "keyring revoked": revoke_the_keyring,
    "wrong owner": give_the_keyring_away,
    "no permissions": take_the_keyring_away,
}


def assert_unnoticed(person: Person, server: FamilyServer, service: str) -> None:
    """Asserts that there is a token, the same the next time, and that the next refresh token is not lost."""
    token = person.token(service)
    assert server.is_active(token)
    before = len(server.refreshes())
    assert person.token(service) == token
    door = person.ask_door("get", service)
    assert f"password={token}" in door.stdout.decode().splitlines(), stderr_lines(door)
    assert len(server.refreshes()) == before
    # The keyring fails, too: it is locked while the server makes a new refresh token, which waits in kernel memory.
    drop_access_token(person, service)
    during_a_refresh(server, lambda: lock(person.session))
    for _ in range(3):
        assert server.is_active(person.token(service))
        drop_access_token(person, service)
    assert set(server.refreshes()) == {200}
    assert person.browsers_opened() == 1


@pytest.mark.parametrize("name", TROUBLES)
def test_a_user_does_not_notice_failures_of_the_kernel_keyring(
    somebody: Person, server: FamilyServer, name: str
) -> None:
    with counts.counted("keyring trouble", f"kernel: {name}"):
        service = f"{server.issuer}/git"
        somebody.configure_keyfob(server.issuer, server.issuer)
        assert_worked(somebody.keyfob("login", service))
        TROUBLES[name](somebody.session)
        ring = keyctl(somebody.session, "search", "@u", "keyring", "keyfob")
        kept = keyctl(somebody.session, "rlist", ring)
        assert_unnoticed(somebody, server, service)
        # keyfob puts no key into another user's keyring, or into one without permissions.
        assert name != "wrong owner" or (ring and keyctl(somebody.session, "rlist", ring) == kept)


# Containers return EPERM, a kernel without keyrings ENOSYS.
@pytest.mark.parametrize(
    "what", ["add_key,keyctl:error=EPERM", "add_key,keyctl:error=ENOSYS", "add_key:error=EDQUOT", "keyctl:error=EACCES"]
)
def test_keyfob_works_without_kernel_keyrings(
    person: Person, server: FamilyServer, tracer: Callable[[str], None], what: str
) -> None:
    with counts.counted("keyring trouble", f"kernel: {what}"):
        tracer(what)
        service = f"{server.issuer}/git"
        person.configure_keyfob(server.issuer, server.issuer)
        assert_worked(person.keyfob("login", service))
        assert_unnoticed(person, server, service)


@pytest.mark.parametrize("error", ["EPERM", "ENOSYS"])
@pytest.mark.parametrize("store", ["memory", "auto"])
def test_forbidden_kernel_keys_are_not_taken_for_empty(
    person: Person, server: FamilyServer, tracer: Callable[[str], None], store: str, error: str
) -> None:
    with counts.counted("keyring trouble", f"no keyring, kernel: {error}, store = {store}"):
        service = f"{server.issuer}/git"
        person.configure_keyfob(server.issuer, server.issuer)
        person.configuration.write_text(f'store = "{store}"\n' + person.configuration.read_text())
        tracer(f"add_key,keyctl:error={error}")
        nowhere = {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent"}
        for command in (
            ["status"],
            ["logout", "--all"],
            ["token", service, "--interaction", "never"],
            ["login", service],
        ):
            done = person.keyfob(*command, **nowhere)
            said = done.stderr.decode()
            assert (done.returncode, done.stdout) == (69, b""), (command, said)
            assert "the kernel keeps no keys for this process" in said, (command, said)
            assert "hint: in a container, allow the system calls add_key and keyctl" in said, (command, said)
        refused = person.ask_door("get", service, KEYFOB_INTERACTION="never", **nowhere)
        assert (refused.returncode, refused.stdout) == (69, b"")
    assert person.browsers_opened() == 0
