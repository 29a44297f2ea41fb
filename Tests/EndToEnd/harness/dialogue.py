"""A command that writes hints to stderr and waits for its user."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

LISTEN = "0A"


class Dialogue:
    """The running command."""

    def __init__(self, process: subprocess.Popen[bytes], stdin: bytes | None) -> None:
        self._process = process
        self._said: list[str] = []
        if stdin is not None:
            self._give(stdin)

    def hint(self, beginning: str) -> str:
        """Reads stderr up to the hint that begins so, and returns the rest of that line."""
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self._said.append(line.decode().rstrip("\n"))
            if self._said[-1].startswith(f"hint: {beginning}"):
                return self._said[-1].removeprefix(f"hint: {beginning}")
        raise AssertionError(f"no hint {beginning!r} in {self._said}")

    @property
    def said(self) -> bytes:
        """The text on stderr so far, up to the last hint."""
        return "\n".join(self._said).encode()

    def is_listening(self) -> bool:
        """Whether the command listens on a TCP port."""
        tables = [Path("/proc/net", name).read_text().splitlines()[1:] for name in ("tcp", "tcp6")]
        listening = {f"socket:[{row.split()[9]}]" for rows in tables for row in rows if row.split()[3] == LISTEN}
        files = Path(f"/proc/{self._process.pid}/fd")
        return any(os.readlink(file) in listening for file in files.iterdir())

    def type(self, line: str) -> None:
        """Writes a line to the command's standard input."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n".encode())
        self._process.stdin.flush()

    def finish(self, stdin: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
        """Writes the input, unless that was done before, and waits. The result's stderr begins after the last hint."""
        if stdin is not None:
            self._give(stdin)
        assert self._process.stdout is not None and self._process.stderr is not None
        with self._process as process:
            errors, output = self._process.stderr.read(), self._process.stdout.read()
        return subprocess.CompletedProcess(process.args, process.returncode, output, errors)

    def _give(self, stdin: bytes) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(stdin)
        self._process.stdin.close()
