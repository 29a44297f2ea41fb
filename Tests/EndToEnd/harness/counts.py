"""Counts the races, kill points, hostile callers and so on that the tests tried, and how many passed.

Each call adds one line of JSON to the file that KEYFOB_COUNTS names, if it names one. Tests/counts makes the table in
.github/SECURITY.md from these lines.
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
    """Adds a line for `name`, which counts as `tried` attempts."""
    assert kind in get_args(Kind), kind
    file = os.environ.get("KEYFOB_COUNTS")
    if not file:
        return
    line = json.dumps({"kind": kind, "name": name, "passed": passed, "tried": tried})
    # One write at the end of the file, so that tests that run at the same time do not mix their lines.
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, f"{line}\n".encode())
    finally:
        os.close(descriptor)


@contextmanager
def counted(kind: Kind, name: str) -> Iterator[None]:
    """Counts its block as one attempt, which passed unless the block raises."""
    passed = 0
    try:
        yield
        passed = 1
    finally:
        add(kind, name, passed=passed)


def is_long() -> bool:
    """Whether the tests may repeat much more often: `Tests/run --long` sets KEYFOB_LONG."""
    return os.environ.get("KEYFOB_LONG") == "1"
