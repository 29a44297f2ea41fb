"""A command on its own pseudo-terminal: its output, the user's input, and the settings of the terminal."""

from __future__ import annotations

import codecs
import errno
import fcntl
import os
import re
import select
import signal
import struct
import termios
import time
from pathlib import Path

from .session import PrivateSession
from .waiting import DEADLINE_SECONDS

ROWS, COLUMNS = 60, 120
STEP_SECONDS = 0.1
# The shell leads a session without a terminal, so the first terminal that it opens becomes the controlling one.
ONTO_TERMINAL = ("/bin/sh", "-c", 'exec <"$0" >"$0" 2>"$0"; exec "$@"')


class Terminal:
    """A command and its controlling pseudo-terminal."""

    def __init__(self, session: PrivateSession, *command: str | Path, columns: int = COLUMNS, **env: str) -> None:
        self._person, self._terminal = os.openpty()
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, columns, 0, 0))
        self._before = termios.tcgetattr(self._terminal)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.shown = ""
        settings = {"TERM": "xterm-256color", "NO_COLOR": "1", **env}
        session.give(Path(os.ttyname(self._terminal)))
        self._process = session.start(*ONTO_TERMINAL, os.ttyname(self._terminal), *command, **settings)
        session.end_at_last(self._process)

    def read_until(self, pattern: str) -> str:
        """Reads until the pattern matches, and returns its first group, or the whole match if there is no group. Output
        comes in pieces, so a pattern must define the end of its match."""
        end = time.monotonic() + DEADLINE_SECONDS
        while not (found := re.search(pattern, self.shown)):
            ended = self._process.poll() is not None
            assert self._read() or not ended, f"the command ended without {pattern!r}: {self.shown!r}"
            assert time.monotonic() < end, f"no {pattern!r} in {self.shown!r}"
        return found[1] if found.groups() else found[0]

    def lines(self) -> list[str]:
        """The lines that a user reads. Of an overwritten line, the last text."""
        lines = []
        for line in self.shown.split("\n"):
            states = [state for state in line.replace("\x1b[K", "").split("\r") if state]
            lines += states[-2:] if "\x1b[K" in line else states[-1:]
        return lines

    def type(self, text: str) -> None:
        """Types or pastes; \\x03 is Ctrl-C. Reads the program's output meanwhile, as a terminal does."""
        data = text.encode()
        while data:
            _, ready, _ = select.select([], [self._person], [], STEP_SECONDS)
            if ready:
                data = data[os.write(self._person, data[:1024]) :]
            self._read(0)

    @property
    def shows_typing(self) -> bool:
        """Whether the terminal echoes what is typed and collects it into lines."""
        flags = termios.tcgetattr(self._terminal)[3]
        return flags & (termios.ECHO | termios.ICANON) == termios.ECHO | termios.ICANON

    def send(self, number: signal.Signals) -> None:
        """Sends a signal to the command."""
        self._process.send_signal(number)

    def finish(self) -> int:
        """Waits for the end and returns the exit status, or the negative number of the signal that ended the command.
        The terminal must have the settings that it had at the beginning."""
        end = time.monotonic() + DEADLINE_SECONDS
        while self._process.poll() is None:
            assert time.monotonic() < end, f"the command does not end: {self.shown!r}"
            self._read()
        while self._read(0):
            pass
        after = termios.tcgetattr(self._terminal)
        for side in (self._person, self._terminal):
            os.close(side)
        assert after == self._before, "the terminal is left in another state"
        return self._process.returncode

    def _read(self, seconds: float = STEP_SECONDS) -> bool:
        """Waits so long for output. Returns whether there was any."""
        if not select.select([self._person], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self._person, 65536)
        except OSError as error:
            if error.errno == errno.EIO:
                return False
            raise
        self.shown = (self.shown + self._decoder.decode(data)).replace("\r\n", "\n")
        return bool(data)
