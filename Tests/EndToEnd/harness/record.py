"""The record of a server's requests, for all kinds of servers."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

HARMLESS = (
    "grant_type",
    "token_type_hint",
    "code_challenge_method",
    "scope",
    "redirect_uri",
    "resource",
    "login_hint",
    "acr_values",
    "max_age",
    "client_id",
)


@dataclass(frozen=True)
class Answered:
    """One request and its answer. `form` holds the names of the form fields and the values of the harmless ones."""

    method: str
    path: str
    status: int
    form: dict[str, str]


@dataclass
class Record:
    """The requests to one server so far, and its codes and tokens. Tests may read it while the server runs."""

    hidden: set[str] = field(default_factory=set)
    secrets: set[str] = field(default_factory=set)
    _answered: list[Answered] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, answered: Answered) -> None:
        """Appends one request."""
        with self._lock:
            self._answered.append(answered)

    def all(self) -> list[Answered]:
        """Every request so far, in the order of the answers."""
        with self._lock:
            return list(self._answered)

    def to(self, path: str, grant_type: str | None = None) -> list[Answered]:
        """The requests to one path, or to a token endpoint with that grant_type."""
        return [r for r in self.all() if r.path == path and grant_type in (None, r.form.get("grant_type"))]

    def clear(self) -> None:
        """Forgets the requests, and hides no path any more."""
        with self._lock:
            self._answered.clear()
            self.hidden.clear()
            self.secrets.clear()


def harmless(form: dict[str, str]) -> dict[str, str]:
    """The form. Values that may be secret are left out."""
    return {name: value if name in HARMLESS else "" for name, value in form.items()}
