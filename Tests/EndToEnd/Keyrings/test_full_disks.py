"""A full disk, for the keyring or for keyfob itself."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness import binaries, counts, items, kernel
from harness.family import FamilyServer
from harness.person import Done, Person, stderr_lines
from harness.session import LIVES_ON
from harness.steps import assert_worked

PASSWORD_URL = "https://git.example.test"
WITHOUT_ROOM = ("/bin/sh", "-c", 'ulimit -f 0; exec "$@"', "sh")


@pytest.fixture(autouse=True)
def counted(request: pytest.FixtureRequest) -> Iterator[None]:
    """Counts each test."""
    before = request.session.testsfailed
    yield
    counts.add("keyring trouble", request.node.name, passed=int(request.session.testsfailed == before))


def refreshed(person: Person, server: FamilyServer, service: str) -> None:
    """Erases the access token, and gets a new one with the refresh token."""
    assert_worked(person.ask_door("erase", service, "path=git"))
    before = len(server.refreshes())
    assert server.is_active(person.token(service))
    assert server.refreshes()[before:] == [200]


def keyfob_without_room(person: Person, *arguments: str) -> Done:
    """Runs keyfob, which cannot write to any file."""
    return person.session.run(*LIVES_ON, *WITHOUT_ROOM, binaries.keyfob(), *arguments)


def test_refreshes_go_on_while_the_keyring_has_no_room(person: Person, server: FamilyServer, service: str) -> None:
    assert_worked(person.keyfob("login", service))
    person.session.fill_disk_of_keyring()
    for _ in range(3):
        refreshed(person, server, service)
    person.session.fill_disk_of_keyring(full=False)
    refreshed(person, server, service)
    # The keyring on disk has the valid token, and no other one.
    person.session.stop_keyring()
    person.session.start_keyring()
    assert [grant["refresh_token"] for grant in items.kept(person.session, "grant")] == server.live_refresh_tokens()
    refreshed(person, server, service)
    assert person.browsers_opened() == 1


@pytest.mark.skipif(not kernel.is_available(), reason="only kernel memory outlives the keyring's process")
def test_a_token_that_came_while_the_keyring_had_no_room_outlives_the_keyring(
    person: Person, server: FamilyServer, service: str
) -> None:
    assert_worked(person.keyfob("login", service))
    person.session.fill_disk_of_keyring()
    refreshed(person, server, service)
    person.session.stop_keyring()
    person.session.start_keyring()
    refreshed(person, server, service)
    assert person.browsers_opened() == 1


def test_a_new_password_that_finds_no_room_does_not_replace_the_old_one(person: Person) -> None:
    def ask(operation: str, *more: str) -> Done:
        return person.ask_door(operation, PASSWORD_URL, "username=alice", *more, KEYFOB_INTERACTION="never")

    assert_worked(ask("store", "password=old"))
    person.session.fill_disk_of_keyring()
    done = ask("store", "password=new")
    assert done.returncode == 69 and done.stderr.startswith(b"keyfob: "), stderr_lines(done)
    person.session.stop_keyring()
    person.session.start_keyring()
    assert b"password=old\n" in ask("get").stdout


def test_keyfob_itself_needs_no_room_for_a_refresh(person: Person, server: FamilyServer, service: str) -> None:
    assert_worked(person.keyfob("login", service))
    assert_worked(person.ask_door("erase", service, "path=git"))
    done = keyfob_without_room(person, "token", service)
    assert_worked(done)
    assert server.is_active(done.stdout.decode().strip())
    refreshed(person, server, service)


def test_an_approval_without_room_is_reported_and_loses_no_other(person: Person, server: FamilyServer) -> None:
    service = f"{server.issuer}/git"
    person.approvals.parent.mkdir(parents=True)
    before = f'[host."https://git.example.test"]\nissuer = "{server.issuer}"\n'
    person.approvals.write_text(before)
    # strace(1) makes every write to this one file fail with ENOSPC.
    full = ["-P", f"{person.approvals}.new", "-e", "trace=write", "-e", "inject=write:error=ENOSPC"]
    strace = ["strace", "-f", "-qq", "-o", person.home / "trace", *full]
    done = person.session.run(*strace, binaries.keyfob(), "login", service)
    assert "ENOSPC" in (person.home / "trace").read_text()
    assert done.returncode != 0 and str(person.approvals) in done.stderr.decode(), stderr_lines(done)
    assert person.approvals.read_text() == before
    assert person.browsers_opened() == 0
    assert_worked(person.keyfob("login", service))
    refreshed(person, server, service)
    assert "https://git.example.test" in person.approvals.read_text()


def test_a_lock_that_finds_no_room_spends_no_token(person: Person, server: FamilyServer, service: str) -> None:
    assert_worked(person.keyfob("login", service))
    assert_worked(person.ask_door("erase", service, "path=git"))
    directory = person.session.runtime / "keyfob"
    full = ["-P", directory, "-e", "trace=openat", "-e", "inject=openat:error=ENOSPC:when=2+"]
    done = person.session.run("strace", "-f", "-qq", "-o", "/dev/null", *full, binaries.keyfob(), "token", service)
    assert (done.returncode, done.stdout) == (75, b""), stderr_lines(done)
    assert f"cannot lock {directory}" in done.stderr.decode() and "No space left" in done.stderr.decode()
    assert server.refreshes() == []
    refreshed(person, server, service)
