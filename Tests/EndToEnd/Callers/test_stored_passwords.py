"""git's own tests for helpers that store passwords (t0303, lib-credential.sh), through the real `git credential` and
with the door itself. keyfob knows none of these hosts, so it never opens a browser."""

from __future__ import annotations

import pytest

from harness import binaries
from harness.credential import Attributes, GitStore, HelperStore, Store, git_version
from harness.person import Person

HOST: Attributes = {"protocol": "https", "host": "example.com"}
USER: Attributes = {**HOST, "username": "store-user"}
STORED: Attributes = {**USER, "password": "store-pass"}
ONE: Attributes = {**HOST, "username": "user1", "password": "pass1"}
TWO: Attributes = {**HOST, "username": "user2", "password": "pass2"}


@pytest.fixture(params=["git", "door"])
def store(request: pytest.FixtureRequest, person: Person) -> Store:
    """keyfob's password store, through `git credential` or not."""
    kind = GitStore if request.param == "git" else HelperStore
    return kind(person.session, binaries.git_credential_keyfob())


@pytest.fixture
def door(person: Person) -> HelperStore:
    """The door itself: Debian 12's git does not know these attributes."""
    return HelperStore(person.session, binaries.git_credential_keyfob())


def test_01_an_empty_store_has_no_credential_and_prints_nothing(store: Store) -> None:
    assert store.fill(**HOST) is None


def test_02_and_03_a_stored_password_is_found_without_the_user_name(store: Store) -> None:
    store.approve(**STORED)
    assert store.fill(**HOST) == STORED


def test_04_the_protocol_must_match(store: Store) -> None:
    store.approve(**STORED)
    assert store.fill(protocol="http", host="example.com") is None


@pytest.mark.parametrize("host", ["other.example.com", "example.co", "example.com:8443", "xexample.com"])
def test_05_the_host_must_match(store: Store, host: str) -> None:
    store.approve(**STORED)
    assert store.fill(protocol="https", host=host) is None


def test_06_a_given_user_name_must_match(store: Store) -> None:
    store.approve(**STORED)
    assert store.fill(**HOST, username="other") is None


def test_07_the_path_must_match_if_git_sends_it(store: Store) -> None:
    if isinstance(store, GitStore):
        store.use_http_path()
    store.approve(**STORED, path="foo.git")
    assert store.fill(**HOST, path="bar.git") is None
    assert store.fill(**HOST, path="foo.git") == {**STORED, "path": "foo.git"}


def test_08_a_new_password_replaces_the_old_one(store: Store) -> None:
    store.approve(**STORED)
    store.approve(**{**STORED, "password": "new"})
    assert store.fill(**USER) == {**STORED, "password": "new"}
    store.reject(**{**STORED, "password": "new"})
    assert store.fill(**USER) is None


def test_09_a_reject_by_host_alone_deletes(store: Store) -> None:
    store.approve(**STORED)
    store.reject(**HOST)
    assert store.fill(**HOST) is None


def test_10_two_users_are_independent(store: Store) -> None:
    store.approve(**ONE)
    store.approve(**TWO)
    assert store.fill(**HOST, username="user1") == ONE
    assert store.fill(**HOST, username="user2") == TWO


def test_11_a_reject_with_another_password_erases_nothing(store: Store) -> None:
    store.approve(**ONE)
    store.reject(**{**ONE, "password": "another"})
    assert store.fill(**HOST, username="user1") == ONE


def test_12_and_13_a_reject_by_user_name_deletes_that_user_and_no_other(store: Store) -> None:
    store.approve(**ONE)
    store.approve(**TWO)
    store.reject(**HOST, username="user1")
    assert store.fill(**HOST, username="user1") is None
    assert store.fill(**HOST, username="user2") == TWO


def test_14_an_empty_user_name_and_an_empty_password_are_kept(store: Store) -> None:
    empty = {**HOST, "username": "", "password": ""}
    store.approve(**empty)
    assert store.fill(**HOST) == empty


def test_15_a_reject_by_host_deletes_every_user(store: Store) -> None:
    store.approve(**ONE)
    store.approve(**TWO)
    store.reject(**HOST)
    assert store.fill(**HOST, username="user1") is None
    assert store.fill(**HOST, username="user2") is None


def test_16_a_long_header_smuggles_no_host(door: HelperStore) -> None:
    door.approve(protocol="https", host="victim.example.com", username="user", password="to-be-stolen")
    header = "a" * 1006 + "host=victim.example.com"
    assert door.fill(protocol="https", host="badguy.example.com", wwwauth=header) is None


def test_17_and_18_the_expiry_is_kept_and_returned(door: HelperStore) -> None:
    expiring = {**STORED, "password_expiry_utc": "9999999999"}
    door.approve(**expiring)
    assert door.fill(**HOST) == expiring


def test_19_a_new_expiry_replaces_the_old_one(door: HelperStore) -> None:
    door.approve(**STORED, password_expiry_utc="9999999998")
    door.approve(**STORED, password_expiry_utc="9999999999")
    assert door.fill(**HOST) == {**STORED, "password_expiry_utc": "9999999999"}
    door.reject(**STORED)
    assert door.fill(**HOST) is None


def test_20_and_21_a_refresh_token_is_kept_and_returned(door: HelperStore) -> None:
    refreshable = {**STORED, "oauth_refresh_token": "refresh-me"}
    door.approve(**refreshable)
    assert door.fill(**HOST) == refreshable


@pytest.mark.skipif(git_version() < (2, 41), reason="git knows expiry and refresh token since 2.41")
def test_17_to_21_through_git(person: Person) -> None:
    store = GitStore(person.session, binaries.git_credential_keyfob())
    full = {**STORED, "password_expiry_utc": "9999999999", "oauth_refresh_token": "refresh-me"}
    store.approve(**full)
    assert store.fill(**HOST) == full


def test_an_expired_password_is_answered_with_its_expiry_or_not_at_all(door: HelperStore) -> None:
    door.approve(**STORED, password_expiry_utc="1000000000", oauth_refresh_token="refresh-me")
    answer = door.fill(**HOST)
    assert answer is None or answer["password_expiry_utc"] == "1000000000"


# Credentials of other kinds, which git requests as well.
@pytest.mark.parametrize(
    "credential",
    [
        {"protocol": "cert", "host": "", "path": "home/alice/key.pem", "username": "", "password": "pass phrase"},
        {"protocol": "smtp", "host": "mail.example.com:587", "username": "alice", "password": "mail"},
        {"protocol": "https", "host": "[::1]:8443", "username": "alice", "password": "six"},
        {"protocol": "https", "host": "example.com", "username": "ålice", "password": "pässword = with ="},
        {"protocol": "https", "host": "example.com", "username": "alice", "password": " spaces "},
    ],
    ids=lambda credential: f"{credential['protocol']}-{credential['username'] or 'nobody'}",
)
def test_other_credentials_are_kept_too(store: Store, credential: Attributes) -> None:
    store.approve(**credential)
    wanted = {key: value for key, value in credential.items() if key not in ("username", "password")}
    assert store.fill(**wanted) == credential
    store.reject(**credential)
    assert store.fill(**wanted) is None


def test_no_browser_is_opened_for_a_host_that_is_not_configured(store: Store, person: Person) -> None:
    assert store.fill(**HOST) is None
    assert person.browsers_opened() == 0
