"""Failures of the Secret Service during a refresh: no token is lost, no call waits long, no user signs in twice.

The failure comes while the authorization server holds the answer to a refresh. By then the old refresh token is used,
and the new one exists nowhere else.
"""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import secretstorage

from harness import binaries, counts, items, kernel
from harness.desktop import CLICK, IGNORE, NOT_NOW, NotificationDaemon, Reaction
from harness.double import DoubleKeyring
from harness.family import CLIENT_ID, Answer, FamilyServer
from harness.person import Done, Person, stderr_lines
from harness.prompter import Prompter
from harness.session import SECRETS, PrivateSession
from harness.steps import assert_refused, assert_worked
from harness.waiting import wait_until

# A call to the Secret Service may take three seconds. No command makes so many calls that it takes this long.
LONGEST_SECONDS = 25
COLLECTIONS = "/org/freedesktop/secrets/collection"


@pytest.fixture
def service(person: Person, server: FamilyServer) -> str:
    """A service that this person has signed in to. The next token needs a refresh."""
    person.configure_keyfob(server.issuer, server.issuer)
    service = f"{server.issuer}/git"
    assert_worked(person.keyfob("login", service))
    drop_access_token(person, service)
    return service


def drop_access_token(person: Person, service: str) -> None:
    """Erases a token, as git does if a service refuses it."""
    assert_worked(person.ask_door("erase", service))


def ask(person: Person, service: str, interaction: str = "never") -> Done:
    """Requests a token, and fails if that takes longer than the time limits allow."""
    start = time.monotonic()
    done = person.keyfob("token", service, "--interaction", interaction)
    assert time.monotonic() - start < LONGEST_SECONDS
    return done


def during_a_refresh(server: FamilyServer, trouble: Callable[[], None]) -> None:
    """Causes the failure once, before the server answers the next refresh."""

    def once() -> None:
        server.holds_answers = lambda: None
        trouble()

    server.holds_answers = once


def assert_signed_in(person: Person, server: FamilyServer, service: str) -> None:
    """Asserts that the valid refresh token is on disk, once, and that there was no second sign-in."""
    drop_access_token(person, service)
    assert server.is_active(person.token(service))
    assert [grant["refresh_token"] for grant in items.kept(person.session, "grant")] == server.live_refresh_tokens()
    drop_access_token(person, service)
    person.session.stop_keyring()
    person.session.start_keyring()
    assert server.is_active(person.token(service))
    assert set(server.refreshes()) == {200}
    assert person.browsers_opened() == 1


def lock(session: PrivateSession) -> None:
    """Locks the keyring of the running daemon."""
    login = f"{COLLECTIONS}/login"
    call = ["gdbus", "call", "--session", "--dest", SECRETS, "--object-path", "/org/freedesktop/secrets"]
    done = session.run(*call, "--method", "org.freedesktop.Secret.Service.Lock", f"[objectpath '{login}']")
    assert login in done.stdout.decode(), stderr_lines(done)


def restart(session: PrivateSession) -> None:
    """Restarts the daemon. The keyring is unlocked, and items that were only in memory are lost."""
    session.stop_keyring()
    session.start_keyring()


# The daemon.


def test_a_restart_between_two_calls_goes_unnoticed(person: Person, server: FamilyServer, service: str) -> None:
    with counts.counted("keyring trouble", "restarted between two calls"):
        token = person.token(service)
        restart(person.session)
        assert person.token(service) == token
        assert_signed_in(person, server, service)


TROUBLES: dict[str, Callable[[PrivateSession], None]] = {
    "restarted": restart,
    "locked": lock,
    "restarted and locked": PrivateSession.lock_keyring,
    "gone": PrivateSession.stop_keyring,
    "silent": lambda session: session.keyring.send_signal(signal.SIGSTOP),
}


@pytest.mark.parametrize("name", TROUBLES)
def test_a_failure_during_a_refresh_loses_no_refresh_token(
    person: Person, server: FamilyServer, service: str, name: str
) -> None:
    with counts.counted("keyring trouble", f"{name} during a refresh"):
        during_a_refresh(server, lambda: TROUBLES[name](person.session))
        done = ask(person, service)
        assert_worked(done)
        assert server.is_active(done.stdout.decode().strip())
        # During the failure, keyfob gives the token that it has.
        assert ask(person, service).stdout == done.stdout
        mend(name, person.session)
        assert_signed_in(person, server, service)


