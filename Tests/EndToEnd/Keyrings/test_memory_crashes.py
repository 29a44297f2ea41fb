"""keyfob is killed at any system call while it keeps sign-ins in the kernel's memory. The next call finds complete data."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness import bare, binaries
from harness.bare import Container
from harness.crashes import Killer
from harness.family import FamilyServer
from harness.person import Done, Person, stderr_lines
from harness.steps import assert_worked

pytestmark = [
    pytest.mark.skipif(not bare.can_be_made(), reason="needs root, and a kernel with persistent keyrings"),
    pytest.mark.timeout(1800),
]

NEVER = {"KEYFOB_INTERACTION": "never"}
URL = "https://git.example.test"


@pytest.fixture
def container() -> Iterator[Container]:
    """A container in which root, who may look into each process, has the programs and a home directory."""
    with Container(path=[binaries.bin_directory()]) as session:
        yield session


@pytest.fixture
def inside(container: Container, server: FamilyServer) -> Person:
    """Root there, with a service at our own server, and without a keyring."""
    person = Person(container)
    person.configure_keyfob(server.issuer, server.issuer)
    before = person.configuration.read_text()
    person.configuration.write_text(f'store = "memory"\n{before}')
    return person


@pytest.fixture
def killer(container: Container, killpoint: Path) -> Iterator[Killer]:
    """Kills commands in the container. Fails at the end if a check failed."""
    running = Killer(container, killpoint)
    yield running
    running.report()


def sign_ins(person: Person) -> int:
    """The number of sign-ins that `keyfob status` shows."""
    done = person.keyfob("status", "--json")
    assert_worked(done)
    return len(json.loads(done.stdout))


def assert_active(server: FamilyServer, done: Done) -> None:
    """Asserts that the output is a token that the server accepts."""
    assert done.returncode == 0, stderr_lines(done)
    assert server.is_active(done.stdout.decode().strip())


@pytest.mark.parametrize("forgives_repeats", [True, False], ids=["lenient", "strict"])
def test_a_killed_refresh_loses_only_a_token_that_the_server_rotated(
    inside: Person, server: FamilyServer, killer: Killer, forgives_repeats: bool
) -> None:
    server.forgives_repeats = forgives_repeats
    service = f"{server.issuer}/git"

    def prepare() -> None:
        if not server.live_refresh_tokens():
            assert_worked(inside.keyfob("login", service))
        assert_worked(inside.ask_door("erase", service))

    for crash in killer.crashes(prepare, [binaries.keyfob(), "token", service], first=int(forgives_repeats)):
        with killer.trial("refresh in memory", crash):
            server.settle()
            done = inside.keyfob("token", service, **NEVER)
            if done.returncode == 77 and not forgives_repeats:
                assert "the answer to the last refresh was lost" in done.stderr.decode()
            else:
                assert_active(server, done)
                assert_worked(inside.ask_door("erase", service))
                assert_active(server, inside.keyfob("token", service, **NEVER))
            assert sign_ins(inside) == 1


def test_a_killed_login_can_be_repeated(inside: Person, server: FamilyServer, killer: Killer) -> None:
    service = f"{server.issuer}/git"

    def prepare() -> None:
        inside.keyfob("logout", service)

    for crash in killer.crashes(prepare, [binaries.keyfob(), "login", service]):
        with killer.trial("login in memory", crash):
            assert sign_ins(inside) <= 1
            assert_worked(inside.keyfob("login", service))
            assert sign_ins(inside) == 1
            assert_active(server, inside.keyfob("token", service, **NEVER))


def test_a_killed_logout_can_be_repeated(inside: Person, server: FamilyServer, killer: Killer) -> None:
    service = f"{server.issuer}/git"

    def prepare() -> None:
        assert_worked(inside.keyfob("login", service))

    for crash in killer.crashes(prepare, [binaries.keyfob(), "logout", service]):
        with killer.trial("logout in memory", crash):
            assert inside.keyfob("logout", service).returncode in (0, 1)
            assert (sign_ins(inside), server.live_refresh_tokens()) == (0, [])


def test_a_killed_store_keeps_the_old_password_or_the_new_one(inside: Person, killer: Killer) -> None:
    def stored() -> bytes:
        return inside.ask_door("get", URL).stdout

    def prepare() -> None:
        assert_worked(inside.ask_door("store", URL, "username=u", "password=old"))

    new = b"protocol=https\nhost=git.example.test\nusername=u\npassword=new\n\n"
    for crash in killer.crashes(prepare, [binaries.git_credential_keyfob(), "store"], new):
        with killer.trial("store in memory", crash):
            assert stored().count(b"password=") == 1
            assert b"password=old\n" in stored() or b"password=new\n" in stored()
