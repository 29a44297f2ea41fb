"""A person with git, keyfob and a browser, in a private session."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from . import binaries
from .provider.server import CLIENT_ID, USER, USER_PASSWORD
from .session import PrivateSession

Done = subprocess.CompletedProcess[bytes]


class Person:
    """Runs commands in the session, with git set up to ask keyfob and a browser that walks the pages by itself."""

    def __init__(self, session: PrivateSession) -> None:
        self.session = session
        self.home = session.home
        self._log = self.home / "browser.log"
        self._trace = self.home / "browser.trace"
        self.set_browser("approve")
        self.configure_git({"credential.helper": str(binaries.git_credential_keyfob())})

    # Settings.

    def set_browser(self, mode: str) -> None:
        """Makes $BROWSER a browser of that mode. A script of its own: it must not depend on what keyfob passes on."""
        script = self.home / "browser"
        command = [
            sys.executable, "-I", str(binaries.BROWSER), "--mode", mode, "--log", str(self._log),
            "--trace", str(self._trace), "--user", USER, "--password", USER_PASSWORD,
        ]  # fmt: skip
        script.write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$1"\n')
        script.chmod(0o700)
        self.session.env["BROWSER"] = str(script)

    def configure_git(self, settings: dict[str, str]) -> None:
        """Sets values in this person's global git configuration."""
        for key, value in settings.items():
            self.session.run("git", "config", "--global", key, value).check_returncode()

    def configure_keyfob(self, host: str, issuer: str, **more: object) -> None:
        """Writes keyfob's configuration: one host, its issuer, our registered client. `more` is added to the host."""
        values = {"issuer": issuer, "client_id": CLIENT_ID, "scopes": ["read", "write"], **more}
        lines = [f'[host."{host}"]', *(f"{key} = {json.dumps(value)}" for key, value in values.items())]
        path = self.home / ".config" / "keyfob" / "config.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines) + "\n")

    # Doing things.

    def keyfob(self, *arguments: str, stdin: bytes = b"", **env: str) -> Done:
        """Runs keyfob."""
        return self.session.run(binaries.keyfob(), *arguments, stdin=stdin, **env)

    def git(self, *arguments: str, stdin: bytes = b"", **env: str) -> Done:
        """Runs git."""
        return self.session.run("git", *arguments, stdin=stdin, **env)

    def start_git(self, *arguments: str, **env: str) -> subprocess.Popen[bytes]:
        """Starts git and does not wait for it."""
        return subprocess.Popen(
            ["git", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**self.session.env, **env},
            cwd=self.home,
        )

    def ask_for_token(self, url: str, **env: str) -> Done:
        """Asks the door for a credential as git does."""
        request = description(url)
        return self.session.run(binaries.git_credential_keyfob(), "get", stdin=request, **env)

    # What happened.

    def browsers_opened(self) -> int:
        """How many times a browser was opened."""
        return len(self._log.read_text().splitlines()) if self._log.exists() else 0

    def pages(self) -> list[Page]:
        """What the browsers were answered."""
        lines = self._trace.read_text().splitlines() if self._trace.exists() else []
        return [Page(**json.loads(line)) for line in lines]


@dataclass(frozen=True)
class Page:
    """One answer that a browser got."""

    method: str
    url: str
    status: int


def description(url: str, **attributes: str) -> bytes:
    """A credential description for a URL, as git writes it to a helper."""
    scheme, _, rest = url.partition("://")
    host, _, path = rest.partition("/")
    lines = {"protocol": scheme, "host": host, **({"path": path} if path else {}), **attributes}
    return "".join(f"{key}={value}\n" for key, value in lines.items()).encode() + b"\n"


def attributes(output: bytes) -> dict[str, str]:
    """The attributes of a credential as a helper or git wrote it; the last one wins."""
    return dict(line.split("=", 1) for line in output.decode().splitlines() if line)


def stderr_lines(done: Done) -> list[str]:
    """What a command said on stderr."""
    return done.stderr.decode().splitlines()


def repository_names(count: int) -> list[Path]:
    """Names for clones side by side."""
    return [Path(f"clone-{number}") for number in range(count)]
