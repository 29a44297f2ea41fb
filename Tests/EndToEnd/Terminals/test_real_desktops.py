"""The notification on real desktops: each program shows it, and the user's click comes back."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness import binaries
from harness.desktop import NOTIFICATIONS
from harness.gate import Gate
from harness.keyrings import Display
from harness.person import Person
from harness.provider.server import Provider


@dataclass(frozen=True)
class Desktop:
    """A program that shows notifications, and the name of its windows."""

    program: Path
    window: str


DUNST = Desktop(Path("/usr/bin/dunst"), "Dunst")
XFCE = Desktop(Path("/usr/lib/x86_64-linux-gnu/xfce4/notifyd/xfce4-notifyd"), "xfce4-notifyd")
MATE = Desktop(Path("/usr/lib/mate-notification-daemon/mate-notification-daemon"), "Notification")

# What a user does, in parts of the window's width and height.
Act = Callable[[Person, Display, Desktop], None]


def at(across: float, down: float) -> Act:
    """A click at that place."""
    return lambda _, display, desktop: display.click(desktop.window, across, down)


def by_key(*command: str) -> Act:
    """dunst's own command, which users bind to keys."""

    def press(person: Person, display: Display, desktop: Desktop) -> None:
        display.wait_for(desktop.window)
        person.session.run("dunstctl", *command, **display.env).check_returncode()

    return press


def requested(developer: Person, gate: Gate, desktop: Desktop, act: Act) -> tuple[int, str]:
    """A program in the background requests a token, and the user reacts to the notification. Gives the exit status and
    standard error."""
    display = Display(developer.session)
    daemon = developer.session.start(desktop.program, **display.env)
    developer.session.end_at_last(daemon)
    developer.session.wait_for(NOTIFICATIONS)
    process = developer.session.start(
        binaries.keyfob(), "token", gate.url, stdin=subprocess.DEVNULL, **display.env
    )
    act(developer, display, desktop)
    _, errors = process.communicate(timeout=60)
    return process.returncode, errors.decode()


@pytest.mark.parametrize(
    ("desktop", "act"),
    [
        (DUNST, by_key("action")),
        (XFCE, at(0.51, 0.74)),
        (MATE, at(0.4, 0.15)),
        (MATE, at(0.69, 0.77)),
    ],
    ids=["dunst, key", "Xfce, button", "MATE, click", "MATE, button"],
)
def test_a_yes_signs_in(developer: Person, provider: Provider, gate: Gate, desktop: Desktop, act: Act) -> None:
    status, errors = requested(developer, gate, desktop, act)
    assert status == 0, errors
    assert developer.browsers_opened() == 1


@pytest.mark.parametrize(
    ("desktop", "act"),
    # On Xfce a click beside the buttons sends the notification away.
    [(DUNST, by_key("close")), (XFCE, at(0.81, 0.74)), (XFCE, at(0.25, 0.15)), (MATE, at(0.84, 0.77))],
    ids=["dunst, key", "Xfce, button", "Xfce, click", "MATE, button"],
)
def test_a_no_opens_nothing(developer: Person, provider: Provider, gate: Gate, desktop: Desktop, act: Act) -> None:
    status, errors = requested(developer, gate, desktop, act)
    assert status == 77
    assert "the notification was dismissed" in errors
    assert developer.browsers_opened() == 0
