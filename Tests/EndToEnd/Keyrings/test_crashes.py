"""keyfob is killed at any system call. The next call finds complete data, and does not wait for a lock."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness import binaries, items, kernel
from harness.crashes import Crash, Killer
from harness.family import FamilyServer
from harness.person import Done, Person, description, stderr_lines
from harness.steps import assert_worked
from harness.waiting import wait_until

pytestmark = pytest.mark.timeout(1800)

NOT_LONG_SECONDS = 15  # A call that waits for a left lock would take three times as long.
NEVER = ("--interaction", "never")
PASSWORD_URL = "https://git.example.test"


@pytest.fixture
def killer(person: Person, killpoint: Path) -> Iterator[Killer]:
    """Kills this person's commands. Fails at the end if a check failed."""
    running = Killer(person.session, killpoint)
    yield running
    running.report()


def at_once(person: Person, *arguments: str, before: Sequence[Path] = ()) -> Done:
    """Runs keyfob, which must not wait. `before` is a program that runs it."""
    begun = time.monotonic()
    done = person.session.run(*before, binaries.keyfob(), *arguments)
    assert time.monotonic() - begun < NOT_LONG_SECONDS
    return done


def drop_access_token(person: Person, service: str, before: Sequence[Path] = ()) -> None:
    """Erases a token, as git does if a service refuses it."""
    request = description(service) + b"path=git\n"
    assert_worked(person.session.run(*before, binaries.git_credential_keyfob(), "erase", stdin=request))


def is_on_its_way(person: Person) -> bool:
    """Whether kernel memory has a grant that may not be in the keyring yet."""
    return any(kernel.named("grant:", account) for account in person.session.accounts())


def assert_whole(person: Person) -> None:
    """Asserts that every item is complete, that there is at most one of a kind, and that keyfob's report agrees. keyfob
    also reports a grant that waits in kernel memory for the keyring."""
    grants = items.kept(person.session, "grant")
    assert len(grants) <= 1 and len(items.kept(person.session, "registration")) <= 1
    told = at_once(person, "status", "--json")
    assert_worked(told)
    assert len(json.loads(told.stdout)) == (1 if is_on_its_way(person) else len(grants))


def is_kept(person: Person, refresh_tokens: list[str]) -> bool:
    """Whether a grant with one of these refresh tokens is in the keyring, or waits in kernel memory for it."""
    found = [grant.get("refresh_token") for grant in items.kept(person.session, "grant")]
    return is_on_its_way(person) or any(token in refresh_tokens for token in found)


def assert_died_waiting_for_the_answer(crash: Crash) -> None:
    """Whether the command died in the only time in which a token can get lost: before it is in kernel memory."""
    if kernel.is_available():
        assert crash.call not in ("sendmsg", "recvmsg"), "it was the keyring's turn already"


def assert_can_go_on(person: Person, server: FamilyServer, service: str, before: Sequence[Path] = ()) -> None:
    """Asserts that there is a token without interaction, now and after the next refresh."""
    for _ in range(2):
        done = at_once(person, "token", service, *NEVER, before=before)
        assert_worked(done)
        assert server.is_active(done.stdout.decode().strip())
        drop_access_token(person, service, before)


@pytest.mark.parametrize("forgives_repeats", [True, False], ids=["lenient", "strict"])
@pytest.mark.parametrize(
    "door", ["keyfob", "git-credential-keyfob", "keyfob without kernel memory", "keyfob and Ctrl-C"]
)
def test_a_killed_refresh_loses_only_a_token_that_the_server_rotated(
    person: Person,
    server: FamilyServer,
    service: str,
    killer: Killer,
    nokeys: Path,
    door: str,
    forgives_repeats: bool,
) -> None:
    server.forgives_repeats = forgives_repeats
    before = [nokeys] if door.endswith("without kernel memory") else []
    killer.signal = signal.SIGINT if door.endswith("Ctrl-C") else signal.SIGKILL

    def keyfob(*arguments: str) -> Done:
        return at_once(person, *arguments, before=before)

    def prepare() -> None:
        if not server.live_refresh_tokens():
            assert_worked(keyfob("login", service))
        drop_access_token(person, service, before)

    git = ([binaries.git_credential_keyfob(), "get"], description(service))
    command, stdin = git if door == "git-credential-keyfob" else ([*before, binaries.keyfob(), "token", service], b"")
    for crash in killer.crashes(prepare, command, stdin, first=2 * forgives_repeats + (door == "keyfob")):
        with killer.trial("refresh", crash):
            server.settle()
            is_lost = not is_kept(person, server.live_refresh_tokens())
            if is_lost and kernel.is_available() and not before:
                assert_died_waiting_for_the_answer(crash)
            if is_lost and not forgives_repeats:
                done = keyfob("token", service, *NEVER)
                assert (done.returncode, done.stdout) == (77, b""), stderr_lines(done)
                assert "the answer to the last refresh was lost" in done.stderr.decode()
            else:
                assert_can_go_on(person, server, service, before)
            assert_whole(person)


