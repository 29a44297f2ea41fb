"""Another machine that uses the sign-ins of the desktop: a user behind OpenSSH's sshd, who has the door and nothing else."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from . import binaries
from .person import Done, Person, description
from .ssh import SecureShell
from .waiting import wait_until


class FarMachine:
    """That machine, and the user's git there."""

    def __init__(self, session: SecureShell) -> None:
        self.session = session
        self.home = session.home
        programs = self.home / ".local" / "bin"
        # One static file, under the names of git's helper and of the program for scripts.
        self.keyfob = programs / "keyfob"
        self.door = programs / "git-credential-keyfob"

    def install(self) -> None:
        """Puts the door there, as a user does by hand."""
        self.keyfob.parent.mkdir(parents=True)
        shutil.copy(binaries.keyfob(), self.keyfob)
        self.door.symlink_to(self.keyfob.name)
        self.git("config", "--global", "credential.helper", str(self.door)).check_returncode()
        self.name_user()

    def name_user(self) -> None:
        """Sets the name that commits need."""
        self.git("config", "--global", "user.name", "Visitor").check_returncode()
        self.git("config", "--global", "user.email", "visitor@example.com").check_returncode()

    @property
    def socket(self) -> Path:
        """Where ssh puts the socket: this machine has no runtime directories."""
        return self.home / ".cache" / "keyfob" / "agent.sock"

    def git(self, *arguments: str, **env: str) -> Done:
        """Runs git there."""
        return self.session.run("git", *arguments, GIT_TERMINAL_PROMPT="0", **env)

    def ask(self, operation: str, url: str, *more: str, **env: str) -> Done:
        """Calls the door there as git does."""
        request = description(url) + "".join(f"{line}\n" for line in more).encode()
        return self.session.run(self.door, operation, stdin=request, **env)

    def token(self, url: str, **env: str) -> Done:
        """Asks for a token there, as a script does."""
        return self.session.run(self.keyfob, "token", url, **env)

    def files(self) -> set[str]:
        """The files in the user's home, without git's and the programs."""
        files = (path.relative_to(self.home) for path in self.home.rglob("*") if not path.is_dir())
        places = (".cache", ".config", ".local")
        return {str(file) for file in files if file.parts[0] in places and file.parts[1] != "bin"}


def forward(far: FarMachine, *options: str) -> list[str | Path]:
    """The command on the desktop."""
    return [binaries.keyfob(), "forward", far.session.destination, *options, "--", *far.session.options]


@contextmanager
def forwarding(person: Person, far: FarMachine, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """A forward that runs on the desktop as long as the block does."""
    running = begin(person, far, *options)
    try:
        yield running
    finally:
        end(running)


def begin(person: Person, far: FarMachine, *options: str) -> subprocess.Popen[bytes]:
    """Starts a forward on the desktop, and returns when it is up."""
    running = person.session.start(*forward(far, *options))
    person.session.end_at_last(running)
    wait_until(lambda: is_up(far) or running.poll() is not None)
    assert running.poll() is None, running.communicate()
    return running


def end(running: subprocess.Popen[bytes]) -> None:
    """Ends a forward, and waits for its end."""
    running.terminate()
    running.wait(20)


def is_up(far: FarMachine) -> bool:
    """Whether the socket on the other machine leads to the agent: `store` asks for no credential."""
    return far.socket.is_socket() and far.ask("store", "https://up.example.com").returncode == 0


def log(person: Person) -> list[dict[str, Any]]:
    """The entries of the log."""
    done = person.keyfob("log", "--json")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def outcomes(person: Person) -> list[str]:
    """What each question in the log was answered."""
    return [entry["outcome"] for entry in log(person)]


def ssh_processes(person: Person) -> list[int]:
    """The ssh processes of the forwards of this person."""
    done = subprocess.run(["pgrep", "-f", f"ssh -N .*{person.session.runtime}"], capture_output=True, text=True)
    return [int(line) for line in done.stdout.split()]
