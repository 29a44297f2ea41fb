"""The terminal belongs to the user: keyfob restores its settings, and reads it only in the foreground."""

from __future__ import annotations

import signal

import pytest
from test_terminal import START, begin_login, waiting, walk  # noqa: F401  (waiting is a fixture)

from harness import binaries
from harness.gate import Gate
from harness.person import Person
from harness.provider.server import Provider
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
