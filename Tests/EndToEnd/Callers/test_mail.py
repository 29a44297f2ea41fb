"""Mail programs, which get a token from a command and send it to their server with SASL."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.callers import admits, sign_in
from harness.mail import MailServer
from harness.people import ALICE
from harness.person import Person, stderr_lines
from harness.provider.server import Provider
from harness.service import Answer, Service, guarded
from harness.serving import serve_in_background


@pytest.fixture
def page(provider: Provider) -> Iterator[Service]:
    """A page that requires a token."""
    with Service(guarded(admits(provider, "Bearer"), "Bearer", lambda _: Answer(body=b"come in\n"))) as service:
        yield service


@pytest.mark.skipif(shutil.which("msmtp") is None, reason="needs msmtp")
def test_msmtp_sends_mail_with_the_token(person: Person, provider: Provider, page: Service, tmp_path: Path) -> None:
    sign_in(person, provider, page)
    with MailServer(provider) as server:
        serve_in_background(server)
        configuration = tmp_path / "msmtprc"
        configuration.write_text(
            f"account default\nhost 127.0.0.1\nport {server.server_address[1]}\nfrom {ALICE}@example.com\n"
            f"auth oauthbearer\nuser {ALICE}@example.com\ntls off\n"
            f'passwordeval "keyfob token {page.origin}"\n'
        )
        configuration.chmod(0o600)
        mail = b"Subject: hello\n\nhello\n"
        done = person.session.run("msmtp", "-C", configuration, "bob@example.com", stdin=mail)
        assert done.returncode == 0, stderr_lines(done)
        server.shutdown()
        ((user, kept),) = server.accepted
        assert user == f"{ALICE}@example.com"
        assert kept.endswith(b"\r\nhello\r\n")


def test_a_mail_program_gets_the_whole_answer_of_xoauth2(person: Person, provider: Provider, page: Service) -> None:
    token = sign_in(person, provider, page)
    done = person.keyfob("token", "--format", "xoauth2", "--user", "alice@example.com", page.origin)
    assert base64.b64decode(done.stdout) == f"user=alice@example.com\x01auth=Bearer {token}\x01\x01".encode()
