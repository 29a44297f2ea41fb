"""Everything that others can observe of a running keyfob, collected for a search for secrets."""

from __future__ import annotations

import base64
import re
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from . import kernel
from .bare import KernelSession
from .labels import labels
from .marked import Marks
from .person import Done, Person
from .session import PrivateSession
from .waiting import wait_until

CAP_SYS_PTRACE = 19
PIECE = 16

# The variables that make libraries, and keyfob itself, write debug output.
TALKATIVE = {
    "G_MESSAGES_DEBUG": "all",
    "G_DBUS_DEBUG": "all",
    "GIT_TRACE": "1",
    "GIT_TRACE_CURL": "1",
    "GIT_TRACE_SETUP": "1",
    "GIT_CURL_VERBOSE": "1",
    "KEYFOB_DEBUG": "1",
    "KEYFOB_LOG": "trace",
    "KEYFOB_TRACE": "1",
    "LIBSECRET_DEBUG": "all",
    "LOG_LEVEL": "trace",
}

EXECUTED = re.compile(r'execve\(("[^"]*", \[.*?\]), \[(.*)\]\) ')
WRITTEN = re.compile(r'(?:openat|open|creat)\([^"]*"([^"]*)", [^)]*\b(?:O_WRONLY|O_RDWR|O_CREAT)\b[^)]*\) = \d')
SPOKEN_TO = re.compile(r'sun_path=@?"([^"]*)"')


def may_look_into_others() -> bool:
    """Whether this user can look into a process that is not dumpable. root can, unless a container forbids it."""
    status = Path("/proc/self/status").read_text()
    found = re.search(r"^CapEff:\s*([0-9a-f]+)$", status, re.MULTILINE)
    return found is not None and bool(int(found[1], 16) >> CAP_SYS_PTRACE & 1)


def traces(secret: str) -> list[bytes]:
    """The texts that betray a secret: large pieces of it, plain, in base64 and in hexadecimal."""
    found = []
    for piece in {secret[:PIECE].encode(), secret[-PIECE:].encode()}:
        found += [piece, piece.hex().encode(), piece.decode().encode("utf-16-le")]
        # base64 makes four characters of three bytes, so the characters depend on the position in the longer text.
        for before in range(3):
            encoded = base64.b64encode(b"\0" * before + piece)
            found.append(encoded[4 if before else 0 : len(encoded) // 4 * 4 - 4])
    return found


class Evidence:
    """The evidence of one person's session, by place."""

    def __init__(self, person: Person) -> None:
        self._person = person
        self._session: PrivateSession = person.session
        self.places: dict[str, bytes] = {}
        self.is_without_keyring = isinstance(self._session, KernelSession)
        self._trace = self._session.runtime.parent / "trace"

    # Collecting.

    def add(self, place: str, *shown: bytes) -> None:
        """Adds evidence to a place."""
        self.places[place] = self.places.get(place, b"") + b"\n".join([*shown, b""])

    def run(self, *command: str | Path, stdin: bytes = b"", answers: bool = False, **env: str) -> Done:
        """Runs a command with all debug output on. Its output is evidence, unless the command `answers`."""
        done = self._session.run(*self._traced(*command), stdin=stdin, **{**TALKATIVE, **env})
        self.showed(b"" if answers else done.stdout, done.stderr)
        return done

    def start(self, *command: str | Path, stdin: int = subprocess.DEVNULL, **env: str) -> subprocess.Popen[bytes]:
        """Starts a command in the same way. `ended` collects its output."""
        process = self._session.start(*self._traced(*command), stdin=stdin, **{**TALKATIVE, **env})
        self._session.end_at_last(process)
        return process

    def ended(self, process: subprocess.Popen[bytes]) -> int:
        """Waits for a started command and returns its exit status."""
        output, errors = process.communicate(timeout=60)
        self.showed(output, errors)
        return process.returncode

    def showed(self, output: bytes, errors: bytes) -> None:
        """Collects the output of a started command until its end."""
        self.add("standard error", errors)
        self.add("standard output", output)
        self._read_trace()

    def look_at_processes(self) -> None:
        """Reads the arguments and environments of all running processes, as far as this user may."""
        for process in Path("/proc").glob("[0-9]*"):
            for name in ("cmdline", "environ"):
                try:
                    self.add(f"/proc/*/{name}", (process / name).read_bytes())
                except OSError:
                    continue

    def look_around(self) -> None:
        """Reads what a command left: files, items, kernel keys."""
        for place in (self._session.home, self._session.runtime):
            for path in place.rglob("*"):
                self.add("names of files", str(path).encode())
                if path.is_file():
                    self.add("the keyring's file" if path.suffix == ".keyring" else "files", path.read_bytes())
        if isinstance(self._session, KernelSession):
            self.add("descriptions of kernel keys", self._session.keyctl("show", "PERSISTENT").encode())
        else:
            self.add("labels and attributes", *(shown.encode() for shown in labels(self._session)))
            self.add("descriptions of kernel keys", kernel.descriptions().encode())

    def _traced(self, *command: str | Path) -> Iterable[str | Path]:
        if not may_look_into_others():
            return command
        calls = "trace=execve,openat,open,creat,connect"
        return ["strace", "-f", "--seccomp-bpf", "-v", "-s", "100000", "-e", calls, "-o", self._trace, *command]

    def _read_trace(self) -> None:
        if not self._trace.exists():
            return
        lines = self._trace.read_text(errors="replace").splitlines()
        for line in lines:
            if executed := EXECUTED.search(line):
                self.add("arguments", executed[1].encode())
                self.add("environments", executed[2].encode())
            if written := WRITTEN.search(line):
                self.add("opened for writing", written[1].encode())
            if spoken := SPOKEN_TO.search(line):
                self.add("sockets", spoken[1].encode())
        self._trace.unlink()

    @contextmanager
    def listening_on_the_bus(self) -> Iterator[None]:
        """Records all messages on the session bus while its block runs."""
        heard = self._session.runtime.parent / "heard"
        with heard.open("wb") as file:
            monitor = subprocess.Popen(["dbus-monitor", "--binary"], stdout=file, env=self._session.env)
        try:
            self._hear_the_monitor(heard, b"BeginningOfTheTest")
            yield
            self._hear_the_monitor(heard, b"EndOfTheTest")
        finally:
            monitor.terminate()
            monitor.wait(20)
        self.add("messages on the bus", heard.read_bytes())

    def _hear_the_monitor(self, heard: Path, word: bytes) -> None:
        """Sends a message until the monitor has recorded it."""

        def is_heard() -> bool:
            signal = ["gdbus", "emit", "--session", "--object-path", "/", "--signal", f"org.keyfob.{word.decode()}"]
            self._session.run(*signal).check_returncode()
            return word in heard.read_bytes()

        wait_until(is_heard)

    # Searching.

    def leaks(self, marks: Marks) -> set[tuple[str, str]]:
        """The places in which secrets were found, each with the kind of the secret."""
        return {
            (place, kind)
            for secret, kind in marks.of.items()
            for trace in traces(secret)
            for place, shown in self.places.items()
            if trace in shown
        }

    def written_elsewhere(self) -> set[str]:
        """The files outside of the person's directories, devices excepted, that were opened for writing."""
        own = (str(self._session.home), str(self._session.runtime), "/dev/", "/proc/self/")
        opened = self.places.get("opened for writing", b"").decode().splitlines()
        return {path for path in opened if path.startswith("/") and not path.startswith(own)}

    def sockets(self) -> set[str]:
        """The local sockets to which a process connected."""
        return set(filter(None, self.places.get("sockets", b"").decode().splitlines()))
