"""`keyfob login --client-id` beside a client that is already configured."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness.gate import Gate
from harness.person import Person, stderr_lines
from harness.provider.server import CLIENT_ID, Provider
from harness.steps import assert_worked

OTHER = "another-client"


def for_origin(person: Person, provider: Provider, gate: Gate) -> str:
    """The client is in the entry of the whole host."""
    person.configure_keyfob(gate.origin, provider.issuer, client_id=OTHER)
    return f"{person.configuration}:3"


def for_path(person: Person, provider: Provider, gate: Gate) -> str:
    """The client is in the entry of the path."""
    person.configure_keyfob(gate.url, provider.issuer, client_id=OTHER)
    return f"{person.configuration}:3"


def beside(person: Person, provider: Provider, gate: Gate) -> str:
    """The issuer is in the entry of the path, and the client in the entry of the whole host."""
    person.configure_keyfob(gate.url, provider.issuer, client_id=OTHER)
    lines = person.configuration.read_text().splitlines()
    moved = [lines[0], *lines[1:2], *lines[3:], lines[2]]
    person.configuration.write_text("\n".join(moved) + "\n")
    return f"{person.configuration}:{len(moved)}"


def with_dots(person: Person, provider: Provider, gate: Gate) -> str:
    """The client is in a table that is written as one line."""
    entry = f'issuer = "{provider.issuer}", client_id = "{OTHER}", scopes = ["read", "write"]'
    person.configuration.parent.mkdir(parents=True, exist_ok=True)
    person.configuration.write_text(f'# mine\n[host]\n"{gate.origin}" = {{ {entry} }}\n')
    return f"{person.configuration}:3"


@pytest.mark.parametrize("configure", [for_origin, for_path, beside, with_dots])
def test_the_line_that_names_another_client_is_named_before_the_browser_opens(
    person: Person, provider: Provider, gate: Gate, configure: Callable[[Person, Provider, Gate], str]
) -> None:
    place = configure(person, provider, gate)
    command = ("login", "--client-id", CLIENT_ID, gate.url)
    done = person.keyfob(*command)
    lines = stderr_lines(done)
    assert (done.returncode, person.browsers_opened()) == (78, 0), lines
    assert lines[0].startswith(f"keyfob: {place}: the client is {OTHER}"), lines
    assert lines[1] == f'hint: write there: client_id = "{CLIENT_ID}"'
    person.configuration.write_text(person.configuration.read_text().replace(OTHER, CLIENT_ID))
    assert_worked(person.keyfob(*command))
    assert person.token(gate.url)


def test_the_client_of_git_is_named_before_the_browser_opens(person: Person, provider: Provider, gate: Gate) -> None:
    name = f"credential.{gate.origin}."
    endpoints = {"oauthAuthURL": "/o/authorize/", "oauthTokenURL": "/o/token/"}
    settings = {name + key: provider.issuer.removesuffix("/o") + path for key, path in endpoints.items()}
    person.configure_git({**settings, name + "oauthClientId": OTHER, name + "oauthScopes": "read write"})
    done = person.keyfob("login", "--client-id", CLIENT_ID, gate.url)
    lines = stderr_lines(done)
    assert (done.returncode, person.browsers_opened()) == (78, 0), lines
    assert lines[0].startswith(f"keyfob: git's settings: the client is {OTHER}"), lines
    hint = lines[1].removeprefix("hint: run: git ")
    assert_worked(person.git(*hint.split(" ")))
    assert "git's settings" not in "".join(stderr_lines(person.keyfob("login", "--client-id", CLIENT_ID, gate.url)))


def test_the_same_client_and_one_of_an_earlier_login_are_no_contradiction(
    person: Person, provider: Provider, gate: Gate
) -> None:
    person.configure_keyfob(gate.origin, provider.issuer, client_id=CLIENT_ID)
    assert_worked(person.keyfob("login", "--client-id", CLIENT_ID, gate.url))
    person.configure_keyfob(gate.origin, provider.issuer, client_id=None)
    assert_worked(person.keyfob("login", "--client-id", CLIENT_ID, gate.url))
    assert person.token(gate.url)
    done = person.keyfob("login", "--client-id", OTHER, "--flow", "device", gate.url)
    assert "the client is" not in "".join(stderr_lines(done))
