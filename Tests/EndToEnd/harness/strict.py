"""An authorization server that compares redirect URIs byte for byte, the port too: canaille, on Werkzeug's own server.

Clients can register themselves. The server gives a secret even to clients that ask for none, requires that secret for a
revocation, and gives an id_token for the scope `openid`.
"""

from __future__ import annotations

import os
import socket
import warnings
from datetime import UTC, datetime
from typing import Any, Self

from canaille import create_app
from canaille.app import models
from canaille.backends import Backend
from flask import Flask, Response, request
from werkzeug.serving import WSGIRequestHandler, make_server

from .people import PEOPLE
from .ports import free_port
from .record import Answered, Record, harmless
from .serving import serve_in_background

QUIET = {"version": 1, "disable_existing_loggers": False, "loggers": {"canaille": {"level": "CRITICAL"}}}

# canaille uses a name for its signature algorithm that RFC 9864 deprecates.
warnings.filterwarnings("ignore", module="joserfc")


class QuietRequestHandler(WSGIRequestHandler):
    """Werkzeug's request handler without log."""

    def log(self, *_: object, **__: object) -> None:
        pass


class StrictProvider:
    """The running server. It keeps all data in memory. A process can run one at a time."""

    def __init__(self) -> None:
        self.record = Record()
        # canaille must know its own address before the first request.
        self._socket = socket.create_server(("127.0.0.1", free_port()))
        port = self._socket.getsockname()[1]
        self.issuer = f"http://127.0.0.1:{port}"
        self._app = self._make_app(f"127.0.0.1:{port}")
        self._server = make_server(
            "127.0.0.1",
            port,
            self._app,
            threaded=True,
            request_handler=QuietRequestHandler,
            fd=self._socket.fileno(),
        )
        serve_in_background(self._server)

    def _make_app(self, address: str) -> Flask:
        settings = {
            "SERVER_NAME": address,
            "SECRET_KEY": os.urandom(32).hex(),
            "PREFERRED_URL_SCHEME": "http",
            "CANAILLE": {"DATABASE": "memory", "LOGGING": QUIET, "CAPTCHA_ENABLED": False},
            "CANAILLE_OIDC": {"DYNAMIC_CLIENT_REGISTRATION_OPEN": True, "TRUSTED_DOMAINS": []},
        }
        app = create_app(settings, env_file=os.devnull)
        app.before_request(lambda: Response(status=404) if request.path in self.record.hidden else None)
        app.after_request(self._note)
        with app.app_context():
            for name, password in PEOPLE.items():
                person = models.User(user_name=name, password=password, formatted_name=name.title(), family_name="-")
                person.display_name = name
                Backend.instance.save(person)
        return app

    def _note(self, response: Response) -> Response:
        form = {**request.args.to_dict(), **request.form.to_dict()}
        self.record.add(Answered(request.method, request.path, response.status_code, harmless(form)))
        if response.is_json:
            given = response.get_json()
            names = ("access_token", "refresh_token", "id_token", "client_secret", "registration_access_token")
            self.record.secrets.update(given[name] for name in names if given.get(name))
        return response

    # The tests' access to the database.

    def add_client(self, client_id: str, redirect_uri: str, scope: str) -> None:
        """Registers a public client by hand."""
        with self._app.app_context():
            client = models.Client(
                client_id=client_id,
                client_name=client_id,
                client_id_issued_at=datetime.now(UTC),
                redirect_uris=[redirect_uri],
                grant_types=["authorization_code", "refresh_token"],
                response_types=["code"],
                scope=scope.split(),
                token_endpoint_auth_method="none",
            )
            Backend.instance.save(client)
            client.audience = [client]
            Backend.instance.save(client)

    def clients(self) -> list[dict[str, Any]]:
        """The metadata of each registered client."""
        with self._app.app_context():
            return [{**each.client_info, **each.client_metadata} for each in Backend.instance.query(models.Client)]

    def forget_clients(self) -> None:
        """Deletes every client, as an administrator does; their tokens go with them."""
        with self._app.app_context():
            for each in Backend.instance.query(models.Client):
                Backend.instance.delete(each)

    def owner(self, access_token: str) -> str | None:
        """The owner of this access token, or None if it is not valid."""
        with self._app.app_context():
            found = Backend.instance.get(models.Token, access_token=access_token)
            return found.subject.user_name if found and not found.revoked and not found.is_expired() else None

    def live_refresh_tokens(self) -> int:
        """The number of refresh tokens that are neither used nor revoked."""
        with self._app.app_context():
            return sum(each.is_refresh_token_active() for each in Backend.instance.query(models.Token))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._socket.close()
