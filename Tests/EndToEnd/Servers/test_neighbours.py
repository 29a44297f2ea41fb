"""Others on the same machine: another user, other programs, other pages in the person's browser, and files in the
working directory."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness import binaries
from harness.counts import add
from harness.gate import Gate
from harness.neighbours import STRANGER, WaitingLogin, can_be_another
from harness.person import Person
from harness.provider.server import Provider
from harness.steps import assert_refused, assert_worked
from test_flows import PASTE_HINT, last_address

needs_another_user = pytest.mark.skipif(not can_be_another(), reason="only root can run programs as another user")


@pytest.fixture(autouse=True)
def counting(request: pytest.FixtureRequest) -> Iterator[None]:
    """Counts each test as one hostile neighbour."""
    failed = request.session.testsfailed
    yield
    add("hostile neighbours", request.node.name, passed=int(request.session.testsfailed == failed))


@pytest.fixture
def login(developer: Person, gate: Gate) -> WaitingLogin:
    """A login that waits for its browser."""
    return WaitingLogin(developer, gate.url)


# The listener.


@needs_another_user
def test_another_user_cannot_open_the_start_address(login: WaitingLogin) -> None:
    taken = login.ask(login.start_target, stranger=True)
    assert (taken.status, taken.leads_on) == (403, False)
    # The address still works for the person.
    assert_worked(login.bring_back(login.go_to_the_end()))


@needs_another_user
def test_an_answer_of_another_user_is_ignored_even_with_cookie_and_state(login: WaitingLogin, provider: Provider) -> None:
    callback = login.go_to_the_end()
    posted = login.ask(callback.target, fields={"Cookie": callback.cookie}, stranger=True)
    assert posted.status == 403
    assert (login.is_waiting, provider.token_requests("authorization_code")) == (True, [])
    assert_worked(login.bring_back(callback))


# Enough connections that the reset comes before the accept, before the read and after it.
RESETS = 200


@needs_another_user
def test_connection_resets_of_another_user_do_no_harm(login: WaitingLogin, provider: Provider) -> None:
    with login.hammered(login.request(login.start_target), times=RESETS, resets=True):
        callback = login.go_to_the_end()
    answer = login.request(callback.target, {"Cookie": callback.cookie})
    with login.hammered(answer, times=RESETS, resets=True):
        assert (login.is_waiting, provider.token_requests("authorization_code")) == (True, [])
        assert_worked(login.bring_back(callback))


@needs_another_user
def test_connections_of_another_user_do_not_displace_the_persons(login: WaitingLogin) -> None:
    with socket.create_connection((login.host, login.port), timeout=20) as ours:
        with login.hammered(times=300, kept=300):
            ours.sendall(login.request(login.start_target).encode())
            assert ours.recv(12) == b"HTTP/1.1 302"


@needs_another_user
def test_many_connections_of_another_user_do_not_block_the_person(login: WaitingLogin) -> None:
    with login.hammered(login.request(login.start_target), times=20_000, kept=500):
        assert_worked(login.bring_back(login.go_to_the_end()))


@needs_another_user
@pytest.mark.parametrize(
    "redirect, to", [("http://127.0.0.1/callback", "::ffff:127.0.0.1"), ("http://[::1]/callback", "::1")]
)
def test_another_user_is_recognised_in_every_way(
    developer: Person, provider: Provider, gate: Gate, redirect: str, to: str
) -> None:
    developer.configure_keyfob(gate.origin, provider.issuer, redirect_uri=redirect)
    login = WaitingLogin(developer, gate.url)
    assert login.ask(login.start_target, to=to, stranger=True).status == 403
    with login.hammered(login.request(login.start_target), times=RESETS, resets=True):
        assert login.ask(login.start_target, to=to).status == 302


# Some containers and services may not use socket diagnosis.


@needs_another_user
def test_another_user_is_recognised_if_users_have_no_id(developer: Person, gate: Gate) -> None:
    login = WaitingLogin(developer, gate.url, ["unshare", "--user", "--map-root-user"])
    assert login.ask(login.start_target, stranger=True).status == 403
    assert_worked(login.bring_back(login.go_to_the_end()))


@needs_another_user
def test_another_user_is_recognised_by_the_kernels_list(developer: Person, gate: Gate, nodiagnosis: Path) -> None:
    login = WaitingLogin(developer, gate.url, [nodiagnosis])
    assert login.ask(login.start_target, stranger=True).status == 403
    with login.hammered(login.request(login.start_target), times=RESETS, resets=True):
        assert_worked(login.bring_back(login.go_to_the_end()))


@needs_another_user
def test_a_user_without_a_known_id_gets_the_remedy(
    developer: Person, provider: Provider, gate: Gate, nodiagnosis: Path
) -> None:
    only_processes = ["unshare", "--mount", "sh", "-c", 'mount -t proc -o subset=pid proc /proc && exec "$@"', "sh"]
    login = WaitingLogin(developer, gate.url, [*only_processes, nodiagnosis])
    answer = login.ask(login.start_target)
    assert (answer.status, answer.leads_on) == (403, False)
    assert login.is_waiting
    assert "stop the sign-in, and start it again with the option --flow paste" in answer.page
    login.give_up()
    words = ["login", gate.url, "--flow", "paste"]
    pasting = developer.begin(*only_processes, nodiagnosis, binaries.keyfob(), *words)
    assert_worked(pasting.finish(f"{last_address(developer, pasting.hint(PASTE_HINT))}\n".encode()))


def test_a_start_address_that_was_opened_before_is_reported(login: WaitingLogin) -> None:
    callback = login.go_to_the_end()
    again = login.ask(login.start_target)
    assert (again.status, again.leads_on) == (410, False)
    assert "If that was not you, stop the sign-in where you started it" in again.page
    assert_worked(login.bring_back(callback))


def test_an_answer_without_the_cookie_is_ignored(login: WaitingLogin, provider: Provider) -> None:
    callback = login.go_to_the_end()
    name = callback.cookie.partition("=")[0]
    for cookie in ({}, {"Cookie": "keyfob=1"}, {"Cookie": f"{name}=guessed"}, {"Cookie": f"{callback.cookie}x"}):
        assert login.ask(callback.target, fields=cookie).status == 400
    assert (login.is_waiting, provider.token_requests("authorization_code")) == (True, [])
    assert_worked(login.bring_back(callback))


def test_an_answer_that_another_page_sends_is_ignored(login: WaitingLogin) -> None:
    callback = login.go_to_the_end()
    for origin in ("https://evil.example", "null", f"http://{login.host}:1", f"https://{login.authority}"):
        fields = {"Cookie": callback.cookie, "Origin": origin}
        assert login.ask(callback.target, fields=fields).status == 400
    assert_worked(login.bring_back(callback))


def test_a_forged_answer_is_ignored(login: WaitingLogin) -> None:
    callback = login.go_to_the_end()
    path = callback.target.partition("?")[0]
    state = next(pair for pair in callback.target.partition("?")[2].split("&") if pair.startswith("state="))
    forged = (
        "",
        "code=evil",
        "code=evil&state=guessed",
        f"code=evil&{state}&state=guessed",
        "error=access_denied",
    )
    for query in forged:
        assert login.ask(f"{path}?{query}", fields={"Cookie": callback.cookie}).status == 400, query
    # With the state these would end the login, but only in the browser that was started for it.
    for query in (state, f"code=a&code=b&{state}", f"error=access_denied&code=evil&{state}"):
        assert login.ask(f"{path}?{query}").status == 400, query
    assert_worked(login.bring_back(callback))


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "POST", "PUT", "DELETE", "TRACE"])
def test_another_method_does_not_use_up_the_answer(login: WaitingLogin, method: str) -> None:
    assert login.ask(login.start_target, method=method).status == 405
    callback = login.go_to_the_end()
    assert login.ask(callback.target, method=method, fields={"Cookie": callback.cookie}).status == 405
    assert login.ask("/favicon.ico").status == 404
    assert_worked(login.bring_back(callback))


def test_a_foreign_name_for_this_machine_gets_no_answer(login: WaitingLogin) -> None:
    here = (f"evil.example:{login.port}", f"localhost:{login.port}", f"[::1]:{login.port}")
    names = ("evil.example", *here, "127.0.0.1", f"{login.authority}.evil.example", "")
    for name in names:
        answer = login.ask(login.start_target, fields={"Host": name})
        assert (answer.status, answer.leads_on) == (400, False), name
    assert_worked(login.bring_back(login.go_to_the_end()))


def addresses_of_this_machine() -> list[tuple[socket.AddressFamily, str]]:
    """The other addresses of this machine: those of its network, if it has one, and of loopback."""
    found = [(socket.AF_INET, "127.0.0.2"), (socket.AF_INET6, "::1")]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing
        except OSError:
            return found
        return [*found, (socket.AF_INET, probe.getsockname()[0])]


def test_the_network_does_not_reach_the_listener(login: WaitingLogin) -> None:
    for family, address in addresses_of_this_machine():
        with socket.socket(family, socket.SOCK_STREAM) as caller:
            with pytest.raises(OSError):
                caller.connect((address, login.port))
    assert_worked(login.bring_back(login.go_to_the_end()))


def test_idle_connections_do_not_block_the_answer(login: WaitingLogin) -> None:
    idle = [socket.create_connection((login.host, login.port)) for _ in range(50)]
    callback = login.go_to_the_end()
    assert_worked(login.bring_back(callback))
    for connection in idle:
        connection.close()


# Programs that keyfob starts.


@pytest.mark.parametrize("path", [".:bin", "bin:.", "", ":", "./bin"])
def test_a_program_of_the_working_directory_is_never_run(developer: Person, gate: Gate, path: str) -> None:
    ran = developer.home / "ran"
    (developer.home / "bin").mkdir()
    for directory in (developer.home, developer.home / "bin"):
        for name in ("xdg-open", "gio", "git", "ssh", "browser-of-ours"):
            (directory / name).write_text(f'#!/bin/sh\necho "$0" "$@" >>"{ran}"\n')
            (directory / name).chmod(0o755)
    configuration = developer.configuration.read_text()
    developer.configuration.write_text(f"login_timeout = 1\n{configuration}")
    only_nothing = path or "."  # with an empty PATH, the system's directories count, and a real browser may be there
    done = developer.keyfob("login", gate.url, PATH=only_nothing, BROWSER="browser-of-ours", DISPLAY=":99")
    assert_refused(done, 77)
    assert not ran.exists(), ran.read_text()


# Directories.


def lay_runtime_directory(developer: Person) -> Path:
    """Makes keyfob's directory for locks, with keyfob's mode."""
    directory = developer.session.runtime / "keyfob"
    directory.mkdir(mode=0o700)
    return directory


def assert_nobody_is_let_in(developer: Person, gate: Gate) -> None:
    """Asserts that the login fails, and that the message names the directory."""
    done = developer.keyfob("login", gate.url)
    assert_refused(done, 75)
    assert b"cannot lock" in done.stderr
    assert developer.browsers_opened() == 0


@needs_another_user
def test_a_runtime_directory_of_another_user_is_refused(developer: Person, gate: Gate) -> None:
    shutil.chown(lay_runtime_directory(developer), STRANGER)
    assert_nobody_is_let_in(developer, gate)


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o722, 0o1777])
def test_a_runtime_directory_that_others_may_write_to_is_refused(developer: Person, gate: Gate, mode: int) -> None:
    lay_runtime_directory(developer).chmod(mode)
    assert_nobody_is_let_in(developer, gate)


def test_a_runtime_directory_that_is_a_file_is_refused(developer: Person, gate: Gate) -> None:
    (developer.session.runtime / "keyfob").write_text("")
    assert_nobody_is_let_in(developer, gate)


def test_a_lock_that_leads_elsewhere_is_refused(developer: Person, gate: Gate) -> None:
    assert_worked(developer.keyfob("login", gate.url))
    precious = developer.home / "precious"
    precious.write_text("precious")
    locks = list((developer.session.runtime / "keyfob").iterdir())
    assert locks
    for lock in locks:
        lock.unlink()
        lock.symlink_to(precious)
    assert_refused(developer.keyfob("login", "--force", gate.url), 75)
    assert precious.read_text() == "precious"
    assert developer.browsers_opened() == 1


def test_relative_directories_in_the_environment_are_ignored(developer: Person, gate: Gate) -> None:
    """The XDG Base Directory specification requires that: such a directory may be part of anybody's repository."""
    evil = developer.home / "evil" / "keyfob"
    evil.mkdir(parents=True)
    text = f'[host."{gate.origin}"]\nissuer = "https://evil.example"\nclient_id = "evil"\n'
    for name in ("config.toml", "approved.toml"):
        (evil / name).write_text(text)
    before = sorted(evil.iterdir())
    names = ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR", "XDG_CACHE_HOME", "XDG_DATA_HOME")
    relative = {name: "evil" for name in names}
    shown = developer.keyfob("config", gate.url, **relative)
    assert_worked(shown)
    assert b"evil.example" not in shown.stdout
    assert_worked(developer.keyfob("login", gate.url, **relative))
    assert sorted(evil.iterdir()) == before

