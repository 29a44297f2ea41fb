"""Starts and stops the authorization server, and reads its database."""

from __future__ import annotations

import atexit
import base64
import hashlib
import json
import os
import shutil
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

import django
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler

from ..people import PEOPLE
from ..ports import on_free_port
from ..record import Answered, Record
from ..serving import serve_in_background
from ..tls import Tls
from . import device, lifetime
from .requests import record

if TYPE_CHECKING:
    from oauth2_provider.models import AccessToken, Application
    from oauth2_provider.settings import OAuth2ProviderSettings

CLIENT_ID = "keyfob-tests"
DEVICE_CLIENT_ID = "keyfob-tests-device"
GATE_ID, GATE_SECRET = "git-gate", "gate-secret"


def prepare_database() -> None:
    """Sets Django up, once in a process, with an empty database in a temporary directory: tables, people, clients."""
    directory = tempfile.mkdtemp(prefix="keyfob-provider-")
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    os.environ["KEYFOB_TEST_DATABASE"] = str(Path(directory) / "db.sqlite3")
    os.environ["DJANGO_SETTINGS_MODULE"] = "harness.provider.settings"
    # The library that drives Chromium runs an event loop in the tests' thread, which Django takes for an async caller.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    django.setup()
    from django.contrib.auth import get_user_model
    from django.core.management import call_command
    from oauth2_provider.models import Application

    call_command("migrate", verbosity=0)
    user, *_ = [get_user_model().objects.create_user(name, password=word) for name, word in PEOPLE.items()]
    Application.objects.create(
        name="keyfob",
        client_id=CLIENT_ID,
        client_secret="",
        client_type=Application.CLIENT_PUBLIC,
        authorization_grant_type=Application.GRANT_AUTHORIZATION_CODE,
        redirect_uris="http://127.0.0.1/callback",
        user=user,
    )
    Application.objects.create(
        name="keyfob at another device",
        client_id=DEVICE_CLIENT_ID,
        client_secret="",
        client_type=Application.CLIENT_PUBLIC,
        authorization_grant_type=Application.GRANT_DEVICE_CODE,
        user=user,
    )
    Application.objects.create(
        name="git gate",
        client_id=GATE_ID,
        client_secret=GATE_SECRET,
        client_type=Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Application.GRANT_CLIENT_CREDENTIALS,
        user=user,
    )


def oauth2_settings() -> OAuth2ProviderSettings:
    """The settings object of django-oauth-toolkit."""
    from oauth2_provider.settings import oauth2_settings as held

    return held


def access_token_row(access_token: str) -> AccessToken | None:
    """The database's row of this access token."""
    from oauth2_provider.models import AccessToken

    checksum = hashlib.sha256(access_token.encode()).hexdigest()
    return AccessToken.objects.filter(token_checksum=checksum).first()


class QuietRequestHandler(WSGIRequestHandler):
    """Django's request handler without log."""

    def log_message(self, *_: object) -> None:
        pass


class QuietServer(ThreadedWSGIServer):
    """Django's threaded HTTP server. A client may close its connection at any time."""

    def handle_error(self, *_: object) -> None:
        pass


