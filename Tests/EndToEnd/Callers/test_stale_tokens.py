"""A server revokes a remembered access token. git 2.46 and newer get a working one within the same command."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from harness import debian
from harness.gate import Gate
from harness.newer import use_newer_git
from harness.person import Person, stderr_lines
from harness.provider.server import Provider
from harness.steps import assert_worked, refreshes
from harness.waiting import wait_until

SIDE_BY_SIDE = 8
LARGE = 50_000_000

pytestmark = [
    pytest.mark.skipif(debian.why_not() is not None, reason=debian.why_not() or ""),
    pytest.mark.timeout(debian.MAKING_SECONDS),
]


class Revoking:
    """Whether the gate admits a token. Before the request of that number, the server revokes all access tokens."""

    def __init__(self, provider: Provider, gate: Gate) -> None:
        self._provider, self._left = provider, -1
        self._gate = gate
        gate.admit_by(self)

    def before_admission(self, number: int) -> None:
        """Revokes before the `number`th admission from now on, counted from 1."""
        self._left = number

    def __call__(self, token: str) -> bool:
        self._left -= 1
        if self._left == 0:
            self._provider.expire_access_tokens()
        return self._provider.introspect(token)


@pytest.fixture
def newer(developer: Person) -> Person:
    """The developer with the newer git."""
    use_newer_git(developer.session)
    developer.configure_git({"user.name": "Somebody", "user.email": "somebody@example.com"})
    return developer


@pytest.fixture
def stale(newer: Person, provider: Provider, gate: Gate) -> Iterator[Person]:
    """The developer, signed in, with a remembered access token that the server has revoked. The test must make one refresh
    and open no browser."""
    assert_worked(newer.keyfob("login", gate.url))
    provider.expire_access_tokens()
    yield newer
    assert (refreshes(provider), newer.browsers_opened()) == (1, 1)


def assert_silent(done: subprocess.CompletedProcess[bytes]) -> None:
    """Asserts success, and that nobody wrote about passwords, helpers or keyfob."""
    assert_worked(done)
    said = [line for line in stderr_lines(done) if "keyfob" in line or "redential" in line or "atal" in line]
    assert said == []


def test_git_here_is_new_enough(newer: Person) -> None:
    version = newer.git("version").stdout.decode().split()[2]
    assert tuple(int(part) for part in version.split(".")[:2]) >= (2, 46)


def test_a_fetch(stale: Person, gate: Gate) -> None:
    copy = stale.working_copy(gate)
    done = stale.git("-C", str(copy), "fetch", "--quiet")
    assert_silent(done)
    assert done.stderr == b""
    assert [knock.status for knock in gate.knocks()][:3] == [401, 401, 200]


def test_the_next_fetch_needs_one_question(stale: Person, gate: Gate) -> None:
    copy = stale.working_copy(gate)
    assert_silent(stale.fetch(copy))
    before = len(gate.knocks())
    assert_silent(stale.fetch(copy))
    assert [knock.status for knock in gate.knocks()[before:]].count(401) == 1


def test_a_push_of_50_megabytes(stale: Person, gate: Gate) -> None:
    copy = stale.working_copy(gate)
    with open(copy / "large", "wb") as file, open("/dev/urandom", "rb") as random:
        file.write(random.read(LARGE))
    assert_worked(stale.git("-C", str(copy), "add", "large"))
    assert_worked(stale.git("-C", str(copy), "commit", "--quiet", "-m", "Large"))
    assert_silent(stale.git("-C", str(copy), "push", "--quiet"))


def test_a_push_whose_token_dies_before_its_data(newer: Person, provider: Provider, gate: Gate) -> None:
    copy = newer.working_copy(gate)
    revoking = Revoking(provider, gate)
    assert_worked(newer.keyfob("login", gate.url))
    (copy / "large").write_bytes(bytes(range(256)) * 20_000)
    newer.configure_git({"core.compression": "0", "http.postBuffer": "65536"})
    assert_worked(newer.git("-C", str(copy), "add", "large"))
    assert_worked(newer.git("-C", str(copy), "commit", "--quiet", "-m", "Large"))
    revoking.before_admission(2)
    assert_silent(newer.git("-C", str(copy), "push", "--quiet"))
    assert (refreshes(provider), newer.browsers_opened()) == (1, 1)


def test_a_clone_with_submodules(stale: Person, gate: Gate) -> None:
    copy = stale.working_copy(gate)
    (copy / ".gitmodules").write_text(f'[submodule "inner"]\n\tpath = inner\n\turl = {gate.url}\n')
    head = stale.git("-C", str(copy), "rev-parse", "HEAD").stdout.decode().strip()
    for command in (
        ["add", ".gitmodules"],
        ["update-index", "--add", "--cacheinfo", f"160000,{head},inner"],
        ["commit", "--quiet", "-m", "Nest"],
        ["push", "--quiet", str(gate.repository), "HEAD:main"],
    ):
        assert_worked(stale.git("-C", str(copy), *command))
    assert_silent(stale.git("clone", "--quiet", "--recurse-submodules", gate.url, "whole"))
    assert (stale.home / "whole" / "inner" / "README").read_text() == "hello\n"


def test_a_partial_clone_whose_token_dies_between_its_requests(newer: Person, provider: Provider, gate: Gate) -> None:
    assert_worked(newer.git(f"--git-dir={gate.repository}", "config", "uploadpack.allowFilter", "true"))
    revoking = Revoking(provider, gate)
    assert_worked(newer.keyfob("login", gate.url))
    revoking.before_admission(4)
    assert_silent(newer.git("clone", "--quiet", "--filter=blob:none", gate.url, "part"))
    assert (newer.home / "part" / "README").read_text() == "hello\n"
    assert (refreshes(provider), newer.browsers_opened()) == (1, 1)


def test_eight_fetches_at_once(stale: Person, gate: Gate) -> None:
    copies = [stale.working_copy(gate, f"work-{number}") for number in range(SIDE_BY_SIDE)]
    running = [stale.session.start("git", "-C", str(copy), "fetch", "--quiet") for copy in copies]
    for process in running:
        _, errors = process.communicate(timeout=60)
        assert (process.returncode, errors) == (0, b"")


def test_another_helper_in_the_chain_keeps_nothing(stale: Person, gate: Gate) -> None:
    copy = stale.working_copy(gate)
    stale.session.run("git", "config", "--global", "--add", "credential.helper", "cache").check_returncode()
    assert_silent(stale.fetch(copy))
    host = gate.origin.removeprefix("http://")
    asked = stale.git("credential-cache", "get", stdin=f"protocol=http\nhost={host}\n\n".encode())
    stale.git("credential-cache", "exit")
    assert (asked.returncode, asked.stdout) == (0, b"")


def test_a_dead_grant_ends_in_one_sign_in(newer: Person, provider: Provider, gate: Gate) -> None:
    copy = newer.working_copy(gate)
    assert_worked(newer.keyfob("login", gate.url))
    provider.revoke_refresh_tokens()
    provider.expire_access_tokens()
    # Debian 13's root directory has no browser: the program there only writes the address down.
    addresses = newer.home / "addresses"
    browser = newer.home / "notes-address"
    browser.write_text(f'#!/bin/sh\necho "$1" >> {addresses}\n')
    browser.chmod(0o700)
    fetch = newer.session.start("git", "-C", str(copy), "fetch", "--quiet", BROWSER=str(browser))
    newer.session.end_at_last(fetch)
    wait_until(lambda: addresses.exists() and addresses.read_text().endswith("\n"))
    newer.browse_elsewhere(addresses.read_text().strip())
    assert fetch.wait(60) == 0
    assert [knock.status for knock in gate.knocks()][:3] == [401, 401, 200]
    assert len(addresses.read_text().splitlines()) == 1


def test_a_dead_grant_without_a_person_is_no_loop(newer: Person, provider: Provider, gate: Gate) -> None:
    copy = newer.working_copy(gate)
    assert_worked(newer.keyfob("login", gate.url))
    provider.revoke_refresh_tokens()
    provider.expire_access_tokens()
    done = newer.fetch(copy, GIT_TERMINAL_PROMPT="0", KEYFOB_INTERACTION="never")
    assert done.returncode != 0
    assert [line for line in stderr_lines(done) if line.startswith("hint: ")] != []
    assert (len(gate.knocks()), newer.browsers_opened()) == (2, 1)


def test_a_server_that_refuses_every_token_gets_two(newer: Person, provider: Provider, gate: Gate) -> None:
    copy = newer.working_copy(gate)
    assert_worked(newer.keyfob("login", gate.url))
    gate.admit_by(lambda _: False)
    done = newer.fetch(copy)
    assert done.returncode != 0
    assert [knock.status for knock in gate.knocks()] == [401, 401, 401]
    assert refreshes(provider) == 1


@pytest.mark.parametrize("more", [[], ["username=oauth2"]], ids=["no user", "the user of the answer"])
def test_the_door_never_repeats_a_refused_token(
    developer: Person, provider: Provider, gate: Gate, more: list[str]
) -> None:
    assert_worked(developer.keyfob("login", gate.url))
    question = ["capability[]=state", *more]
    # From the second time on, the door answers without keyfob-main.
    for _ in range(2):
        first = developer.ask_door("get", gate.url, *question).stdout.decode().splitlines()
    assert "continue=1" in first
    states = [line for line in first if line.startswith("state[]=")]
    second = developer.ask_door("get", gate.url, *question, *states).stdout.decode().splitlines()
    given = [line for line in first + second if line.startswith("password=")]
    assert len(set(given)) == 2 and "continue=1" not in second
    assert (refreshes(provider), developer.browsers_opened()) == (1, 1)


def test_a_stored_password_gets_no_second_chance(newer: Person, gate: Gate) -> None:
    newer.configuration.unlink()
    gate.admit_by(lambda password: password == "right")
    host = gate.origin.removeprefix("http://")
    kept = newer.git("credential", "approve", stdin=f"protocol=http\nhost={host}\nusername=u\npassword=wrong\n\n".encode())
    assert_worked(kept)
    done = newer.fetch(newer.working_copy(gate), GIT_TERMINAL_PROMPT="0")
    assert done.returncode != 0
    assert [knock.status for knock in gate.knocks()] == [401, 401]