@pytest.mark.parametrize(
    "signals",
    [
        [signal.SIGINT],
        [signal.SIGTERM],
        [signal.SIGHUP],
        # git passes a signal on to its helper, which has had it already from the terminal. timeout(1) signals twice.
        [signal.SIGINT, signal.SIGINT],
        [signal.SIGTERM, signal.SIGCONT, signal.SIGTERM],
        [signal.SIGINT, signal.SIGTERM, signal.SIGHUP],
    ],
    ids=lambda signals: " ".join(number.name for number in signals),
)
def test_a_signal_during_a_refresh_waits_until_the_new_token_is_kept(
    person: Person, server: FamilyServer, service: str, signals: list[signal.Signals]
) -> None:
    with held_refresh(person, server, service) as (process, go):
        for number in signals:
            process.send_signal(number)
        go.set()
        assert -process.wait() in signals
    # This server ends the grant at the second use of a refresh token.
    assert_can_go_on(person, server, service)
    assert set(server.refreshes()) == {200}


@pytest.mark.parametrize("signals", [2, 1], ids=["at the second signal", "within five seconds"])
def test_a_refresh_without_an_answer_ends(person: Person, server: FamilyServer, service: str, signals: int) -> None:
    with held_refresh(person, server, service) as (process, go):
        begun = time.monotonic()
        process.send_signal(signal.SIGINT)
        if signals == 2:
            wait_until(lambda: interrupted_again(process))
        assert process.wait() == -signal.SIGINT
        assert (time.monotonic() - begun < 2.5) == (signals == 2)
        go.set()


def interrupted_again(process: subprocess.Popen[bytes]) -> bool:
    """Sends another Ctrl-C. Returns whether the process has ended."""
    process.send_signal(signal.SIGINT)
    return process.poll() is not None


@contextmanager
def held_refresh(
    person: Person, server: FamilyServer, service: str
) -> Iterator[tuple[subprocess.Popen[bytes], threading.Event]]:
    """A process whose refresh has reached the server, which answers after the event is set."""
    assert_worked(person.keyfob("login", service))
    drop_access_token(person, service)
    arrived, go = threading.Event(), threading.Event()

    def hold() -> None:
        arrived.set()
        assert go.wait(60)

    server.holds_answers = hold
    process = person.session.start(binaries.keyfob(), "token", service, *NEVER)
    try:
        assert arrived.wait(60)
        yield process, go
    finally:
        go.set()
        server.holds_answers = lambda: None
        process.kill()
        process.wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_a_signal_during_the_exchange_of_the_code_waits_until_the_sign_in_is_kept(
    person: Person, server: FamilyServer, service: str, number: signal.Signals
) -> None:
    arrived, go = threading.Event(), threading.Event()

    def hold() -> None:
        arrived.set()
        assert go.wait(60)

    server.holds_sign_ins = hold
    process = person.session.start(binaries.keyfob(), "login", service)
    try:
        assert arrived.wait(60)
        process.send_signal(number)
        go.set()
        assert process.wait(30) == -number
    finally:
        go.set()
        process.kill()
    server.holds_sign_ins = lambda: None
    assert_can_go_on(person, server, service)


