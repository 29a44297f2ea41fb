"""Paths: the repository, the built executables, the browser of the tests."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
BROWSER = REPOSITORY / "Tests" / "TestSupport" / "browser" / "headless-browser"


def bin_directory() -> Path:
    """The directory of the executables under test: $KEYFOB_BIN, else the release build."""
    return Path(os.environ.get("KEYFOB_BIN") or REPOSITORY / ".build" / "release").resolve()


def keyfob() -> Path:
    """The program `keyfob`."""
    return bin_directory() / "keyfob"


def git_credential_keyfob() -> Path:
    """The door for git."""
    return bin_directory() / "git-credential-keyfob"


def keyfob_main() -> Path:
    """The program `keyfob-main`, which answers the questions that the doors do not."""
    return bin_directory() / "keyfob-main"


def key_table() -> str:
    """The program's table of all keys of the configuration, in Markdown."""
    command = [keyfob(), "config", "--keys"]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
