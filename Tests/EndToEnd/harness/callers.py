"""The names under which keyfob answers callers other than git."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from . import binaries
from .gate import presented_token
from .person import Person
from .provider.server import Provider
from .service import Service
from .steps import assert_worked

NAMES = (
    "docker-credential-keyfob",
    "kubernetes-credential-keyfob",
    "cargo-credential-keyfob",
    "bazel-credential-keyfob",
    "terraform-credentials-keyfob",
    "vault-token-keyfob",
    "keyring",
)


def link(person: Person) -> Path:
    """Makes links to the door in a new directory, the first in the session's PATH."""
    directory = links(person.home / "callers", binaries.keyfob())
    person.session.env["PATH"] = os.pathsep.join([str(directory), person.session.env["PATH"]])
    return directory


def links(directory: Path, program: Path) -> Path:
    """Makes a link to a program for each name, in a new directory."""
    directory.mkdir()
    for name in NAMES:
        (directory / name).symlink_to(program)
    return directory


def sign_in(person: Person, provider: Provider, service: Service, path: str = "") -> str:
    """Signs in to the service once and returns the access token."""
    person.configure_keyfob(service.origin + path, provider.issuer)
    assert_worked(person.keyfob("login", service.origin + path))
    assert person.browsers_opened() == 1
    return person.token(service.origin + path)


def admits(provider: Provider, *schemes: str) -> Callable[[str], bool]:
    """Whether an `Authorization` field of one of these schemes has a token that the server accepts."""

    def admitted(authorization: str) -> bool:
        _, token = presented_token(authorization)
        return authorization.split(" ")[0] in schemes and bool(token) and provider.introspect(token or "")

    return admitted
