"""Mistakes in config.toml: what is certain is read, and each hint for the rest works as it stands there."""

from __future__ import annotations

import json
import re

import pytest

from harness.person import Done, Person
from harness.scripted import ScriptedServer
from harness.steps import assert_refused, assert_worked, commands, hints


def write(person: Person, text: str, scripted: ScriptedServer) -> str:
    """Writes the configuration, in which % stands for the address of the server. Returns the text."""
    text = text.replace("%", scripted.origin)
    person.configuration.parent.mkdir(parents=True, exist_ok=True)
    person.configuration.write_text(text)
    return text


def refused(person: Person, scripted: ScriptedServer, line: int) -> Done:
    """A login that the configuration prevents, with the file and the line in its message."""
    done = person.keyfob("login", scripted.origin)
    assert_refused(done, 78)
    assert f"{person.configuration}:{line}: " in done.stderr.decode(), done.stderr.decode()
    return done


@pytest.mark.parametrize(
    ("text", "line", "keys"),
    [
        ('[host."%"]\nissuer = "%"\n\n[host."%"]\nclient_id = "mine"\n', 4, ['issuer = "%"', 'client_id = "mine"']),
        ('host."%".issuer = "%"\n[host."%"]\nclient_id = "mine"\n', 2, ['issuer = "%"', 'client_id = "mine"']),
        ('[host."%"]\nissuer = "%"\n[host]\n"%".client_id = "mine"\n', 4, ['issuer = "%"', 'client_id = "mine"']),
        ('[host."%"]\nissuer = "%"\n[host."%/"]\nclient_id = "mine"\n', 3, ['issuer = "%"', 'client_id = "mine"']),
    ],
)
def test_two_tables_of_one_service_become_one(
    person: Person, scripted: ScriptedServer, text: str, line: int, keys: list[str]
) -> None:
    write(person, text, scripted)
    done = refused(person, scripted, line)
    assert "line 1" in done.stderr.decode()
    (hint,) = hints(done)
    header = hint.removeprefix("write this line once, and all its keys below it: ")
    assert header == f'[host."{scripted.origin}"]'
    write(person, "\n".join([header, *keys]) + "\n", scripted)
    assert_worked(person.keyfob("login", scripted.origin))


def test_one_of_two_equal_keys_is_deleted(person: Person, scripted: ScriptedServer) -> None:
    text = write(person, '[host."%"]\nissuer = "%"\nclient_id = "a"\nclient_id = "mine"\n', scripted)
    done = refused(person, scripted, 4)
    (hint,) = hints(done)
    match = re.fullmatch(r"keep one of the lines (\d+) and (\d+), and delete the other", hint)
    assert match and match.groups() == ("3", "4")
    lines = text.splitlines()
    del lines[int(match[1]) - 1]
    person.configuration.write_text("\n".join(lines) + "\n")
    assert_worked(person.keyfob("login", scripted.origin))


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ('provider = "gitlap"', 'provider = "gitlab"'),
        ('flow = "loopbak"', 'flow = "loopback"'),
        ('client_authentication = "client_secret_basik"', 'client_authentication = "client_secret_basic"'),
        ("client_id = 0017", 'client_id = "0017"'),
        ('mail = ["SMTP.example.com:25"]', 'mail = ["smtp.example.com:25"]'),
        ("username = alice", 'username = "alice"'),
    ],
)
def test_the_line_in_the_hint_is_the_right_one(
    person: Person, scripted: ScriptedServer, wrong: str, right: str
) -> None:
    text = write(person, f'[host."%"]\nissuer = "%"\n{wrong}\n', scripted)
    done = refused(person, scripted, 3)
    (hint,) = hints(done)
    assert hint == f"write: {right}"
    person.configuration.write_text(text.replace(wrong, right))
    assert_worked(person.keyfob("login", scripted.origin))


