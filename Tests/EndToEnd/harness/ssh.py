"""A server that a user reaches over ssh: OpenSSH's own sshd on loopback, and a user without a desktop there."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any, Self

from .bare import BareSession
from .ports import free_port
from .session import READY_SECONDS
from .waiting import wait_until

USER = "visitor"

# Names the user in a private copy of /etc/passwd, so that sshd knows a user whom this machine does not have.
WITH_USERS = 'mount --bind "$0" /etc/passwd && mkdir -p /run/sshd && exec "$@"'

CONFIGURATION = """
Port {port}
ListenAddress 127.0.0.1
HostKey {host_key}
AuthorizedKeysFile {public_key}
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication no
AllowUsers {user}
"""


class SecureShell(BareSession):
    """The session of a user who runs each command by a login of its own over ssh. Needs root."""

    def __enter__(self) -> Self:
        super().__enter__()
        self._ssh = self.root / "ssh"
        self._ssh.mkdir(mode=0o755)
        for name in ("host", "user"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self._ssh / name], check=True)
        self._port = free_port()
        passwd = self._ssh / "passwd"
        line = f"{USER}:x:{self._user}:{self._user}::{self.home}:/bin/sh\n"
        passwd.write_text(Path("/etc/passwd").read_text() + line)
        configuration = self._ssh / "sshd_config"
        configuration.write_text(
            CONFIGURATION.format(
                port=self._port, host_key=self._ssh / "host", public_key=self._ssh / "user.pub", user=USER
            )
        )
        os.chmod(self.root, 0o755)
        command = ["unshare", "--mount", "/bin/sh", "-c", WITH_USERS, passwd, "/usr/sbin/sshd", "-D", "-f", configuration]
        server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        self._server = server.pid
        self._stack.callback(server.wait, READY_SECONDS)
        self._stack.callback(server.terminate)
        wait_until(lambda: self.run("true").returncode == 0)
        return self

    def servers(self) -> list[int]:
        """The processes of sshd that serve connections of the user."""
        found, parents = [], [self._server]
        while parents:
            known = ",".join(str(process) for process in parents)
            done = subprocess.run(["pgrep", "--parent", known], capture_output=True, text=True)
            parents = [int(line) for line in done.stdout.split()]
            found += parents
        return found

    destination = f"{USER}@127.0.0.1"

    @property
    def options(self) -> list[str]:
        """The options with which ssh reaches this server."""
        options = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR", "BatchMode=yes"]
        ssh = ["-F", "/dev/null", "-i", str(self._ssh / "user"), "-p", str(self._port)]
        return [*ssh, *(word for option in options for word in ("-o", option))]

    def _hand_over(self) -> None:
        """Gives the user's home to the user. The keys of ssh stay root's."""
        for path in (self.home, *self.home.rglob("*")):
            self.give(path)

    def start(self, *command: str | Path, stdin: int = subprocess.DEVNULL, **env: str) -> subprocess.Popen[bytes]:
        """Starts a command on the server."""
        self._hand_over()
        settings = [f"{name}={value}" for name, value in {**self.env, **env}.items() if name not in ("HOME", "LANG")]
        remote = shlex.join(["exec", "env", *settings, *(str(word) for word in command)])
        return subprocess.Popen(
            ["ssh", *self.options, self.destination, remote],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )


def is_installed() -> bool:
    """Whether this machine has an sshd."""
    return shutil.which("sshd", path="/usr/sbin:/usr/bin") is not None
