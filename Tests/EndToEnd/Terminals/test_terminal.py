"""Sign-in on a terminal: the user pastes an address while keyfob waits for the browser, works over ssh, or uses another
device."""

from __future__ import annotations

import itertools
import re
from urllib.parse import parse_qs, urlsplit

import pytest

from harness import binaries
from harness.gate import Gate
from harness.person import Person
from harness.provider.server import Provider
from harness.steps import assert_worked
from harness.terminal import Terminal

START = r"(http://127\.0\.0\.1:\d+/start/[\w-]+)\s"
PASTE_HINT = r"in any browser, go to:\s+(http://\S+)\s"
SSH = {"SSH_CONNECTION": "203.0.113.5 50022 192.0.2.7 22", "SSH_TTY": "/dev/pts/0"}
UPPER, LOWER, FULL = "\u2580\u2584\u2588"
QR_CODE = UPPER + LOWER + FULL


@pytest.fixture
def waiting(developer: Person) -> Person:
    """A person whose browser opens and shows nothing."""
    developer.set_browser("never")
    return developer


def begin_login(person: Person, gate: Gate, *more: str, **env: str) -> Terminal:
    """Starts `keyfob login` on a terminal."""
    return Terminal(person.session, binaries.keyfob(), "login", gate.url, *more, **env)


def walk(person: Person, provider: Provider, start_address: str) -> str:
    """Signs in with a browser that cannot follow the redirect. Returns the address that it ends on, for pasting."""
    asked = person.browse_elsewhere(start_address, "--stop-at", f"{provider.issuer}/o/authorize/")
    return answer_to(person, asked)


def answer_to(person: Person, asked: str) -> str:
    """The same from the address of the authorization request on."""
    redirect = parse_qs(urlsplit(asked).query)["redirect_uri"][0]
    ended = person.browse_elsewhere(asked, "--stop-at", f"{redirect}?")
    assert ended.startswith(f"{redirect}?code="), ended
    return ended


def assert_signed_in(person: Person, provider: Provider, gate: Gate) -> None:
    """Asserts that there is a token, after one exchange."""
    assert provider.is_active(person.token(gate.url))
    assert [r.status for r in provider.token_requests("authorization_code")] == [200]


# Pasting while keyfob waits for the browser.


