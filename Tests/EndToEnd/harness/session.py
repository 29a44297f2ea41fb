"""A private login session: its own home, runtime directory, message bus and GNOME Keyring.

Nothing of the caller's session is seen from inside. Standard library only: the benchmarks use it too.
"""

from __future__ import annotations

import os
import pwd
import resource
import shutil
import signal
import subprocess
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

SECRETS = "org.freedesktop.secrets"
PASSWORD = b"correct horse"
READY_SECONDS = 20
LONGEST_SECONDS = 60

# A process that may write no more gets a signal, unless it ignores that: then it gets an error, as from a full disk.
LIVES_ON = ("/bin/sh", "-c", 'trap "" XFSZ; exec "$@"', "sh")

# A bus without service directories: what is on it was put there, nothing is activated behind our back.
BUS_CONFIGURATION = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""


class PrivateSession:
    """A session that lives as long as its `with` block.

    `env` is the whole environment of a process in the session. There is no display and no terminal in it. `user` is the
    id of another user, whose session it is then; only root can make one for somebody else, and the bus takes nobody whom
    the system does not know.
    """

    def __init__(self, path: list[Path] | None = None, user: int | None = None) -> None:
        self._stack = ExitStack()
        self._user = user
        self._keyring: subprocess.Popen[bytes] | None = None
        root = Path(
            self._stack.enter_context(tempfile.TemporaryDirectory(prefix="keyfob-", ignore_cleanup_errors=True))
        )
        self.home = root / "home"
        self.runtime = root / "run"
        for directory in (self.home, self.runtime):
            directory.mkdir(mode=0o700)
        self.root = root
        self.env = {
            "HOME": str(self.home),
            "XDG_RUNTIME_DIR": str(self.runtime),
            "DBUS_SESSION_BUS_ADDRESS": f"unix:path={self.runtime / 'bus'}",
            "PATH": os.pathsep.join([*(str(entry) for entry in path or []), "/usr/local/bin:/usr/bin:/bin"]),
            "LANG": "C.UTF-8",
            "GIT_CONFIG_NOSYSTEM": "1",
        }

    def __enter__(self) -> Self:
        try:
            self._start_bus()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop_keyring()
        self._stack.close()

    @property
    def keyrings(self) -> Path:
        """Where gnome-keyring keeps its files."""
        return self.home / ".local" / "share" / "keyrings"

    def accounts(self) -> list[str]:
        """The ids of the accounts that keyfob has met in this session, as their locks are called."""
        return [path.stem for path in (self.runtime / "keyfob").glob("*.lock")]

    def run(self, *command: str | Path, stdin: bytes = b"", **env: str) -> subprocess.CompletedProcess[bytes]:
        """Runs a command in the session and waits for it, whatever its exit status."""
        process = self.start(*command, stdin=subprocess.PIPE, **env)
        try:
            output, errors = process.communicate(stdin, timeout=LONGEST_SECONDS)
        except subprocess.TimeoutExpired:
            kill(process)
            raise
        return subprocess.CompletedProcess(command, process.returncode, output, errors)

    def start(self, *command: str | Path, stdin: int = subprocess.DEVNULL, **env: str) -> subprocess.Popen[bytes]:
        """Starts a command in the session. It has no controlling terminal, so nothing in it can ask a developer."""
        self._hand_over()
        return subprocess.Popen(
            command,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**self.env, **env},
            cwd=self.home,
            start_new_session=True,
            **self._identity,
        )

    def end_at_last(self, process: subprocess.Popen[bytes]) -> None:
        """Kills the process when the session ends, should it still run: a failed test waits for nobody."""
        self._stack.callback(process.wait, READY_SECONDS)
        self._stack.callback(kill, process)

    @property
    def _identity(self) -> dict[str, Any]:
        if self._user is None:
            return {}
        return {"user": self._user, "group": pwd.getpwuid(self._user).pw_gid, "extra_groups": []}

    def _hand_over(self) -> None:
        """Gives the session's user what a test has written for them."""
        if self._user is not None:
            for path in (self.root, *self.root.rglob("*")):
                os.chown(path, self._user, -1, follow_symlinks=False)

    def start_keyring(self, *, unlocked: bool = True) -> None:
        """Starts gnome-keyring; unlocked, it makes the default keyring when there is none. Waits until it answers."""
        command = [*LIVES_ON, "gnome-keyring-daemon", "--foreground", "--components=secrets"]
        self._keyring = subprocess.Popen(
            [*command, "--unlock"] if unlocked else command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=self.env,
            cwd=self.home,
            **self._identity,
        )
        assert self._keyring.stdin is not None
        if unlocked:
            self._keyring.stdin.write(PASSWORD)
        self._keyring.stdin.close()
        self._wait_for(SECRETS)

    def fill_disk_of_keyring(self, *, full: bool = True) -> None:
        """Lets gnome-keyring write not a byte more to any file; or write again."""
        assert self._keyring is not None
        limit = 0 if full else resource.RLIM_INFINITY
        resource.prlimit(self._keyring.pid, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))

    @property
    def keyring(self) -> subprocess.Popen[bytes]:
        """The running gnome-keyring."""
        assert self._keyring is not None
        return self._keyring

    def stop_keyring(self) -> None:
        """Ends gnome-keyring and waits until it is gone. What it keeps on disk stays."""
        if self._keyring is not None:
            self._keyring.terminate()
            self._keyring.wait(READY_SECONDS)
            self._keyring = None

    def lock_keyring(self) -> None:
        """Makes the keyring what it is after a login without its password: restarted, and locked.

        (A collection that is locked in a running daemon still shows attributes that a restarted one does not.)
        """
        self.stop_keyring()
        self.start_keyring(unlocked=False)

    def _start_bus(self) -> None:
        configuration = self.runtime / "bus.conf"
        configuration.write_text(BUS_CONFIGURATION.format(socket=self.runtime / "bus"))
        self._hand_over()
        bus = subprocess.Popen(
            ["dbus-daemon", f"--config-file={configuration}", "--nofork", "--nopidfile", "--print-address=1"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=self.env,
            **self._identity,
        )
        self._stack.callback(bus.wait, READY_SECONDS)
        self._stack.callback(bus.terminate)
        assert bus.stdout is not None
        self._stack.enter_context(bus.stdout)
        if not bus.stdout.readline():
            raise RuntimeError("dbus-daemon did not start")

    def _wait_for(self, name: str) -> None:
        subprocess.run(
            ["gdbus", "wait", "--session", "--timeout", str(READY_SECONDS), name],
            env=self.env,
            check=True,
            timeout=READY_SECONDS + 5,
            **self._identity,
        )


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kills a process that was started in a session, and what it started, unless it has ended by itself."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)


def missing_programs() -> list[str]:
    """The programs that a session needs and that are not installed."""
    needed = ("dbus-daemon", "gnome-keyring-daemon", "gdbus", "git", "keyctl")
    return [program for program in needed if shutil.which(program) is None]
