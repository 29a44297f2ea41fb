"""Signing in on a terminal: an address is pasted while the browser is waited for, over ssh, and at another device."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from harness import binaries
from harness.gate import Gate
from harness.person import Person
from harness.provider.server import Provider
from harness.steps import assert_worked
from harness.terminal import Terminal

START = r"(http://127\.0\.0\.1:\d+/start/[\w-]+)\s"
SSH = {"SSH_CONNECTION": "203.0.113.5 50022 192.0.2.7 22", "SSH_TTY": "/dev/pts/0"}
QR_CODE = "\u2580\u2584\u2588"


@pytest.fixture
def waiting(developer: Person) -> Person:
    """A person whose browser opens and shows nothing."""
    developer.set_browser("never")
    return developer


def begin_login(person: Person, gate: Gate, *more: str, **env: str) -> Terminal:
    """Starts `keyfob login` on a terminal."""
    return Terminal(person.session, binaries.keyfob(), "login", gate.url, *more, **env)


def walk(person: Person, provider: Provider, start_address: str) -> str:
    """Signs in with a browser that cannot follow the redirect: the address that it ends on, which a person pastes."""
    asked = person.browse_elsewhere(start_address, "--stop-at", f"{provider.issuer}/o/authorize/")
    redirect = parse_qs(urlsplit(asked).query)["redirect_uri"][0]
    ended = person.browse_elsewhere(asked, "--stop-at", f"{redirect}?")
    assert ended.startswith(f"{redirect}?code="), ended
    return ended


def assert_signed_in(person: Person, provider: Provider, gate: Gate) -> None:
    """There is a token now, by one exchange."""
    assert provider.is_active(person.token(gate.url))
    assert [r.status for r in provider.token_requests("authorization_code")] == [200]


# Pasting while the browser is waited for.


def test_an_address_may_be_pasted_while_the_browser_is_waited_for(
    waiting: Person, provider: Provider, gate: Gate
) -> None:
    login = begin_login(waiting, gate)
    pasted = walk(waiting, provider, login.read_until(START))
    login.type(f"{pasted}\n")
    assert login.finish() == 0, login.shown
    assert_signed_in(waiting, provider, gate)
    secrets = parse_qs(urlsplit(pasted).query)
    assert [name for name in ("code", "state") if secrets[name][0] in login.shown] == [], "what is pasted is not shown"


@pytest.mark.parametrize("what", ["garbage", "state of another login", "code alone"])
def test_a_bad_paste_says_why_and_may_be_mended(waiting: Person, provider: Provider, gate: Gate, what: str) -> None:
    login = begin_login(waiting, gate)
    pasted = walk(waiting, provider, login.read_until(START))
    query = parse_qs(urlsplit(pasted).query)
    bad, why = {
        "garbage": ("\x1b[2J\u202eümlaut", "not the whole address"),
        "state of another login": (pasted.replace(query["state"][0], "A" * 43), "another sign-in"),
        "code alone": (query["code"][0], "not the whole address"),
    }[what]
    login.type(f"{bad}\n")
    login.read_until(why)
    login.type(f"{pasted}\n")
    assert login.finish() == 0, login.shown
    assert_signed_in(waiting, provider, gate)
    assert query["code"][0] not in login.shown


def test_a_pasted_address_may_be_longer_than_a_terminals_line(waiting: Person, provider: Provider, gate: Gate) -> None:
    login = begin_login(waiting, gate)
    pasted = walk(waiting, provider, login.read_until(START))
    login.type(f"{pasted}&session_state={'a' * 6000}\n")
    assert login.finish() == 0, login.shown
    assert_signed_in(waiting, provider, gate)


def test_the_browser_may_be_the_first(developer: Person, provider: Provider, gate: Gate) -> None:
    login = begin_login(developer, gate)
    assert login.finish() == 0, login.shown
    assert_signed_in(developer, provider, gate)


def test_giving_up_leaves_the_terminal_as_it_was(waiting: Person, provider: Provider, gate: Gate) -> None:
    login = begin_login(waiting, gate)
    login.read_until(START)
    login.type("half an addr\x03")
    assert login.finish() != 0
    assert provider.token_requests("authorization_code") == []


def test_git_on_a_terminal_takes_a_paste_too(waiting: Person, provider: Provider, gate: Gate) -> None:
    clone = Terminal(waiting.session, "git", "clone", gate.url, "work")
    clone.type(f"{walk(waiting, provider, clone.read_until(START))}\n")
    assert clone.finish() == 0, clone.shown
    assert (waiting.home / "work" / "README").exists()


def test_what_another_program_shall_read_is_left_to_it(developer: Person, provider: Provider, gate: Gate) -> None:
    both = ("/bin/sh", "-c", '"$0" login "$1" && cat', str(binaries.keyfob()), gate.url)
    done = developer.session.run(*both, stdin=b"for another program\n")
    assert_worked(done)
    assert done.stdout == b"for another program\n"
    assert_signed_in(developer, provider, gate)


# Over ssh.


@pytest.fixture
def far_away(developer: Person) -> Person:
    """A person who came over ssh: there is no browser and no display here."""
    del developer.session.env["BROWSER"]
    return developer


def test_over_ssh_the_way_back_is_shown(far_away: Person, provider: Provider, gate: Gate) -> None:
    login = begin_login(far_away, gate, **SSH)
    port = login.read_until(r"ssh -L (\d+):127\.0\.0\.1:\1 192\.0\.2\.7")
    start_address = login.read_until(START)
    assert urlsplit(start_address).port == int(port)
    # The other end of the tunnel has the same address, so this is what a browser there does.
    far_away.browse_elsewhere(start_address)
    assert login.finish() == 0, login.shown
    assert_signed_in(far_away, provider, gate)


def test_over_ssh_an_address_may_be_pasted(far_away: Person, provider: Provider, gate: Gate) -> None:
    login = begin_login(far_away, gate, **SSH)
    asked = login.read_until(rf"({provider.issuer}/o/authorize/\?\S+)\s")
    redirect = parse_qs(urlsplit(asked).query)["redirect_uri"][0]
    login.type(far_away.browse_elsewhere(asked, "--stop-at", f"{redirect}?") + "\n")
    assert login.finish() == 0, login.shown
    assert_signed_in(far_away, provider, gate)


def test_with_a_display_ssh_changes_nothing(developer: Person, provider: Provider, gate: Gate) -> None:
    login = begin_login(developer, gate, **SSH)
    assert login.finish() == 0, login.shown
    assert "ssh -L" not in login.shown
    assert developer.browsers_opened() == 1


# At another device.


def finish_at_device(person: Person, provider: Provider, login: Terminal) -> None:
    """Types the code that the terminal shows at another device."""
    code = login.read_until(r"type the code:\s(\S+)\s")
    person.browse_elsewhere(f"{provider.issuer}/o/device/", "--code", code)
    assert login.finish() == 0, login.shown


def test_a_device_login_shows_a_code_that_a_phone_can_read(
    device_owner: Person, provider: Provider, gate: Gate
) -> None:
    login = begin_login(device_owner, gate, "--flow", "device")
    finish_at_device(device_owner, provider, login)
    assert any(block in login.shown for block in QR_CODE)
    assert "only if it was you who began this" in login.shown
    assert provider.is_active(device_owner.token(gate.url))


def test_a_narrow_terminal_gets_no_picture(device_owner: Person, provider: Provider, gate: Gate) -> None:
    login = Terminal(device_owner.session, binaries.keyfob(), "login", gate.url, "--flow", "device", columns=20)
    finish_at_device(device_owner, provider, login)
    assert not any(block in login.shown for block in QR_CODE)


def test_a_file_gets_no_picture(device_owner: Person, provider: Provider, gate: Gate) -> None:
    login = device_owner.begin(binaries.keyfob(), "login", gate.url, "--flow", "device")
    code = login.hint("and type the code: ")
    device_owner.browse_elsewhere(f"{provider.issuer}/o/device/", "--code", code)
    done = login.finish()
    assert_worked(done)
    assert not any(block in done.stderr.decode() for block in QR_CODE)


def test_a_device_is_not_asked_for_where_a_browser_can_be_opened(
    developer: Person, provider: Provider, gate: Gate
) -> None:
    endpoint = provider.device_authorization_endpoint
    developer.configure_keyfob(gate.origin, provider.issuer, device_authorization_endpoint=endpoint)
    assert_worked(developer.keyfob("login", gate.url))
    assert developer.browsers_opened() == 1
    assert provider.requests.to("/o/device-authorization/") == []
