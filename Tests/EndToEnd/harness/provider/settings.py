"""Django's settings for the authorization server, with django-oauth-toolkit as strict as possible."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from . import device, lifetime

SECRET_KEY = os.urandom(32).hex()
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "localhost", ".example.test"]
ROOT_URLCONF = "harness.provider.urls"
USE_TZ = True
APPEND_SLASH = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LOGIN_URL = "/accounts/login/"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # the password is in this repository

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "oauth2_provider",
]
MIDDLEWARE = [
    "harness.provider.requests.RecordRequests",
    "django.middleware.common.CommonMiddleware",  # sets Content-Length, which marks the end for TLS
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "DIRS": [Path(__file__).with_name("templates")],
    }
]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ["KEYFOB_TEST_DATABASE"],
        # Transactions begin as writers: two refreshes at once wait for each other instead of failing.
        "OPTIONS": {"timeout": 20, "transaction_mode": "IMMEDIATE"},
    }
}

OAUTH2_PROVIDER: dict[str, Any] = {
    "SCOPES": {"read": "Read your repositories", "write": "Write to your repositories"},
    "DEFAULT_SCOPES": ["read"],
    "PKCE_REQUIRED": True,
    "ROTATE_REFRESH_TOKEN": True,
    "REFRESH_TOKEN_REUSE_PROTECTION": True,
    "REFRESH_TOKEN_GRACE_PERIOD_SECONDS": 0,
    "ALLOWED_REDIRECT_URI_SCHEMES": ["http"],
    "REQUEST_APPROVAL_PROMPT": "force",
    "OAUTH_DEVICE_VERIFICATION_URI": device.verification_uri,
    "OAUTH_DEVICE_VERIFICATION_URI_COMPLETE": device.verification_uri_complete,
    "DEVICE_FLOW_INTERVAL": 1,
    "ALWAYS_RELOAD_OAUTHLIB_CORE": True,  # A change by a test takes effect at once, and only in that test.
    "EXTRA_SERVER_KWARGS": {"token_expires_in": lifetime.of_request},
    "COMPLIANT_BCP_RFC9700_IMPLICIT_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PASSWORD_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PKCE_METHOD": True,
    "COMPLIANT_BCP_RFC9700_ACCESS_TOKEN_TRANSPORT": True,
    "COMPLIANT_BCP_RFC9700_AUTHZ_RESPONSE_ISS": True,
    "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": True,
    "OAUTH2_RESPONSE_TYPES_SUPPORTED": ["code"],
    "OAUTH2_GRANT_TYPES_SUPPORTED": ["authorization_code", "refresh_token"],
    "OIDC_ENABLED": True,
    # Everybody may register a client, as at servers of the Model Context Protocol. A test may forbid it.
    "DCR_ENABLED": True,
    "DCR_REGISTRATION_PERMISSION_CLASSES": ["oauth2_provider.dcr.AllowAllDCRPermission"],
}

LOGGING = {"version": 1, "disable_existing_loggers": True, "root": {"level": "CRITICAL", "handlers": []}}
