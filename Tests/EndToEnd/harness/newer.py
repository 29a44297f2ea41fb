"""git as Debian 13 has it, for sessions of Debian 12: newer than the git of the machine, with the capability `state`."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

from . import binaries
from .debian import MAKING_SECONDS, MIRROR, kept
from .person import Person

PACKAGES = ["ca-certificates", "git", "libsecret-1-0"]
SHARED = ("/proc", "/dev", "/sys", "/tmp")


def use_newer_git(person: Person) -> None:
    """Makes `git` in the person's session that of Debian 13. It runs in that system's root directory, with the files and the
    processes of the session."""
    root = kept("newer-git", fill).root
    shared = [*SHARED, str(person.session.root), str(binaries.bin_directory()), *libraries()]
    mounts = [f"mkdir -p {q(root, place)} && mount --rbind {shlex.quote(place)} {q(root, place)}" for place in shared]
    inside = 'cd "$0" && exec /usr/bin/git "$@"'
    enter = f'exec /usr/sbin/chroot {shlex.quote(str(root))} sh -c {shlex.quote(inside)} "$PWD" "$@"'
    script = " && ".join([*mounts, enter])
    programs = person.home / "newer"
    programs.mkdir()
    wrapper = programs / "git"
    wrapper.write_text(f"#!/bin/sh\nexec unshare --mount --propagation private sh -c {shlex.quote(script)} sh \"$@\"\n")
    wrapper.chmod(0o700)
    person.session.env["PATH"] = f"{programs}{os.pathsep}{person.session.env['PATH']}"


def libraries() -> list[str]:
    """The directories of libraries that the programs under test need, and that are not the system's: a debug build is not
    linked to Swift's libraries statically."""
    command = ["ldd", str(binaries.keyfob_main())]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    found = {str(Path(line.split(" => ")[1].split()[0]).parent) for line in lines if " => /" in line}
    return sorted(directory for directory in found if not directory.startswith(("/lib", "/usr/lib/x86_64")))


def q(root: Path, place: str) -> str:
    """The place within the root directory, quoted for a shell."""
    return shlex.quote(f"{root}{place}")


def fill(place: Path) -> None:
    """Makes the system with debootstrap."""
    command = ["debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}", "trixie", str(place), MIRROR]
    done = subprocess.run(command, capture_output=True, text=True, timeout=MAKING_SECONDS)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
