"""The labels and attributes of items, which the Secret Service shows to every program."""

from __future__ import annotations

import re

from .session import SECRETS, PrivateSession

ROOT = "/org/freedesktop/secrets"
INTERFACE = "org.freedesktop.Secret"
PROPERTIES = "org.freedesktop.DBus.Properties"


def labels(session: PrivateSession) -> list[str]:
    """All properties of every item in every collection, also the locked ones, as gdbus prints them."""
    collections = _paths(_ask(session, ROOT, "Get", "Service", "Collections"))
    items = [path for each in collections for path in _paths(_ask(session, each, "Get", "Collection", "Items"))]
    return [_ask(session, item, "GetAll", "Item") for item in items]


def _ask(session: PrivateSession, path: str, method: str, interface: str, *name: str) -> str:
    call = ["gdbus", "call", "--session", "--dest", SECRETS, "--object-path", path]
    done = session.run(*call, "--method", f"{PROPERTIES}.{method}", f"{INTERFACE}.{interface}", *name)
    done.check_returncode()
    return done.stdout.decode()


def _paths(printed: str) -> list[str]:
    return re.findall(r"'(/[^']*)'", printed)