@pytest.mark.parametrize("death", [signal.SIGKILL, signal.SIGINT], ids=["killed", "Ctrl-C"])
def test_a_killed_login_can_be_repeated(
    person: Person, server: FamilyServer, killer: Killer, death: signal.Signals
) -> None:
    killer.signal = death
    service = f"{server.issuer}/git"

    def prepare() -> None:
        person.session.run("secret-tool", "clear", "xdg:schema", items.SCHEMA)
        kernel.forget(kernel.of_accounts(person.session.accounts()))
        person.approvals.unlink(missing_ok=True)
        server.forget_everything()

    for crash in killer.crashes(prepare, [binaries.keyfob(), "login", service]):
        with killer.trial("login", crash):
            server.settle()
            assert_whole(person)
            live = server.live_refresh_tokens()
            if live and is_kept(person, live):
                assert_can_go_on(person, server, service)
            else:
                if live:
                    assert_died_waiting_for_the_answer(crash)
                done = at_once(person, "token", service, *NEVER)
                assert (done.returncode in (1, 77, 78), done.stdout) == (True, b""), stderr_lines(done)
            assert_worked(at_once(person, "login", service))
            assert_can_go_on(person, server, service)
            assert_whole(person)
            (registration,) = items.kept(person.session, "registration")
            assert registration["client_id"] in server.clients and len(server.clients) <= 3


def test_a_killed_logout_leaves_no_revoked_token_and_can_be_repeated(
    person: Person, server: FamilyServer, killer: Killer
) -> None:
    service = f"{server.issuer}/git"

    def prepare() -> None:
        assert_worked(person.keyfob("login", service))

    for crash in killer.crashes(prepare, [binaries.keyfob(), "logout", service]):
        with killer.trial("logout", crash):
            server.settle()
            assert_whole(person)
            done = at_once(person, "token", service, *NEVER)
            if done.returncode == 0:
                assert server.is_active(done.stdout.decode().strip())
            else:
                assert (done.returncode in (1, 77, 78), done.stdout) == (True, b""), stderr_lines(done)
            assert at_once(person, "logout", service).returncode in (0, 1)
            # Only the registration may be left. The next login uses it.
            assert_worked(person.keyfob("login", service))
            assert_worked(person.keyfob("logout", service))
            assert (items.how_many(person.session), server.live_refresh_tokens()) == (0, [])
            assert not person.approvals.exists() or server.issuer not in person.approvals.read_text()


def test_a_killed_erase_leaves_the_grant(
    person: Person, server: FamilyServer, service: str, killer: Killer
) -> None:
    assert_worked(person.keyfob("login", service))
    command = [binaries.git_credential_keyfob(), "erase"]
    for crash in killer.crashes(lambda: person.token(service), command, description(service)):
        with killer.trial("erase of a token", crash):
            assert_can_go_on(person, server, service)
            assert_whole(person)


def stored_password(person: Person) -> str | None:
    """The password for a service without an account."""
    done = person.ask_door("get", PASSWORD_URL, "username=alice", KEYFOB_INTERACTION="never")
    lines = dict(line.split("=", 1) for line in done.stdout.decode().splitlines())
    return lines.get("password")


@pytest.mark.parametrize("before", [None, "old"])
def test_a_killed_store_keeps_the_old_password_or_the_new_one(
    person: Person, killer: Killer, before: str | None
) -> None:
    def prepare() -> None:
        person.ask_door("erase", PASSWORD_URL, "username=alice")
        if before:
            assert_worked(person.ask_door("store", PASSWORD_URL, "username=alice", f"password={before}"))
        assert stored_password(person) == before

    request = description(PASSWORD_URL) + b"username=alice\npassword=new\n"
    for crash in killer.crashes(prepare, [binaries.git_credential_keyfob(), "store"], request):
        with killer.trial("store of a password", crash):
            assert stored_password(person) in (before, "new")
            assert_worked(person.ask_door("store", PASSWORD_URL, "username=alice", "password=new"))
            assert stored_password(person) == "new"


def test_a_killed_erase_keeps_the_password_or_not(person: Person, killer: Killer) -> None:
    def prepare() -> None:
        assert_worked(person.ask_door("store", PASSWORD_URL, "username=alice", "password=word"))

    request = description(PASSWORD_URL) + b"username=alice\n"
    for crash in killer.crashes(prepare, [binaries.git_credential_keyfob(), "erase"], request):
        with killer.trial("erase of a password", crash):
            assert stored_password(person) in (None, "word")
            assert_worked(person.ask_door("erase", PASSWORD_URL, "username=alice"))
            assert stored_password(person) is None
