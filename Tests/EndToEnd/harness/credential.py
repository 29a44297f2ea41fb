"""Two ways to ask a credential helper: through the real `git credential`, and directly."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Protocol

from .session import PrivateSession

Attributes = dict[str, str]


class Store(Protocol):
    """A store for passwords, as its users see it. None of the three methods may write to stderr."""

    def fill(self, **wanted: str) -> Attributes | None:
        """The stored credential for this description, or None."""

    def approve(self, **credential: str) -> None:
        """Stores a credential that worked."""

    def reject(self, **credential: str) -> None:
        """Removes a credential that did not work."""


LISTS = {"wwwauth": "wwwauth[]", "capability": "capability[]", "state": "state[]"}


def encode(attributes: dict[str, str]) -> bytes:
    """The attributes as lines. `wwwauth` stands for one `wwwauth[]`, and so on."""
    return "".join(f"{LISTS.get(key, key)}={value}\n" for key, value in attributes.items()).encode()


def decode(output: bytes) -> Attributes:
    """The attributes in these lines, with the names that `encode` takes. The last one of a name counts."""
    names = {written: name for name, written in LISTS.items()}
    pairs = (line.split("=", 1) for line in output.decode().splitlines() if line)
    return {names.get(key, key): value for key, value in pairs}


def quietly(done: subprocess.CompletedProcess[bytes]) -> bytes:
    """The output of a command that must have succeeded and written nothing to stderr."""
    assert (done.returncode, done.stderr.decode()) == (0, "")
    return done.stdout


class HelperStore:
    """Calls the helper as git does: the operation as an argument, the description on standard input."""

    def __init__(self, session: PrivateSession, helper: Path) -> None:
        self._session = session
        self._helper = helper

    def run(self, operation: str, **attributes: str) -> subprocess.CompletedProcess[bytes]:
        """Runs one operation and returns the result, whatever it is."""
        return self._session.run(self._helper, operation, stdin=encode(attributes))

    def fill(self, **wanted: str) -> Attributes | None:
        """Asks the helper with `get`."""
        answer = decode(quietly(self.run("get", **wanted)))
        return {**wanted, **answer} if "password" in answer or "credential" in answer else None

    def approve(self, **credential: str) -> None:
        """Calls the helper with `store`, which prints nothing."""
        assert quietly(self.run("store", **credential)) == b""

    def reject(self, **credential: str) -> None:
        """Calls the helper with `erase`, which prints nothing."""
        assert quietly(self.run("erase", **credential)) == b""


class GitStore:
    """Runs `git credential`, which asks the helper, and then an askpass program that leaves a mark."""

    def __init__(self, session: PrivateSession, helper: Path) -> None:
        self._session = session
        self._helper = helper
        self._asked = session.home / "askpass.log"
        self._askpass = session.home / "askpass"
        self._askpass.write_text(f'#!/bin/sh\necho "$1" >>"{self._asked}"\necho from-askpass\n')
        self._askpass.chmod(0o700)
        self._options: list[str] = []

    def use_http_path(self) -> None:
        """Makes git pass the path of http URLs to helpers."""
        self._options = ["-c", "credential.useHttpPath=true"]

    def fill(self, **wanted: str) -> Attributes | None:
        """git's answer, or None if git had to prompt its user."""
        self._asked.unlink(missing_ok=True)
        answer = decode(self._git("fill", wanted))
        return None if self._asked.exists() else answer

    def approve(self, **credential: str) -> None:
        """Makes git tell the helper that a credential worked."""
        self._git("approve", credential)

    def reject(self, **credential: str) -> None:
        """Makes git tell the helper that a credential did not work."""
        self._git("reject", credential)

    def _git(self, operation: str, attributes: dict[str, str]) -> bytes:
        command = ["git", *self._options, "-c", "credential.helper=", "-c", f"credential.helper={self._helper}"]
        environment = {"GIT_ASKPASS": str(self._askpass)}
        done = self._session.run(*command, "credential", operation, stdin=encode(attributes), **environment)
        return quietly(done)


def git_version() -> tuple[int, int]:
    """The version of the installed git: (2, 39)."""
    printed = subprocess.run(["git", "--version"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"(\d+)\.(\d+)", printed)
    assert found is not None
    return int(found[1]), int(found[2])
