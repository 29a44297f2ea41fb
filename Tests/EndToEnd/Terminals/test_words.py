"""Messages that say what is true, and hints that work as they are written."""

from __future__ import annotations

import shlex

import pytest

from harness import binaries
from harness.credential import HelperStore
from harness.family import FamilyServer
from harness.person import Person, stderr_lines
from harness.steps import assert_worked


@pytest.mark.parametrize(
    ("url", "client"),
    [
        ("https://github.com", "none, and keyfob cannot register itself there"),
        ("https://gist.github.com/x", "none, and keyfob cannot register itself there"),
        ("https://bitbucket.org", "none, and keyfob cannot register itself there"),
        ("https://contoso.ghe.com", "none, and keyfob cannot register itself there"),
        ("https://dev.azure.com/contoso", "none, and keyfob cannot register itself there"),
        ("https://gitlab.com", "keyfob registers itself, if the server lets it"),
        ("https://codeberg.org", "keyfob registers itself, if the server lets it"),
    ],
)
def test_config_claims_no_client_that_does_not_exist(person: Person, url: str, client: str) -> None:
    lines = person.keyfob("config", url).stdout.decode().splitlines()
    assert f"client: {client}  (default)" in lines


@pytest.mark.parametrize("command", ["token", "login", "logout", "config"])
@pytest.mark.parametrize(
    ("written", "right"),
    [
        ("github.com", "https://github.com"),
        ("http://github.com/a", "https://github.com/a"),
        ("git@github.com:a/b.git", "https://github.com/a/b.git"),
        ("alice@git.example.com", "https://git.example.com"),
        ("git.example.com:8443", "https://git.example.com:8443"),
        ("127.0.0.1:9/a", "http://127.0.0.1:9/a"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
    ],
)
def test_the_right_url_is_proposed(person: Person, command: str, written: str, right: str) -> None:
    done = person.keyfob(command, written)
    assert done.returncode == 64, stderr_lines(done)
    assert stderr_lines(done)[1:] == [f"hint: write {right}"]


@pytest.mark.parametrize("host", ["bücher.example", "例え.example", "straße.example:8443", "ДОМЕН.example", "a.é"])
def test_a_host_in_other_letters_is_the_one_that_git_asks_for_in_the_dns(person: Person, host: str) -> None:
    door = HelperStore(person.session, binaries.git_credential_keyfob())
    done = door.run("get", protocol="https", host=host)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert_worked(door.run("store", protocol="https", host=host, username="u", password="p"))
    proposed = stderr_lines(person.keyfob("config", f"https://{host}"))[1].removeprefix("hint: write https://")
    assert "xn--" in proposed
    for name in (host, proposed):
        assert door.run("get", protocol="https", host=name).stdout == b"username=u\npassword=p\n"
    assert_worked(door.run("erase", protocol="https", host=host))
    assert door.run("get", protocol="https", host=proposed).stdout == b""


@pytest.mark.parametrize("host", ["b\u00fc cher.example", "\u00fc\u2024", "\u00fc..example"])
def test_a_host_that_no_dns_has_is_refused(person: Person, host: str) -> None:
    done = HelperStore(person.session, binaries.git_credential_keyfob()).run("get", protocol="https", host=host)
    assert (done.returncode, done.stdout) == (65, b"")
    assert stderr_lines(done)[0].startswith("keyfob: the request's host is not ")


@pytest.mark.parametrize(
    "command",
    [
        ["--version"], ["--help"], ["login", "--help"], ["setup"], ["config"], ["config", "https://gitlab.com"], ["status"],
        ["status", "--json"], ["doctor"], ["doctor", "--json"], ["export", "--config"], ["--generate-completion-script", "bash"],
    ],
)  # fmt: skip
def test_an_answer_that_cannot_be_written_is_a_failure(person: Person, command: list[str]) -> None:
    line = shlex.join([str(binaries.keyfob()), *command])
    done = person.session.run("sh", "-c", f"{line} > /dev/full")
    assert done.returncode == 74, stderr_lines(done)


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        (["logn", "https://git.example.com"], "did you mean: keyfob login https://git.example.com"),
        (["stauts", "--json"], "did you mean: keyfob status --json"),
        (["frobnicate"], "for a list of commands: keyfob --help"),
    ],
)
def test_a_misspelt_command_is_named(person: Person, typed: list[str], hint: str) -> None:
    done = person.keyfob(*typed)
    assert (done.returncode, done.stdout) == (64, b"")
    assert stderr_lines(done) == [f"keyfob: there is no command {typed[0]}", f"hint: {hint}"]


def test_the_hint_for_a_service_without_sign_in_says_what_to_write(person: Person, server: FamilyServer) -> None:
    server.metadata = lambda path: (404, None)  # type: ignore[method-assign]
    missed = person.keyfob("token", f"{server.issuer}/x")
    assert (missed.returncode, stderr_lines(missed)) == (
        1,
        [
            f"keyfob: no credential for {server.issuer}/x",
            f"hint: to sign in there, run: keyfob login {server.issuer}/x",
        ],
    )
    login = person.keyfob("login", f"{server.issuer}/x")
    assert login.returncode == 78
    lines = stderr_lines(login)
    assert f'write into {person.configuration}: [host."{server.issuer}"], and in the next line issuer = ' in lines[1]
    assert f"run: keyfob store, then the lines url={server.issuer}/x, username=, password= and an empty one" in lines[2]
    typed = f"url={server.issuer}/x\nusername=u\npassword=p\n\n"
    assert_worked(person.keyfob("store", stdin=typed.encode()))
    found = person.keyfob("get", stdin=f"url={server.issuer}/x\n\n".encode())
    assert b"password=p\n" in found.stdout
