"""Names and certificates for servers, from an authority that only these tests trust."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import trustme


@dataclass(frozen=True)
class Tls:
    """The name of a server, and the TLS context with its certificate."""

    name: str
    context: ssl.SSLContext


class Authority:
    """A new certificate authority."""

    def __init__(self, directory: Path) -> None:
        self._authority = trustme.CA()
        self.file = directory / "authority.pem"
        self._authority.cert_pem.write_to_path(str(self.file))

    def certify(self, name: str, not_after: datetime | None = None) -> Tls:
        """A certificate for that name with that end."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert(name, not_after=not_after).configure_cert(context)
        return Tls(name, context)