def sign_in_with(trouble: Callable[[PrivateSession], None], person: Person, server: FamilyServer) -> str:
    """Signs in, with the failure between the server's answer and the keyring. Returns the service."""
    person.configure_keyfob(server.issuer, server.issuer)
    service = f"{server.issuer}/git"
    redeem = server.token

    def redeem_in_trouble(form: dict[str, str]) -> Answer:
        answer = redeem(form)
        server.token = redeem  # type: ignore[method-assign]
        trouble(person.session)
        return answer

    server.token = redeem_in_trouble  # type: ignore[method-assign]
    assert_worked(person.keyfob("login", service))
    return service


def mend(name: str, session: PrivateSession) -> None:
    """Ends the failure of that name."""
    if name == "silent":
        session.keyring.send_signal(signal.SIGCONT)
    else:
        restart(session)


@pytest.mark.parametrize("name", TROUBLES)
def test_a_failure_during_a_sign_in_needs_no_second_sign_in(person: Person, server: FamilyServer, name: str) -> None:
    with counts.counted("keyring trouble", f"{name} during a sign-in"):
        service = sign_in_with(TROUBLES[name], person, server)
        mend(name, person.session)
        assert_signed_in(person, server, service)


@pytest.mark.parametrize("all_of_them", [False, True])
def test_a_logout_revokes_a_grant_that_is_not_in_the_keyring_yet(
    person: Person, server: FamilyServer, all_of_them: bool
) -> None:
    with counts.counted("keyring trouble", "a logout of what is still in its refuge"):
        service = sign_in_with(PrivateSession.stop_keyring, person, server)
        person.session.start_keyring()
        assert server.issuer in person.keyfob("status").stdout.decode()
        assert_worked(person.keyfob("logout", "--all" if all_of_them else service))
        assert (server.live_refresh_tokens(), items.how_many(person.session)) == ([], 0)
        assert_refused(ask(person, service), 77)


def test_a_new_refresh_token_moves_back_as_soon_as_it_can(person: Person, server: FamilyServer, service: str) -> None:
    with counts.counted("keyring trouble", "a refuge is left again"):
        during_a_refresh(server, lambda: lock(person.session))
        assert_worked(ask(person, service))
        drop_access_token(person, service)
        # With a locked keyring, the token still works, and its successor waits in kernel memory, too.
        assert_worked(ask(person, service))
        drop_access_token(person, service)
        restart(person.session)
        assert_worked(ask(person, service))
        assert_signed_in(person, server, service)
        assert server.refreshes() == [200] * 5


COMMANDS = {
    "token": lambda person, url: person.keyfob("token", url, "--interaction", "never"),
    "login": lambda person, url: person.keyfob("login", url),
    "logout": lambda person, url: person.keyfob("logout", url),
    "status": lambda person, _: person.keyfob("status"),
    "get": lambda person, url: person.ask_door("get", url),
    "store": lambda person, _: person.ask_door("store", "https://a.example", "username=a", "password=b"),
    "get of a password": lambda person, _: person.keyfob("get", stdin=b"url=https://a.example\n"),
    "erase of a password": lambda person, _: person.keyfob("erase", stdin=b"url=https://a.example\n"),
}


def test_a_secret_service_that_never_answers_delays_no_call_for_long(
    person: Person, server: FamilyServer, service: str
) -> None:
    person.session.stop_keyring()
    black_hole = person.session.start("dbus-test-tool", "black-hole", f"--name={SECRETS}")
    person.session.end_at_last(black_hole)
    person.session.run("gdbus", "wait", "--session", "--timeout", "20", SECRETS).check_returncode()
    # Each command uses another service: at one service, one would wait for the other.
    urls = {name: f"{service}/{number}" for number, name in enumerate(COMMANDS)}
    hosts = [f'[host."{url}"]\nissuer = "{server.issuer}"\nclient_id = "{CLIENT_ID}"\n' for url in urls.values()]
    person.configuration.write_text("\n".join(hosts))
    start = time.monotonic()
    with ThreadPoolExecutor(len(COMMANDS)) as pool:
        running = {name: pool.submit(command, person, urls[name]) for name, command in COMMANDS.items()}
        for name, future in running.items():
            with counts.counted("keyring trouble", f"a service that never answers: {name}"):
                done = future.result()
                assert_refused(done, 69)
                assert "did not answer" in done.stderr.decode(), name
    assert time.monotonic() - start < LONGEST_SECONDS
    assert (server.refreshes(), person.browsers_opened()) == ([], 1)


