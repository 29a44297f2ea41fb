"""The fixtures. Each test gets its own session, authorization server and git server."""

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
from harness.scripted import ScriptedServer
from harness.session import PrivateSession, missing_programs
from harness.strict import StrictProvider


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the options that make pictures and transcripts again."""
    parser.addoption("--pictures", action="store_true", help="make the pictures in .github/pictures anew")
    parser.addoption("--transcript", action="store_true", help="make the transcript of the walk anew")


def pytest_sessionstart() -> None:
    """Stops the run, instead of skipping tests, if something is missing."""
    # Background jobs of a shell ignore Ctrl-C and Ctrl-\, and so do their children. Commands on a terminal do not.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)
    # nohup makes its command ignore the end of the terminal.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    # keyfob refuses a configuration that others may write to.
    os.umask(0o022)
    missing = [str(path) for path in (binaries.keyfob(), binaries.git_credential_keyfob()) if not path.exists()]
    if missing or missing_programs():
        pytest.exit(f"missing: {', '.join(missing + missing_programs())}; run Tests/run", returncode=2)
    prepare_database()


@pytest.fixture
def session() -> Iterator[PrivateSession]:
    """A private session with an unlocked keyring. The kernel keys of its accounts are removed afterwards."""
    with PrivateSession(path=[binaries.bin_directory()]) as running:
        running.start_keyring()
        yield running
        # Other keys belong to the user's own keyfob or to other tests. The key of a cool-down names no
        # account; but none of these servers sends Retry-After.
        kernel.forget(kernel.of_accounts(running.accounts()))


@pytest.fixture
def person(session: PrivateSession) -> Person:
    """A person in that session, before any sign-in."""
    return Person(session)


@pytest.fixture
def provider() -> Iterator[Provider]:
    """The authorization server django-oauth-toolkit, with registered people and one public client."""
    with Provider() as running:
        yield running


@pytest.fixture
def gate(provider: Provider, tmp_path: Path) -> Iterator[Gate]:
    """A git server that requires the authorization server's tokens."""
    with Gate(provider.introspect, tmp_path) as running:
        yield running


@pytest.fixture
def developer(person: Person, provider: Provider, gate: Gate) -> Person:
    """A person whose keyfob is configured for the git server, before the sign-in."""
    person.configure_keyfob(gate.origin, provider.issuer)
    return person


@pytest.fixture
def device_owner(person: Person, provider: Provider, gate: Gate) -> Person:
    """A person whose keyfob can sign in at another device. The endpoint is configured: the metadata do not name it."""
    endpoint = provider.device_authorization_endpoint
    person.configure_keyfob(
        gate.origin, provider.issuer, client_id=DEVICE_CLIENT_ID, device_authorization_endpoint=endpoint
    )
    return person


@pytest.fixture
def notes() -> Iterator[NotesServer]:
    """A server of the Model Context Protocol that is its own authorization server."""
    with NotesServer() as running:
        yield running


@pytest.fixture
def strict() -> Iterator[StrictProvider]:
    """An authorization server that compares redirect URIs byte for byte."""
    with StrictProvider() as running:
        yield running


@pytest.fixture
def strict_gate(strict: StrictProvider, tmp_path: Path) -> Iterator[Gate]:
    """A git server that requires the tokens of that authorization server."""
    with Gate(lambda token: strict.owner(token) is not None, tmp_path) as running:
        yield running


@pytest.fixture
def marked() -> Iterator[MarkedServer]:
    """The server that records each secret that it gives or gets."""
    with MarkedServer() as running:
        yield running


@pytest.fixture
def scripted() -> Iterator[ScriptedServer]:
    """A scripted authorization server."""
    running = ScriptedServer()
    yield running
    running.server.shutdown()


@pytest.fixture
def owner(person: Person, scripted: ScriptedServer) -> Person:
    """A person whose keyfob knows only the issuer of the scripted server."""
    person.configure_keyfob(scripted.origin, scripted.origin, client_id=None, scopes=[])
    return person


@pytest.fixture
def watched(person: Person) -> Evidence:
    """The evidence of this person's session: everything that others could observe from now on."""
    return Evidence(person)


@pytest.fixture
def server() -> Iterator[FamilyServer]:
    """Our own authorization server, which revokes a token family if a refresh token is used twice."""
    with FamilyServer() as running:
        yield running


@pytest.fixture
def service(person: Person, server: FamilyServer) -> str:
    """A service that this person's keyfob is configured for, at that server."""
    person.configure_keyfob(server.issuer, server.issuer)
    return f"{server.issuer}/git"


@pytest.fixture(scope="session")
def libsecret_helper(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """git-credential-libsecret, built from the source in Debian's git package."""
    return build_git_credential_libsecret(tmp_path_factory.mktemp("libsecret"))


@pytest.fixture(scope="session")
def killpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program that kills another program at a chosen system call."""
    return programs.build("killpoint", tmp_path_factory.mktemp("programs"))


@pytest.fixture(scope="session")
def nokeys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program that runs another program without kernel keyrings."""
    return programs.build("nokeys", tmp_path_factory.mktemp("programs"))


@pytest.fixture(scope="session")
def nodiagnosis(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program that runs another program without socket diagnosis."""
    return programs.build("nodiagnosis", tmp_path_factory.mktemp("programs"))
