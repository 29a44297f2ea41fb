"""A person with git, keyfob and a browser, in a private session."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from . import binaries
from .dialogue import Dialogue
from .gate import Gate
from .people import ALICE, PEOPLE
from .provider.server import CLIENT_ID
from .session import PrivateSession

Done = subprocess.CompletedProcess[bytes]


class Person:
    """Runs commands in the session. git asks keyfob, and the browser fills in the login pages by itself."""

    def __init__(self, session: PrivateSession) -> None:
        self.session = session
        self.home = session.home
        self._log = self.home / "browser.log"
        self._trace = self.home / "browser.trace"
        self.browser_options: list[str] = []
        self.set_browser("approve")
        self.configure_git({"credential.helper": str(binaries.git_credential_keyfob())})

    # Settings.

    @property
    def configuration(self) -> Path:
        """The path of keyfob's configuration, which may not exist."""
        return self.home / ".config" / "keyfob" / "config.toml"

    @property
    def approvals(self) -> Path:
        """The path of keyfob's approvals, which may not exist."""
        return self.home / ".local" / "state" / "keyfob" / "approved.toml"

    def set_browser(self, mode: str = "approve", user: str = ALICE) -> None:
        """Makes $BROWSER a browser of that mode, used by a person whom the servers know. It is a script, so it does not
        depend on the environment that keyfob passes on."""
        script = self.home / "browser"
        command = [*self._browser(mode, user), "--log", str(self._log), "--trace", str(self._trace)]
        script.write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$1"\n')
        script.chmod(0o700)
        self.session.env["BROWSER"] = str(script)

    def _browser(self, mode: str, user: str) -> list[str]:
        who = ["--user", user, "--password", PEOPLE[user]]
        return [sys.executable, "-I", str(binaries.BROWSER), "--mode", mode, *who, *self.browser_options]

    def configure_git(self, settings: dict[str, str]) -> None:
        """Sets values in this person's global git configuration."""
        for key, value in settings.items():
            self.session.run("git", "config", "--global", key, value).check_returncode()

    def configure_keyfob(self, host: str, issuer: str, **more: object) -> None:
        """Writes keyfob's configuration: one host, its issuer, our registered client. `more` adds keys to the host. A
        value of None removes the key."""
        values = {"issuer": issuer, "client_id": CLIENT_ID, "scopes": ["read", "write"], **more}
        said = {key: value for key, value in values.items() if value is not None}
        lines = [f'[host."{host}"]', *(f"{key} = {json.dumps(value)}" for key, value in said.items())]
        path = self.configuration
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines) + "\n")

    # Actions.

    def keyfob(self, *arguments: str, stdin: bytes = b"", **env: str) -> Done:
        """Runs keyfob."""
        return self.session.run(binaries.keyfob(), *arguments, stdin=stdin, **env)

    def begin(self, *command: str | Path, stdin: bytes | None = None) -> Dialogue:
        """Starts a command that writes hints and waits. `stdin` is all of its input."""
        process = self.session.start(*command, stdin=subprocess.PIPE)
        self.session.end_at_last(process)
        return Dialogue(process, stdin)

    def browse_elsewhere(self, address: str, *options: str, mode: str = "approve", user: str = ALICE) -> str:
        """Opens an address with a browser that keyfob did not start, and returns the browser's output."""
        done = self.session.run(*self._browser(mode, user), *options, address)
        assert done.returncode == 0, stderr_lines(done)
        return done.stdout.decode().strip()

    def git(self, *arguments: str, stdin: bytes = b"", **env: str) -> Done:
        """Runs git."""
        return self.session.run("git", *arguments, stdin=stdin, **env)

    def ask_door(self, operation: str, url: str, *more: str, **env: str) -> Done:
        """Calls the door as git does. `more` are further lines of the description."""
        request = description(url) + "".join(f"{line}\n" for line in more).encode()
        return self.session.run(binaries.git_credential_keyfob(), operation, stdin=request, **env)

    def token(self, url: str) -> str:
        """The access token that keyfob gives for the URL without interaction."""
        done = self.keyfob("token", url, "--interaction", "never")
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode().rstrip("\n")

    def working_copy(self, gate: Gate, name: str = "work") -> Path:
        """A clone that was made past the gate, with the git server as its origin. No token was needed for it."""
        self.git("clone", "--quiet", str(gate.repository), name).check_returncode()
        self.git("-C", name, "remote", "set-url", "origin", gate.url).check_returncode()
        return self.home / name

    def fetch(self, copy: Path, **env: str) -> Done:
        """Fetches in a working copy."""
        return self.git("-C", str(copy), "fetch", **env)

    # Results.

    def browsers_opened(self) -> int:
        """How often keyfob opened a browser."""
        return len(self._log.read_text().splitlines()) if self._log.exists() else 0

    def pages(self) -> list[Page]:
        """The answers that the browsers got."""
        lines = self._trace.read_text().splitlines() if self._trace.exists() else []
        return [Page(**json.loads(line)) for line in lines]


@dataclass(frozen=True)
class Page:
    """One answer that a browser got."""

    method: str
    url: str
    status: int


def description(url: str) -> bytes:
    """The lines that git writes to a helper for a URL, unless credential.useHttpPath is set."""
    scheme, _, rest = url.partition("://")
    host = rest.partition("/")[0]
    return f"protocol={scheme}\nhost={host}\n".encode()


def stderr_lines(done: Done) -> list[str]:
    """The lines that a command wrote to stderr."""
    return done.stderr.decode().splitlines()
