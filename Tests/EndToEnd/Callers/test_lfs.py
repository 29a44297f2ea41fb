"""git-lfs, which asks git for credentials, and git asks keyfob."""

from __future__ import annotations

import hashlib
import json
import shutil

import pytest

from harness.callers import admits, sign_in
from harness.gate import presented_token
from harness.person import Person
from harness.provider.server import Provider
from harness.service import Answer, Asked, Service, guarded
from harness.steps import assert_worked

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


@pytest.mark.skipif(shutil.which("git-lfs") is None, reason="needs git-lfs")
def test_git_lfs_pulls_with_the_token_of_one_sign_in(person: Person, provider: Provider) -> None:
    with Service(guarded(admits(provider, "Basic"), 'Basic realm="lfs"', lfs)) as service:
        token = sign_in(person, provider, service)
        assert_worked(person.git("init", "--quiet", "work"))
        work = person.home / "work"
        (work / ".gitattributes").write_text("*.bin filter=lfs diff=lfs merge=lfs -text\n")
        (work / "large.bin").write_text(POINTER)
        person.configure_git({"user.name": "Somebody", "user.email": "somebody@example.com"})
        for arguments in (["add", "."], ["commit", "--quiet", "-m", "Begin"], ["config", "lfs.url", service.origin]):
            assert_worked(person.git("-C", "work", *arguments))
        assert_worked(person.git("lfs", "install", "--skip-repo"))
        assert_worked(person.git("-C", "work", "lfs", "pull"))
        assert (work / "large.bin").read_bytes() == OBJECT
        assert {presented_token(asked.authorization) for asked in service.answered(200)} == {("oauth2", token)}
        assert person.browsers_opened() == 1
