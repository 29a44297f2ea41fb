"""The terminal belongs to the user: keyfob restores its settings, and reads it only in the foreground."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

import pytest
from test_terminal import START, begin_login, waiting, walk  # noqa: F401  (waiting is a fixture)

from harness import binaries
from harness.gate import Gate
from harness.locks import is_at_a_lock
from harness.person import Person
from harness.provider.server import DEVICE_CLIENT_ID, Provider
from harness.steps import assert_worked
from harness.terminal import Terminal
from harness.waiting import wait_until


@pytest.mark.parametrize(
    "number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT], ids=lambda number: number.name
)
def test_the_settings_are_restored_if_a_signal_ends_the_sign_in(
    waiting: Person,  # noqa: F811
    provider: Provider,
    gate: Gate,
    number: signal.Signals,
) -> None:
    login = begin_login(waiting, gate)
    login.read_until(START)
    wait_until(lambda: not login.shows_typing)
    if number == signal.SIGINT:
        login.type("half an addr\x03")
    else:
        login.send(number)
    assert login.finish() == -number
    assert provider.token_requests("authorization_code") == []


def test_the_settings_are_restored_while_the_program_is_stopped(
    waiting: Person,  # noqa: F811
    provider: Provider,
    gate: Gate,
) -> None:
    shell = 'set -m; "$0" login "$1"; echo stopped; read -r _; fg'
    login = Terminal(waiting.session, "/bin/sh", "-c", shell, binaries.keyfob(), gate.url)
    start_address = login.read_until(START)
    wait_until(lambda: not login.shows_typing)
    login.type("half an addr\x1a")
    login.read_until("stopped\n")
    assert login.shows_typing
    login.type("\n")
    wait_until(lambda: not login.shows_typing)
    login.type(f"\x15{walk(waiting, provider, start_address)}\n")
    assert login.finish() == 0, login.shown
    assert "signed in to" in login.shown


def test_a_sign_in_in_the_background_leaves_the_terminal_to_the_shell(
    waiting: Person,  # noqa: F811
    gate: Gate,
) -> None:
    shell = 'set -m; "$0" login "$1" & wait $!'
    login = Terminal(waiting.session, "/bin/sh", "-c", shell, binaries.keyfob(), gate.url)
    start_address = login.read_until(START)
    assert login.shows_typing
    login.type("meant for the shell\n")
    waiting.browse_elsewhere(start_address)
    assert login.finish() == 0, login.shown
    assert "signed in to" in login.shown and "the pasted text" not in login.shown


def test_a_job_in_the_background_asks_nobody_on_the_terminal(developer: Person, gate: Gate) -> None:
    shell = 'set -m; "$0" token "$1" >token & wait $!; echo "ended with $?"'
    job = Terminal(developer.session, "/bin/sh", "-c", shell, binaries.keyfob(), gate.url, BROWSER="")
    job.read_until("ended with 77\n")
    assert job.finish() == 0
    assert "sign-in needed" in job.shown
    assert [word for word in ("paste", "Ctrl-C", "[y/N]") if word in job.shown] == []


# The caller.


def assert_lock_is_free(person: Person, gate: Gate) -> None:
    """A sign-in does not wait for an earlier one."""
    person.set_browser("approve")
    assert_worked(person.keyfob("login", gate.url))


def test_a_sign_in_ends_if_nobody_reads_its_answer(waiting: Person, gate: Gate) -> None:  # noqa: F811
    caller = waiting.session.start(binaries.keyfob(), "token", gate.url)
    waiting.session.end_at_last(caller)
    assert caller.stdout is not None
    wait_until(lambda: waiting.browsers_opened() == 1)
    caller.stdout.close()
    assert caller.wait(20) == 77
    assert_lock_is_free(waiting, gate)


def test_a_sign_in_ends_if_the_process_that_started_it_has_ended(waiting: Person, gate: Gate) -> None:  # noqa: F811
    shell = '"$0" token "$1" >/dev/null & wait'
    caller = waiting.session.start("/bin/sh", "-c", shell, binaries.keyfob(), gate.url)
    waiting.session.end_at_last(caller)
    wait_until(lambda: waiting.browsers_opened() == 1)
    caller.kill()
    caller.wait(20)
    assert_lock_is_free(waiting, gate)


def test_a_sign_in_ends_if_git_has_ended(waiting: Person, gate: Gate) -> None:  # noqa: F811
    git = waiting.session.start("git", "ls-remote", gate.url, KEYFOB_INTERACTION="always")
    waiting.session.end_at_last(git)
    wait_until(lambda: waiting.browsers_opened() == 1)
    git.terminate()
    git.wait(20)
    assert_lock_is_free(waiting, gate)


def test_a_sign_in_ends_if_the_caller_of_git_credential_has_ended(waiting: Person, gate: Gate) -> None:  # noqa: F811
    shell = 'printf "url=%s\\n\\n" "$0" | git credential fill >/dev/null & wait'
    caller = waiting.session.start("/bin/sh", "-c", shell, gate.url, KEYFOB_INTERACTION="always")
    waiting.session.end_at_last(caller)
    wait_until(lambda: waiting.browsers_opened() == 1)
    caller.kill()
    caller.wait(20)
    assert_lock_is_free(waiting, gate)


def test_a_sign_in_goes_on_if_only_the_shell_of_git_has_ended(waiting: Person, gate: Gate) -> None:  # noqa: F811
    shell = 'git ls-remote "$0" >refs 2>errors & wait'
    caller = waiting.session.start("/bin/sh", "-c", shell, gate.url, KEYFOB_INTERACTION="always")
    waiting.session.end_at_last(caller)
    wait_until(lambda: waiting.browsers_opened() == 1)
    caller.kill()
    caller.wait(20)
    # Longer than the pause between two looks at the caller.
    watching = time.monotonic() + 1
    wait_until(lambda: time.monotonic() > watching)
    assert holders(waiting) != []
    for process in holders(waiting):
        with contextlib.suppress(ProcessLookupError):  # ended with another one
            os.kill(process, signal.SIGTERM)


def test_a_code_for_another_device_ends_with_its_caller(device_owner: Person, gate: Gate, provider: Provider) -> None:
    device_owner.configure_keyfob(
        gate.origin,
        provider.issuer,
        client_id=DEVICE_CLIENT_ID,
        device_authorization_endpoint=provider.device_authorization_endpoint,
        flow="device",
    )
    shell = '"$0" token --interaction always "$1" >/dev/null 2>told & wait'
    caller = device_owner.session.start("/bin/sh", "-c", shell, binaries.keyfob(), gate.url)
    device_owner.session.end_at_last(caller)
    told = device_owner.home / "told"
    wait_until(lambda: told.exists() and "type the code" in told.read_text())
    caller.kill()
    caller.wait(20)
    wait_until(lambda: holders(device_owner) == [])
    assert "the program that asked has ended" in told.read_text()


def test_a_caller_that_waits_for_a_sign_in_ends_with_its_own_caller(waiting: Person, gate: Gate) -> None:  # noqa: F811
    holder = waiting.session.start(binaries.keyfob(), "login", gate.url)
    waiting.session.end_at_last(holder)
    wait_until(lambda: waiting.browsers_opened() == 1)
    shell = '"$0" token --interaction always "$1" >/dev/null 2>told & echo $!; wait'
    caller = waiting.session.start("/bin/sh", "-c", shell, binaries.keyfob(), gate.url)
    waiting.session.end_at_last(caller)
    assert caller.stdout is not None
    process = Path("/proc", caller.stdout.readline().decode().strip())
    wait_until(lambda: is_at_a_lock(int(process.name)))
    caller.kill()
    caller.wait(20)
    wait_until(lambda: not process.exists())
    assert "the program that asked has ended" in (waiting.home / "told").read_text()
    assert holder.poll() is None


def test_a_login_that_waits_names_the_process(waiting: Person, gate: Gate) -> None:  # noqa: F811
    holder = waiting.session.start(binaries.keyfob(), "login", gate.url)
    waiting.session.end_at_last(holder)
    wait_until(lambda: waiting.browsers_opened() == 1)
    second = waiting.session.start(binaries.keyfob(), "login", gate.url)
    waiting.session.end_at_last(second)
    assert second.stderr is not None
    line = second.stderr.readline().decode()
    assert line.startswith(f"keyfob: waiting for another keyfob process ({holder.pid}), which asked you ")
    holder.terminate()
    waiting.set_browser("approve")
    assert second.wait(20) == 0


def holders(person: Person) -> list[int]:
    """The processes that hold a lock of the person's keyfob."""
    files = {path.stat().st_ino for path in (person.session.runtime / "keyfob").glob("*.lock")}
    lines = [line.split() for line in Path("/proc/locks").read_text().splitlines()]
    return [int(line[4]) for line in lines if line[1] == "FLOCK" and int(line[5].split(":")[2]) in files]
