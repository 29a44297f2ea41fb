"""Secrets in wrong places: keyfob does not repeat a secret that a user or program put where it does not belong."""

from __future__ import annotations

import pytest

from harness import binaries, items
from harness.evidence import Evidence
from harness.marked import MarkedServer
from harness.person import Person
from harness.searching import assert_nothing_said
from harness.steps import assert_worked
from harness.waiting import wait_until


@pytest.mark.parametrize("command", ["token", "login", "logout", "config"])
def test_a_password_in_an_address(watched: Evidence, marked: MarkedServer, command: str) -> None:
    password = marked.marks.make("password")
    for address in (
        f"http://alice:{password}@git.example.com/x",
        f"http://{password}@git.example.com",
        f"https://alice:{password}/{password}@git.example.com:port",
        f"ssh://alice:{password}@git.example.com/x",
        f"{password}@git.example.com",
        f"https://alice:{password}@127.0.0.1:1/x",
    ):
        assert watched.run(binaries.keyfob(), command, address).returncode != 0 or command == "config"
    assert_nothing_said(f"password in an address, {command}", watched, marked.marks)


def test_a_request_that_is_refused(watched: Evidence, marked: MarkedServer) -> None:
    password = marked.marks.make("password")
    for line in (
        f"password={password}\x01",
        f"url=https://alice:{password}@h.example/%zz",
        f"{password}",
        f"host={password}\r",
    ):
        for door in ((binaries.keyfob(), "get"), (binaries.git_credential_keyfob(), "store")):
            stdin = f"protocol=https\nhost=git.example.com\nusername=alice\n{line}\n".encode()
            assert watched.run(*door, stdin=stdin).returncode == 65
    assert_nothing_said("request that is refused", watched, marked.marks)


def test_a_configuration_that_is_refused(person: Person, watched: Evidence, marked: MarkedServer) -> None:
    secret = marked.marks.make("client_secret")
    person.configuration.parent.mkdir(parents=True)
    for line in (
        f'[host."https://git.example.com"]\nclient_secret = "{secret}"',
        f'[host."https://git.example.com"]\nclient_id = "{secret}',
        f'[host."https://alice:{secret}@git.example.com"]',
        f'[host."https://git.example.com"]\nissuer = "https://alice:{secret}@git.example.com"',
    ):
        person.configuration.write_text(f"{line}\n")
        assert watched.run(binaries.keyfob(), "config", "https://git.example.com").returncode == 78
    assert_nothing_said("configuration that is refused", watched, marked.marks)


@pytest.mark.parametrize(
    "broken",
    ["{token}", '{{"refresh_token": "{token}"', '{{"refresh_token": ["{token}"]}}', '{{"{token}": 1}}', "\x1b{token}"],
)
def test_an_item_that_another_program_wrote(
    watched: Evidence, marked: MarkedServer, person: Person, broken: str
) -> None:
    marked.seconds = 1
    assert_worked(watched.run(binaries.keyfob(), "login", marked.url))
    wait_until(marked.token_is_dead)
    token = marked.marks.make("refresh_token")
    with items.in_other_hands(person.session) as found:
        for item in found:
            assert item.get_secret()
            item.set_secret(broken.format(token=token).encode())
    for command in (
        ["status"],
        ["status", "--json"],
        ["token", marked.url],
        ["login", marked.url, "--force"],
        ["logout", "--all"],
    ):
        watched.run(binaries.keyfob(), *command, answers=command[0] == "token")
    assert_nothing_said("item of somebody else", watched, marked.marks)


@pytest.mark.parametrize(
    "arguments",
    [
        ("tokn", "https://u:Zq7Pw@git.example"),
        ("statuss", "https://git.example/?access_token=Zq7Pw"),
        ("token", "https://git.example", "https://u:Zq7Pw@git.example"),
        ("status", "https://u:Zq7Pw@git.example"),
        ("token", "--format", "https://u:Zq7Pw@git.example", "https://git.example"),
        ("login", "--flow", "https://git.example/#Zq7Pw", "https://git.example"),
        ("login", "https://u:Zq7Pw"),
        ("doctor", "https://u:Zq7Pw@git.example:99999"),
        ("import", "--from", "https://u:Zq7Pw@git.example"),
    ],
    ids=" ".join,
)
def test_a_password_in_a_wrong_command_line(person: Person, arguments: tuple[str, ...]) -> None:
    done = person.keyfob(*arguments)
    assert done.returncode != 0
    assert b"Zq7Pw" not in done.stdout + done.stderr
