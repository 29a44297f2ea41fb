"""A machine without a desktop, as a user reaches it over ssh: no message bus, no keyring, no runtime directory."""

from __future__ import annotations

import itertools
import os
import subprocess
from pathlib import Path
from typing import Any, Self

from . import kernel
from .session import PrivateSession
from .waiting import wait_until

# A user of its own for each session: the kernel keeps keys for each user, and counts them. A process of pytest has
# room for a hundred.
_users = itertools.count(1_000_000 + os.getpid() % 100_000 * 100)


class KernelSession(PrivateSession):
    """A session in which only the kernel can keep something."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        for name in ("DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR"):
            del self.env[name]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.forget()
        super().__exit__(*error)

    def keyctl(self, *arguments: str) -> str:
        """Runs keyctl as this user. `PERSISTENT` stands for the serial number of the user's persistent keyring."""
        script = 'ring=$(keyctl get_persistent @s); for word; do shift; test "$word" = PERSISTENT && word=$ring; '
        script += 'set -- "$@" "$word"; done; exec keyctl "$@"'
        return self.run("keyctl", "session", "-", "sh", "-c", script, "sh", *arguments).stdout.decode().strip()

    def items(self) -> list[str]:
        """The names of the items that keyfob keeps in kernel memory."""
        ring = self.keyctl("search", "PERSISTENT", "keyring", "keyfob-items")
        shown = self.keyctl("show", ring).splitlines() if ring else []
        return [line.rpartition(" ")[2] for line in shown if "item:" in line]

    def forget(self) -> None:
        """Does what the kernel does three days after the last use: it deletes the keys in the persistent keyring. By then
        the access token has expired, too."""
        self.keyctl("clear", "PERSISTENT")
        self.lose_access_tokens()

    def lose_access_tokens(self) -> None:
        """Empties the user keyring, as Linux before 5.3 does after the user's last process."""
        self.keyctl("clear", "@u")


class BareSession(KernelSession):
    """The session of a user whom the system does not know. Needs root.

    No process of the user lives between two commands, as between two logins over ssh.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(user=next(_users), **options)

    @property
    def number(self) -> int:
        """The user."""
        assert self._user is not None
        return self._user

    @property
    def _identity(self) -> dict[str, Any]:
        return {"user": self.number, "group": self.number, "extra_groups": []}

    def fill_quota(self) -> None:
        """Adds keys until the kernel refuses."""
        number = 0
        while self.keyctl("add", "user", f"filler{number}", "x" * 1000, "PERSISTENT"):
            number += 1
        while self.keyctl("add", "user", f"filler{number}", "x", "PERSISTENT"):
            number += 1

    def use_up_keys(self, leaving: int) -> None:
        """Adds small keys until the kernel refuses, and removes some of them."""
        number = 0
        while self.keyctl("add", "user", f"filler{number}", "x", "PERSISTENT"):
            number += 1
        wanted = self._keys() - leaving
        script = 'ring=$(keyctl get_persistent @s "$1") && for number in $(seq "$2"); do '
        script += 'keyctl unlink "$(keyctl search "$ring" user "filler$number")" "$ring"; done'
        command = ["keyctl", "session", "-", "sh", "-c", script, "sh", str(self._user), str(leaving)]
        subprocess.run(command, check=True, capture_output=True)
        # The kernel frees them a moment later.
        wait_until(lambda: self._keys() <= wanted)

    def _keys(self) -> int:
        """The number of keys in this user's quota."""
        assert self._user is not None
        return kernel.keys_in_quota(self._user)

    def empty_quota(self) -> None:
        """Removes what `fill_quota` added. Only root can: this user has no room for another session keyring."""
        script = 'ring=$(keyctl get_persistent @s "$1") && for key in $(keyctl rlist "$ring"); do '
        script += 'case $(keyctl rdescribe "$key") in *filler*) keyctl unlink "$key" "$ring";; esac; done'
        subprocess.run(["keyctl", "session", "-", "sh", "-c", script, "sh", str(self._user)], check=True, capture_output=True)


class Apart(PrivateSession):
    """A session in namespaces of its own for users, processes and mounts. So it has kernel keys of its own: all other sessions
    of the user who runs the tests share theirs, and each of them shows what is kept there."""

    def __enter__(self) -> Self:
        super().__enter__()
        spaces = ("--user", "--map-root-user", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
        self._first = super().start("unshare", *spaces, "sh", "-c", "echo; exec sleep infinity")
        self.end_at_last(self._first)
        assert self._first.stdout is not None
        self._first.stdout.readline()
        return self

    def start(
        self, *command: str | Path, stdin: int = subprocess.DEVNULL, **env: str
    ) -> subprocess.Popen[bytes]:
        children = Path(f"/proc/{self._first.pid}/task/{self._first.pid}/children").read_text().split()
        enter = ("nsenter", "--target", children[0], "--user", "--mount", "--pid", "--preserve-credentials")
        return super().start(*enter, f"--wdns={self.home}", *command, stdin=stdin, **env)


class Container(Apart, KernelSession):
    """The session of root in a container without privileges, as podman makes it for a user. The network and the files are those
    of the machine."""


def can_be_made() -> bool:
    """Whether these tests can have users of their own, and the kernel keeps keys for them."""
    if os.geteuid() != 0:
        return False
    return subprocess.run(["keyctl", "get_persistent", "@t"], capture_output=True, check=False).returncode == 0