def test_a_token_in_memory_needs_no_keyring(person: Person, service: str) -> None:
    token = person.token(service)
    for name in ("locked", "gone"):
        with counts.counted("keyring trouble", f"{name} with a token in memory"):
            TROUBLES[name](person.session)
            assert person.token(service) == token


# The items.


def delete_items(session: PrivateSession) -> None:
    """Deletes all items of keyfob."""
    with items.in_other_hands(session) as found:
        for item in found:
            item.delete()


def duplicate_items(session: PrivateSession) -> None:
    """Makes a copy of each item."""
    with items.in_other_hands(session) as found:
        for item in found:
            login = secretstorage.Collection(item.connection, f"{COLLECTIONS}/login")
            login.create_item(item.get_label(), item.get_attributes(), item.get_secret(), replace=False)


def test_a_deleted_grant_needs_a_sign_in(
    person: Person, server: FamilyServer, service: str
) -> None:
    with counts.counted("keyring trouble", "deleted between two calls"):
        token = person.token(service)
        delete_items(person.session)
        # The token in kernel memory works until it expires.
        assert person.token(service) == token
        drop_access_token(person, service)
        assert_refused(ask(person, service), 77)
        assert server.refreshes() == [200]
        assert_worked(person.keyfob("login", service))
        assert server.is_active(person.token(service))
        assert items.how_many(person.session) == 1


def test_a_grant_that_is_deleted_during_a_refresh_is_stored_again(
    person: Person, server: FamilyServer, service: str
) -> None:
    with counts.counted("keyring trouble", "deleted during a refresh"):
        during_a_refresh(server, lambda: delete_items(person.session))
        assert_worked(ask(person, service))
        assert_signed_in(person, server, service)


def test_duplicate_items_of_a_grant_are_merged_into_one(person: Person, server: FamilyServer, service: str) -> None:
    with counts.counted("keyring trouble", "two items of one grant"):
        duplicate_items(person.session)
        assert len(items.kept(person.session, "grant")) == 2
        assert_worked(ask(person, service))
        assert len(items.kept(person.session, "grant")) == 1
        assert_signed_in(person, server, service)


# Prompts.


@pytest.mark.parametrize("interaction", ["never", "always"])
def test_an_unanswered_prompt_is_not_taken_for_an_empty_keyring(
    person: Person, server: FamilyServer, service: str, interaction: str
) -> None:
    with counts.counted("keyring trouble", f"locked, interaction {interaction}"):
        person.session.lock_keyring()
        done = ask(person, service, interaction)
        assert_refused(done, 69)
        assert "lock" in done.stderr.decode() or "dismissed" in done.stderr.decode()
        assert (server.refreshes(), person.browsers_opened()) == ([], 1)
        restart(person.session)
        assert_signed_in(person, server, service)


def test_a_dismissed_prompt_is_not_taken_for_an_empty_keyring(person: Person, server: FamilyServer, service: str) -> None:
    with counts.counted("keyring trouble", "a prompt is dismissed"), Prompter(person.session) as prompter:
        person.session.lock_keyring()
        done = ask(person, service, "always")
        assert_refused(done, 69)
        assert "dismissed" in done.stderr.decode()
        assert prompter.dismissed == 1
        assert (server.refreshes(), person.browsers_opened()) == ([], 1)
    restart(person.session)
    assert_signed_in(person, server, service)


# Prompts of programs in the background of a desktop: a notification comes first.

DESKTOP = {"DISPLAY": ":99"}
QUESTION = b"protocol=https\nhost=stored.example\n\n"


@pytest.fixture
def asked(person: Person) -> Iterator[Person]:
    """A person with a stored password in a locked keyring."""
    assert_worked(person.keyfob("store", stdin=QUESTION[:-1] + b"username=u\npassword=p\n\n"))
    person.session.lock_keyring()
    yield person
    kernel.forget(kernel.named("quiet:keyring-window", str(person.session.runtime / "keyfob")))


