"""Mail servers that take the access tokens of the authorization server."""

from __future__ import annotations

import base64
import shutil
import socket
import socketserver
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .ports import free_port
from .provider.server import GATE_ID, GATE_SECRET, Provider
from .waiting import wait_until

DOVECOT = """
base_dir = {base}/run
state_dir = {base}/state
log_path = {base}/log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_mechanisms = oauthbearer xoauth2
mail_location = maildir:{mail}
first_valid_uid = 1
passdb {{
  driver = oauth2
  mechanisms = oauthbearer xoauth2
  args = {oauth}
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home={mail}
}}
service imap-login {{
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
"""


class MailServer(socketserver.ThreadingTCPServer):
    """Accepts mail from clients with a token of the authorization server, by OAUTHBEARER (RFC 7628) or by XOAUTH2."""

    allow_reuse_address = True

    def __init__(self, provider: Provider) -> None:
        super().__init__(("127.0.0.1", free_port()), MailHandler)
        self.provider = provider
        self.mechanisms = ["OAUTHBEARER", "XOAUTH2"]
        self.accepted: list[tuple[str, bytes]] = []


class MailHandler(socketserver.StreamRequestHandler):
    """One SMTP session (RFC 5321)."""

    server: MailServer

    def handle(self) -> None:
        """Answers until QUIT."""
        self.say("220 mail.example")
        user = None
        while line := self.rfile.readline().decode().strip():
            verb, _, rest = line.partition(" ")
            if verb == "EHLO":
                self.say(f"250-mail.example\r\n250 AUTH {' '.join(self.server.mechanisms)}")
            elif verb == "AUTH":
                _, _, response = rest.partition(" ")
                user = self.authenticated(response or self.more())
                self.say("235 welcome" if user else "535 no")
            elif verb == "DATA" and user:
                self.say("354 go on")
                mail = b"".join(iter(self.rfile.readline, b".\r\n"))
                self.server.accepted.append((user, mail))
                self.say("250 kept")
            elif verb == "QUIT":
                return self.say("221 bye")
            else:
                self.say("250 ok" if user else "530 authenticate first")

    def more(self) -> str:
        """The next line, after an empty challenge."""
        self.say("334 ")
        return self.rfile.readline().decode().strip()

    def authenticated(self, response: str) -> str | None:
        """The owner of the token, if it is valid. XOAUTH2 writes `user=NAME`, OAUTHBEARER `n,a=NAME,`."""
        name, *pairs = base64.b64decode(response).decode().split("\x01")
        fields = dict(pair.split("=", 1) for pair in pairs if "=" in pair)
        alive = self.server.provider.introspect(fields["auth"].removeprefix("Bearer "))
        return name.removeprefix("n,a=").removeprefix("user=").rstrip(",") if alive else None

    def say(self, line: str) -> None:
        """Sends one line or several."""
        self.wfile.write(line.encode() + b"\r\n")


@contextmanager
def dovecot(provider: Provider) -> Iterator[tuple[int, Path]]:
    """Runs Dovecot, which asks the authorization server about tokens (RFC 7662). Gives its port and the directory of the
    mail, which belongs to another user."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="keyfob-dovecot-") as name:
        yield from run_dovecot(provider, Path(name), port)


def run_dovecot(provider: Provider, directory: Path, port: int) -> Iterator[tuple[int, Path]]:
    """Runs it with its files in `directory`."""
    inspector = f"http://{GATE_ID}:{GATE_SECRET}@127.0.0.1:{provider.port}/o/introspect/"
    oauth = directory / "oauth.conf"
    oauth.write_text(
        f"introspection_mode = post\nintrospection_url = {inspector}\n"
        "active_attribute = active\nactive_value = true\nusername_attribute = username\n"
    )
    directory.chmod(0o755)
    mail = directory / "mail"
    mail.mkdir()
    shutil.chown(mail, "nobody")
    configuration = directory / "dovecot.conf"
    configuration.write_text(DOVECOT.format(base=directory, mail=mail, port=port, oauth=oauth))
    server = subprocess.Popen(["dovecot", "-F", "-c", configuration], stdin=subprocess.DEVNULL)
    try:
        wait_until(lambda: answers(port))
        yield port, mail
    finally:
        server.terminate()
        server.wait(20)


def answers(port: int) -> bool:
    """Whether somebody listens on a port of loopback."""
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
