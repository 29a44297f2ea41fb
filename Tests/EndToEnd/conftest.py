"""The fixtures: each test gets a session, a server and a git server of its own."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.register_assert_rewrite("harness")

from harness import binaries, kernel, programs
from harness.evidence import Evidence
from harness.family import FamilyServer
from harness.gate import Gate
from harness.libsecret import build_git_credential_libsecret
from harness.marked import MarkedServer
from harness.notes.server import NotesServer
from harness.person import Person
from harness.provider.server import DEVICE_CLIENT_ID, Provider, prepare_database
from harness.session import PrivateSession, missing_programs
from harness.strict import StrictProvider


def pytest_addoption(parser: pytest.Parser) -> None:
    """What may be asked for beside tests."""
    parser.addoption("--pictures", action="store_true", help="make the pictures in .github/pictures anew")
    parser.addoption("--transcript", action="store_true", help="make the transcript of the walk anew")


def pytest_sessionstart() -> None:
    """Refuses to run, rather than to skip, when something is missing."""
    # A shell's background job ignores Ctrl-C, and so would all that it starts: what a terminal gives is restored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # And one of nohup ignores the end of the terminal.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    # keyfob refuses settings that others may write to.
    os.umask(0o022)
    missing = [str(path) for path in (binaries.keyfob(), binaries.git_credential_keyfob()) if not path.exists()]
    if missing or missing_programs():
        pytest.exit(f"missing: {', '.join(missing + missing_programs())}; run Tests/run", returncode=2)
    prepare_database()


@pytest.fixture
def session() -> Iterator[PrivateSession]:
    """A private session with an unlocked keyring; what keyfob keeps in the kernel meanwhile is forgotten afterwards."""
    with PrivateSession(path=[binaries.bin_directory()]) as running:
        running.start_keyring()
        yield running
        # What belongs to this user's own keyfob, or to tests that run at the same time, is none of ours. When a server may
        # be asked again is not known by account; but none of these servers asks to be left alone.
        kernel.forget(kernel.of_accounts(running.accounts()))


@pytest.fixture
def person(session: PrivateSession) -> Person:
    """A person in that session, to whom nothing has happened yet."""
    return Person(session)


@pytest.fixture
def provider() -> Iterator[Provider]:
    """The authorization server, which knows one person and one public client."""
    with Provider() as running:
        yield running


@pytest.fixture
def gate(provider: Provider, tmp_path: Path) -> Iterator[Gate]:
    """A git server that wants the authorization server's tokens."""
    with Gate(provider.introspect, tmp_path) as running:
        yield running


@pytest.fixture
def developer(person: Person, provider: Provider, gate: Gate) -> Person:
    """A person whose keyfob knows where to sign in for the git server, and who has not signed in yet."""
    person.configure_keyfob(gate.origin, provider.issuer)
    return person


@pytest.fixture
def device_owner(person: Person, provider: Provider, gate: Gate) -> Person:
    """A person whose keyfob may sign in at another device. The metadata does not tell where to ask for a code."""
    endpoint = provider.device_authorization_endpoint
    person.configure_keyfob(
        gate.origin, provider.issuer, client_id=DEVICE_CLIENT_ID, device_authorization_endpoint=endpoint
    )
    return person


@pytest.fixture
def notes() -> Iterator[NotesServer]:
    """A server of the Model Context Protocol, which is its own authorization server."""
    with NotesServer() as running:
        yield running


@pytest.fixture
def strict() -> Iterator[StrictProvider]:
    """An authorization server that takes a redirect URI only as it was registered, to the last byte."""
    with StrictProvider() as running:
        yield running


@pytest.fixture
def strict_gate(strict: StrictProvider, tmp_path: Path) -> Iterator[Gate]:
    """A git server that wants the tokens of that authorization server."""
    with Gate(lambda token: strict.owner(token) is not None, tmp_path) as running:
        yield running


@pytest.fixture
def marked() -> Iterator[MarkedServer]:
    """The server whose secrets are known."""
    with MarkedServer() as running:
        yield running


@pytest.fixture
def watched(person: Person) -> Evidence:
    """All that this person's session shows from now on."""
    return Evidence(person)


@pytest.fixture
def server() -> Iterator[FamilyServer]:
    """The authorization server of ours, which ends a family when a refresh token comes twice."""
    with FamilyServer() as running:
        yield running


@pytest.fixture
def service(person: Person, server: FamilyServer) -> str:
    """A service for which this person's keyfob may sign in at that server."""
    person.configure_keyfob(server.issuer, server.issuer)
    return f"{server.issuer}/git"


@pytest.fixture(scope="session")
def libsecret_helper(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """git-credential-libsecret, built from the source in Debian's git package."""
    return build_git_credential_libsecret(tmp_path_factory.mktemp("libsecret"))


@pytest.fixture(scope="session")
def killpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program that kills another one at a point of its way."""
    return programs.build("killpoint", tmp_path_factory.mktemp("programs"))


@pytest.fixture(scope="session")
def nokeys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program that runs another one where the kernel keeps no keys."""
    return programs.build("nokeys", tmp_path_factory.mktemp("programs"))


@pytest.fixture(scope="session")
def nodiagnosis(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program that runs another one where the kernel answers no question about single sockets."""
    return programs.build("nodiagnosis", tmp_path_factory.mktemp("programs"))
