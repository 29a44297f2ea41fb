"""Starts and stops the notes server, and reports its state."""

from __future__ import annotations

import html
import json
import socket
import threading
from typing import Any, Self
from urllib.error import HTTPError
from urllib.parse import parse_qsl
from urllib.request import ProxyHandler, Request, build_opener

import uvicorn
from mcp.server.auth.settings import AuthSettings, ClientRegistrationOptions, RevocationOptions
from mcp.server.mcpserver import MCPServer
from starlette.requests import Request as Asked
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..people import PEOPLE
from ..ports import free_port
from ..record import Answered, Record, harmless
from ..waiting import wait_until
from .store import DEFAULT_SECONDS, Store

SCOPES = ["notes:read", "notes:write"]

PAGE = """<!DOCTYPE html><title>Sign in</title><form method="post">
<input type="hidden" name="question" value="{question}">
<input type="text" name="person"><input type="password" name="password">
<button name="answer" value="allow">Allow</button><button name="answer" value="deny">Deny</button></form>"""


class RecordRequests:
    """ASGI middleware: records each request, and answers 404 for hidden paths."""

    def __init__(self, app: ASGIApp, record: Record) -> None:
        self._app = app
        self._record = record

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        body, status = bytearray(), 0

        async def receive_and_keep() -> Message:
            message = await receive()
            body.extend(message.get("body", b""))
            return message

        async def send_and_note(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        app = PlainTextResponse(status_code=404) if scope["path"] in self._record.hidden else self._app
        await app(scope, receive_and_keep, send_and_note)
        form = dict(parse_qsl(scope["query_string"].decode()))
        if dict(scope["headers"]).get(b"content-type", b"").startswith(b"application/x-www-form-urlencoded"):
            form.update(parse_qsl(bytes(body).decode()))
        self._record.add(Answered(scope["method"], scope["path"], status, harmless(form)))


class NotesServer:
    """The running server. Notes and sign-in have the same port, as in the SDK."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", free_port()))
        self.origin = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.record = Record()
        self.store = Store(f"{self.origin}/consent")
        config = uvicorn.Config(self._app(), log_level="critical", lifespan="on")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)

    @property
    def url(self) -> str:
        """The URL that a person gives to a tool."""
        return f"{self.origin}/mcp"

    def _app(self) -> ASGIApp:
        server = MCPServer(
            "notes",
            log_level="CRITICAL",
            auth_server_provider=self.store,
            auth=AuthSettings(
                issuer_url=self.origin,  # type: ignore[arg-type]
                resource_server_url=self.url,  # type: ignore[arg-type]
                required_scopes=["notes:read"],
                validate_token_resource=True,
                client_registration_options=ClientRegistrationOptions(enabled=True, valid_scopes=SCOPES),
                revocation_options=RevocationOptions(enabled=True),
            ),
        )
        server.custom_route("/consent", ["GET", "POST"])(self._consent)
        server.tool(name="read")(lambda: "hello")
        return RecordRequests(server.streamable_http_app(json_response=True, stateless_http=True), self.record)

    async def _consent(self, asked: Asked) -> Response:
        """Asks for name and password, and redirects the browser back with a code or an error."""
        if asked.method == "GET":
            return HTMLResponse(PAGE.format(question=html.escape(asked.query_params["question"])))
        form = {name: str(value) for name, value in (await asked.form()).items()}
        if PEOPLE.get(form["person"]) != form["password"]:
            return HTMLResponse("Who is this?", status_code=403)
        person = form["person"] if form.get("answer") == "allow" else None
        return RedirectResponse(self.store.answer(form["question"], person), status_code=302)

    # For the tests.

    def call(self, token: str | None) -> tuple[int, dict[str, Any]]:
        """Initializes a session with the server, as a tool does, and returns the status and the answer."""
        hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "tests", "version": "1"}}
        request = Request(
            self.url,
            data=json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello}).encode(),
            headers={"Content-Type": "application/json", "Accept": "application/json, text/event-stream"},
        )
        if token is not None:
            request.add_header("Authorization", f"Bearer {token}")
        try:
            with build_opener(ProxyHandler({})).open(request, timeout=20) as response:
                return response.status, json.load(response)
        except HTTPError as refused:
            with refused:
                return refused.code, json.load(refused)

    def owner(self, token: str) -> str | None:
        """The owner of this access token, or None if it is not valid."""
        found = self.store.access_tokens.get(token)
        return found.subject if found else None

    def issue_tokens_for(self, seconds: int = DEFAULT_SECONDS) -> None:
        """Sets the lifetime of new access tokens."""
        self.store.lifetime = seconds

    def __enter__(self) -> Self:
        self._thread.start()
        wait_until(lambda: self._server.started)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(20)
        self._socket.close()
