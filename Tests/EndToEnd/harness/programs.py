"""Small C programs, each in one file here. The first lines of the file describe the program."""

from __future__ import annotations

import subprocess
from pathlib import Path

HERE = Path(__file__).parent


def build(name: str, directory: Path) -> Path:
    """Builds NAME.c in that directory."""
    program = directory / name
    subprocess.run(["cc", "-O2", "-Wall", "-Wextra", "-Werror", "-o", program, HERE / f"{name}.c"], check=True)
    return program
