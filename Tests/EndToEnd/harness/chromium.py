"""A real Chromium, as a person sits before it: it signs in on whatever forms it meets, and shows what it ends on.

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
    """One tab in a browser session of its own: no cookie of another tab is in it."""

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
        """What the address bar shows."""
        return self.page.url

    @property
    def heading(self) -> str:
        """The first heading of the page."""
        return self.page.locator("h1").first.inner_text()

    @property
    def text(self) -> str:
        """What a person reads on the page."""
        return self.page.locator("body").inner_text()

    def history(self) -> list[str]:
        """The addresses that the buttons for back and forward lead to, and this one."""
        session = self.page.context.new_cdp_session(self.page)
        return [entry["url"] for entry in session.send("Page.getNavigationHistory")["entries"]]

    def hosts(self) -> set[str]:
        """The hosts that were asked for anything."""
        return {urlsplit(address).hostname or "" for address in self.asked}

    def look(self, *, dark: bool = False, size: tuple[int, int] = WIDE) -> None:
        """Looks at the same page in another light, or in another window."""
        self.page.emulate_media(color_scheme="dark" if dark else "light")
        self.page.set_viewport_size({"width": size[0], "height": size[1]})

    def is_wider_than_the_window(self) -> bool:
        """Whether one has to scroll sideways to read the page."""
        return bool(self.page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))

    def barriers(self) -> list[dict[str, Any]]:
        """What axe finds that keeps people out: rules that are violated, and those that it cannot decide."""
        found = Axe().run(self.page, options={"resultTypes": ["violations", "incomplete"]}).response
        rules = [*found["violations"], *found["incomplete"]]
        return [{"rule": rule["id"], "where": [node["html"] for node in rule["nodes"]]} for rule in rules]

    def show_instead(self, names: dict[str, str]) -> None:
        """Shows other names for the ports of a test, as a picture for readers should."""
        for name, instead in names.items():
            script = "([name, instead]) => document.querySelectorAll('dd').forEach(" + (
                "shown => { shown.textContent = shown.textContent.replace(name, instead) })"
            )
            self.page.evaluate(script, [name, instead])

    def picture(self) -> bytes:
        """What the window shows, as PNG."""
        return self.page.screenshot(type="png")


class Chromium:
    """The browser, which lives as long as its `with` block and leaves nothing behind."""

    def __enter__(self) -> Self:
        self._playwright = sync_playwright().start()
        # Letters without coloured edges look the same on every screen. Root has no sandbox to give.
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
        """A new tab in a new session; without `scripts`, one in which no page runs any."""
        return Tab(self._browser.new_context(locale="en-GB", java_script_enabled=scripts).new_page())

    def picture_of_a_terminal(self, lines: list[str], names: dict[str, str]) -> bytes:
        """The lines as a terminal shows them, as PNG, with other names for the ports of a test."""
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
        """Opens the address, and goes through forms to the first page that has none."""
        tab.page.goto(address)
        for _ in range(MOST_PAGES):
            if tab.page.locator("form").count() == 0:
                return
            self._answer(tab, answer)
        raise AssertionError(f"no end of forms at {tab.address}")

    @staticmethod
    def _answer(tab: Tab, answer: re.Pattern[str]) -> None:
        """Fills in the form, and presses the button of that answer; where there is no such button, the first one."""
        password = tab.page.locator('input[type="password"]')
        if password.count():
            tab.page.locator(NAME_FIELDS).first.fill(ALICE)
            password.first.fill(PEOPLE[ALICE])
        buttons = tab.page.locator(BUTTONS).all()
        named = [b for b in buttons if answer.search(f"{b.inner_text()} {b.get_attribute('value') or ''}")]
        with tab.page.expect_navigation(wait_until="load"):
            (named or buttons)[0].click()
