"""Docker's secrets of any text, and the misses of one registry."""

from __future__ import annotations

import json

import pytest
import secretstorage
from jeepney.io.blocking import open_dbus_connection

from harness import binaries
from harness.callers import link
from harness.credential import HelperStore
from harness.person import Done, Person, stderr_lines
from harness.steps import assert_worked

REGISTRY = "eu.gcr.example"
USER = "_json_key"
KEY = json.dumps({"type": "service_account", "private_key": "-----BEGIN-----\nMIIE=\n-----END-----\n"}, indent=2)
SECRETS = [
    *(KEY, KEY + "\n", KEY.replace("\n", "\r\n"), "\n", "one\n", "a\tb", "one\npassword_expiry_utc=5", "a\u0000b"),
    *("ключ\nещё", "\x1b[2J\x07"),
]


@pytest.fixture
def docker(person: Person) -> Person:
    """A person with keyfob as Docker's helper."""
    link(person)
    return person


def ask(person: Person, verb: str, stdin: str) -> Done:
    """Asks as Docker does."""
    return person.session.run("docker-credential-keyfob", verb, stdin=stdin.encode())


def keep(person: Person, secret: str, user: str = USER) -> None:
    """Stores as `docker login` does."""
    assert_worked(ask(person, "store", json.dumps({"ServerURL": REGISTRY, "Username": user, "Secret": secret})))


def found(person: Person) -> tuple[str, str]:
    """The user name and the secret that Docker gets."""
    done = ask(person, "get", REGISTRY)
    assert_worked(done)
    answer = json.loads(done.stdout)
    return answer["Username"], answer["Secret"]


@pytest.mark.parametrize("secret", SECRETS, ids=ascii)
def test_a_secret_comes_back_byte_for_byte(docker: Person, secret: str) -> None:
    keep(docker, secret)
    assert found(docker) == (USER, secret)
    assert_worked(ask(docker, "erase", REGISTRY))
    done = ask(docker, "get", REGISTRY)
    assert (done.stdout, done.returncode) == (b"credentials not found in native keychain\n", 1)


def test_the_newest_login_counts(docker: Person) -> None:
    keep(docker, "old")
    keep(docker, KEY)
    assert found(docker) == (USER, KEY)
    keep(docker, "new")
    assert found(docker) == (USER, "new")


def test_git_gets_an_error_and_no_part_of_a_key(docker: Person) -> None:
    keep(docker, KEY)
    done = docker.ask_door("get", f"https://{REGISTRY}")
    assert (done.returncode, done.stdout) == (65, b"")
    assert "line break" in stderr_lines(done)[0]


@pytest.mark.parametrize("secret", [KEY, "one\ntwo", "user=a\npassword=b", "one\n\ntwo\n"], ids=ascii)
def test_a_key_that_another_program_stored_is_not_cut(docker: Person, secret: str) -> None:
    attributes = {"xdg:schema": "org.gnome.keyring.NetworkPassword", "protocol": "https", "server": REGISTRY, "user": USER}
    with open_dbus_connection(docker.session.env["DBUS_SESSION_BUS_ADDRESS"]) as connection:
        secretstorage.get_default_collection(connection).create_item("key", attributes, secret.encode())
    assert found(docker) == (USER, secret)
    assert docker.ask_door("get", f"https://{REGISTRY}").returncode == 65
    keep(docker, "new")
    assert HelperStore(docker.session, binaries.git_credential_keyfob()).fill(
        protocol="https", host=REGISTRY
    ) == {"protocol": "https", "host": REGISTRY, "username": USER, "password": "new"}
