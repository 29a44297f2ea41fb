"""Without a terminal but with a desktop, keyfob asks with a notification. It opens no window unasked."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from harness import binaries, kernel
from harness.desktop import (
    CLICK,
    EXPIRE,
    FULL,
    NOT_NOW,
    SEND_AWAY,
    SIGN_IN,
    NotificationDaemon,
    Portal,
    Reaction,
    browse_with,
    forge,
)
from harness.gate import Gate
from harness.locks import is_at_a_lock
from harness.notes.server import NotesServer
from harness.person import Done, Person, stderr_lines
from harness.provider.server import Provider
from harness.steps import assert_refused, assert_worked
from harness.terminal import Terminal
from harness.waiting import wait_until

DESKTOP = {"DISPLAY": ":99"}
WAYLAND = {"WAYLAND_DISPLAY": "wayland-99"}


@pytest.fixture
def daemon(developer: Person) -> Iterator[NotificationDaemon]:
    """The desktop of a person with a configured keyfob. It ignores notifications unless a test changes that."""
    with NotificationDaemon(developer.session) as running:
        yield running


def token(person: Person, gate: Gate, *more: str, **env: str) -> Done:
    """Requests a token as a background program of a desktop does."""
    return person.keyfob("token", gate.url, *more, **(env or DESKTOP))


# Answers to the question.


@pytest.mark.parametrize(("reaction", "display"), [(CLICK, DESKTOP), (SIGN_IN, WAYLAND)], ids=["click", "button"])
def test_an_accepted_notification_opens_a_browser(
    developer: Person, provider: Provider, gate: Gate, daemon: NotificationDaemon, reaction: Reaction,
    display: dict[str, str]
) -> None:  # fmt: skip
    daemon.reaction = reaction
    done = token(developer, gate, **display)
    assert_worked(done)
    assert provider.is_active(done.stdout.decode().strip())
    assert (len(daemon.shown), developer.browsers_opened()) == (1, 1)
    assert_worked(token(developer, gate))
    assert len(daemon.shown) == 1, "there is a token now"


@pytest.mark.parametrize(
    ("token_given", "known"), [("gnome-shell/keyfob/1", True), ("a b", False), ("a\nLD_PRELOAD=b", False), ("x" * 999, False)]
)
def test_the_browser_may_come_to_the_front(
    developer: Person, gate: Gate, daemon: NotificationDaemon, token_given: str, *, known: bool
) -> None:
    seen = developer.home / "seen"
    script = developer.home / "browser"
    script.write_text(script.read_text().replace("\nexec", f'\nenv >"{seen}"\nexec'))
    daemon.reaction = Reaction([("ActivationToken", token_given), *SIGN_IN.signals])
    assert_worked(token(developer, gate))
    variables = dict(line.split("=", 1) for line in seen.read_text().splitlines())
    names = ("XDG_ACTIVATION_TOKEN", "DESKTOP_STARTUP_ID")
    assert [variables.get(name) for name in names] == ([token_given] * 2 if known else [None] * 2)
    assert "LD_PRELOAD" not in variables


@pytest.mark.parametrize(
    ("reaction", "said"),
    [(NOT_NOW, "was dismissed"), (SEND_AWAY, "was dismissed"), (EXPIRE, "nobody answered")],
    ids=["button", "sent away", "expired"],
)
def test_a_dismissed_notification_starts_a_cool_down(
    developer: Person, provider: Provider, gate: Gate, daemon: NotificationDaemon, reaction: Reaction, said: str
) -> None:
    daemon.reaction = reaction
    done = token(developer, gate)
    assert_refused(done, 77)
    assert said in done.stderr.decode()
    assert f"hint: run: keyfob login {gate.origin}" in stderr_lines(done)

    again = token(developer, gate)
    assert_refused(again, 77)
    assert "asked you a while ago" in again.stderr.decode()
    assert (len(daemon.shown), developer.browsers_opened(), provider.requests.all()) == (1, 0, [])

    assert_worked(developer.keyfob("login", gate.url, **DESKTOP))
    assert (len(daemon.shown), developer.browsers_opened()) == (1, 1), "who types keyfob login is not asked"


def test_the_cool_down_ends_with_its_key(developer: Person, gate: Gate, daemon: NotificationDaemon) -> None:
    daemon.reaction = NOT_NOW
    assert_refused(token(developer, gate), 77)
    (account,) = developer.session.accounts()
    quiet = kernel.named("quiet:", account)
    assert len(quiet) == 1
    assert 0 < kernel.seconds_left(quiet.pop()) <= 600
    kernel.forget(kernel.named("quiet:", account))
    daemon.reaction = CLICK
    assert_worked(token(developer, gate))
    assert len(daemon.shown) == 2


def test_an_unanswered_notification_expires(
    developer: Person, provider: Provider, gate: Gate, daemon: NotificationDaemon
) -> None:
    wait_at_most(developer, 1)
    done = token(developer, gate)
    assert_refused(done, 77)
    assert "nobody answered" in done.stderr.decode()
    assert daemon.closed == [daemon.shown[0].id], "it is taken away again"
    assert daemon.shown[0].milliseconds == 1000
    assert developer.browsers_opened() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_killed_request_removes_its_notification(
    developer: Person, gate: Gate, daemon: NotificationDaemon, number: signal.Signals
) -> None:
    asking = background_token(developer, gate)
    wait_until(lambda: bool(daemon.shown))
    asking.send_signal(number)
    done = finished(asking)
    assert (done.returncode, done.stdout) == (-number, b"")
    assert daemon.closed == [daemon.shown[0].id]


def test_the_desktop_goes_away(developer: Person, gate: Gate, daemon: NotificationDaemon) -> None:
    asking = background_token(developer, gate)
    wait_until(lambda: bool(daemon.shown))
    daemon.leave()
    assert_refused(finished(asking), 77)
    assert developer.browsers_opened() == 0


def test_signals_of_other_programs_are_ignored(developer: Person, gate: Gate, daemon: NotificationDaemon) -> None:
    asking = background_token(developer, gate)
    wait_until(lambda: bool(daemon.shown))
    for _ in range(3):
        forge(developer.session, "ActionInvoked", daemon.shown[0].id, "sign-in")
    other, unknown = Reaction([("ActionInvoked", "sign-in")]), Reaction([("ActionInvoked", "blow-up")])
    daemon.react(other, daemon.shown[0].id + 1)
    daemon.react(unknown, daemon.shown[0].id)
    daemon.react(NOT_NOW, daemon.shown[0].id)
    done = finished(asking)
    assert_refused(done, 77)
    assert "was dismissed" in done.stderr.decode()
    assert developer.browsers_opened() == 0


def test_many_requests_at_once_show_one_notification(developer: Person, gate: Gate, daemon: NotificationDaemon) -> None:
    daemon.reaction = CLICK
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: token(developer, gate), range(4)))
    for each in done:
        assert_worked(each)
    assert len({each.stdout for each in done}) == 1
    assert (len(daemon.shown), developer.browsers_opened()) == (1, 1)


def test_one_dismissal_ends_many_requests_at_once(
    developer: Person, gate: Gate, daemon: NotificationDaemon, nokeys: Path
) -> None:
    command = [nokeys, binaries.keyfob(), "token", gate.url]  # and there is no cool-down in the kernel
    asking = [developer.session.start(*command, **DESKTOP) for _ in range(3)]
    for process in asking:
        developer.session.end_at_last(process)
    wait_until(lambda: bool(daemon.shown))
    wait_until(lambda: all(is_at_a_lock(each.pid) for each in asking))
    daemon.react(NOT_NOW, daemon.shown[0].id)
    for process in asking:
        assert_refused(finished(process), 77)
    assert (len(daemon.shown), developer.browsers_opened()) == (1, 0)


def test_git_in_the_background_waits_for_the_answer(
    developer: Person, gate: Gate, daemon: NotificationDaemon
) -> None:
    daemon.reaction = CLICK
    assert_worked(developer.fetch(developer.working_copy(gate), **DESKTOP))
    assert (len(daemon.shown), developer.browsers_opened()) == (1, 1)


@pytest.mark.parametrize("reaction", [CLICK, NOT_NOW], ids=["taken up", "turned down"])
def test_a_service_whose_server_is_not_known_yet(
    person: Person, notes: NotesServer, reaction: Reaction
) -> None:
    person.configuration.parent.mkdir(parents=True)
    person.configuration.write_text(f'[host."{notes.url}"]\n')
    with NotificationDaemon(person.session, reaction) as daemon:
        done = person.keyfob("token", notes.url, **DESKTOP)
        assert len(daemon.shown) == 1
    if reaction is CLICK:
        assert_worked(done)
    else:
        assert_refused(done, 77)
    assert person.browsers_opened() == (reaction is CLICK)


# Cases without a question.


def test_without_notifications_no_browser_is_opened(developer: Person, provider: Provider, gate: Gate) -> None:
    done = token(developer, gate)
    assert_refused(done, 77)
    assert stderr_lines(done) == [
        f"keyfob: sign-in needed for {gate.origin}", f"hint: run: keyfob login {gate.origin}"
    ]  # fmt: skip
    assert (developer.browsers_opened(), provider.requests.all()) == (0, [])
    with NotificationDaemon(developer.session, CLICK) as daemon:
        assert_worked(token(developer, gate))
        assert len(daemon.shown) == 1, "who was not asked is not left alone"


@pytest.mark.parametrize(
    ("more", "env"),
    [
        (["--interaction", "never"], DESKTOP),
        ([], {**DESKTOP, "KEYFOB_INTERACTION": "never"}),
        ([], {**DESKTOP, "GCM_INTERACTIVE": "never"}),
        ([], {**DESKTOP, "GIT_TERMINAL_PROMPT": "0"}),
    ],
    ids=["option", "variable", "GCM", "git"],
)
def test_a_caller_that_declines_declines_for_the_desktop_too(
    developer: Person, gate: Gate, daemon: NotificationDaemon, more: list[str], env: dict[str, str]
) -> None:
    assert_refused(token(developer, gate, *more, **env), 77)
    assert (daemon.shown, developer.browsers_opened()) == ([], 0)


@pytest.mark.parametrize(
    ("more", "env"),
    [(["--interaction", "always"], DESKTOP), ([], {"DISPLAY": ""})],
    ids=["asked for", "a browser and no desktop"],
)
def test_the_browser_is_opened_at_once(
    developer: Person, gate: Gate, daemon: NotificationDaemon, more: list[str], env: dict[str, str]
) -> None:
    assert_worked(token(developer, gate, *more, **env))
    assert (daemon.shown, developer.browsers_opened()) == ([], 1)


def test_on_a_terminal_there_is_no_notification(
    developer: Person, gate: Gate, daemon: NotificationDaemon
) -> None:
    terminal = Terminal(developer.session, binaries.keyfob(), "token", gate.url, "--show", **DESKTOP)
    assert terminal.finish() == 0, terminal.shown
    assert (daemon.shown, developer.browsers_opened()) == ([], 1)


@pytest.mark.parametrize(
    ("end", "asked"),
    [("2>errors", False), ("2>errors & wait $!", True), ("& wait $!", True)],
    ids=["foreground", "background", "background that writes to the terminal"],
)
def test_a_background_job_of_a_terminal_shows_a_notification(
    developer: Person, gate: Gate, daemon: NotificationDaemon, end: str, *, asked: bool
) -> None:
    daemon.reaction = CLICK
    script = f"set -m; {binaries.keyfob()} token {gate.url} >token {end}"
    terminal = Terminal(developer.session, "/bin/bash", "-c", script, **DESKTOP)
    assert terminal.finish() == 0, terminal.shown
    assert "paste" not in terminal.shown and "Ctrl-C" not in terminal.shown
    assert (len(daemon.shown), developer.browsers_opened()) == (int(asked), 1)


# The text of the notification.


def test_the_notification_names_program_service_and_server(
    developer: Person, provider: Provider, gate: Gate, daemon: NotificationDaemon
) -> None:
    wait_at_most(developer, 1, account="alice")
    from_program(developer, "editor-of-ours", gate)
    (shown,) = daemon.shown
    assert shown.summary == f"Sign in to {gate.origin.removeprefix('http://')}?"
    assert shown.body == "editor-of-ours asks. You sign in at 127.0.0.1 as alice."
    assert shown.actions == {"default": "", "sign-in": "Sign in", "not-now": "Not now"}


def test_a_program_with_a_long_name_leaves_room_for_the_server(
    developer: Person, gate: Gate, daemon: NotificationDaemon
) -> None:
    wait_at_most(developer, 1)
    from_program(developer, "an-editor-of-ours-with-a-long-name", gate)
    (shown,) = daemon.shown
    assert shown.body == "an-editor-of-ours-with-… asks. You sign in at 127.0.0.1."


def test_a_script_is_named_and_not_its_interpreter(developer: Person, gate: Gate, daemon: NotificationDaemon) -> None:
    wait_at_most(developer, 1)
    script = developer.home / "nightly-build"
    command = f"printf 'protocol=http\\nhost={gate.origin[7:]}\\n\\n' | git credential fill; true"
    script.write_text(f'import subprocess\nsubprocess.run(["sh", "-c", "{command}"])\n')
    developer.session.run(sys.executable, "-s", script, **DESKTOP, GIT_ASKPASS="true").check_returncode()
    (shown,) = daemon.shown
    assert shown.body.startswith("nightly-build asks. You sign in at ")


@pytest.mark.parametrize("markup", [True, False])
def test_names_from_others_are_shown_as_text(
    developer: Person, gate: Gate, daemon: NotificationDaemon, *, markup: bool
) -> None:
    daemon.capabilities = FULL if markup else ("actions", "body")
    wait_at_most(developer, 1, account="<b>\u202eli&ce\u009b31m\"'</b>")
    from_program(developer, "<i>ed&it", gate)
    (shown,) = daemon.shown
    if markup:
        assert "&lt;i&gt;ed&amp;it asks" in shown.body
        assert "as &lt;b&gt;\ufffdli&amp;ce\ufffd31m&quot;&#39;&lt;/b&gt;." in shown.body
    else:
        assert "<i>ed&it asks" in shown.body
        assert "as <b>\ufffdli&ce\ufffd31m\"'</b>." in shown.body


def test_a_combining_mark_hides_no_markup(developer: Person, gate: Gate, daemon: NotificationDaemon) -> None:
    daemon.capabilities = FULL
    wait_at_most(developer, 1, account="<\u0301b>&\u0301\"\u0301'\u0301>\u0301")
    from_program(developer, "<\u0301i>edit", gate)
    (shown,) = daemon.shown
    assert "&lt;\u0301i&gt;edit asks" in shown.body
    assert "as &lt;\u0301b&gt;&amp;\u0301&quot;\u0301&#39;\u0301&gt;\u0301." in shown.body


def test_a_desktop_without_buttons_shows_the_command_and_does_not_wait(
    developer: Person, gate: Gate, daemon: NotificationDaemon
) -> None:
    daemon.capabilities = ("body",)
    done = token(developer, gate)
    assert_refused(done, 77)
    assert "but you cannot answer it" in done.stderr.decode()
    (shown,) = daemon.shown
    assert (shown.actions, shown.body.split(". ")[1]) == ({}, f"To sign in, run: keyfob login {gate.origin}")
    assert_refused(token(developer, gate), 77)
    assert len(daemon.shown) == 1


# Sandboxes.


def test_the_portal_opens_an_address_if_no_program_does(
    developer: Person, gate: Gate, daemon: NotificationDaemon, tmp_path: Path
) -> None:
    daemon.reaction = Reaction([("ActivationToken", "token-1"), *CLICK.signals])
    browser = developer.session.env.pop("BROWSER")
    with Portal(developer.session, browse_with(browser)) as portal:
        assert_worked(token(developer, gate, **DESKTOP, PATH=str(tmp_path)))
    assert (len(portal.opened), developer.browsers_opened()) == (1, 1)
    assert portal.opened[0].startswith("http://127.0.0.1:")
    assert portal.options == [{"activation_token": ("s", "token-1")}]


def test_without_a_display_the_browser_of_windows_is_opened(
    developer: Person, gate: Gate, tmp_path: Path
) -> None:
    (tmp_path / "wslview").symlink_to(developer.session.env.pop("BROWSER"))
    assert_worked(developer.keyfob("login", gate.url, PATH=f"{tmp_path}:{developer.session.env['PATH']}"))
    assert developer.browsers_opened() == 1


def test_without_a_browser_there_is_no_notification(
    developer: Person, gate: Gate, daemon: NotificationDaemon, tmp_path: Path
) -> None:
    del developer.session.env["BROWSER"]
    assert_refused(token(developer, gate, **DESKTOP, PATH=str(tmp_path)), 77)
    assert daemon.shown == []


# Steps.


def wait_at_most(person: Person, seconds: int, **more: object) -> None:
    """Sets the time limit for a sign-in, and more keys of the host."""
    path = person.configuration
    lines = [f"{key} = {json.dumps(value)}" for key, value in more.items()]
    path.write_text("\n".join([f"login_timeout = {seconds}", path.read_text(), *lines]) + "\n")


def background_token(person: Person, gate: Gate) -> subprocess.Popen[bytes]:
    """Starts such a request."""
    process = person.session.start(binaries.keyfob(), "token", gate.url, **DESKTOP)
    person.session.end_at_last(process)
    return process


def finished(process: subprocess.Popen[bytes]) -> Done:
    """Waits for the end of a process."""
    output, errors = process.communicate(timeout=30)
    return subprocess.CompletedProcess(process.args, process.returncode, output, errors)


def from_program(person: Person, name: str, gate: Gate) -> None:
    """A program of that name requests a token, through git and shells, and gets none."""
    program = person.home / name
    shutil.copy("/bin/dash", program)
    command = f"printf 'protocol=http\\nhost={gate.origin[7:]}\\n\\n' | git credential fill; true"
    env = {**DESKTOP, "GIT_ASKPASS": "true"}
    person.session.run(program, "-c", f'/bin/sh -c "{command}; true"; true', **env).check_returncode()