@pytest.mark.skipif(not kernel.is_available(), reason="the kernel keeps no keys here")
@pytest.mark.parametrize(
    ("reaction", "windows", "said"),
    [(NOT_NOW, 0, "its prompt was dismissed"), (CLICK, 1, "its prompt was dismissed")],
    ids=["the notification", "the window"],
)
def test_who_declines_is_not_asked_again_for_a_while(
    asked: Person, reaction: Reaction, windows: int, said: str
) -> None:
    with NotificationDaemon(asked.session, reaction) as daemon, Prompter(asked.session) as prompter:
        done = asked.keyfob("get", stdin=QUESTION, **DESKTOP)
        assert_refused(done, 69)
        assert said in done.stderr.decode()
        (shown,) = daemon.shown
        assert shown.summary == "Unlock your keyring?"
        assert shown.body.endswith(" asks. GNOME Keyring then opens its window.")
        for command in (["get"], ["get", "--dialect", "docker"], ["token", "https://stored.example"]):
            again = asked.keyfob(*command, stdin=QUESTION, **DESKTOP)
            assert again.returncode != 0
            if command == ["get"]:
                assert "the keyring is locked, and keyfob asks again in " in again.stderr.decode()
        assert (len(daemon.shown), prompter.dismissed) == (1, windows)


def test_many_background_programs_ask_once_about_the_keyring(asked: Person) -> None:
    with NotificationDaemon(asked.session, NOT_NOW) as daemon, Prompter(asked.session) as prompter:
        with ThreadPoolExecutor(6) as pool:
            done = list(pool.map(lambda _: asked.keyfob("get", stdin=QUESTION, **DESKTOP), range(6)))
        assert [each.returncode for each in done] == [69] * 6
        assert (len(daemon.shown), prompter.dismissed) == (1, 0)


def test_a_killed_program_takes_its_question_about_the_keyring_away(asked: Person) -> None:
    with NotificationDaemon(asked.session, IGNORE) as daemon:
        process = asked.session.start(binaries.keyfob(), "get", stdin=subprocess.PIPE, **DESKTOP)
        process.stdin.write(QUESTION)
        process.stdin.close()
        wait_until(lambda: len(daemon.shown) == 1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == -signal.SIGTERM
        assert daemon.closed == [daemon.shown[0].id]


def test_a_keyring_that_is_unlocked_meanwhile_needs_no_answer(asked: Person) -> None:
    with NotificationDaemon(asked.session, IGNORE) as daemon:
        process = asked.session.start(binaries.keyfob(), "get", stdin=subprocess.PIPE, **DESKTOP)
        process.stdin.write(QUESTION)
        process.stdin.close()
        wait_until(lambda: len(daemon.shown) == 1)
        asked.session.unlock_keyring()
        assert process.wait(timeout=10) == 0
        assert b"password=p\n" in process.stdout.read()
        assert daemon.closed == [daemon.shown[0].id]


def test_the_window_comes_at_once_if_the_person_has_asked_for_windows(asked: Person) -> None:
    with NotificationDaemon(asked.session, NOT_NOW) as daemon, Prompter(asked.session) as prompter:
        assert_refused(asked.keyfob("get", stdin=QUESTION, **DESKTOP, KEYFOB_INTERACTION="always"), 69)
        assert (daemon.shown, prompter.dismissed) == ([], 1)


def test_no_window_opens_on_a_desktop_without_notifications(asked: Person) -> None:
    with Prompter(asked.session) as prompter:
        done = asked.keyfob("get", stdin=QUESTION, **DESKTOP)
        assert_refused(done, 69)
        assert "the keyring is locked" in done.stderr.decode()
        assert prompter.dismissed == 0


def test_an_open_keyring_that_keyfob_does_not_know_needs_no_question(person: Person) -> None:
    person.session.stop_keyring()
    with DoubleKeyring(person.session), NotificationDaemon(person.session, NOT_NOW) as daemon:
        assert_worked(person.keyfob("store", stdin=QUESTION[:-1] + b"username=u\npassword=p\n\n", **DESKTOP))
        answer = person.keyfob("get", stdin=QUESTION, **DESKTOP)
        assert b"password=p\n" in answer.stdout
        assert daemon.shown == []
