"""git send-email and git imap-send, with an access token in place of a password."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from harness import debian
from harness.mail import MailServer, dovecot
from harness.newer import use_newer_git
from harness.people import ALICE
from harness.person import Done, Person, stderr_lines
from harness.provider.server import Provider
from harness.serving import serve_in_background
from harness.steps import assert_worked, refreshes

SERVICE = "https://mail.example.com"
ADDRESS = f"{ALICE}@example.com"
MECHANISMS = ["OAUTHBEARER", "XOAUTH2"]
PATCH = f"From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001\nFrom: A <{ADDRESS}>\nDate: Mon, 2 Nov 2026 10:00:00 +0000\nSubject: [PATCH] x\n\nx\n"

pytestmark = [
    pytest.mark.skipif(debian.why_not() is not None, reason=debian.why_not() or ""),
    pytest.mark.timeout(debian.MAKING_SECONDS),
]


@pytest.fixture
def smtp(provider: Provider) -> Iterator[MailServer]:
    """A server that accepts mail."""
    with MailServer(provider) as server:
        serve_in_background(server)
        yield server
        server.shutdown()


@pytest.fixture
def author(person: Person) -> Person:
    """A person with the newer git and a patch."""
    use_newer_git(person.session, for_mail=True)
    person.configure_git({"user.name": "A", "user.email": ADDRESS})
    (person.home / "patch").write_text(PATCH)
    return person


def sign_in(author: Person, provider: Provider, mail: list[str]) -> None:
    """Signs in at the service that has these mail servers. Nothing asks the service itself."""
    author.configure_keyfob(SERVICE, provider.issuer, mail=mail)
    assert_worked(author.keyfob("login", SERVICE))


def send(author: Person, port: int, mechanism: str, user: str = ADDRESS) -> Done:
    """Sends the patch by mail."""
    options = [f"--smtp-server-port={port}", f"--smtp-user={user}", f"--smtp-auth={mechanism}", f"--from={user}"]
    addresses = ["--to=bob@example.com", "--suppress-cc=all", "--confirm=never", "--smtp-server=127.0.0.1"]
    return author.git("send-email", *options, *addresses, str(author.home / "patch"))


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_git_send_email(author: Person, provider: Provider, smtp: MailServer, mechanism: str) -> None:
    port = smtp.server_address[1]
    sign_in(author, provider, [f"127.0.0.1:{port}"])
    smtp.mechanisms = [mechanism]
    assert_worked(send(author, port, mechanism))
    ((user, mail),) = smtp.accepted
    assert user == ADDRESS
    assert b"[PATCH] x" in mail
    assert_worked(send(author, port, mechanism))
    assert author.browsers_opened() == 1


def test_git_send_email_after_the_server_has_revoked_the_token(
    author: Person, provider: Provider, smtp: MailServer
) -> None:
    port = smtp.server_address[1]
    sign_in(author, provider, [f"127.0.0.1:{port}"])
    provider.expire_access_tokens()
    assert send(author, port, "XOAUTH2").returncode != 0
    assert_worked(send(author, port, "XOAUTH2"))
    assert (refreshes(provider), author.browsers_opened()) == (1, 1)


def test_another_port_of_the_host_gets_no_token(author: Person, provider: Provider, smtp: MailServer) -> None:
    port = smtp.server_address[1]
    sign_in(author, provider, [f"127.0.0.1:{port + 1}"])
    done = send(author, port, "XOAUTH2")
    assert [line for line in stderr_lines(done) if "could not read Password" in line] != []
    assert smtp.accepted == []


@pytest.mark.skipif(shutil.which("dovecot") is None, reason="needs dovecot")
@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_git_imap_send(author: Person, provider: Provider, mechanism: str) -> None:
    with dovecot(provider) as (port, mail):
        sign_in(author, provider, [f"127.0.0.1:{port}"])
        settings = {"host": "imap://127.0.0.1", "port": str(port), "user": ALICE, "folder": "INBOX"}
        author.configure_git({f"imap.{key}": value for key, value in settings.items()})
        author.configure_git({"imap.authMethod": mechanism})
        assert_worked(author.git("imap-send", stdin=PATCH.encode()))
        kept = [path.read_text() for path in mail.rglob("*") if path.is_file() and path.parent.name in ("new", "cur")]
        assert len(kept) == 1 and "[PATCH] x" in kept[0]
        assert author.browsers_opened() == 1
