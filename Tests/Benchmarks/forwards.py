"""Another machine that uses the sign-ins of this one: a user behind OpenSSH's sshd on loopback."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness import far
from harness.far import FarMachine
from harness.session import PrivateSession
from harness.ssh import SecureShell
from harness.waiting import wait_until


@contextmanager
def forwarded(session: PrivateSession, service: str) -> Iterator[FarMachine]:
    """A machine to which `keyfob forward` gives the tokens of a service, as long as the block runs."""
    with SecureShell() as remote:
        machine = FarMachine(remote)
        machine.install()
        running = session.start(*far.forward(machine, "--allow", service))
        try:
            wait_until(lambda: far.is_up(machine))
            yield machine
        finally:
            far.end(running)


def as_far_user(machine: FarMachine) -> list[str]:
    """The beginning of a command that runs a program on this machine as the user of the other one, without the time that
    ssh takes to start it."""
    user = str(machine.session.number)
    change = ["/usr/bin/setpriv", "--reuid", user, "--regid", user, "--clear-groups"]
    settings = [f"HOME={machine.home}", "PATH=/usr/bin:/bin"]
    return [*change, "/usr/bin/env", "--ignore-environment", *settings]


@contextmanager
def multiplexed(machine: FarMachine, directory: Path) -> Iterator[list[str]]:
    """A command that runs `true` on the other machine over a connection that is open already."""
    control = ["/usr/bin/ssh", *machine.session.options, "-S", str(directory / "control")]
    destination = machine.session.destination
    master = subprocess.Popen([*control, "-M", "-N", destination], stderr=subprocess.DEVNULL)
    try:
        wait_until((directory / "control").is_socket)
        yield [*control, destination, "true"]
    finally:
        master.terminate()
        master.wait(20)


def dead_socket(directory: Path) -> Path:
    """A socket at which nobody listens."""
    path = directory / "dead.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
    return path


def resident_mebibytes(session: PrivateSession) -> float:
    """The memory of the agent that answers in a session."""
    runtime = os.fsencode(session.runtime)
    for path in Path("/proc").glob("[0-9]*"):
        try:
            words = (path / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if words[0] == b"keyfob-agent" and any(word.startswith(runtime) for word in words):
            return int((path / "status").read_text().partition("VmRSS:")[2].split()[0]) / 1024
    raise SystemExit("the agent does not run")
