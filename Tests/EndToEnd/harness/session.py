"""A private login session: its own home, runtime directory, message bus and GNOME Keyring.

Programs in it see nothing of the session of the tests. Uses only the standard library: the benchmarks import it.
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

from jeepney import DBusAddress, MessageType, new_method_call
from jeepney.io.blocking import open_dbus_connection

SECRETS = "org.freedesktop.secrets"
PASSWORD = b"correct horse"
READY_SECONDS = 20
LONGEST_SECONDS = 60

# A process that writes beyond its limit gets SIGXFSZ. If it ignores the signal, it gets an error, as from a full disk.
LIVES_ON = ("/bin/sh", "-c", 'trap "" XFSZ; exec "$@"', "sh")

# Only the test puts programs on this bus, or into its directory of programs that it may start.
BUS_CONFIGURATION = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <servicedir>{services}</servicedir>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""


class PrivateSession:
    """A session that lives as long as its `with` block.

    `env` is the whole environment of a process in the session, without display and terminal. With `user`, the id of
    another user, it is that user's session: this needs root, and the system must know the user.
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
        """The directory of gnome-keyring's files."""
        return self.home / ".local" / "share" / "keyrings"

    def accounts(self) -> list[str]:
        """The ids of the accounts that keyfob used in this session: the names of their locks."""
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
        """Starts a command in the session. It has no controlling terminal, so it cannot prompt a developer."""
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
        """Kills the process at the end of the session if it still runs, so that a failed test does not wait."""
        self._stack.callback(process.wait, READY_SECONDS)
        self._stack.callback(kill, process)

    @property
    def _identity(self) -> dict[str, Any]:
        if self._user is None:
            return {}
        return {"user": self._user, "group": pwd.getpwuid(self._user).pw_gid, "extra_groups": []}

    def give(self, file: Path) -> None:
        """Gives a file to the session's user. A file that belongs to the user is not changed: keyfob would see a change of
        the configuration."""
        if self._user not in (None, file.lstat().st_uid):
            os.chown(file, self._user, -1, follow_symlinks=False)

    def _hand_over(self) -> None:
        """Gives the files that a test wrote to the session's user."""
        if self._user is not None:
            for path in (self.root, *self.root.rglob("*")):
                self.give(path)

    def start_keyring(self, *, unlocked: bool = True) -> None:
        """Starts gnome-keyring and waits until it answers. Unlocked, it makes the default keyring if there is none."""
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
        self.wait_for(SECRETS)

    def fill_disk_of_keyring(self, *, full: bool = True) -> None:
        """Stops gnome-keyring from writing to files, as a full disk does, or lets it write again."""
        assert self._keyring is not None
        limit = 0 if full else resource.RLIM_INFINITY
        resource.prlimit(self._keyring.pid, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))

    def start_keyring_on_demand(self, *, after_seconds: int) -> None:
        """Lets the bus start gnome-keyring, unlocked, when a program first calls it. That takes so long."""
        program = self.runtime / "late-keyring"
        daemon = "gnome-keyring-daemon --foreground --components=secrets --unlock"
        program.write_text(f"#!/bin/sh\nsleep {after_seconds}\nprintf '{PASSWORD.decode()}' | exec {daemon}\n")
        program.chmod(0o700)
        service = f"[D-BUS Service]\nName={SECRETS}\nExec={program}\n"
        (self.runtime / "services" / f"{SECRETS}.service").write_text(service)
        bus = ("gdbus", "call", "--session", "--dest", "org.freedesktop.DBus", "--object-path", "/")
        self.run(*bus, "--method", "org.freedesktop.DBus.ReloadConfig").check_returncode()

    @property
    def keyring(self) -> subprocess.Popen[bytes]:
        """The running gnome-keyring."""
        assert self._keyring is not None
        return self._keyring

    def stop_keyring(self) -> None:
        """Ends gnome-keyring and waits for its end. Its files stay."""
        if self._keyring is not None:
            self._keyring.terminate()
            self._keyring.wait(READY_SECONDS)
            self._keyring = None

    def lock_keyring(self) -> None:
        """Restarts the keyring locked, as after a login without its password.

        (If a running daemon locks a collection, it still shows attributes that a restarted daemon does not show.)
        """
        self.stop_keyring()
        self.start_keyring(unlocked=False)

    def unlock_keyring(self) -> None:
        """Gives the running keyring its password without a window, as the program for passwords of the desktop does."""
        service = DBusAddress("/org/freedesktop/secrets", SECRETS, "org.freedesktop.Secret.Service")
        internal = DBusAddress(
            "/org/freedesktop/secrets", SECRETS, "org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface"
        )
        with open_dbus_connection(self.env["DBUS_SESSION_BUS_ADDRESS"]) as bus:

            def call(address: DBusAddress, method: str, kinds: str, *values: object) -> Any:
                reply = bus.send_and_get_reply(new_method_call(address, method, kinds, values), timeout=READY_SECONDS)
                assert reply.header.message_type is MessageType.method_return, reply.body
                return reply.body

            _, session = call(service, "OpenSession", "sv", "plain", ("s", ""))
            password = (session, b"", PASSWORD, "text/plain")
            login = "/org/freedesktop/secrets/collection/login"
            call(internal, "UnlockWithMasterPassword", "o(oayays)", login, password)

    def _start_bus(self) -> None:
        configuration = self.runtime / "bus.conf"
        services = self.runtime / "services"
        services.mkdir()
        configuration.write_text(BUS_CONFIGURATION.format(socket=self.runtime / "bus", services=services))
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

    def wait_for(self, name: str) -> None:
        subprocess.run(
            ["gdbus", "wait", "--session", "--timeout", str(READY_SECONDS), name],
            env=self.env,
            check=True,
            timeout=READY_SECONDS + 5,
            **self._identity,
        )


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kills a process of a session and its children, unless it has ended."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)


def missing_programs() -> list[str]:
    """The programs that a session needs and that are not installed."""
    needed = ("dbus-daemon", "gnome-keyring-daemon", "gdbus", "git", "keyctl", "kwalletd5", "keepassxc", "Xvfb", "xdotool")
    return [program for program in needed if shutil.which(program) is None]
