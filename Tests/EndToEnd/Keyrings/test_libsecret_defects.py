"""Defects that we reproduced in git-credential-libsecret. keyfob has none of them."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator

import pytest

from harness import binaries
from harness.credential import HelperStore, decode
from harness.person import Person
from harness.session import SECRETS, PrivateSession
from harness.waiting import wait_until

HOST = {"protocol": "https", "host": "example.com"}
ONE = {**HOST, "username": "user1", "password": "pass1"}
TWO = {**HOST, "username": "user2", "password": "pass2"}


@pytest.fixture
def door(person: Person) -> HelperStore:
    """The door for git, in a session with an unlocked keyring."""
    return HelperStore(person.session, binaries.git_credential_keyfob())


@pytest.fixture
def bare_session() -> Iterator[PrivateSession]:
    """A session with a bus but without a keyring."""
    with PrivateSession(path=[binaries.bin_directory()]) as running:
        yield running


def assert_unavailable(done: subprocess.CompletedProcess[bytes]) -> None:
    """Asserts exit status 69, an empty stdout, and one error message before any hints."""
    lines = done.stderr.decode().splitlines()
    assert (done.returncode, done.stdout) == (69, b""), lines
    assert lines[0].startswith("keyfob: ")
    assert all(line.startswith("hint: ") for line in lines[1:])


@pytest.mark.parametrize("rejected, kept", [(ONE, TWO), (TWO, ONE)])
def test_a_reject_by_password_erases_only_that_user(
    door: HelperStore, rejected: dict[str, str], kept: dict[str, str]
) -> None:
    door.approve(**ONE)
    door.approve(**TWO)
    door.reject(**HOST, password=rejected["password"])
    assert door.fill(**HOST, username=rejected["username"]) is None
    assert door.fill(**HOST, username=kept["username"]) == kept


def test_b_a_locked_keyring_gives_no_half_answer(door: HelperStore, person: Person) -> None:
    door.approve(**ONE)
    person.session.lock_keyring()
    assert_unavailable(door.run("get", **HOST))


def test_b_a_locked_keyring_keeps_its_items(door: HelperStore, person: Person) -> None:
    door.approve(**ONE)
    person.session.lock_keyring()
    assert_unavailable(door.run("erase", **ONE))
    person.session.stop_keyring()
    person.session.start_keyring()
    assert door.fill(**HOST) == ONE


@pytest.mark.parametrize("secret", [{"password": "once"}, {"authtype": "Bearer", "credential": "once"}])
def test_c_an_ephemeral_credential_is_not_stored(door: HelperStore, secret: dict[str, str]) -> None:
    door.approve(capability="authtype", **HOST, username="user1", ephemeral="1", **secret)
    assert door.fill(capability="authtype", **HOST) is None


def test_d_a_store_prints_nothing(door: HelperStore) -> None:
    assert door.run("store", **ONE).stdout == b""


def test_e_a_store_into_a_locked_keyring_shows_the_remedy(door: HelperStore, person: Person) -> None:
    person.session.lock_keyring()
    done = door.run("store", **ONE)
    assert_unavailable(done)
    assert b"hint: " in done.stderr


def test_f_a_missing_bus_is_reported_in_plain_words(bare_session: PrivateSession) -> None:
    del bare_session.env["DBUS_SESSION_BUS_ADDRESS"]
    (bare_session.runtime / "bus").unlink()
    door = HelperStore(bare_session, binaries.git_credential_keyfob())
    done = door.run("store", **ONE)
    assert_unavailable(done)
    assert b"X11" not in done.stderr


def test_f_a_bus_that_has_ended_is_reported_in_plain_words(bare_session: PrivateSession) -> None:
    bare_session.env["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={bare_session.runtime}/gone"
    assert_unavailable(HelperStore(bare_session, binaries.git_credential_keyfob()).run("store", **ONE))


def test_f_a_bus_without_a_keyring_is_reported_in_plain_words(bare_session: PrivateSession) -> None:
    assert_unavailable(HelperStore(bare_session, binaries.git_credential_keyfob()).run("store", **ONE))


def test_g_the_newest_of_several_users_is_answered(door: HelperStore) -> None:
    door.approve(**ONE)
    first = int(time.time())
    wait_until(lambda: int(time.time()) > first)  # the Secret Service stores times in seconds
    door.approve(**TWO)
    assert door.fill(**HOST) == TWO


def test_h_the_door_lists_its_capabilities(door: HelperStore) -> None:
    done = door.run("capability")
    assert done.stdout.decode().splitlines() == ["version 0", "capability authtype", "capability state"]
    assert (done.returncode, done.stderr) == (0, b"")


def test_h_an_unknown_operation_is_ignored(door: HelperStore) -> None:
    done = door.run("frobnicate", **HOST)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@pytest.mark.timeout(30)
def test_i_a_keyring_that_never_answers_is_reported_after_the_time_limit(bare_session: PrivateSession) -> None:
    silent = subprocess.Popen(["dbus-test-tool", "black-hole", f"--name={SECRETS}"], env=bare_session.env)
    try:
        bare_session.run("gdbus", "wait", "--session", "--timeout", "10", SECRETS).check_returncode()
        assert_unavailable(HelperStore(bare_session, binaries.git_credential_keyfob()).run("get", **HOST))
    finally:
        silent.terminate()
        silent.wait()


def test_j_an_ipv6_address_with_a_port_is_another_host(door: HelperStore) -> None:
    credential = {"protocol": "https", "host": "[::1]:8443", "username": "user", "password": "pass"}
    door.approve(**credential)
    assert door.fill(protocol="https", host="[::1]:8443") == credential
    assert decode(door.run("get", protocol="https", host="[::1]").stdout) == {}
