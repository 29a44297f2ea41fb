"""A minimal Debian 12, made by debootstrap and kept in .build, and copies of it that tests may change."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from . import binaries

KEPT = binaries.REPOSITORY / ".build" / "debian-12"
MIRROR = "http://deb.debian.org/debian"
LIBRARIES = ["libglib2.0-0", "libsecret-1-0"]
DESKTOP = ["ca-certificates", "dbus", "git", "gnome-keyring"]
MAKING_SECONDS = 900
LONGEST_SECONDS = 120

# In new namespaces, other processes do not see the mounts, and all processes end with the command.
WITHIN = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
ENVIRONMENT = {
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/home/alice",
    "LANG": "C.UTF-8",
    "DEBIAN_FRONTEND": "noninteractive",
}
APT = ("apt-get", "-qq", "-o", "Dpkg::Use-Pty=0", "--no-install-recommends", "-y")

Done = subprocess.CompletedProcess[str]


def why_not() -> str | None:
    """The reason why such a system cannot run here, or None if it can."""
    if os.geteuid() != 0:
        return "a system of its own is root's to make"
    if shutil.which("debootstrap") is None:
        return "there is no debootstrap"
    tried = subprocess.run([*WITHIN, "true"], capture_output=True, text=True)
    return f"the kernel lets nobody mount here: {tried.stderr.strip()}" if tried.returncode else None


class Debian:
    """One such system: a directory, and commands that run in it as root."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def home(self) -> Path:
        """The home directory of root there."""
        home = self.root / ENVIRONMENT["HOME"].removeprefix("/")
        home.mkdir(parents=True, exist_ok=True)
        return home

    def run(self, *command: str, seconds: int = LONGEST_SECONDS) -> Done:
        """Runs a command. It gets nothing of the environment outside."""
        within = [WITHIN[0], f"--root={self.root}", *WITHIN[1:], "env", "-i"]
        variables = [f"{name}={value}" for name, value in ENVIRONMENT.items()]
        return subprocess.run([*within, *variables, *command], capture_output=True, text=True, timeout=seconds)

    def do(self, *command: str, seconds: int = LONGEST_SECONDS) -> str:
        """Runs a command that must succeed, and returns its output."""
        done = self.run(*command, seconds=seconds)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    def packages(self) -> set[str]:
        """The packages that are installed, or at least configured."""
        return set(self.do("dpkg-query", "--show", "--showformat", "${Package}\n").split())

    def files(self) -> set[str]:
        """All files except the records of the package manager."""
        records = ("/proc", "/var/lib/dpkg", "/var/lib/apt", "/var/cache", "/var/log", "/tmp")
        found = (Path(directory) / name for directory, _, names in os.walk(self.root) for name in names)
        paths = (f"/{path.relative_to(self.root)}" for path in found)
        return {path for path in paths if not path.startswith(records)}

    def copy(self, place: Path) -> Debian:
        """A copy of this system."""
        subprocess.run(["cp", "--archive", "--reflink=auto", self.root, place], check=True)
        return Debian(place)


def bare() -> Debian:
    """debootstrap's minbase, with the archives of the packages that the tests install there."""
    return kept("bare", fill_bare)


def desktop() -> Debian:
    """The minimal system with git, a bus and a keyring."""
    return kept("desktop", fill_desktop)


def kept(name: str, fill: Callable[[Path], None]) -> Debian:
    """The system of that name. Makes it if there is none: under another name until it is complete, and one process at a
    time."""
    place = KEPT / name
    KEPT.mkdir(parents=True, exist_ok=True)
    with open(KEPT / f"{name}.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.exists():
            unfinished = KEPT / f"{name}.unfinished"
            shutil.rmtree(unfinished, ignore_errors=True)
            fill(unfinished)
            unfinished.rename(place)
    return Debian(place)


def fill_bare(place: Path) -> None:
    """Makes the system and fetches the archives, so that the tests need no network."""
    command = ["debootstrap", "--variant=minbase", "bookworm", str(place), MIRROR]
    done = subprocess.run(command, capture_output=True, text=True, timeout=MAKING_SECONDS)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    for file in ("resolv.conf", "hosts"):
        shutil.copy(f"/etc/{file}", place / "etc" / file)
    system = Debian(place)
    system.do("apt-get", "clean")
    system.do("apt-get", "-qq", "update", seconds=MAKING_SECONDS)
    system.do(*APT, "--download-only", "install", *LIBRARIES, seconds=MAKING_SECONDS)


def fill_desktop(place: Path) -> None:
    """Installs the packages in a copy of the minimal system."""
    system = bare().copy(place)
    system.do(*APT, "install", *LIBRARIES, *DESKTOP, seconds=MAKING_SECONDS)
    system.do("apt-get", "clean")
