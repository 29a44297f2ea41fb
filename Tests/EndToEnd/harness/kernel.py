"""keyfob's keys in the kernel keyring, which belongs to the user and not to a session. The tests remove their own keys
and leave all other keys alone."""

from __future__ import annotations

import subprocess
from pathlib import Path


def _keyctl(*arguments: str) -> str | None:
    done = subprocess.run(["keyctl", *arguments], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None


def is_available() -> bool:
    """Whether the kernel lets this user keep keys (containers often do not)."""
    return _keyctl("rlist", "@u") is not None


def keyring() -> str | None:
    """The serial number of the keyring `keyfob` in the user keyring."""
    return _keyctl("search", "@u", "keyring", "keyfob")


def keys() -> set[str]:
    """The serial numbers of the keys in that keyring."""
    ring = keyring()
    return set((_keyctl("rlist", ring) or "").split()) if ring else set()


def descriptions() -> str:
    """The descriptions of the keys, which every process that may see the keys can read."""
    ring = keyring()
    shown = [_keyctl("rdescribe", serial) or "" for serial in sorted(keys())]
    return "\n".join([ring or "", *shown])


def payloads() -> list[bytes]:
    """The payloads of the keys: access tokens, and the routes to them."""
    reading = [subprocess.run(["keyctl", "pipe", serial], capture_output=True, check=False) for serial in keys()]
    return [read.stdout for read in reading if read.returncode == 0]


def named(beginning: str = "", ending: str = "") -> set[str]:
    """The serial numbers of the keys whose names begin and end so."""
    ring = keyring()
    shown = [line.split() for line in (_keyctl("show", ring) or "").splitlines()] if ring else []
    # SERIAL PERMISSIONS UID GID \\_ TYPE: NAME
    return {
        words[0]
        for words in shown
        if len(words) >= 7 and words[6].startswith(beginning) and words[-1].endswith(ending)
    }


def of_accounts(accounts: list[str]) -> set[str]:
    """The serial numbers of the keys of these accounts: tokens, grants, and the routes to them."""
    own = {serial for account in accounts for serial in named(ending=f":{account}")}
    routes = {serial for serial in named("route:") if _keyctl("pipe", serial) in accounts}
    return own | routes


def seconds_left(serial: str) -> int:
    """The seconds after which the kernel forgets a key (/proc/keys: serial, flags, usage, timeout, as 9m or 599s)."""
    with open("/proc/keys", encoding="utf-8") as keys:
        (left,) = (line.split()[3] for line in keys if int(line.split()[0], 16) == int(serial))
    seconds = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
    return int(left[:-1]) * seconds[left[-1]]


def forget(serials: set[str]) -> None:
    """Unlinks these keys."""
    ring = keyring()
    for serial in serials if ring else ():
        _keyctl("unlink", serial, ring or "")


def keys_in_quota(user: int) -> int:
    """The number of keys that count in the quota of this user."""
    lines = [line.split() for line in Path("/proc/key-users").read_text().splitlines()]
    return next((int(words[3].split("/")[0]) for words in lines if words[0] == f"{user}:"), 0)
