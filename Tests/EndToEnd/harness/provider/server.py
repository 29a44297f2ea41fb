"""Starting and stopping the authorization server, and looking into its database."""

from __future__ import annotations

import atexit
import base64
import hashlib
import json
import os
import shutil
import tempfile
import threading
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

import django
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler

from ..people import PEOPLE
from ..record import Answered, Record
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
    """Sets Django up, once a process, on an empty database in a temporary directory: tables, people, clients."""
    directory = tempfile.mkdtemp(prefix="keyfob-provider-")
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    os.environ["KEYFOB_TEST_DATABASE"] = str(Path(directory) / "db.sqlite3")
    os.environ["DJANGO_SETTINGS_MODULE"] = "harness.provider.settings"
    # What drives Chromium keeps an event loop in the thread of the tests; nothing of ours waits in it.
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
    """The settings as django-oauth-toolkit holds them."""
    from oauth2_provider.settings import oauth2_settings as held

    return held


def access_token_row(access_token: str) -> AccessToken | None:
    """What the database has of this access token."""
    from oauth2_provider.models import AccessToken

    checksum = hashlib.sha256(access_token.encode()).hexdigest()
    return AccessToken.objects.filter(token_checksum=checksum).first()


class QuietRequestHandler(WSGIRequestHandler):
    """Django's request handler, which says nothing on stderr."""

    def log_message(self, *_: object) -> None:
        pass


class QuietServer(ThreadedWSGIServer):
    """Django's threaded HTTP server. A client that goes away in the middle is no error of ours."""

    def handle_error(self, *_: object) -> None:
        pass


class Provider:
    """The running authorization server: one port, one database, the record of its requests."""

    def __init__(self, tls: Tls | None = None) -> None:
        self._tls = tls
        self._server = self._listen(0)
        self.port: int = self._server.server_port
        device.origin = self.issuer

    @property
    def issuer(self) -> str:
        """The issuer that the metadata names; with TLS, the name of its certificate, on the port that needs no word."""
        return f"https://{self._tls.name}" if self._tls else f"http://127.0.0.1:{self.port}"

    @property
    def device_authorization_endpoint(self) -> str:
        """Where a device asks for a code, which the metadata does not name."""
        return self.issuer + device.AUTHORIZATION_PATH

    @property
    def requests(self) -> Record:
        """What was asked."""
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
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
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

    # What the tests ask of the database.

    @staticmethod
    def issue_tokens_for(seconds: int) -> None:
        """Sets the lifetime of the access tokens that are issued from now on."""
        lifetime.seconds = seconds

    @staticmethod
    def change(**settings: object) -> None:
        """Changes settings of django-oauth-toolkit for as long as this server runs. Classes are given themselves."""
        held = oauth2_settings()
        for name, value in settings.items():
            getattr(held, name)  # What has been asked for once is what reload() forgets.
            setattr(held, name, value)

    @staticmethod
    def registered() -> list[Application]:
        """The clients that nobody made by hand."""
        from oauth2_provider.models import Application

        return list(Application.objects.exclude(registration_source=Application.RegistrationSource.MANUAL))

    @staticmethod
    def owner(access_token: str) -> str | None:
        """Whose access token this is; None when it is nobody's any more."""
        found = access_token_row(access_token)
        return found.user.username if found and found.is_valid() else None

    @staticmethod
    def resources(access_token: str) -> list[str]:
        """The resources that this access token is for (RFC 8707)."""
        found = access_token_row(access_token)
        return list(found.resource or []) if found else []

    @staticmethod
    def live_refresh_tokens() -> int:
        """How many refresh tokens are neither used up nor revoked."""
        from oauth2_provider.models import RefreshToken

        return int(RefreshToken.objects.filter(revoked__isnull=True).count())

    @staticmethod
    def expire_device_codes() -> None:
        """Ends the time in which a code could be typed at another device."""
        from oauth2_provider.models import DeviceGrant

        DeviceGrant.objects.update(status=DeviceGrant.EXPIRED)

    @staticmethod
    def forget_device_codes() -> None:
        """Knows nothing of any code any more."""
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
        """Whether the server would honour this access token now."""
        found = access_token_row(access_token)
        return found is not None and found.is_valid()

    @staticmethod
    def expire_access_tokens() -> None:
        """Ends the life of every access token at the server, whatever its holders believe."""
        from django.utils import timezone
        from oauth2_provider.models import AccessToken

        AccessToken.objects.update(expires=timezone.now() - timedelta(seconds=1))
