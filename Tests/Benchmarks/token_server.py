"""An authorization server for the benchmark. It approves each sign-in at once, and records its own time for each token.
"""

from __future__ import annotations

import json
import secrets
import ssl
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self
from urllib.parse import parse_qs, urlencode, urlsplit


class Handler(BaseHTTPRequestHandler):
    """Metadata, an authorization endpoint that redirects at once, a token endpoint that rotates."""

    protocol_version = "HTTP/1.1"
    server: TokenServer

    def do_GET(self) -> None:
        """The metadata, or approval without a question."""
        address = urlsplit(self.path)
        if address.path in ("/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"):
            return self._send_json(self.server.metadata())
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        answer = urlencode({"code": secrets.token_urlsafe(), "state": query["state"]})
        self.send_response(302)
        self.send_header("Location", f"{query['redirect_uri']}?{answer}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_POST(self) -> None:
        """A token, new each time."""
        begun = time.perf_counter()
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        token = {"access_token": secrets.token_urlsafe(32), "token_type": "Bearer", "expires_in": 3600}
        self._send_json({**token, "refresh_token": secrets.token_urlsafe(32), "scope": "read"})
        if form["grant_type"] == ["refresh_token"]:
            # Clients other than keyfob and curl send their name in a header field.
            self.server.note(form.get("client_id", [""])[0], (time.perf_counter() - begun) * 1e6)

    def _send_json(self, value: dict[str, object]) -> None:
        body = json.dumps(value).encode()
        self.send_response(200)
        for name, content in (("Content-Type", "application/json"), ("Content-Length", str(len(body)))):
            self.send_header(name, content)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing on stderr."""


class TokenServer(ThreadingHTTPServer):
    """Runs on a port of its own while its `with` block lasts."""

    daemon_threads = True

    def __init__(self, certificate: Path | None = None) -> None:
        """Uses TLS if there is a certificate (with its key, in one PEM file)."""
        super().__init__(("127.0.0.1", 0), Handler)
        self._times: dict[str, list[float]] = {}
        self._noted = threading.Condition()
        self.scheme = "https" if certificate else "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    @property
    def issuer(self) -> str:
        """Its issuer, an origin."""
        return f"{self.scheme}://127.0.0.1:{self.server_port}"

    def metadata(self) -> dict[str, object]:
        """Its RFC 8414 document."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "response_types_supported": ["code"],
            # oidc-agent requires these two.
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "scopes_supported": ["read"],
            "code_challenge_methods_supported": ["S256"],
        }

    def note(self, client: str, microseconds: float) -> None:
        """Records the server's own time for a refresh by this client."""
        with self._noted:
            self._times.setdefault(client, []).append(microseconds)
            self._noted.notify_all()

    def forget(self) -> None:
        """Deletes the recorded times."""
        with self._noted:
            self._times.clear()

    def times(self, client: str, count: int) -> list[float]:
        """The server's own time for each refresh by this client. Waits for the last record, which comes after the
        answer."""
        with self._noted:
            self._noted.wait_for(lambda: len(self._times.get(client, [])) >= count, timeout=10)
            return list(self._times.get(client, []))

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


def certificate(directory: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 with its key, and a bundle that trusts it beside all that this machine trusts."""
    pem, key = directory / "server.pem", directory / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*command, "-keyout", key, "-out", pem], check=True, capture_output=True)
    bundle = directory / "bundle.pem"
    bundle.write_text(Path("/etc/ssl/certs/ca-certificates.crt").read_text() + pem.read_text())
    pem.write_text(pem.read_text() + key.read_text())
    return pem, bundle
