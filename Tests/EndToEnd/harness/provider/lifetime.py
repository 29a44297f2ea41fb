"""How long the access tokens live that the server issues from now on. A test may change it at any time."""

from __future__ import annotations

DEFAULT_SECONDS = 3600
seconds = DEFAULT_SECONDS


def of_request(_: object) -> int:
    """What oauthlib asks for each token that it issues."""
    return seconds
