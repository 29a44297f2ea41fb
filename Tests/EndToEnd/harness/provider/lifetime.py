"""The lifetime of new access tokens. A test may change it at any time."""

from __future__ import annotations

DEFAULT_SECONDS = 3600
seconds = DEFAULT_SECONDS


def of_request(_: object) -> int:
    """The lifetime, as oauthlib asks for it at each new token."""
    return seconds
