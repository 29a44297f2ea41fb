"""Kills commands at one system call after the other, and keeps the result of each."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from . import counts
from .session import LONGEST_SECONDS, PrivateSession

FEW = 4
HEARING = ("read", "readv", "recvfrom", "recvmsg")


@dataclass(frozen=True)
class Crash:
    """One killed command: the system call that it was about to make, and those before it."""

    points: list[str]

    @property
    def call(self) -> str:
        """The system call at the entry of which the command was killed."""
        return self.points[-1].split()[1]

    def __str__(self) -> str:
        return "killed at " + self.points[-1]


class Killer:
    """Kills commands in a session with `signal`, and counts the checks that passed afterwards."""

    def __init__(self, session: PrivateSession, program: Path) -> None:
        self.signal = signal.SIGKILL
        self._session = session
        self._program = program
        self._failures: list[str] = []

    def crashes(
        self, prepare: Callable[[], object], command: Sequence[str | Path], stdin: bytes = b"", *, first: int = 0
    ) -> Iterator[Crash]:
        """Kills the command once at each system call, until the command ends before it is killed. If time is short, it
        kills only at a few calls with an effect; `first` chooses other ones. `prepare` runs before each."""
        prepare()
        status, points = self._run(0, command, stdin)
        assert status == 0, f"exit status {status} without being killed"
        doing = [number for number, point in enumerate(points, 1) if point.split()[1] not in HEARING]
        # Only a process with CAP_SYS_PTRACE can see the descriptors of a process that is not dumpable.
        assert len(doing) > FEW, f"too few points to be all of them; run as root: {points}"
        for number in itertools.count(1) if counts.is_long() else doing[first :: max(1, len(doing) // FEW)]:
            prepare()
            status, points = self._run(number, command, stdin)
            if len(points) < number:
                assert status == 0, f"exit status {status} without being killed, at point {number}"
                return
            yield Crash(points[:number])

    @contextmanager
    def trial(self, name: str, crash: Crash) -> Iterator[None]:
        """Counts the check after a crash. Keeps a failure for the end, so that all failures are reported."""
        try:
            with counts.counted("kill points", name):
                yield
        except AssertionError as error:
            self._failures.append(f"{name}, {crash}: {error}")

    def report(self) -> None:
        """Fails if a check failed."""
        assert not self._failures, f"{len(self._failures)} failed:\n" + "\n".join(self._failures)

    def _run(self, number: int, command: Sequence[str | Path], stdin: bytes) -> tuple[int, list[str]]:
        root = self._session.home.parent
        points = root / "points"
        process = self._session.start(
            self._program, str(int(self.signal)), str(number), points, str(root), *command, stdin=subprocess.PIPE
        )
        self._session.end_at_last(process)
        process.communicate(stdin, timeout=LONGEST_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # its children
        return process.returncode, points.read_text().splitlines()
