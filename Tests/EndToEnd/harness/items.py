"""keyfob's items in the Secret Service, read by another program."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import secretstorage
from jeepney.io.blocking import open_dbus_connection

from .session import PrivateSession

SCHEMA = "org.keyfob.Item"


def kept(session: PrivateSession, kind: str) -> list[dict[str, Any]]:
    """The JSON of all items of a kind: `grant` or `registration`. Fails if a secret is incomplete."""
    return [json.loads(secret) for secret in _secrets(session, "kind", kind)]


def how_many(session: PrivateSession) -> int:
    """The number of items of all kinds."""
    return len(_secrets(session))


@contextmanager
def in_other_hands(session: PrivateSession) -> Iterator[list[secretstorage.Item]]:
    """keyfob's items, so that a test can change them as another program."""
    with open_dbus_connection(session.env["DBUS_SESSION_BUS_ADDRESS"]) as connection:
        yield list(secretstorage.search_items(connection, {"xdg:schema": SCHEMA}))


def _secrets(session: PrivateSession, *more: str) -> list[str]:
    done = session.run("secret-tool", "search", "--all", "--unlock", "xdg:schema", SCHEMA, *more)
    assert done.returncode == 0, done.stderr.decode()
    lines = done.stdout.decode().splitlines()
    return [line.removeprefix("secret = ") for line in lines if line.startswith("secret = ")]
