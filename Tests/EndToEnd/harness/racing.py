"""Many commands that start at the same moment."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .person import Done
from .session import PrivateSession
from .waiting import wait_until

# A process that opens a FIFO for reading waits until another opens it for writing. Then all readers continue at once.
BEHIND_THE_LINE = ("/bin/sh", "-c", ': <"$0"; exec "$@"')


@dataclass(frozen=True)
class Runner:
    """One command of a race, and its input."""

    command: Sequence[str | Path]
    stdin: bytes = b""


def race(session: PrivateSession, runners: Sequence[Runner], **env: str) -> list[Done]:
    """Runs all commands at once and returns the results in their order."""
    line = session.runtime / "starting-line"
    os.mkfifo(line, 0o600)
    processes = [_take_place(session, line, runner, env) for runner in runners]
    wait_until(lambda: all(_is_waiting(process.pid) for process in processes))
    starter = os.open(line, os.O_WRONLY)
    try:
        return [_finished(process) for process in processes]
    finally:
        os.close(starter)
        line.unlink()


def _take_place(
    session: PrivateSession, line: Path, runner: Runner, env: dict[str, str]
) -> subprocess.Popen[bytes]:
    read, write = os.pipe()
    os.write(write, runner.stdin)  # less than a pipe holds
    os.close(write)
    try:
        process = session.start(*BEHIND_THE_LINE, line, *runner.command, stdin=read, **env)
    finally:
        os.close(read)
    session.end_at_last(process)
    return process


def _is_waiting(pid: int) -> bool:
    """Whether the process is still the shell, and asleep (proc(5))."""
    name, _, rest = Path(f"/proc/{pid}/stat").read_text().partition("(")[2].rpartition(")")
    return (name, rest.split()[0]) == ("sh", "S")


def _finished(process: subprocess.Popen[bytes]) -> Done:
    output, errors = process.communicate(timeout=90)
    return subprocess.CompletedProcess(process.args, process.returncode, output, errors)
