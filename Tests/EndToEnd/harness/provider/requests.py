"""The record of the authorization server's requests, and the paths that it hides."""

from __future__ import annotations

import json
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

from django.http import HttpRequest, HttpResponse

from ..record import Answered, Record, harmless

record = Record()


class RecordRequests:
    """Django middleware: adds each request to `record`, and answers 404 for hidden paths."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        hidden = request.path in record.hidden
        response = HttpResponse(status=404) if hidden else self._get_response(request)
        sent = {**request.GET.dict(), **request.POST.dict()}
        record.secrets.update(secrets_in(response), (sent[name] for name in ("state", "code_verifier") if name in sent))
        record.add(Answered(request.method or "", request.path, response.status_code, harmless(sent)))
        return response


def secrets_in(response: HttpResponse) -> set[str]:
    """The code of an authorization response, the tokens and secrets of a JSON response."""
    location = parse_qs(urlsplit(response.headers.get("Location", "")).query)
    answer = json.loads(response.content) if response.headers.get("Content-Type") == "application/json" else {}
    names = ("access_token", "refresh_token", "client_secret", "registration_access_token", "device_code")
    return {*location.get("code", []), *(answer[name] for name in names if name in answer)}
