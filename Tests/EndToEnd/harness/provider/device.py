"""Where a person types the code of a device. The address holds the server's port, which no setting knows beforehand."""

from __future__ import annotations

from django.utils.functional import lazystr

AUTHORIZATION_PATH = "/o/device-authorization/"
origin = ""


class Address:
    """The address as it is when it is asked for: the server that is told it lives longer than one test."""

    def __str__(self) -> str:
        return f"{origin}/o/device/"


verification_uri = lazystr(Address())


def verification_uri_complete(user_code: str) -> str:
    """The same address with the code filled in."""
    return f"{verification_uri}?user_code={user_code}"
