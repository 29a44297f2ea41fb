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


LIMIT = "to lift the limit: ulimit -f unlimited"


@pytest.mark.parametrize("signal_is_ignored", [True, False])
def test_a_limit_for_files_is_named_and_the_sound_list_stays(
    person: Person, server: FamilyServer, signal_is_ignored: bool
) -> None:
    """A process that writes beyond its limit also gets a signal, which would end it without a word."""
    person.approvals.parent.mkdir(parents=True)
    before = f'[host."https://git.example.test"]\nissuer = "{server.issuer}"\n'
    person.approvals.write_text(before)
    command = [*WITHOUT_ROOM, binaries.keyfob(), "login", f"{server.issuer}/git"]
    done = person.session.run(*(LIVES_ON if signal_is_ignored else ()), *command)
    assert (done.returncode, done.stdout) == (78, b""), stderr_lines(done)
    said = done.stderr.decode()
    assert f"{person.approvals}: cannot be written: File too large" in said
    assert LIMIT in said and "mv " not in said and "broken" not in said
    assert person.approvals.read_text() == before
    lifted = ["/bin/sh", "-c", 'ulimit -S -f 0; ulimit -f unlimited; exec "$@"', "sh", binaries.keyfob()]
    assert_worked(person.session.run(*lifted, "login", f"{server.issuer}/git"))
    assert "https://git.example.test" in person.approvals.read_text()


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        ("ENOSPC", "make room there, or set XDG_STATE_HOME to a directory on another disk"),
        ("EDQUOT", "make room there, or set XDG_STATE_HOME to a directory on another disk"),
        ("EROFS", "or set XDG_STATE_HOME to one"),
        ("EIO", "the disk does not work"),
        ("EFBIG", LIMIT),
        ("EMFILE", "end other programs, and try again"),
        ("EINVAL", "nothing was changed; try again"),
    ],
)
def test_no_failure_to_write_leads_to_moving_a_sound_list_away(
    person: Person, server: FamilyServer, error: str, hint: str
) -> None:
    service = f"{server.issuer}/git"
    person.approvals.parent.mkdir(parents=True)
    before = f'[host."https://git.example.test"]\nissuer = "{server.issuer}"\n'
    person.approvals.write_text(before)
    calls = ["-P", f"{person.approvals}.new", "-e", "trace=write", "-e", f"inject=write:error={error}"]
    done = person.session.run("strace", "-f", "-qq", "-o", "/dev/null", *calls, binaries.keyfob(), "login", service)
    said = done.stderr.decode()
    assert done.returncode == 78 and f"{person.approvals}: cannot be written: " in said, said
    assert hint in said and "mv " not in said, said
    assert person.approvals.read_text() == before
    # The other directory, as the hint says.
    if "XDG_STATE_HOME" in hint:
        elsewhere = person.home / "elsewhere"
        elsewhere.mkdir(mode=0o700)
        assert_worked(person.keyfob("login", service, XDG_STATE_HOME=str(elsewhere)))
    else:
        assert_worked(person.keyfob("login", service))


def test_a_list_that_may_not_be_read_is_made_readable(person: Person, server: FamilyServer) -> None:
    service = f"{server.issuer}/git"
    person.approvals.parent.mkdir(parents=True)
    person.approvals.write_text("")
    calls = ["-P", person.approvals, "-e", "trace=openat", "-e", "inject=openat:error=EACCES"]
    done = person.session.run("strace", "-f", "-qq", "-o", "/dev/null", *calls, binaries.keyfob(), "login", service)
    said = done.stderr.decode()
    assert done.returncode == 78 and "Permission denied" in said, said
    assert f"let yourself read it: chmod u+rw {person.approvals}" in said and "mv " not in said


def test_a_lock_that_finds_no_room_spends_no_token(person: Person, server: FamilyServer, service: str) -> None:
    assert_worked(person.keyfob("login", service))
    assert_worked(person.ask_door("erase", service, "path=git"))
    directory = person.session.runtime / "keyfob"
    full = ["-P", directory, "-e", "trace=openat", "-e", "inject=openat:error=ENOSPC:when=2+"]
    done = person.session.run("strace", "-f", "-qq", "-o", "/dev/null", *full, binaries.keyfob(), "token", service)
    assert (done.returncode, done.stdout) == (75, b""), stderr_lines(done)
    said = done.stderr.decode()
    assert f"cannot lock {directory}" in said and "No space left" in said
    assert "the disk is full: make room on it" in said and "mode 0700" not in said
    assert server.refreshes() == []
    refreshed(person, server, service)
