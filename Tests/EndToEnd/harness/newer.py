"""A newer git than the machine's, for the sessions of tests: that of Debian 13 knows the capability `state`, and that of the
release after it knows OAuth for mail."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tarfile
from pathlib import Path

from . import binaries
from .debian import APT, MAKING_SECONDS, MIRROR, kept
from .session import PrivateSession

PACKAGES = ["ca-certificates", "git", "libsecret-1-0"]
MAIL = ["git", "git-email", "libauthen-sasl-perl", "libmailtools-perl"]
SHARED = ("/proc", "/dev", "/sys", "/tmp")


def use_newer_git(session: PrivateSession, *, for_mail: bool = False) -> Path:
    """Makes `git` in the session that of Debian 13, or of the release after it. It runs in that system's root
    directory, with the files and the processes of the session. Returns a program that runs any command so."""
    root = (kept("git-for-mail", fill_for_mail) if for_mail else kept("newer-git", fill)).root
    shared = [*SHARED, str(session.root), str(binaries.bin_directory()), *libraries()]
    mounts = [f"mkdir -p {q(root, place)} && mount --rbind {shlex.quote(place)} {q(root, place)}" for place in shared]
    inside = 'cd "$0" && exec "$@"'
    enter = f'exec /usr/sbin/chroot {shlex.quote(str(root))} sh -c {shlex.quote(inside)} "$PWD" "$@"'
    script = " && ".join([*mounts, enter])
    programs = session.home / "newer"
    programs.mkdir()
    within = f"exec unshare --mount --propagation private sh -c {shlex.quote(script)} sh"
    for name, program in (("git", "/usr/bin/git"), ("within", "")):
        wrapper = programs / name
        wrapper.write_text(f'#!/bin/sh\n{within} {program} "$@"\n')
        wrapper.chmod(0o700)
    session.env["PATH"] = f"{programs}{os.pathsep}{session.env['PATH']}"
    return programs / "within"


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
    for file in ("resolv.conf", "hosts"):
        shutil.copy(f"/etc/{file}", place / "etc" / file)


def gits_tests() -> Path:
    """The directory of git's own tests, from Debian's source package. They are part of git, so they are fetched and not
    kept here; apt checks the package's signature."""
    return kept("git-tests", fill_tests).root


def fill_tests(place: Path) -> None:
    """Fetches the source package in the newer system and unpacks its tests."""
    system = kept("newer-git", fill)
    (system.root / "etc/apt/sources.list.d/source.list").write_text(f"deb-src {MIRROR} trixie main\n")
    system.do("apt-get", "-qq", "update", seconds=MAKING_SECONDS)
    system.do("sh", "-c", "cd /root && apt-get -qq source --download-only git", seconds=MAKING_SECONDS)
    (archive,) = (system.root / "root").glob("git_*.orig.tar.xz")
    with tarfile.open(archive) as opened:
        for member in opened:
            parts = Path(member.name).parts
            if member.isfile() and parts[1:2] == ("t",) and (len(parts) == 3 or parts[2] == "oid-info"):
                target = place.joinpath(*parts[2:])
                target.parent.mkdir(parents=True, exist_ok=True)
                content = opened.extractfile(member)
                assert content is not None
                target.write_bytes(content.read())


def fill_for_mail(place: Path) -> None:
    """Installs git of the next release, and what it needs for mail, in a copy of that system."""
    system = kept("newer-git", fill).copy(place)
    (place / "etc/apt/sources.list.d/next.list").write_text(f"deb [check-valid-until=no] {MIRROR} forky main\n")
    system.do("apt-get", "-qq", "update", seconds=MAKING_SECONDS)
    system.do(*APT, "install", "-t", "forky", *MAIL, seconds=MAKING_SECONDS)
    system.do("apt-get", "clean")