@pytest.mark.parametrize("key", ["provider", "client_authentication", "flow", "pkce"])
def test_a_word_that_nobody_can_guess_is_left_out(person: Person, scripted: ScriptedServer, key: str) -> None:
    text = write(person, f'[host."%"]\nissuer = "%"\n{key} = "xyz"\n', scripted)
    done = refused(person, scripted, 3)
    assert '"xyz" is not one of ' in done.stderr.decode()
    assert hints(done) == ["write one of these, or leave the line out"]
    person.configuration.write_text("\n".join(text.splitlines()[:2]) + "\n")
    assert_worked(person.keyfob("login", scripted.origin))


def test_the_limit_of_time_is_written_in_seconds(person: Person, scripted: ScriptedServer) -> None:
    text = write(person, 'login_timeout = "5m"\n[host."%"]\nissuer = "%"\n', scripted)
    assert hints(refused(person, scripted, 1)) == ["write: login_timeout = 300"]
    person.configuration.write_text(text.replace('"5m"', "300"))
    assert_worked(person.keyfob("login", scripted.origin))


def test_a_secret_leaves_the_file_for_the_keyring(person: Person, scripted: ScriptedServer) -> None:
    write(person, '[host."%"]\nissuer = "%"\nclient_id = "mine"\nclient_secret = "canary"\n', scripted)
    done = refused(person, scripted, 4)
    assert b"canary" not in done.stderr
    assert hints(done)[0] == "delete the line"
    assert commands(done) == [["login", "--client-id", "mine", "--client-secret", scripted.origin]]
    write(person, '[host."%"]\nissuer = "%"\nclient_id = "mine"\n', scripted)
    assert_worked(person.keyfob(*commands(done)[0], stdin=b"canary"))
    # The next sign-in has the secret from the keyring.
    assert_worked(person.keyfob("login", "--force", scripted.origin))
    proofs = [form for _, path, form in scripted.requests if path == "/token"]
    assert len({form["Authorization"] for form in proofs}) == 1 and len(proofs) == 2


def test_a_key_of_a_host_moves_below_its_line(person: Person, scripted: ScriptedServer) -> None:
    write(person, 'issuer = "%"\n', scripted)
    (hint,) = hints(refused(person, scripted, 1))
    header = re.search(r"write it below a line (\[host\.\"https://\.\.\.\"\]) with the address of a service", hint)
    assert header
    write(person, header[1].replace("https://...", scripted.origin) + '\nissuer = "%"\n', scripted)
    assert_worked(person.keyfob("login", scripted.origin))


@pytest.mark.parametrize("name", ["clientID", "client-id", "oauthClientId", "clientid", "client"])
def test_another_name_of_a_key_leads_to_the_right_one(person: Person, scripted: ScriptedServer, name: str) -> None:
    text = write(person, f'[host."%"]\nissuer = "%"\n{name} = "mine"\n', scripted)
    assert hints(refused(person, scripted, 3)) == ["did you mean client_id?"]
    person.configuration.write_text(text.replace(name, "client_id"))
    assert_worked(person.keyfob("login", scripted.origin))


def test_the_missing_endpoint_is_written_into_the_entry(person: Person, scripted: ScriptedServer) -> None:
    text = write(person, '[host."%"]\nclient_id = "mine"\ntoken_endpoint = "%/token"\n', scripted)
    (hint,) = hints(refused(person, scripted, 1))
    assert hint == 'write into this entry: authorization_endpoint = "https://..." with its address'
    person.configuration.write_text(f'{text}authorization_endpoint = "{scripted.origin}/authorize"\n')
    assert_worked(person.keyfob("login", scripted.origin))


def test_what_is_certain_is_read(person: Person, scripted: ScriptedServer) -> None:
    lines = [
        'interaction = "Auto"',
        'min_ttl = "60"',
        '[host."%"]',
        'issuer = "%"',
        'client_id = "mine"',
        'client_authentication = "POST"',
        'scopes = "read, write"',
        'provider = "GitLab"',
        'offline_access = "false"',
        'resource = "none"',
    ]
    write(person, "\n".join(lines) + "\n", scripted)
    shown = json.loads(person.keyfob("config", scripted.origin, "--json").stdout)
    assert "read" in json.dumps(shown)
    assert_worked(person.keyfob("login", scripted.origin))
    (asked,) = [form for _, path, form in scripted.requests if path == "/authorize"]
    assert asked["scope"] == "read write" and "resource" not in asked
