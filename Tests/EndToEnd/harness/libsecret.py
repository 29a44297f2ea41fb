"""git-credential-libsecret, the helper that we compare ourselves with. Standard library only: the benchmarks use it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from .binaries import REPOSITORY

# As Debian's git package installs it; or, where images throw documentation away, as Tests/install unpacked it.
SOURCE = Path("usr/share/doc/git/contrib/credential/libsecret")
PLACES = (Path("/"), REPOSITORY / ".build" / "git-package")


def build_git_credential_libsecret(directory: Path) -> Path:
    """Builds it in `directory` from the source that Debian's git package ships, with the Makefile beside it."""
    build = directory / "git-credential-libsecret-build"
    source = next(place / SOURCE for place in PLACES if (place / SOURCE / "Makefile").exists())
    shutil.copytree(source, build)
    subprocess.run(["make", "--quiet", "-C", str(build)], check=True, capture_output=True)
    return build / "git-credential-libsecret"
