"""git-lfs, which asks git for credentials, and git asks keyfob."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness import debian
from harness.callers import admits, sign_in
from harness.gate import presented_token
from harness.newer import use_newer_git
from harness.person import Done, Person
from harness.provider.server import Provider
from harness.service import Answer, Asked, Service, guarded
from harness.steps import assert_worked, refreshes
from harness.waiting import wait_until

OBJECT = b"large\n"
OID = hashlib.sha256(OBJECT).hexdigest()
KIND = "application/vnd.git-lfs+json"
POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{OID}\nsize {len(OBJECT)}\n"


def lfs(asked: Asked) -> Answer:
    """A server with one object (git-lfs, docs/api/batch.md)."""
    if not asked.path.endswith("/objects/batch"):
        return Answer(body=OBJECT)
    href = f"http://{asked.headers['host']}/objects/{OID}"
    one = {"oid": OID, "size": len(OBJECT), "actions": {"download": {"href": href}}}
    return Answer(body=json.dumps({"transfer": "basic", "objects": [one]}).encode(), headers={"Content-Type": KIND})


pytestmark = pytest.mark.skipif(shutil.which("git-lfs") is None, reason="needs git-lfs")


@pytest.fixture
def service(provider: Provider) -> Iterator[Service]:
    """A server of large objects that requires a token."""
    with Service(guarded(admits(provider, "Basic"), 'Basic realm="lfs"', lfs)) as running:
        yield running


def working_copy(person: Person, service: Service) -> Path:
    """A working copy with one file, whose content only the server has."""
    assert_worked(person.git("init", "--quiet", "work"))
    work = person.home / "work"
    (work / ".gitattributes").write_text("*.bin filter=lfs diff=lfs merge=lfs -text\n")
    (work / "large.bin").write_text(POINTER)
    person.configure_git({"user.name": "Somebody", "user.email": "somebody@example.com"})
    for arguments in (["add", "."], ["commit", "--quiet", "-m", "Begin"], ["config", "lfs.url", service.origin]):
        assert_worked(person.git("-C", "work", *arguments))
    assert_worked(person.git("lfs", "install", "--skip-repo"))
    return work


def presented(service: Service) -> list[str]:
    """The `Authorization` fields that the server has refused, without repetitions."""
    return list(dict.fromkeys(asked.authorization for asked in service.answered(401) if asked.authorization))


def pull(person: Person, *before: str, **env: str) -> Done:
    """Runs the machine's git-lfs, which asks the session's git."""
    command = 'cd work && exec "$@"'
    return person.session.run("sh", "-c", command, "-", *before, "git-lfs", "pull", GIT_TERMINAL_PROMPT="0", **env)


def test_git_lfs_pulls_with_the_token_of_one_sign_in(person: Person, provider: Provider, service: Service) -> None:
    token = sign_in(person, provider, service)
    work = working_copy(person, service)
    assert_worked(person.git("-C", "work", "lfs", "pull"))
    assert (work / "large.bin").read_bytes() == OBJECT
    assert {presented_token(asked.authorization) for asked in service.answered(200)} == {("oauth2", token)}
    assert person.browsers_opened() == 1


# A stale token. git-lfs tells git that the server refused it, git tells keyfob, and git-lfs asks again.


@pytest.fixture(params=["git of this machine", "git with state"])
def stale(person: Person, provider: Provider, service: Service, request: pytest.FixtureRequest) -> Person:
    """A person with a working copy, whose remembered token the server has revoked."""
    sign_in(person, provider, service)
    working_copy(person, service)
    if request.param == "git with state":
        if debian.why_not() is not None:
            pytest.skip(debian.why_not() or "")
        use_newer_git(person.session)
    provider.expire_access_tokens()
    return person


@pytest.mark.timeout(debian.MAKING_SECONDS)
def test_git_lfs_pulls_in_spite_of_a_stale_token(stale: Person, provider: Provider, service: Service) -> None:
    assert_worked(pull(stale))
    assert (stale.home / "work" / "large.bin").read_bytes() == OBJECT
    assert (refreshes(provider), stale.browsers_opened()) == (1, 1)
    assert len(service.answered(401)) <= 3


@pytest.mark.timeout(debian.MAKING_SECONDS)
def test_a_server_that_refuses_every_token_costs_no_grant(stale: Person, provider: Provider, service: Service) -> None:
    service.answer_by(guarded(lambda _: False, 'Basic realm="lfs"', lfs))
    # git-lfs 3.3 asks for a credential as long as it gets one, from any helper, so somebody has to stop it.
    assert pull(stale, "timeout", "--foreground", "8").returncode != 0
    assert len(presented(service)) > 1
    assert stale.browsers_opened() == 1
    wait_until(lambda: provider.live_refresh_tokens() == 1)
    service.answer_by(guarded(admits(provider, "Basic"), 'Basic realm="lfs"', lfs))
    assert_worked(pull(stale))
    assert stale.browsers_opened() == 1


@pytest.mark.timeout(debian.MAKING_SECONDS)
def test_git_lfs_ends_if_the_grant_is_dead_too(stale: Person, provider: Provider, service: Service) -> None:
    provider.revoke_refresh_tokens()
    done = pull(stale, KEYFOB_INTERACTION="never")
    assert done.returncode != 0
    assert f"hint: run: keyfob login {service.origin}" in done.stderr.decode()
    assert len(service.answered(401)) <= 10 and stale.browsers_opened() == 1
    assert_worked(stale.keyfob("login", service.origin))
    assert_worked(pull(stale))
