"""KWallet and KeePassXC, the other programs of Debian that provide the Secret Service, as people have them.

Each runs in a private session in its default settings, on a display of its own if it may show windows.
"""

from __future__ import annotations

import base64
import os
import socket
import subprocess
import uuid

from .session import READY_SECONDS, SECRETS, PrivateSession
from .waiting import wait_until

PASSWORD = "correct horse"
HASH = bytes(range(56))
ROOT = "/org/freedesktop/secrets"
API = "org.freedesktop.Secret"
KWALLET_SETTINGS = """[Wallet]
First Use=false
[org.freedesktop.secrets]
apiEnabled=true
"""
KEEPASSXC_SETTINGS = """[General]
ConfigVersion=2
UpdateCheckMessageShown=true
[FdoSecrets]
Enabled=true
"""
DATABASE = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<KeePassFile>
<Meta><DatabaseName>Passwords</DatabaseName><CustomData><Item><Key>FDO_SECRETS_EXPOSED_GROUP</Key>\
<Value>{{{group}}}</Value></Item></CustomData></Meta>
<Root><Group><UUID>{encoded}</UUID><Name>Root</Name></Group></Root>
</KeePassFile>
"""


class Display:
    """An X display without a screen. Its windows are answered with xdotool."""

    def __init__(self, session: PrivateSession) -> None:
        self._session = session
        reading, writing = os.pipe()
        self._server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1024x768x24", "-nolisten", "tcp"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[writing],
            start_new_session=True,
        )
        session.end_at_last(self._server)
        os.close(writing)
        with os.fdopen(reading) as number:
            self.env = {"DISPLAY": ":" + number.readline().strip()}

    def windows(self) -> list[str]:
        """The names of the visible windows."""
        return [name for name in self._windows().values() if name]

    def answer(self, title: str, *keys: str) -> None:
        """Waits for a window with that text in its title, and presses keys in it, until it is gone. A key that begins with
        `=` is a text to type."""

        def is_gone() -> bool:
            window = next((number for number, name in self._windows().items() if title in name), None)
            if window is None:
                return True
            self._xdotool("windowfocus", "--sync", window)
            for key in keys:
                self._xdotool(*(["type", key[1:]] if key.startswith("=") else ["key", key]))
            return False

        self.wait_for(title)
        wait_until(is_gone)

    def wait_for(self, title: str) -> None:
        """Waits for a window with that text in its title."""
        wait_until(lambda: any(title in name for name in self.windows()))

    def click(self, title: str, across: float, down: float) -> None:
        """Clicks once in a window with that text in its title, at a place given in parts of its width and height, as soon
        as the window stands still."""
        self.wait_for(title)
        window = next(number for number, name in self._windows().items() if title in name)
        before: list[str] = []

        def stands_still() -> bool:
            nonlocal before
            last, before = before, self._xdotool("getwindowgeometry", "--shell", window).split()
            return last == before

        wait_until(stands_still)
        place = dict(line.split("=") for line in before)
        x, y = (str(round(int(place[side]) * part)) for side, part in (("WIDTH", across), ("HEIGHT", down)))
        self._xdotool("mousemove", "--sync", "--window", window, x, y)
        self._xdotool("click", "1")

    def _windows(self) -> dict[str, str]:
        numbers = self._xdotool("search", "--onlyvisible", "--name", ".").split()
        return {number: self._xdotool("getwindowname", number).strip() for number in numbers}

    def _xdotool(self, *command: str) -> str:
        return self._session.run("xdotool", *command, **self.env).stdout.decode()


class Keyring:
    """A program that provides the Secret Service in a session, while it runs."""

    def __init__(self, session: PrivateSession, process: subprocess.Popen[bytes]) -> None:
        self._session, self._process = session, process
        session.end_at_last(process)

    def stop(self) -> None:
        """Ends the program, and waits for its end."""
        self._process.terminate()
        self._process.wait(READY_SECONDS)

    def crash(self) -> None:
        """Ends the program before it can write anything."""
        self._process.kill()
        self._process.wait(READY_SECONDS)

    def is_locked(self) -> bool | None:
        """Whether its default collection is locked; None if there is no collection."""
        call = ("gdbus", "call", "--session", "--dest", SECRETS, "--object-path")
        alias = self._session.run(*call, ROOT, "--method", f"{API}.Service.ReadAlias", "default").stdout.decode()
        path = alias.partition("'")[2].partition("'")[0]
        if path in ("", "/"):
            return None
        get = ("--method", "org.freedesktop.DBus.Properties.Get", f"{API}.Collection", "Locked")
        return b"true" in self._session.run(*call, path, *get).stdout


def _platform(display: Display | None) -> dict[str, str]:
    """The environment of a program with windows. Nobody sees them without a display."""
    return display.env if display else {"QT_QPA_PLATFORM": "offscreen"}


def kwallet(session: PrivateSession, display: Display | None = None, *, at_login: bool = True) -> Keyring:
    """KWallet with one wallet. At a login, PAM passes it the hash of the password, and the wallet is open."""
    settings = session.home / ".config" / "kwalletrc"
    settings.parent.mkdir(exist_ok=True)
    settings.write_text(KWALLET_SETTINGS)
    wallet = session.home / ".local" / "share" / "kwalletd" / "kdewallet.kwl"
    if not wallet.exists():
        # The program that makes the wallet does not show it on the bus.
        wallet.parent.mkdir(parents=True)
        first = _kwallet(session, display, at_login=True)
        wait_until(lambda: wallet_is_open(session))
        first.stop()
    running = _kwallet(session, display, at_login=at_login)
    session.wait_for(SECRETS)
    wait_until(lambda: wallet_is_open(session) is at_login)
    return running


def wallet_is_open(session: PrivateSession) -> bool:
    """Whether the wallet itself is open, whatever the Secret Service says about it."""
    call = ("gdbus", "call", "--session", "--dest", "org.kde.kwalletd5", "--object-path", "/modules/kwalletd5")
    return b"true" in session.run(*call, "--method", "org.kde.KWallet.isOpen", "kdewallet").stdout


def _kwallet(session: PrivateSession, display: Display | None, *, at_login: bool) -> Keyring:
    """The program as systemd starts it, or as pam_kwallet5 does."""
    env = {**session.env, **_platform(display)}
    if not at_login:
        return Keyring(session, session.start("kwalletd5", **env))
    path = session.runtime / "kwallet5.socket"
    reading, writing = os.pipe()
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as login:
        listener.bind(str(path))
        listener.listen()
        process = subprocess.Popen(
            ["kwalletd5", "--pam-login", str(reading), str(listener.fileno())],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**env, "PAM_KWALLET5_LOGIN": str(path)},
            cwd=session.home,
            pass_fds=[reading, listener.fileno()],
            start_new_session=True,
        )
        os.write(writing, HASH)
        os.close(writing)
        os.close(reading)
        login.connect(str(path))
        login.send("".join(f"{name}={value}\n" for name, value in env.items()).encode())
    path.unlink()
    return Keyring(session, process)


def keepassxc(
    session: PrivateSession, display: Display | None = None, *, unlocked: bool = True, settings: str = ""
) -> Keyring:
    """KeePassXC with one database, which it exposes. `settings` are lines that differ from the default ones."""
    configuration = session.home / ".config" / "keepassxc" / "keepassxc.ini"
    configuration.parent.mkdir(parents=True, exist_ok=True)
    configuration.write_text(KEEPASSXC_SETTINGS + settings)
    database = session.home / "Passwords.kdbx"
    if not database.exists():
        group = uuid.uuid4()
        source = session.home / "Passwords.xml"
        source.write_text(DATABASE.format(group=group, encoded=base64.b64encode(group.bytes).decode()))
        make = ("keepassxc-cli", "import", "-q", "-p", str(source), str(database))
        session.run(*make, stdin=f"{PASSWORD}\n{PASSWORD}\n".encode()).check_returncode()
    process = session.start(
        "keepassxc", *(["--pw-stdin"] if unlocked else []), database, stdin=subprocess.PIPE,
        **_platform(display), TMPDIR=str(session.runtime),  # only one KeePassXC uses a directory of temporary files
    )
    assert process.stdin is not None
    if unlocked:
        process.stdin.write(f"{PASSWORD}\n".encode())
    process.stdin.close()
    running = Keyring(session, process)
    session.wait_for(SECRETS)
    wait_until(lambda: running.is_locked() is not unlocked)
    return running