class Provider:
    """The running authorization server: one port, one database, the record of its requests."""

    def __init__(self, tls: Tls | None = None) -> None:
        self._tls = tls
        # Not a port of the kernel's choice, so that no other process gets it while the server is stopped.
        self._server = on_free_port(self._listen)
        self.port: int = self._server.server_port
        device.origin = self.issuer

    @property
    def issuer(self) -> str:
        """The issuer in the metadata. With TLS, the name in the certificate and the default port."""
        return f"https://{self._tls.name}" if self._tls else f"http://127.0.0.1:{self.port}"

    @property
    def device_authorization_endpoint(self) -> str:
        """The endpoint at which a device gets a code. The metadata do not name it."""
        return self.issuer + device.AUTHORIZATION_PATH

    @property
    def requests(self) -> Record:
        """The record of requests."""
        return record

    def token_requests(self, grant_type: str) -> list[Answered]:
        """The requests to the token endpoint with this grant_type."""
        return record.to("/o/token/", grant_type)

    def stop(self) -> None:
        """Takes the server off the network: its port refuses connections from now on."""
        self._server.shutdown()
        self._server.server_close()

    def start_again(self) -> None:
        """Puts the server back on the port that it had."""
        self._server = self._listen(self.port)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        record.clear()
        lifetime.seconds = lifetime.DEFAULT_SECONDS
        self._forget_everybody()
        oauth2_settings().reload()

    def _listen(self, port: int) -> QuietServer:
        from django.core.wsgi import get_wsgi_application

        server = QuietServer(("127.0.0.1", port), QuietRequestHandler)
        if self._tls is not None:
            server.socket = self._tls.context.wrap_socket(
                server.socket, server_side=True, do_handshake_on_connect=False
            )
            server.base_environ["HTTPS"] = "on"
        server.set_app(get_wsgi_application())
        serve_in_background(server)
        return server

    @staticmethod
    def _forget_everybody() -> None:
        from django.contrib.sessions.models import Session
        from oauth2_provider.models import AccessToken, Application, DeviceGrant, Grant, RefreshToken

        for model in (RefreshToken, AccessToken, Grant, DeviceGrant, Session):
            model.objects.all().delete()
        Application.objects.exclude(registration_source=Application.RegistrationSource.MANUAL).delete()

    def introspect(self, access_token: str) -> bool:
        """Whether the access token is active, as a resource server asks (RFC 7662 section 2)."""
        credentials = base64.b64encode(f"{GATE_ID}:{GATE_SECRET}".encode()).decode()
        request = Request(
            f"http://127.0.0.1:{self.port}/o/introspect/",
            data=urlencode({"token": access_token}).encode(),
            headers={"Authorization": f"Basic {credentials}"},
        )
        with build_opener(ProxyHandler({})).open(request, timeout=20) as response:
            return bool(json.load(response)["active"])

    # The tests' access to the database.

    @staticmethod
    def issue_tokens_for(seconds: int) -> None:
        """Sets the lifetime of new access tokens."""
        lifetime.seconds = seconds

    @staticmethod
    def change(**settings: object) -> None:
        """Changes settings of django-oauth-toolkit as long as this server runs. Pass classes, not their names."""
        held = oauth2_settings()
        for name, value in settings.items():
            getattr(held, name)  # reload() forgets only the settings that were read before.
            setattr(held, name, value)

    @staticmethod
    def registered() -> list[Application]:
        """The clients that registered themselves."""
        from oauth2_provider.models import Application

        return list(Application.objects.exclude(registration_source=Application.RegistrationSource.MANUAL))

    @staticmethod
    def owner(access_token: str) -> str | None:
        """The owner of this access token, or None if it is not valid."""
        found = access_token_row(access_token)
        return found.user.username if found and found.is_valid() else None

    @staticmethod
    def resources(access_token: str) -> list[str]:
        """The resources that this access token is for (RFC 8707)."""
        found = access_token_row(access_token)
        return list(found.resource or []) if found else []

    @staticmethod
    def live_refresh_tokens() -> int:
        """The number of refresh tokens that are neither used nor revoked."""
        from oauth2_provider.models import RefreshToken

        return int(RefreshToken.objects.filter(revoked__isnull=True).count())

    @staticmethod
    def expire_device_codes() -> None:
        """Lets all device codes expire."""
        from oauth2_provider.models import DeviceGrant

        DeviceGrant.objects.update(status=DeviceGrant.EXPIRED)

    @staticmethod
    def forget_device_codes() -> None:
        """Forgets all device codes."""
        from oauth2_provider.models import DeviceGrant

        DeviceGrant.objects.all().delete()

    @staticmethod
    def revoke_refresh_tokens() -> None:
        """Revokes every refresh token, as a person does on the server's page."""
        from oauth2_provider.models import RefreshToken

        for token in RefreshToken.objects.filter(revoked__isnull=True):
            token.revoke()

    @staticmethod
    def is_active(access_token: str) -> bool:
        """Whether the server would accept this access token now."""
        found = access_token_row(access_token)
        return found is not None and found.is_valid()

    @staticmethod
    def live_access_tokens() -> int:
        """The number of access tokens that the server would accept now."""
        from django.utils import timezone
        from oauth2_provider.models import AccessToken

        return int(AccessToken.objects.filter(expires__gt=timezone.now()).count())

    @staticmethod
    def expire_access_tokens() -> None:
        """Lets every access token expire at the server, before the time that clients were told."""
        from django.utils import timezone
        from oauth2_provider.models import AccessToken

        AccessToken.objects.update(expires=timezone.now() - timedelta(seconds=1))
