"""KWallet and KeePassXC as people have them, and what a Secret Service may do by its specification."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from harness import binaries, items, kernel, keyrings
from harness.double import DoubleKeyring
from harness.family import FamilyServer
from harness.keyrings import Display, Keyring
from harness.person import Done, Person, stderr_lines
from harness.session import PrivateSession
from harness.steps import assert_refused, assert_worked
from harness.terminal import Terminal

DATABASE = "Unlock Database"
ACCESS = "Access Request"
NEVER = {"KEYFOB_INTERACTION": "never"}
OF_GIT = {"GIT_TERMINAL_PROMPT": "0"}
PASSWORD = b"url=https://a.example\nusername=a\npassword=b\n"
QUESTION = b"url=https://a.example\n"
QUIET = "ConfirmAccessItem=false\nConfirmDeleteItem=false\n"


@pytest.fixture
def bare_session() -> Iterator[PrivateSession]:
    """A session with a bus, and no keyring yet."""
    with PrivateSession(path=[binaries.bin_directory()]) as running:
        yield running
        kernel.forget(kernel.of_accounts(running.accounts()))


@pytest.fixture
def owner(bare_session: PrivateSession, server: FamilyServer) -> Person:
    """A person in that session, whose keyfob is configured for our server."""
    person = Person(bare_session)
    person.configure_keyfob(server.issuer, server.issuer)
    return person


@pytest.fixture
def display(bare_session: PrivateSession) -> Display:
    """A display for the keyring's windows. The session's programs know it too."""
    display = Display(bare_session)
    bare_session.env.update(display.env)
    return display


def url(server: FamilyServer) -> str:
    """A service at our server."""
    return f"{server.issuer}/git"


def assert_everything_works(person: Person, server: FamilyServer, **env: str) -> None:
    """Passwords, a sign-in, a refresh and a logout."""
    assert_worked(person.keyfob("store", stdin=PASSWORD, **env))
    assert person.keyfob("get", stdin=QUESTION, **env).stdout == b"username=a\npassword=b\n"
    assert_worked(person.keyfob("login", url(server)))
    assert_worked(person.ask_door("erase", url(server)))
    refreshed = person.keyfob("token", url(server), **env)
    assert_worked(refreshed)
    assert server.is_active(refreshed.stdout.decode().strip())
    assert server.issuer in at_terminal(person, "status", **env)
    at_terminal(person, "logout", url(server), **env)
    assert server.live_refresh_tokens() == []
    assert_worked(person.keyfob("erase", stdin=QUESTION, **env))
    assert_refused(person.keyfob("get", stdin=QUESTION, **env), 1)


def at_terminal(person: Person, *command: str, **env: str) -> str:
    """The output of a command of keyfob that a person runs, and that works."""
    terminal = Terminal(person.session, binaries.keyfob(), *command, **env)
    assert terminal.finish() == 0, terminal.shown
    return terminal.shown


# KWallet.


@pytest.mark.parametrize("env", [NEVER, OF_GIT], ids=["never", "git's own variable"])
def test_a_wallet_that_the_login_opened_asks_nobody(owner: Person, server: FamilyServer, env: dict[str, str]) -> None:
    keyrings.kwallet(owner.session)
    # Until the first client has followed a prompt, it says that it is locked.
    assert_everything_works(owner, server, **env)


def test_a_wallet_that_nobody_has_opened_is_never_empty(
    owner: Person, server: FamilyServer, display: Display
) -> None:
    wallet = keyrings.kwallet(owner.session, display)
    assert_worked(owner.keyfob("login", url(server)))
    # kwalletd5 writes its files after five seconds, and reads a wallet again that it has closed.
    close = ("gdbus", "call", "--session", "--dest", "org.kde.kwalletd5", "--object-path", "/modules/kwalletd5")
    owner.session.run(*close, "--method", "org.kde.KWallet.close", "kdewallet", "true").check_returncode()
    wallet.stop()
    kernel.forget(kernel.of_accounts(owner.session.accounts()))
    keyrings.kwallet(owner.session, display, at_login=False)
    for command in (["status"], ["logout", url(server)], ["token", url(server)]):
        done = owner.keyfob(*command, **NEVER)
        assert_refused(done, 69)
        assert "the keyring is locked" in done.stderr.decode()
    assert display.windows() == []
    assert len(server.live_refresh_tokens()) == 1


def test_a_wallet_that_ends_before_it_has_written_its_file_loses_no_sign_in(
    owner: Person, server: FamilyServer
) -> None:
    wallet = keyrings.kwallet(owner.session)
    assert_worked(owner.keyfob("login", url(server)))
    assert_worked(owner.ask_door("erase", url(server)))
    owner.token(url(server))
    wallet.crash()
    keyrings.kwallet(owner.session)
    assert_worked(owner.ask_door("erase", url(server)))
    assert server.is_active(owner.token(url(server)))
    assert (set(server.refreshes()), owner.browsers_opened()) == ({200}, 1)


def test_doctor_names_kwallet(owner: Person) -> None:
    keyrings.kwallet(owner.session)
    report = owner.keyfob("doctor").stdout.decode()
    assert "KWallet (kwalletd5)" in report
    assert "an item was written and deleted again" in report


# KeePassXC.


@pytest.mark.parametrize("env", [{}, NEVER], ids=["auto", "never"])
def test_an_open_database_without_confirmations_is_a_keyring_like_others(
    owner: Person, server: FamilyServer, env: dict[str, str]
) -> None:
    keyrings.keepassxc(owner.session, settings=QUIET)
    if env:
        assert_worked(owner.keyfob("store", stdin=PASSWORD, **env))
        assert owner.keyfob("get", stdin=QUESTION, **env).stdout == b"username=a\npassword=b\n"
    else:
        assert_everything_works(owner, server, KEYFOB_INTERACTION="always")


@pytest.mark.parametrize("env", [NEVER, OF_GIT], ids=["never", "git's own variable"])
def test_a_locked_database_opens_no_window_if_nobody_may_be_asked(
    owner: Person, server: FamilyServer, display: Display, env: dict[str, str]
) -> None:
    keyrings.keepassxc(owner.session, display, unlocked=False, settings=QUIET)
    for command in (["get"], ["status"], ["logout", url(server)], ["token", url(server)]):
        done = owner.keyfob(*command, stdin=QUESTION, **env)
        assert_refused(done, 69)
        assert "the keyring is locked" in done.stderr.decode()
    assert not any(DATABASE in name for name in display.windows())


@pytest.mark.parametrize("way", ["docker", "configuration"])
def test_who_never_asks_does_not_open_a_window_through_the_keyring(owner: Person, display: Display, way: str) -> None:
    keyrings.keepassxc(owner.session, display, unlocked=False, settings=QUIET)
    if way == "docker":
        done = owner.keyfob("get", "--dialect", "docker", stdin=b"a.example")
    else:
        owner.configuration.write_text('interaction = "never"\n')
        done = owner.keyfob("get", stdin=QUESTION)
    assert done.returncode != 0
    assert b"locked" in done.stdout + done.stderr
    assert not any(DATABASE in name for name in display.windows())


def test_a_locked_database_waits_for_its_person_and_says_so(owner: Person, display: Display) -> None:
    keyrings.keepassxc(owner.session, display, unlocked=False, settings=QUIET)
    terminal = Terminal(owner.session, binaries.keyfob(), "status")
    terminal.read_until("waiting for your answer to KeePassXC, in its window\n")
    display.answer(DATABASE, f"={keyrings.PASSWORD}", "Return")
    assert terminal.finish() == 0
    assert "not signed in anywhere" in terminal.shown


def test_one_process_asks_once_and_a_persons_own_commands_may_ask(
    owner: Person, server: FamilyServer, display: Display
) -> None:
    keyrings.keepassxc(owner.session, display)
    assert_worked(owner.keyfob("login", url(server)))
    for command in (["status"], ["logout", url(server)]):
        terminal = Terminal(owner.session, binaries.keyfob(), *command)
        terminal.read_until("waiting for your answer to KeePassXC")
        display.answer(ACCESS, "Return")
        assert terminal.finish() == 0, terminal.shown
    assert server.live_refresh_tokens() == []


def test_doctor_says_what_to_change_in_keepassxc(owner: Person, server: FamilyServer) -> None:
    keyrings.keepassxc(owner.session)
    assert_worked(owner.keyfob("login", url(server)))
    report = owner.keyfob("doctor", **NEVER).stdout.decode().splitlines()
    assert any(line.startswith("ok") and "KeePassXC (keepassxc)" in line for line in report)
    assert any(line.startswith("ok") and "writable" in line for line in report)
    assert any(line.startswith("warning") and "collection" in line for line in report)
    assert any("Confirm when passwords are retrieved by clients" in line for line in report)


# What the specification allows.


COMMANDS: dict[str, Callable[[Person, str], Done]] = {
    "status": lambda person, service: person.keyfob("status", **NEVER),
    "logout": lambda person, service: person.keyfob("logout", service, **NEVER),
    "login": lambda person, service: person.keyfob("login", service),
    "get": lambda person, service: person.ask_door("get", service, **NEVER),
    "get of a password": lambda person, service: person.keyfob("get", stdin=QUESTION, **NEVER),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_locked_keyring_that_hides_its_items_is_never_empty(owner: Person, server: FamilyServer, name: str) -> None:
    with DoubleKeyring(owner.session) as keyring:
        assert_worked(owner.keyfob("login", url(server)))
        assert_worked(owner.ask_door("erase", url(server)))
        keyring.is_locked = keyring.dismisses_prompts = True
        done = COMMANDS[name](owner, url(server))
        assert_refused(done, 69)
        assert "locked" in done.stderr.decode()
        assert (keyring.prompts, len(server.families), len(server.live_refresh_tokens())) == (int(name == "login"), 1, 1)


def test_a_keyring_that_refuses_one_session_is_asked_again(owner: Person) -> None:
    with DoubleKeyring(owner.session, refused_sessions=1):
        assert_worked(owner.keyfob("store", stdin=PASSWORD))
        assert owner.keyfob("get", stdin=QUESTION).stdout == b"username=a\npassword=b\n"


def test_an_item_without_its_secret_is_written_again_and_never_an_answer(owner: Person) -> None:
    with DoubleKeyring(owner.session, lost_secrets=1) as keyring:
        assert_worked(owner.keyfob("store", stdin=PASSWORD))
        assert [secret for _, secret in keyring.items.values()] == [b"b"]
        assert owner.keyfob("get", stdin=QUESTION).stdout == b"username=a\npassword=b\n"
        keyring.items = {path: (attributes, b"") for path, (attributes, _) in keyring.items.items()}
        assert_refused(owner.keyfob("get", stdin=QUESTION), 1)


@pytest.mark.parametrize("endings", [["", ""], ["", "alias"], ["alias", ""], ["", "x"], ["x", "xx", ""]])
def test_an_item_that_a_keyring_shows_several_times_is_not_deleted(
    owner: Person, server: FamilyServer, endings: list[str]
) -> None:
    with DoubleKeyring(owner.session) as keyring:
        assert_worked(owner.keyfob("login", url(server)))
        keyring.endings = endings
        for _ in range(2):
            assert_worked(owner.ask_door("erase", url(server)))
            assert server.is_active(owner.token(url(server)))
        keyring.endings = [""]
        assert_worked(owner.ask_door("erase", url(server)))
        assert server.is_active(owner.token(url(server)))
        assert (server.refreshes(), len(server.families)) == ([200] * 3, 1)


def test_a_keyring_that_asks_inside_a_call_may_take_the_time_of_its_person(owner: Person) -> None:
    with DoubleKeyring(owner.session) as keyring:
        assert_worked(owner.keyfob("store", stdin=PASSWORD))
        keyring.asks_in = "GetSecrets"
        terminal = Terminal(owner.session, "sh", "-c", "echo url=https://a.example | keyfob get --interaction always")
        terminal.read_until("waiting for your answer to the keyring, in its window\n")
        keyring.let_go()
        assert terminal.finish() == 0
        assert "password=b" in terminal.shown


def test_a_prompt_that_nobody_answers_ends_if_the_keyring_is_unlocked_in_another_way(owner: Person) -> None:
    with DoubleKeyring(owner.session) as keyring:
        keyring.is_locked = True
        terminal = Terminal(owner.session, binaries.keyfob(), "status", KEYFOB_INTERACTION="always")
        terminal.read_until("waiting for your answer to the keyring, in its window\n")
        keyring.is_locked = False
        assert (terminal.finish(), keyring.prompts) == (0, 1)
        assert "not signed in anywhere" in terminal.shown


def test_a_keyring_that_stays_locked_is_not_taken_for_empty(owner: Person) -> None:
    with DoubleKeyring(owner.session) as keyring:
        keyring.is_locked = keyring.only_claims_to_unlock = True
        for command in (["status"], ["logout", "--all"], ["doctor"]):
            done = owner.keyfob(*command)
            assert done.returncode == 69, (command, stderr_lines(done))
        assert_refused(owner.keyfob("get", stdin=QUESTION), 69)


def test_a_keyring_that_the_bus_starts_may_take_seconds_for_that(owner: Person) -> None:
    owner.session.start_keyring_on_demand(after_seconds=4)
    done = owner.keyfob("store", stdin=PASSWORD, **NEVER)
    assert_worked(done)
    assert stderr_lines(done) == ["keyfob: waiting for the keyring to start"]
    assert items.how_many(owner.session) == 0
    assert owner.keyfob("get", stdin=QUESTION, **NEVER).stdout == b"username=a\npassword=b\n"
