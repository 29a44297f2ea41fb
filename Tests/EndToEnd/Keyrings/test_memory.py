"""The memory of a running keyfob: no core file contains it, and no other process of the same user can read it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness import binaries, counts
from harness.gate import Gate
from harness.person import Person
from harness.session import PrivateSession
from harness.waiting import wait_until

NOBODY = 65534
LONGEST_NAME = 15  # of a process: proc(5)
DOORS = ["keyfob", "keyfob-main", "git-credential-keyfob", "docker-credential-keyfob"]

# A process of the same user tries to read another process. It prints a line for each attempt.
CURIOUS = """
import ctypes, os, sys
process, libc = int(sys.argv[1]), ctypes.CDLL(None, use_errno=True)
for file in ("mem", "environ", "maps"):
    try:
        os.close(os.open(f"/proc/{process}/{file}", os.O_RDONLY))
        print(file)
    except PermissionError:
        pass
libc.ptrace.argtypes = [ctypes.c_long] * 4
if libc.ptrace(16, process, 0, 0) == 0:  # PTRACE_ATTACH
    print("ptrace")
"""


@pytest.fixture
def user() -> int:
    """A user other than root, who may read any memory."""
    return os.getuid() or NOBODY


@pytest.fixture
def programs() -> Iterator[Path]:
    """The programs in a directory from which everybody can start them."""
    with tempfile.TemporaryDirectory(prefix="keyfob-") as directory:
        place = Path(directory)
        place.chmod(0o755)
        for name in DOORS:
            program = binaries.bin_directory() / name
            shutil.copy(program if program.exists() else binaries.keyfob(), place / name)
        yield place


def waiting(user: int, *command: str | Path) -> subprocess.Popen[bytes]:
    """A process of that user that waits for its input, outside of this session."""
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={"PATH": "/usr/bin:/bin"}, cwd="/", user=user
    )


def owner(process: subprocess.Popen[bytes]) -> int:
    """The owner of the process's files in /proc: root, if the process is not dumpable (proc(5))."""
    return Path(f"/proc/{process.pid}/environ").stat().st_uid


def seen_by_a_neighbour(user: int, process: subprocess.Popen[bytes]) -> list[str]:
    """The attempts of another process of that user that succeed."""
    curious = [sys.executable, "-I", "-c", CURIOUS, str(process.pid)]
    return subprocess.run(curious, capture_output=True, text=True, check=True, user=user).stdout.split()


@pytest.mark.parametrize("door", DOORS)
def test_no_other_process_of_the_same_user_may_look_into_it(user: int, programs: Path, door: str) -> None:
    with waiting(user, programs / door, "get") as asked:
        wait_until(lambda: owner(asked) == 0)
        with counts.counted("secrets", f"memory of {door}"):
            assert seen_by_a_neighbour(user, asked) == []
        asked.kill()


def test_the_check_can_read_an_ordinary_process(user: int) -> None:
    with waiting(user, "cat") as ordinary:
        assert owner(ordinary) == user
        assert "environ" in seen_by_a_neighbour(user, ordinary)
        ordinary.kill()


def dumped(session: PrivateSession, process: subprocess.Popen[bytes]) -> bool:
    """Makes a process crash. Returns whether there was a core file, or the kernel piped one to a program."""
    process.send_signal(signal.SIGSEGV)
    ended = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    process.communicate()
    assert ended is not None and ended.si_status == signal.SIGSEGV
    return ended.si_code == os.CLD_DUMPED or any(session.home.rglob("core*"))


def reporter() -> Path:
    """Swift's program for crash reports, which may not exist."""
    return Path(shutil.which("swift") or "swift").resolve().parents[1] / "libexec/swift/linux/swift-backtrace"


def unlimited(*command: str | Path) -> list[str | Path]:
    """The command, without a limit for core files."""
    return ["/bin/sh", "-c", 'ulimit -c unlimited && exec "$@"', "sh", *command]


def waits(process: subprocess.Popen[bytes], name: str) -> bool:
    """Whether the process runs that program and waits for input. (Works for a process that is not dumpable.)"""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return f"Name:\t{name[:LONGEST_NAME]}\n" in status and "State:\tS" in status


@pytest.mark.parametrize("door", DOORS)
def test_a_crash_leaves_no_core(session: PrivateSession, programs: Path, door: str) -> None:
    process = session.start(*unlimited(programs / door, "get"), stdin=subprocess.PIPE)
    session.end_at_last(process)
    wait_until(lambda: waits(process, door))
    limits = Path(f"/proc/{process.pid}/limits").read_text()
    assert re.search(r"^Max core file size +0 ", limits, re.MULTILINE), limits
    with counts.counted("secrets", f"core file of {door}"):
        assert not dumped(session, process)


def test_a_crash_in_the_middle_of_a_login_leaves_no_core(developer: Person, gate: Gate) -> None:
    opened = developer.home / "opened"
    os.mkfifo(opened)
    (developer.home / "browser").write_text(f'#!/bin/sh\necho "$1" >"{opened}"\n')
    login = developer.session.start(*unlimited(binaries.keyfob(), "login", gate.url))
    developer.session.end_at_last(login)
    assert opened.read_text().startswith("http://127.0.0.1:")
    with counts.counted("secrets", "core file of a login"):
        assert not dumped(developer.session, login)


@pytest.mark.parametrize("door", DOORS)
def test_a_crash_reports_nothing_from_memory(session: PrivateSession, programs: Path, door: str) -> None:
    asked = {"SWIFT_BACKTRACE": f"enable=yes,swift-backtrace={reporter()}"}
    process = session.start(programs / door, "get", stdin=subprocess.PIPE, **asked)
    session.end_at_last(process)
    wait_until(lambda: waits(process, door))
    process.send_signal(signal.SIGSEGV)
    process.wait(20)  # before the end of its input, at which it would exit
    said = process.communicate()
    with counts.counted("secrets", f"crash report of {door}"):
        assert (process.returncode, said) == (-signal.SIGSEGV, (b"", b""))


def test_a_crash_of_another_program_would_have_left_one(session: PrivateSession) -> None:
    process = session.start(*unlimited("cat"), stdin=subprocess.PIPE)
    session.end_at_last(process)
    wait_until(lambda: waits(process, "cat"))
    if not dumped(session, process):
        pytest.skip(f"this machine keeps no core files: {Path('/proc/sys/kernel/core_pattern').read_text().strip()}")
