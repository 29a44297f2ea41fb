"""keyfob's pages in a real Chromium, at the end of whole logins through the authorization server's own pages: text,
requests, accessibility and look."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from harness import binaries
from harness.chromium import NARROW, NO, WIDE, Chromium, Tab
from harness.gate import Gate
from harness.person import Person
from harness.provider.server import Provider
from harness.terminal import Terminal

START = r"go to:\s+(http://127\.0\.0\.1:\d+/start/\S+)\s"
PICTURES = binaries.REPOSITORY / ".github" / "pictures"
# Large enough for a page of text, and small enough for a README.
MOST_BYTES = 60_000
LOOKS = {
    "light": {"size": WIDE, "dark": False},
    "dark": {"size": WIDE, "dark": True},
    "narrow": {"size": NARROW, "dark": False},
    "narrow-dark": {"size": NARROW, "dark": True},
}
KEPT_LOOKS = ("light", "dark", "narrow")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    """The browser of these tests."""
    with Chromium() as running:
        yield running


@pytest.fixture
def login(developer: Person, gate: Gate) -> Terminal:
    """A login whose browser shows nothing. The person copies the address from the terminal."""
    developer.set_browser("never")
    return Terminal(developer.session, binaries.keyfob(), "login", gate.url)


@pytest.fixture
def keep(request: pytest.FixtureRequest) -> bool:
    """Whether to make the pictures again."""
    return bool(request.config.getoption("--pictures"))


def assert_fit_for_people(tab: Tab, gate: Gate, name: str, *, keep: bool) -> None:
    """Asserts for each colour scheme and window: no accessibility problem, and no wider than the window."""
    for look, what in LOOKS.items():
        tab.look(**what)
        assert tab.barriers() == [], look
        assert not tab.is_wider_than_the_window(), look
        if keep and look in KEPT_LOOKS:
            PICTURES.mkdir(exist_ok=True)
            tab.show_instead({gate.origin: "https://git.example.com", "127.0.0.1": "login.example.com"})
            (PICTURES / f"{name}-{look}.png").write_bytes(tab.picture())


def assert_of_our_own(tab: Tab, gate: Gate) -> None:
    """Asserts that the page has that heading, sends no request, and has its own style."""
    assert gate.origin in tab.text and "keyfob" in tab.text
    assert tab.hosts() == {"127.0.0.1"}
    policy = tab.answers[tab.address]["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-") and "unsafe" not in policy
    assert tab.page.evaluate("document.scripts.length + document.links.length + document.images.length") == 0
    assert tab.page.evaluate("getComputedStyle(document.querySelector('main')).maxWidth") == "480px"
    # Chromium reports an error status and a missing icon for any such page.
    assert [said for said in tab.complaints if "Failed to load resource" not in said] == []


def assert_clean(tab: Tab, path: str) -> None:
    """Asserts that the session history contains no code and no state."""
    parts = urlsplit(tab.address)
    assert (parts.path, parts.query, parts.fragment) == (path, "", ""), tab.address
    assert [address for address in tab.history() if "code=" in address or "/callback" in address] == []


def test_approved(
    chromium: Chromium, login: Terminal, developer: Person, provider: Provider, gate: Gate, keep: bool
) -> None:
    tab = chromium.tab()
    chromium.sign_in(tab, login.read_until(START))
    assert tab.heading == "Sign-in approved"
    assert "You can close this tab" in tab.text
    assert_clean(tab, "/done")
    assert_of_our_own(tab, gate)
    assert_fit_for_people(tab, gate, "approved", keep=keep)
    assert login.finish() == 0, login.shown
    assert provider.is_active(developer.token(gate.url))


def test_not_signed_in(chromium: Chromium, login: Terminal, provider: Provider, gate: Gate, keep: bool) -> None:
    tab = chromium.tab()
    chromium.sign_in(tab, login.read_until(START), answer=NO)
    assert tab.heading == "Not signed in"
    assert "You can close this tab" in tab.text
    assert_clean(tab, "/done")
    assert_of_our_own(tab, gate)
    assert_fit_for_people(tab, gate, "not-signed-in", keep=keep)
    assert login.finish() == 77, login.shown
    assert provider.token_requests("authorization_code") == []


def test_already_used(chromium: Chromium, login: Terminal, gate: Gate, keep: bool) -> None:
    address = login.read_until(START)
    first, second = chromium.tab(), chromium.tab()
    first.page.goto(address)
    second.page.goto(address)
    assert second.heading == "Already used"
    assert "If that was not you" in second.text
    assert_of_our_own(second, gate)
    assert_fit_for_people(second, gate, "already-used", keep=keep)
    chromium.sign_in(first, first.address)
    assert first.heading == "Sign-in approved", "the first one is none the worse for it"
    assert login.finish() == 0, login.shown


def test_another_browser(
    chromium: Chromium, login: Terminal, developer: Person, provider: Provider, gate: Gate, keep: bool
) -> None:
    first, other = chromium.tab(), chromium.tab()
    first.page.goto(login.read_until(START))
    asked = parse_qs(urlsplit(first.address).query)["next"][0]
    chromium.sign_in(other, f"{provider.issuer}{asked}")
    assert other.heading == "Another browser"
    assert_of_our_own(other, gate)
    assert_fit_for_people(other, gate, "another-browser", keep=keep)
    assert provider.token_requests("authorization_code") == []
    # The page's advice works.
    login.type(f"{other.address}\n")
    assert login.finish() == 0, login.shown
    assert provider.is_active(developer.token(gate.url))


def test_a_clone(
    chromium: Chromium, developer: Person, provider: Provider, gate: Gate, keep: bool
) -> None:
    developer.set_browser("never")
    clone = Terminal(developer.session, "git", "clone", gate.url, "project")
    tab = chromium.tab()
    chromium.sign_in(tab, clone.read_until(START))
    assert tab.heading == "Sign-in approved"
    assert clone.finish() == 0, clone.shown
    assert (developer.home / "project" / "README").exists()
    assert provider.token_requests("authorization_code")[-1].status == 200
    if keep:
        lines = [f"$ git clone {gate.url}", *clone.lines()]
        (PICTURES / "terminal.png").write_bytes(
            chromium.picture_of_a_terminal(lines, {gate.origin: "https://git.example.com", "at 127.0.0.1": "at login.example.com"})
        )


def test_the_picture_of_the_terminal_is_small() -> None:
    picture = (PICTURES / "terminal.png").read_bytes()
    assert picture.startswith(b"\x89PNG\r\n\x1a\n") and len(picture) < MOST_BYTES


def test_no_script_is_needed(chromium: Chromium, login: Terminal, gate: Gate) -> None:
    tab = chromium.tab(scripts=False)
    chromium.sign_in(tab, login.read_until(START))
    assert tab.heading == "Sign-in approved" and gate.origin in tab.text
    assert login.finish() == 0, login.shown


def test_a_page_reveals_nothing_to_an_unknown_visitor(chromium: Chromium, login: Terminal, gate: Gate) -> None:
    address = login.read_until(START)
    listener = address.partition("/start/")[0]
    knocks = {"/callback?code=evil&state=evil": "Not this sign-in", "/favicon.ico": "Nothing here", "/done": "Nothing here"}
    for target, heading in knocks.items():
        tab = chromium.tab()
        tab.page.goto(listener + target)
        assert tab.heading == heading
        assert gate.origin not in tab.text
        for look in LOOKS.values():
            tab.look(**look)
            assert tab.barriers() == [] and not tab.is_wider_than_the_window()
    chromium.sign_in(chromium.tab(), address)
    assert login.finish() == 0, login.shown


@pytest.mark.parametrize("name", ["approved", "not-signed-in", "already-used", "another-browser"])
@pytest.mark.parametrize("look", KEPT_LOOKS)
def test_the_pictures_are_small_and_of_that_size(name: str, look: str) -> None:
    picture = (PICTURES / f"{name}-{look}.png").read_bytes()
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", picture[16:24]) == LOOKS[look]["size"]
    assert len(picture) < MOST_BYTES
