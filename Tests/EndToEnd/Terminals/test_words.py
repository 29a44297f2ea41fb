"""Messages that say what is true, and hints that work as they are written."""

from __future__ import annotations

import pytest

from harness import binaries
from harness.credential import HelperStore
from harness.person import Person, stderr_lines


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
def test_git_is_told_about_a_host_that_is_not_ascii(person: Person, host: str) -> None:
    door = HelperStore(person.session, binaries.git_credential_keyfob())
    done = door.run("get", protocol="https", host=host)
    assert (done.returncode, done.stdout) == (65, b"")
    assert stderr_lines(done)[0] == "keyfob: the request's host is not in ASCII"
    shown = stderr_lines(person.keyfob("config", f"https://{host}"))
    assert shown[1].startswith("hint: write https://"), shown
    assert "xn--" in shown[1]
