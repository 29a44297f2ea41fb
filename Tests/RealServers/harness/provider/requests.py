"""The record of what the authorization server was asked, and what it is told to hide."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from django.http import HttpRequest, HttpResponse


@dataclass(frozen=True)
class Answered:
    """One request and its answer. `form` holds the names of the form fields and the values of the harmless ones."""

    method: str
    path: str
    status: int
    form: dict[str, str]


@dataclass
class Record:
    """What one server was asked so far, and the codes and tokens that it gave. Safe to read while the server runs."""

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

    def clear(self) -> None:
        """Forgets the requests, and hides nothing any more."""
        with self._lock:
            self._answered.clear()
            self.hidden.clear()
            self.secrets.clear()


record = Record()
HARMLESS = ("grant_type", "token_type_hint", "code_challenge_method", "scope", "redirect_uri", "resource")


class RecordRequests:
    """Django middleware: writes each request into `record` and answers 404 for what is hidden."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        hidden = request.path in record.hidden
        response = HttpResponse(status=404) if hidden else self._get_response(request)
        sent = {**request.GET.dict(), **request.POST.dict()}
        form = {name: value if name in HARMLESS else "" for name, value in sent.items()}
        record.secrets.update(secrets_in(response))
        record.add(Answered(request.method or "", request.path, response.status_code, form))
        return response


def secrets_in(response: HttpResponse) -> set[str]:
    """The code of an authorization response, the tokens of a token response."""
    location = parse_qs(urlsplit(response.headers.get("Location", "")).query)
    tokens = json.loads(response.content) if response.headers.get("Content-Type") == "application/json" else {}
    return {*location.get("code", []), *(tokens[name] for name in ("access_token", "refresh_token") if name in tokens)}
