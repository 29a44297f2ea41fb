"""Items and approvals of an earlier version are found: kept_2026_11.json has what keyfob 0.1.0 wrote in November 2026.

Its secrets are placeholders. The registration at 127.83.21.9 has the id and the redirect URI of an even older version.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import secretstorage
from jeepney.io.blocking import open_dbus_connection

from harness import kernel
from harness.marked import MarkedServer
from harness.person import Person
from harness.steps import assert_worked

KEPT = json.loads((Path(__file__).parent / "kept_2026_11.json").read_text())
PORT = 48999
REFRESHABLE, ENDLESS, OLD = (f"http://127.83.21.{number}:{PORT}/mcp" for number in (7, 8, 9))


@pytest.fixture
def updated(person: Person) -> Person:
    """A person whose keyring and approvals are those of the earlier version."""
    # The ids of these accounts are always the same, so an interrupted run may have left their tokens in kernel memory.
    kernel.forget(kernel.of_accounts([item["attributes"].get("id", "") for item in KEPT["items"]]))
    with open_dbus_connection(person.session.env["DBUS_SESSION_BUS_ADDRESS"]) as connection:
        collection = secretstorage.get_default_collection(connection)
        for item in KEPT["items"]:
            collection.create_item(item["label"], item["attributes"], item["secret"].encode())
    person.approvals.parent.mkdir(parents=True, mode=0o700)
    person.approvals.write_text(KEPT["approved"])
    return person


def secret_of(kind: str, url: str, member: str) -> str:
    """A secret in the item of a kind that belongs to the service, without an account name."""
    (found,) = (
        secret[member]
        for item in KEPT["items"]
        if item["attributes"].get("kind") == kind and item["attributes"]["issuer"] == url.removesuffix("/mcp")
        for secret in [json.loads(item["secret"])]
        if "account_name" not in secret
    )
    assert found.startswith("placeholder-")
    return found


def test_status_shows_every_sign_in(updated: Person) -> None:
    done = updated.keyfob("status", "--json")
    assert_worked(done)
    shown = {(each["service"], each.get("account")) for each in json.loads(done.stdout)}
    assert shown == {(REFRESHABLE, None), (ENDLESS, None), (ENDLESS, "work")}
    lines = updated.keyfob("status").stdout.decode().splitlines()
    endless = [line for line in lines if line.startswith(ENDLESS)]
    assert [line.partition(", ")[2] for line in endless] == ["access token without an expiry"] * 2


def test_a_token_is_found_by_users_and_by_git(updated: Person) -> None:
    token = secret_of("grant", ENDLESS, "access_token")
    assert updated.token(ENDLESS) == token
    answer = updated.ask_door("get", ENDLESS, "path=mcp")
    assert_worked(answer)
    assert f"password={token}\n" in answer.stdout.decode()
    done = updated.keyfob("token", ENDLESS, "--account", "work")
    assert_worked(done)
    assert done.stdout.decode().strip() not in ("", token)


def test_a_password_is_found_by_git(updated: Person) -> None:
    answer = updated.ask_door("get", "https://git.example.com", "path=team/project.git")
    assert_worked(answer)
    assert "username=alice\npassword=placeholder-password-1\n" in answer.stdout.decode()


def test_a_refresh_token_is_used(updated: Person) -> None:
    with MarkedServer("127.83.21.7", PORT) as server:
        assert updated.token(REFRESHABLE) in server.marks.of
        sent = [form for form in server.asked if form.get("grant_type") == "refresh_token"]
        assert [form["refresh_token"] for form in sent] == [secret_of("grant", REFRESHABLE, "refresh_token")]
        assert updated.browsers_opened() == 0


@pytest.mark.parametrize("url", [REFRESHABLE, OLD])
def test_a_sign_in_uses_the_registration(updated: Person, url: str) -> None:
    with MarkedServer(url.split("/")[2].partition(":")[0], PORT) as server:
        assert_worked(updated.keyfob("login", "--force", url))
        assert secret_of("registration", url, "client_secret") in server.marks.of
        assert "registration_access_token" not in server.marks.kinds(), "nobody registered again"
