"""keyfob's locks, as the descriptors of a process show them."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def is_at_a_lock(process: int) -> bool:
    """Whether a process holds the lock of an account, or waits for it."""
    for descriptor in Path(f"/proc/{process}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            if os.readlink(descriptor).endswith(".lock"):
                return True
    return False
