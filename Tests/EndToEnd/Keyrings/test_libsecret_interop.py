"""Users can move from git-credential-libsecret to keyfob and back without typing a password again."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import binaries
from harness.credential import HelperStore
from harness.person import Person

CREDENTIALS = [
    {"protocol": "https", "host": "example.com", "username": "alice", "password": "swordfish"},
    {"protocol": "https", "host": "example.com:8443", "username": "alice", "password": "swordfish"},
    {"protocol": "https", "host": "example.com", "path": "a/b.git", "username": "alice", "password": "swordfish"},
]


@pytest.fixture
def ours(person: Person) -> HelperStore:
    """keyfob's door."""
    return HelperStore(person.session, binaries.git_credential_keyfob())


@pytest.fixture
def theirs(person: Person, libsecret_helper: Path) -> HelperStore:
    """git-credential-libsecret, in the same session."""
    return HelperStore(person.session, libsecret_helper)


def wanted(credential: dict[str, str]) -> dict[str, str]:
    """git's description in a request."""
    return {key: value for key, value in credential.items() if key not in ("username", "password")}


def tell(theirs: HelperStore, operation: str, credential: dict[str, str]) -> None:
    """Stores or erases with git-credential-libsecret, which repeats its input."""
    theirs.run(operation, **credential).check_returncode()


@pytest.mark.parametrize("credential", CREDENTIALS)
def test_a_password_that_libsecret_stored_is_found(
    ours: HelperStore, theirs: HelperStore, credential: dict[str, str]
) -> None:
    tell(theirs, "store", credential)
    assert ours.fill(**wanted(credential)) == credential


@pytest.mark.parametrize("credential", CREDENTIALS)
def test_a_password_that_keyfob_stored_is_found_by_libsecret(
    ours: HelperStore, theirs: HelperStore, credential: dict[str, str]
) -> None:
    ours.approve(**credential)
    assert theirs.fill(**wanted(credential)) == credential


@pytest.mark.parametrize("credential", CREDENTIALS)
def test_each_helper_erases_the_others_items(
    ours: HelperStore, theirs: HelperStore, credential: dict[str, str]
) -> None:
    tell(theirs, "store", credential)
    ours.reject(**credential)
    assert theirs.fill(**wanted(credential)) is None
    ours.approve(**credential)
    tell(theirs, "erase", credential)
    assert ours.fill(**wanted(credential)) is None


def test_a_new_password_replaces_the_item_of_libsecret(ours: HelperStore, theirs: HelperStore) -> None:
    first = CREDENTIALS[0]
    tell(theirs, "store", first)
    ours.approve(**{**first, "password": "changed"})
    assert theirs.fill(**wanted(first)) == {**first, "password": "changed"}
    ours.reject(**{**first, "password": "changed"})
    assert theirs.fill(**wanted(first)) is None
