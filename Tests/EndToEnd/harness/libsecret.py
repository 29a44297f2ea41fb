"""git-credential-libsecret, to which we compare keyfob. Uses only the standard library: the benchmarks import it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from .binaries import REPOSITORY

# Debian's git package installs it. If the image has no documentation, Tests/install has unpacked it.
SOURCE = Path("usr/share/doc/git/contrib/credential/libsecret")
PLACES = (Path("/"), REPOSITORY / ".build" / "git-package")


def build_git_credential_libsecret(directory: Path) -> Path:
    """Builds it in `directory` from the source and the Makefile in Debian's git package."""
    build = directory / "git-credential-libsecret-build"
    source = next(place / SOURCE for place in PLACES if (place / SOURCE / "Makefile").exists())
    shutil.copytree(source, build)
    subprocess.run(["make", "--quiet", "-C", str(build)], check=True, capture_output=True)
    return build / "git-credential-libsecret"
