"""git's own tests for helpers that store `authtype` with `credential` (lib-credential.sh, t5563), with the door itself:
Debian 12's git does not know these attributes. keyfob knows none of these hosts, so it never opens a browser."""

from __future__ import annotations

from pathlib import Path

import pytest
import secretstorage
from jeepney.io.blocking import open_dbus_connection

from harness import binaries
from harness.credential import Attributes, HelperStore
from harness.person import Person

HOST: Attributes = {"protocol": "https", "host": "git.example.com"}
ASKED: Attributes = {"capability": "authtype", **HOST}
BEARER: Attributes = {**ASKED, "authtype": "Bearer", "credential": "random-token"}
NAMED: Attributes = {**ASKED, "username": "foobar", "authtype": "Bearer", "credential": "other-token"}
PASSWORD: Attributes = {**HOST, "username": "user", "password": "pass"}


@pytest.fixture
def door(person: Person) -> HelperStore:
    """keyfob's door for git."""
    return HelperStore(person.session, binaries.git_credential_keyfob())


def test_a_pair_is_kept_and_returned(door: HelperStore) -> None:
    door.approve(**BEARER)
    assert door.fill(**ASKED) == BEARER


def test_a_pair_is_returned_only_to_a_caller_with_the_capability(door: HelperStore) -> None:
    door.approve(**BEARER)
    assert door.fill(**HOST) is None
    assert door.fill(**HOST, capability="state") is None
    answer = door.run("get", **HOST, wwwauth="Bearer")
    assert (answer.returncode, answer.stdout) == (0, b"")


def test_a_pair_with_a_user_name_is_kept_and_returned(door: HelperStore) -> None:
    door.approve(**BEARER)
    door.approve(**NAMED)
    assert door.fill(**ASKED, username="foobar") == NAMED
    door.reject(**NAMED)
    assert door.fill(**ASKED) == BEARER


def test_a_pair_of_another_user_is_not_returned(door: HelperStore) -> None:
    door.approve(**BEARER)
    door.approve(**NAMED)
    assert door.fill(**ASKED, username="barbaz") is None


@pytest.mark.parametrize("secret", [{"authtype": "Bearer", "credential": "t"}, {"username": "barbaz", "password": "s"}])
def test_nothing_ephemeral_is_kept(door: HelperStore, secret: Attributes) -> None:
    door.approve(**ASKED, **secret, ephemeral="1")
    assert door.fill(**ASKED) is None


# Schemes that servers use. git writes `authtype`, a space and `credential` into the header field.
@pytest.mark.parametrize(
    ("authtype", "credential"),
    [
        ("Basic", "dXNlcjpwYXNz"),
        ("Negotiate", "YIIJvwYGKwYBBQUCoIIJszCCCa+="),
        ("Digest", 'username="a", realm="b c", response="6629fae4"'),
        ("GoogleLogin", "auth=abc=="),
        ("DPoP", "eyJ.e30."),
        ("bearer", "lower-case"),
        ("Token", "ghp_ä"),
    ],
)
def test_a_pair_of_any_scheme_comes_back_unchanged(door: HelperStore, authtype: str, credential: str) -> None:
    pair = {**ASKED, "authtype": authtype, "credential": credential}
    door.approve(**pair)
    assert door.fill(**ASKED, wwwauth="Basic") == {**pair, "wwwauth": "Basic"}
    door.reject(**pair)
    assert door.fill(**ASKED) is None


@pytest.mark.parametrize(
    "other", [{"protocol": "http"}, {"host": "example.com"}, {"host": "git.example.com:8443"}, {"path": "foo.git"}]
)
def test_the_service_of_a_pair_must_match(door: HelperStore, other: Attributes) -> None:
    door.approve(**BEARER)
    assert door.fill(**{**ASKED, **other}) is None


def test_a_new_pair_takes_the_place_of_the_old_one(door: HelperStore) -> None:
    door.approve(**BEARER)
    new = {**BEARER, "authtype": "Basic", "credential": "new"}
    door.approve(**new)
    door.reject(**new)
    assert door.fill(**ASKED) is None


def test_the_expiry_and_the_refresh_token_are_kept_with_a_pair(door: HelperStore) -> None:
    pair = {**BEARER, "password_expiry_utc": "9999999999", "oauth_refresh_token": "refresh-me"}
    door.approve(**pair)
    assert door.fill(**ASKED) == pair


@pytest.mark.parametrize(
    ("refused", "left"),
    [
        ({"authtype": "Bearer", "credential": "random-token"}, PASSWORD),
        ({"authtype": "Bearer", "credential": "another"}, BEARER),
        ({"username": "user", "password": "pass"}, BEARER),
        ({"password": "random-token"}, BEARER),
        ({}, None),
    ],
)
def test_an_erase_deletes_the_pair_or_the_password_that_was_refused(
    door: HelperStore, refused: Attributes, left: Attributes | None
) -> None:
    door.approve(**PASSWORD)
    door.approve(**BEARER)
    door.reject(**ASKED, **refused)
    assert door.fill(**ASKED) == (None if left is None else {**ASKED, **left})


def test_a_password_beside_a_pair_is_for_callers_without_the_capability(door: HelperStore) -> None:
    door.approve(**PASSWORD)
    door.approve(**BEARER)
    assert door.fill(**HOST) == PASSWORD


def test_libsecret_finds_no_pair(door: HelperStore, person: Person, libsecret_helper: Path) -> None:
    door.approve(**NAMED)
    theirs = HelperStore(person.session, libsecret_helper)
    assert theirs.fill(**HOST) is None
    assert theirs.fill(**ASKED, username="foobar") is None


def test_the_attributes_of_a_pair_name_the_host_alone(door: HelperStore, person: Person) -> None:
    door.approve(**NAMED, path="secret/project.git")
    with open_dbus_connection(person.session.env["DBUS_SESSION_BUS_ADDRESS"]) as connection:
        (item,) = secretstorage.get_default_collection(connection).get_all_items()
        attributes = item.get_attributes()
        assert attributes.pop("id")
        assert attributes.pop("xdg:schema") == "org.keyfob.Item"
        assert attributes == {"kind": "credential", "service": "https://git.example.com", "issuer": ""}