def test_an_address_may_be_pasted_while_keyfob_waits_for_the_browser(
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
def test_a_bad_paste_shows_the_reason_and_may_be_corrected(
    waiting: Person, provider: Provider, gate: Gate, what: str
) -> None:
    login = begin_login(waiting, gate)
    pasted = walk(waiting, provider, login.read_until(START))
    query = parse_qs(urlsplit(pasted).query)
    bad, why = {
        "garbage": ("\x1b[2J\u202eümlaut", "not the whole address"),
        "state of another login": (pasted.replace(query["state"][0], "A" * 43), "another sign-in"),
        "code alone": (query["code"][0], "not the whole address"),
    }[what]
    login.type(f"\n{bad}\n")
    login.read_until(why)
    # Ctrl-U and the backspace key edit the line.
    login.type(f"mistake\x15{pasted}!\x7f\n")
    assert login.finish() == 0, login.shown
    assert_signed_in(waiting, provider, gate)
    assert query["code"][0] not in login.shown


@pytest.mark.parametrize(
    "form",
    [
        "https{rest}", "{bare}", '"{whole}"', "<{whole}>", "  {whole}  ", "?{query}", "{query}", "{whole}#_=_",
        "{front}\n{back}", "{front}\r\n  {back}",
    ],
)  # fmt: skip
def test_an_address_may_be_pasted_in_the_form_in_which_it_was_copied(
    waiting: Person, provider: Provider, gate: Gate, form: str
) -> None:
    login = begin_login(waiting, gate)
    whole = walk(waiting, provider, login.read_until(START))
    parts = {
        "whole": whole, "rest": whole.removeprefix("http"), "bare": whole.removeprefix("http://"),
        "query": urlsplit(whole).query, "front": whole[:70], "back": whole[70:],
    }  # fmt: skip
    login.type(form.format(**parts))
    if "\n" in form:  # The last line of a wrapped address ends when the user types Enter, some time later.
        login.read_until(r"4:5\d left(?s:.)*4:5\d left")
    login.type("\n")
    assert login.finish() == 0, login.shown
    assert_signed_in(waiting, provider, gate)


@pytest.mark.parametrize("flow", ["loopback", "paste"])
def test_a_pasted_address_may_be_longer_than_a_terminals_line(
    waiting: Person, provider: Provider, gate: Gate, flow: str
) -> None:
    login = begin_login(waiting, gate, "--flow", flow)
    if flow == "paste":
        pasted = answer_to(waiting, login.read_until(PASTE_HINT))
    else:
        pasted = walk(waiting, provider, login.read_until(START))
    # Terminals put these marks around what is pasted.
    login.type(f"\x1b[200~{pasted}&session_state={'a' * 8000}\x1b[201~\n")
    assert login.finish() == 0, login.shown
    assert "code=" not in login.shown and "aaa" not in login.shown
    assert_signed_in(waiting, provider, gate)


def test_a_browser_that_fails_is_named_and_the_next_one_opens(developer: Person, provider: Provider, gate: Gate) -> None:
    login = begin_login(developer, gate, BROWSER="absent-browser:false:~/browser")
    assert login.finish() == 0, login.shown
    assert "keyfob: $BROWSER names absent-browser, which is no program that you may start\n" in login.shown
    assert "/false failed with status 1\n" in login.shown
    assert_signed_in(developer, provider, gate)


def test_if_each_browser_fails_the_address_is_there(waiting: Person, provider: Provider, gate: Gate) -> None:
    empty = waiting.home / "programs"
    empty.mkdir()
    login = begin_login(waiting, gate, BROWSER="/bin/false:/bin/false", PATH=str(empty))
    login.read_until("false failed with status 1\n(?s:.*)false failed with status 1\n")
    login.type(f"{walk(waiting, provider, login.read_until('in a browser on this machine, go to:(?s:.*)' + START))}\n")
    assert login.finish() == 0, login.shown
    assert_signed_in(waiting, provider, gate)


def test_control_d_cancels_if_pasting_is_the_only_way(developer: Person, gate: Gate) -> None:
    login = begin_login(developer, gate, "--flow", "paste")
    login.read_until(PASTE_HINT)
    login.type("\x04")
    login.read_until("keyfob: the sign-in was cancelled")
    assert login.finish() == 77


def test_the_browser_may_be_the_first(developer: Person, provider: Provider, gate: Gate) -> None:
    login = begin_login(developer, gate)
    assert login.finish() == 0, login.shown
    assert_signed_in(developer, provider, gate)


def test_git_on_a_terminal_takes_a_paste_too(waiting: Person, provider: Provider, gate: Gate) -> None:
    clone = Terminal(waiting.session, "git", "clone", gate.url, "work")
    clone.type(f"{walk(waiting, provider, clone.read_until(START))}\n")
    assert clone.finish() == 0, clone.shown
    assert (waiting.home / "work" / "README").exists()


def test_standard_input_is_left_for_the_next_program(developer: Person, provider: Provider, gate: Gate) -> None:
    both = ("/bin/sh", "-c", '"$0" login "$1" && cat', str(binaries.keyfob()), gate.url)
    done = developer.session.run(*both, stdin=b"for another program\n")
    assert_worked(done)
    assert done.stdout == b"for another program\n"
    assert_signed_in(developer, provider, gate)


# Over ssh.


@pytest.fixture
def far_away(developer: Person) -> Person:
    """A person who is logged in over ssh, without a browser and a display."""
    del developer.session.env["BROWSER"]
    return developer


@pytest.mark.parametrize(
    ("connection", "command"),
    [
        ("203.0.113.5 50022 192.0.2.7 22", r"ssh -L (\d+):127\.0\.0\.1:\1 192\.0\.2\.7\n"),
        ("203.0.113.5 50022 192.0.2.7 2222", r"ssh -p 2222 -L (\d+):127\.0\.0\.1:\1 192\.0\.2\.7\n"),
        ("2001:db8::7 50022 2001:db8::5 22", r"ssh -L (\d+):127\.0\.0\.1:\1 2001:db8::5\n"),
    ],
    ids=["default port", "another port", "IPv6"],
)
def test_over_ssh_keyfob_shows_a_tunnel_for_the_browser(
    far_away: Person, provider: Provider, gate: Gate, connection: str, command: str
) -> None:
    login = begin_login(far_away, gate, SSH_CONNECTION=connection, SSH_TTY="/dev/pts/0")
    port = login.read_until(command)
    start_address = login.read_until(START)
    assert urlsplit(start_address).port == int(port)
    # The other end of the tunnel has the same address, so this is what a browser there does.
    far_away.browse_elsewhere(start_address)
    assert login.finish() == 0, login.shown
    assert_signed_in(far_away, provider, gate)


@pytest.mark.parametrize(
    "connection", ["", "192.0.2.5", "1.2.3.4 1 $(id) 22", "1.2.3.4 1 -oProxyCommand=x 22", "1.2.3.4 1 5.6.7.8 x"]
)
def test_an_invalid_ssh_connection_is_not_used_in_a_command(far_away: Person, gate: Gate, connection: str) -> None:
    login = begin_login(far_away, gate, SSH_CONNECTION=connection)
    login.read_until(START)
    assert "ssh" not in login.shown
    login.type("\x03")
    assert login.finish() != 0


def test_over_ssh_an_address_may_be_pasted(far_away: Person, provider: Provider, gate: Gate) -> None:
    login = begin_login(far_away, gate, **SSH)
    asked = login.read_until(rf"({provider.issuer}/o/authorize/\?\S+)\s")
    login.type(f"{answer_to(far_away, asked)}\n")
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


def dark_modules(shown: str) -> list[list[bool]]:
    """The rows of the QR code on a terminal. One character shows two modules, one above the other."""
    lines = re.findall(r"(?m)^\x1b\[30;47m(.*)\x1b\[0m$", shown)
    return [[character in FULL + half for character in line] for line in lines for half in (UPPER, LOWER)]


def test_a_device_login_shows_a_qr_code(device_owner: Person, provider: Provider, gate: Gate) -> None:
    login = begin_login(device_owner, gate, "--flow", "device")
    finish_at_device(device_owner, provider, login)
    rows = dark_modules(login.shown)
    side = len(rows[0])
    # Four white modules on each side of a code of 21, 25, 29 and so on; the last row of characters may show one more.
    assert (side - 8 - 21) % 4 == 0 and len(rows) in (side, side + 1) and {len(row) for row in rows} == {side}
    # ISO/IEC 18004 section 6.3.3: the finder pattern in three corners, with white around it.
    for top, left in ((4, 4), (4, side - 11), (side - 11, 4)):
        for row, column in itertools.product(range(-1, 8), repeat=2):
            ring = max(abs(row - 3), abs(column - 3))
            assert rows[top + row][left + column] == (ring not in (2, 4)), (top, left, row, column)
    assert "only if you started this sign-in" in login.shown
    assert provider.is_active(device_owner.token(gate.url))


@pytest.mark.parametrize(("columns", "kind"), [(36, "xterm"), (120, "dumb"), (120, "")])
def test_a_narrow_or_dumb_terminal_gets_no_picture(
    device_owner: Person, provider: Provider, gate: Gate, columns: int, kind: str
) -> None:
    command = (binaries.keyfob(), "login", gate.url, "--flow", "device")
    login = Terminal(device_owner.session, *command, columns=columns, TERM=kind)
    finish_at_device(device_owner, provider, login)
    assert not any(block in login.shown for block in QR_CODE) and "camera" not in login.shown


def test_a_file_gets_no_picture(device_owner: Person, provider: Provider, gate: Gate) -> None:
    login = device_owner.begin(binaries.keyfob(), "login", gate.url, "--flow", "device")
    code = login.hint("and type the code: ")
    device_owner.browse_elsewhere(f"{provider.issuer}/o/device/", "--code", code)
    done = login.finish()
    assert_worked(done)
    assert not any(block in done.stderr.decode() for block in QR_CODE)


def test_no_device_is_needed_if_a_browser_can_be_opened(
    developer: Person, provider: Provider, gate: Gate
) -> None:
    endpoint = provider.device_authorization_endpoint
    developer.configure_keyfob(gate.origin, provider.issuer, device_authorization_endpoint=endpoint)
    assert_worked(developer.keyfob("login", gate.url))
    assert developer.browsers_opened() == 1
    assert provider.requests.to("/o/device-authorization/") == []
