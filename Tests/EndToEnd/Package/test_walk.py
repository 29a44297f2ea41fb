"""The whole way of a new user: on a Debian without keyfob, at a terminal, with a browser beside it. The test compares
the screen line by line with the transcript beside this file. `--transcript` writes the transcript again."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from harness import binaries, debian
from harness.chromium import Chromium
from harness.debian import Debian
from harness.gate import Gate
from harness.provider.server import Provider
from harness.session import PrivateSession
from harness.terminal import Terminal
from harness.waiting import wait_until

BUILD = binaries.REPOSITORY / "Sources" / "package" / "build"
TRANSCRIPT = Path(__file__).with_name("walk.txt")
PROMPT = r"(?:\A|\n)\$ \Z"

# A desktop session: a bus, a keyring that the login has unlocked, and a shell on the terminal.
SESSION = (
    "printf password | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1; "
    "exec 2>&3 3>&-; exec setsid --ctty --wait bash --norc --noprofile --noediting"
)
# In place of a browser's window: Chromium runs outside of the system and gets the address.
BROWSER = "#!/bin/sh\nprintf %s \"$1\" >/run/address.new && mv /run/address.new /run/address\n"
GIT_CONFIG = "[user]\n\tname = Alice\n\temail = alice@example.com\n"

# Text that differs from run to run.
VARYING = [
    (r"\(Reading database \.\.\. \d+ files", "(Reading database ... N files"),
    (r"/start/[\w-]+", "/start/ONCE"),
    (r"127\.0\.0\.1:\d+", "127.0.0.1:PORT"),
    (r", \d+ bytes \| [\d.]+ \w+/s", ", N bytes | N KiB/s"),
    (r"\b[0-9a-f]{7,40}\b", "COMMIT"),
    (r"up to \d+ threads", "up to N threads"),
    (r"access token for \d+ \w+", "access token for A WHILE"),
]


def steady(shown: str) -> str:
    """The final text of a terminal, without overwritten lines, and with varying text replaced."""
    lines = [line.rstrip("\r").rsplit("\r", 1)[-1].removeprefix("\x1b[K") for line in shown.split("\n")]
    # The output of git's server may come at any place.
    lines = [line.replace("\x1b[K", "").rstrip() for line in lines if not line.startswith("remote: ")]
    text = "\n".join(lines)
    for pattern, instead in VARYING:
        text = re.sub(pattern, instead, text)
    return text


class Walk:
    """A person at the terminal of that system."""

    def __init__(self, system: Debian, session: PrivateSession) -> None:
        self._system = system
        (system.root / "opt/browser").write_text(BROWSER)
        (system.root / "opt/browser").chmod(0o755)
        (system.home / ".gitconfig").write_text(GIT_CONFIG)
        (system.root / "run/user/0").mkdir(mode=0o700, parents=True)
        variables = {**debian.ENVIRONMENT, "XDG_RUNTIME_DIR": "/run/user/0", "PS1": "$ ", "TERM": "xterm-256color", "NO_COLOR": "1"}
        settings = [f"{name}={value}" for name, value in {**variables, "BROWSER": "/opt/browser"}.items()]
        within = [debian.WITHIN[0], f"--root={system.root}", f"--wd={debian.ENVIRONMENT['HOME']}", *debian.WITHIN[1:]]
        # Messages of the bus about this machine do not belong to the transcript.
        shell = ["sh", "-c", 'exec dbus-run-session -- sh -c "$0" 3>&2 2>/dev/null', SESSION]
        self._terminal = Terminal(session, *within, "env", "-i", *settings, *shell)
        self._terminal.read_until(PROMPT)
        self.transcript = self._terminal.shown

    def type(self, line: str, until: str = PROMPT) -> None:
        """Types a line, and reads until the expected text."""
        self._terminal.shown = ""
        self._terminal.type(line + "\n")
        self._terminal.read_until(until)
        self.transcript += self._terminal.shown

    def address(self) -> str:
        """The address that the browser should open."""
        told = self._system.root / "run" / "address"
        wait_until(told.exists)
        return told.read_text()

    def rest(self) -> None:
        """Reads until the shell asks for the next command."""
        begun = len(self._terminal.shown)
        self._terminal.read_until(PROMPT)
        self.transcript += self._terminal.shown[begun:]

    def leave(self) -> None:
        """Ends the shell."""
        self._terminal.shown = ""
        self._terminal.type("exit\n")
        assert self._terminal.finish() == 0


@pytest.fixture
def system(tmp_path: Path) -> Debian:
    """A Debian with git, a bus and a keyring, and the package in the person's home."""
    system = debian.desktop().copy(tmp_path / "system")
    command = [BUILD, "--bin", binaries.bin_directory(), "--output", tmp_path, "--compression", "gzip"]
    built = subprocess.run(command, capture_output=True, text=True, check=True)
    shutil.copy(built.stdout.splitlines()[0], system.home / "keyfob.deb")
    return system


@pytest.mark.skipif(bool(debian.why_not()), reason=debian.why_not() or "")
@pytest.mark.timeout(debian.MAKING_SECONDS)
def test_from_the_package_to_its_end(
    system: Debian, session: PrivateSession, provider: Provider, gate: Gate, request: pytest.FixtureRequest
) -> None:
    # A company's configuration for all its people. The client registers itself.
    configuration = system.root / "etc/keyfob/config.toml"
    configuration.parent.mkdir()
    configuration.write_text(f'[host."{gate.origin}"]\nissuer = "{provider.issuer}"\nscopes = ["read", "write"]\n')
    walk = Walk(system, session)
    walk.type("dpkg --install keyfob.deb")
    walk.type("keyfob setup git --apply", until=r"\[y/N\] \Z")
    walk.type("y")
    walk.type(f"git clone {gate.url}", until="waiting for the browser")
    with Chromium() as chromium:
        tab = chromium.tab()
        chromium.sign_in(tab, walk.address())
        assert tab.heading == "Sign-in approved"
    walk.rest()
    walk.type("cd project && echo hello >hello.txt && git add hello.txt && git commit --quiet --message hello")
    walk.type("git push")
    assert gate.knocks()[-1].status == 200
    walk.type("keyfob status")
    assert provider.live_refresh_tokens() == 1
    walk.type(f"keyfob logout {gate.url}")
    assert provider.live_refresh_tokens() == 0
    walk.type("keyfob status")
    walk.type("cd && git config --global --unset-all credential.helper && dpkg --purge keyfob")
    walk.leave()

    shown = steady(walk.transcript)
    if request.config.getoption("--transcript"):
        TRANSCRIPT.write_text(shown + "\n")
    assert shown.splitlines() == TRANSCRIPT.read_text().splitlines()
    left = {str(path.relative_to(system.home)) for path in system.home.rglob("*keyfob*")}
    assert left == {"keyfob.deb"}
