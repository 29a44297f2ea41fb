"""How many races, kill points and hostile callers the tests have tried, and how many of them ended well.

Each counting adds one line of JSON to the file that KEYFOB_COUNTS names, if it names one; Tests/counts makes the table
in .github/SECURITY.md of them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, get_args

Kind = Literal[
    "races",
    "kill points",
    "fuzz executions",
    "hostile callers",
    "hostile servers",
    "hostile neighbours",
    "keyring trouble",
    "secrets",
]


def add(kind: Kind, name: str, *, tried: int = 1, passed: int) -> None:
    """Adds a line for `name`, which stands for as many attempts as `tried` says."""
    assert kind in get_args(Kind), kind
    file = os.environ.get("KEYFOB_COUNTS")
    if not file:
        return
    line = json.dumps({"kind": kind, "name": name, "passed": passed, "tried": tried})
    # One write at the end of the file: tests that run at once do not mix their lines.
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, f"{line}\n".encode())
    finally:
        os.close(descriptor)


@contextmanager
def counted(kind: Kind, name: str) -> Iterator[None]:
    """Counts what its block tries: once, and passed unless it raises."""
    passed = 0
    try:
        yield
        passed = 1
    finally:
        add(kind, name, passed=passed)


def is_long() -> bool:
    """Whether there is time for many more repetitions: `Tests/run --long` sets KEYFOB_LONG."""
    return os.environ.get("KEYFOB_LONG") == "1"
