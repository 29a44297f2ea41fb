"""The page for the code of a device. Its address contains the server's port, which is not known when Django starts."""

from __future__ import annotations

from django.utils.functional import lazystr

AUTHORIZATION_PATH = "/o/device-authorization/"
origin = ""


class Address:
    """The address, computed at each request: Django's settings outlive the server of one test."""

    def __str__(self) -> str:
        return f"{origin}/o/device/"


verification_uri = lazystr(Address())


def verification_uri_complete(user_code: str) -> str:
    """The same address with the code filled in."""
    return f"{verification_uri}?user_code={user_code}"
