"""The output of a sign-in, from its beginning to its end, on terminals of many kinds."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from harness import binaries
from harness.family import Answer, FamilyServer
from harness.gate import Gate
from harness.people import ALICE
from harness.person import Person, stderr_lines
from harness.steps import assert_worked
from harness.strict import StrictProvider
from harness.terminal import Terminal

START = re.compile(r"^(?:hint: .* go to: ?)?(http://127\.0\.0\.1:\d+/start/[\w-]{22})$", re.MULTILINE)
ESCAPE = "\x1b"
BOLD, PLAIN = "\x1b[1m", "\x1b[0m"
COUNTDOWN = "waiting for the browser"


@pytest.fixture
def service(person: Person, server: FamilyServer) -> str:
    """A configured service, with scopes for which keyfob has words and one for which it has none. The browser shows
    nothing."""
    person.set_browser("never")
    person.configure_keyfob(server.issuer, server.issuer, scopes=["openid", "read_repository", "odd:thing"])
    return f"{server.issuer}/git"


def begin(person: Person, service: str, *, columns: int = 120, **env: str) -> Terminal:
    """Starts `keyfob login` on a terminal."""
    return Terminal(person.session, binaries.keyfob(), "login", service, columns=columns, **env)


def approve(person: Person, login: Terminal) -> None:
    """Signs in with the address on the terminal, and waits for the end."""
    login.read_until(COUNTDOWN)
    found = START.search(login.shown.replace(BOLD, "").replace(PLAIN, ""))
    assert found, login.shown
    person.browse_elsewhere(found[1])
    assert login.finish() == 0, login.shown


def test_a_sign_in_from_its_beginning_to_its_end(person: Person, service: str, server: FamilyServer) -> None:
    login = begin(person, service)
    login.read_until(COUNTDOWN)
    origin = re.escape(server.issuer)
    approve(person, login)
    lines = [line for line in re.split(r"[\r\n]+", login.shown.replace(f"{ESCAPE}[K", "")) if line]
    expected = [
        rf"keyfob: sign in to {origin} at 127\.0\.0\.1",
        r"keyfob: asks to: know who you are, read repositories, odd:thing",
        r"hint: if no browser opens, go to: http://127\.0\.0\.1:\d+/start/[\w-]{22}",
        r"hint: or paste here the whole address of a page that cannot be shown",
        r"keyfob: (5:00|4:59) left, waiting for the browser, Ctrl-C to give up",
    ]
    for line, pattern in zip(lines, expected, strict=False):
        assert re.fullmatch(pattern, line), (line, pattern)
    assert all(COUNTDOWN in line for line in lines[len(expected) : -1]), lines
    assert lines[-1] == f"keyfob: signed in to {server.issuer}, refreshes by itself"


def test_who_waits_for_another_sign_in_is_told_for_which_and_what_came_of_it(person: Person, service: str) -> None:
    person.configuration.write_text("login_timeout = 8\n" + person.configuration.read_text())
    first = begin(person, service)
    first.read_until(COUNTDOWN)
    second = begin(person, service)
    told = r"waiting for another keyfob process \((\d+)\), which asked you \d seconds? ago to sign in; finish that sign-in, or end it there"
    assert int(second.read_until(told)) > 0
    assert first.finish() == 77
    assert second.finish() == 77
    assert "another keyfob process asked you to sign in to" in second.shown
    assert re.search(r"and nobody finished the sign-in in time\r?\nhint: run: keyfob login ", second.shown), second.shown


def test_the_time_is_counted_down_in_its_place(person: Person, service: str) -> None:
    login = begin(person, service)
    clocks = [login.read_until(rf"\rkeyfob: ({clock}) left, [^\r\n]*{ESCAPE}\[K") for clock in ("4:58", "4:57")]
    assert clocks == ["4:58", "4:57"]
    approve(person, login)
    # keyfob removes the line before the last message.
    assert re.search(rf"\r{ESCAPE}\[Kkeyfob: signed in to ", login.shown)


@pytest.mark.parametrize("columns", [20, 40, 62])
def test_a_narrow_terminal_cuts_the_countdown_and_no_address(person: Person, service: str, columns: int) -> None:
    login = begin(person, service, columns=columns)
    login.read_until(r"\rkeyfob: \d:\d\d left")
    approve_narrow(person, login)
    drawn = re.findall(rf"\r([^\r\n{ESCAPE}]+){ESCAPE}\[K", login.shown)
    assert drawn and all(len(line) < columns for line in drawn)


def approve_narrow(person: Person, login: Terminal) -> None:
    """Asserts that the whole address is alone in a line, and signs in with it."""
    start = login.read_until(r"go to:\n(http://127\.0\.0\.1:\d+/start/[\w-]{22})\n")
    person.browse_elsewhere(start)
    assert login.finish() == 0, login.shown


def test_only_text_to_copy_is_bold(person: Person, service: str) -> None:
    login = begin(person, service, NO_COLOR="")
    approve(person, login)
    bold = re.findall(r"\x1b\[1m(.*?)\x1b\[0m", login.shown)
    assert len(bold) == 1 and bold[0].startswith("http://127.0.0.1:")
    assert set(re.findall(r"\x1b\[[^A-Za-z]*[A-Za-z]", login.shown)) == {BOLD, PLAIN, f"{ESCAPE}[K"}


def test_no_color_is_obeyed(person: Person, service: str) -> None:
    login = begin(person, service, NO_COLOR="1")
    approve(person, login)
    assert set(re.findall(r"\x1b\[[^A-Za-z]*[A-Za-z]", login.shown)) == {f"{ESCAPE}[K"}


@pytest.mark.parametrize("kind", ["dumb", ""])
def test_a_dumb_terminal_gets_only_lines(person: Person, service: str, kind: str) -> None:
    login = begin(person, service, TERM=kind, NO_COLOR="")
    login.read_until(rf"\nkeyfob: (5|4) minutes left, {COUNTDOWN}, Ctrl-C to give up\n")
    approve(person, login)
    assert ESCAPE not in login.shown and "\r" not in login.shown
    assert login.shown.count(COUNTDOWN) == 1


def test_a_file_or_pipe_gets_plain_lines_and_no_countdown(
    person: Person, service: str, server: FamilyServer
) -> None:
    person.set_browser()
    done = person.keyfob("login", service)
    assert_worked(done)
    assert ESCAPE.encode() not in done.stderr and b"\r" not in done.stderr
    assert COUNTDOWN not in done.stderr.decode()
    assert stderr_lines(done)[-1] == f"keyfob: signed in to {server.issuer}, refreshes by itself"


def test_the_account_is_named_at_the_end(person: Person, strict: StrictProvider, strict_gate: Gate) -> None:
    person.configure_keyfob(strict_gate.origin, strict.issuer, client_id=None, scopes=["openid", "profile"])
    done = person.keyfob("login", strict_gate.url)
    assert_worked(done)
    said = f"keyfob: signed in to {strict_gate.origin} as {ALICE}, refreshes by itself"
    assert stderr_lines(done)[-1] == said


@pytest.mark.parametrize(
    ("seconds", "end"),
    [(60, r"until \d\d:\d\d"), (172_800, r"until \d{4}-\d\d-\d\d \d\d:\d\d"), (None, "until you log out")],
    ids=["a minute", "two days", "for ever"],
)
def test_the_end_of_a_token_without_refresh_is_shown(
    person: Person, service: str, server: FamilyServer, monkeypatch: pytest.MonkeyPatch, seconds: int | None, end: str
) -> None:
    issue = server.token

    def token(form: dict[str, str]) -> Answer:
        status, answer = issue(form)
        wanted = ("access_token", "token_type") if seconds is None else ("access_token", "token_type", "expires_in")
        return status, {name: answer[name] for name in wanted}

    monkeypatch.setattr(server, "token", token)
    server.lifetime = seconds or server.lifetime
    person.set_browser()
    done = person.keyfob("login", service, TZ="UTC")
    assert_worked(done)
    said = re.fullmatch(rf"keyfob: signed in to {re.escape(server.issuer)}, ({end})", stderr_lines(done)[-1])
    assert said, stderr_lines(done)
    if seconds is not None:
        about = datetime.now(UTC) + timedelta(seconds=seconds)
        near = [(about + timedelta(minutes=m)).strftime("%H:%M") for m in (-1, 0, 1)]
        assert said[1].endswith(tuple(near)), (said[1], near)


def test_a_sign_in_for_git_ends_with_the_same_line(person: Person, service: str, server: FamilyServer) -> None:
    person.set_browser()
    done = person.ask_door("get", service)
    assert_worked(done)
    lines = stderr_lines(done)
    assert lines[0].startswith(f"keyfob: sign in to {server.issuer} at ")
    assert lines[-1] == f"keyfob: signed in to {server.issuer}, refreshes by itself"
    assert stderr_lines(person.ask_door("get", service)) == [], "the second time nobody signs in"


def test_an_existing_sign_in_is_reported(person: Person, service: str, server: FamilyServer) -> None:
    person.set_browser()
    for _ in range(2):
        done = person.keyfob("login", service)
        assert_worked(done)
        assert stderr_lines(done)[-1] == f"keyfob: signed in to {server.issuer}, refreshes by itself"
    assert person.browsers_opened() == 1


@pytest.mark.parametrize(
    ("scope", "words"),
    [
        ("offline_access", "stay signed in"),
        ("repo", "read and write your repositories, private ones too"),
        ("write:repository", "read and write repositories"),
        ("499b84ac-1321-427f-aa17-267ca6975798/vso.code_write", "read and write repositories"),
        ("https://www.googleapis.com/auth/gerritcodereview", "read and write repositories and reviews"),
        ("Repo", "Repo"),
        ("https://a.example/unheard.of", "https://a.example/unheard.of"),
    ],
)
def test_a_scope_is_shown_in_words_or_as_it_is(
    person: Person, service: str, server: FamilyServer, scope: str, words: str
) -> None:
    person.configure_keyfob(server.issuer, server.issuer, scopes=[scope])
    login = begin(person, service)
    assert login.read_until(r"asks to: (.*)\n") == words
    login.type("\x03")
    assert login.finish() != 0
