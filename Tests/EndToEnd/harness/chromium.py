"""A real Chromium, used like a person uses it: it fills in login forms and shows the last page.

    with Chromium() as chromium:
        tab = chromium.tab()
        chromium.sign_in(tab, start_address)
        assert tab.heading == "Sign-in approved"
"""

from __future__ import annotations

import html
import os
import re
from typing import Any, Self
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Request, Response, sync_playwright

from .people import ALICE, PEOPLE

EXECUTABLE = "/usr/bin/chromium"
DEADLINE_SECONDS = 20
MOST_PAGES = 6
NAME_FIELDS = 'input[type="text"], input[type="email"], input:not([type])'
BUTTONS = 'button, input[type="submit"]'
YES = re.compile(r"allow|approve|authori[sz]e|accept|continue|yes|sign.?in|log.?in", re.IGNORECASE)
NO = re.compile(r"deny|cancel|refuse|reject|decline|\bno\b", re.IGNORECASE)

WIDE, NARROW = (800, 600), (320, 568)
"""Sizes of a window; the narrow one is the smallest telephone, and a desktop at a zoom of 400 % (WCAG 2.2, 1.4.10)."""


class Tab:
    """One tab in its own browser session, without the cookies of other tabs."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.asked: list[str] = []
        self.complaints: list[str] = []
        self.answers: dict[str, dict[str, str]] = {}
        page.set_default_timeout(DEADLINE_SECONDS * 1000)
        page.on("request", self._note_request)
        page.on("response", self._note_response)
        page.on("console", lambda message: self.complaints.append(message.text))

    def _note_request(self, request: Request) -> None:
        self.asked.append(request.url)

    def _note_response(self, response: Response) -> None:
        self.answers[response.url] = response.headers

    @property
    def address(self) -> str:
        """The text of the address bar."""
        return self.page.url

    @property
    def heading(self) -> str:
        """The first heading of the page."""
        return self.page.locator("h1").first.inner_text()

    @property
    def text(self) -> str:
        """The visible text of the page."""
        return self.page.locator("body").inner_text()

    def history(self) -> list[str]:
        """The addresses of the session history: back, current and forward."""
        session = self.page.context.new_cdp_session(self.page)
        return [entry["url"] for entry in session.send("Page.getNavigationHistory")["entries"]]

    def hosts(self) -> set[str]:
        """The hosts that the tab sent requests to."""
        return {urlsplit(address).hostname or "" for address in self.asked}

    def look(self, *, dark: bool = False, size: tuple[int, int] = WIDE) -> None:
        """Sets the colour scheme or the size of the window for the same page."""
        self.page.emulate_media(color_scheme="dark" if dark else "light")
        self.page.set_viewport_size({"width": size[0], "height": size[1]})

    def is_wider_than_the_window(self) -> bool:
        """Whether the page is wider than the window."""
        return bool(self.page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))

    def barriers(self) -> list[dict[str, Any]]:
        """The accessibility rules that the page violates, and those that axe cannot decide."""
        found = Axe().run(self.page, options={"resultTypes": ["violations", "incomplete"]}).response
        rules = [*found["violations"], *found["incomplete"]]
        return [{"rule": rule["id"], "where": [node["html"] for node in rule["nodes"]]} for rule in rules]

    def show_instead(self, names: dict[str, str]) -> None:
        """Replaces the ports of a test by other names, for pictures."""
        for name, instead in names.items():
            script = "([name, instead]) => document.querySelectorAll('dd').forEach(" + (
                "shown => { shown.textContent = shown.textContent.replace(name, instead) })"
            )
            self.page.evaluate(script, [name, instead])

    def picture(self) -> bytes:
        """A picture of the window, as PNG."""
        return self.page.screenshot(type="png")


class Chromium:
    """The browser. It runs as long as its `with` block and leaves no files."""

    def __enter__(self) -> Self:
        self._playwright = sync_playwright().start()
        # Text without subpixel colours looks the same on every screen. Chromium's sandbox does not work for root.
        arguments = ["--disable-lcd-text", *(["--no-sandbox"] if os.getuid() == 0 else [])]
        try:
            self._browser = self._playwright.chromium.launch(executable_path=EXECUTABLE, args=arguments)
        except BaseException:
            self._playwright.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._browser.close()
        self._playwright.stop()

    def tab(self, *, scripts: bool = True) -> Tab:
        """A new tab in a new session. Without `scripts`, JavaScript is off."""
        return Tab(self._browser.new_context(locale="en-GB", java_script_enabled=scripts).new_page())

    def picture_of_a_terminal(self, lines: list[str], names: dict[str, str]) -> bytes:
        """A picture of a terminal with these lines, as PNG, with other names for the ports of a test."""
        text = "\n".join(lines)
        for name, instead in names.items():
            text = text.replace(name, instead)
        page = self.tab().page
        page.set_viewport_size({"width": 960, "height": 100})
        page.set_content(
            "<style>body{margin:0;background:#14161a;color:#eceef1}"
            "pre{margin:0;padding:1rem;font:14px/1.5 'DejaVu Sans Mono',monospace;white-space:pre-wrap}</style>"
            f"<pre>{html.escape(text)}</pre>"
        )
        return page.screenshot(type="png", full_page=True)

    def sign_in(self, tab: Tab, address: str, *, answer: re.Pattern[str] = YES) -> None:
        """Opens the address and fills in forms until a page has none."""
        tab.page.goto(address)
        for _ in range(MOST_PAGES):
            if tab.page.locator("form").count() == 0:
                return
            self._answer(tab, answer)
        raise AssertionError(f"no end of forms at {tab.address}")

    @staticmethod
    def _answer(tab: Tab, answer: re.Pattern[str]) -> None:
        """Fills in the form and presses the button of that answer, or the first button if there is no such button."""
        password = tab.page.locator('input[type="password"]')
        if password.count():
            tab.page.locator(NAME_FIELDS).first.fill(ALICE)
            password.first.fill(PEOPLE[ALICE])
        buttons = tab.page.locator(BUTTONS).all()
        named = [b for b in buttons if answer.search(f"{b.inner_text()} {b.get_attribute('value') or ''}")]
        with tab.page.expect_navigation(wait_until="load"):
            (named or buttons)[0].click()
