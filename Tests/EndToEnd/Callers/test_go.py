"""The real go command, with keyfob in GOAUTH and a module proxy on loopback that requires a token."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from harness import binaries
from harness.callers import admits, sign_in
from harness.person import Done, Person, stderr_lines
from harness.provider.server import Provider
from harness.service import Answer, Asked, Service, guarded
from harness.steps import assert_worked
from harness.tls import Authority

MODULE, VERSION = "example.com/hello", "v1.0.0"
GO_MOD = f"module {MODULE}\n"


def go() -> str | None:
    """A go command with GOAUTH, 1.24 or later, from the tests' environment or the machine."""
    for program in (shutil.which("go", path=str(Path(sys.executable).parent)), shutil.which("go")):
        said = subprocess.run([program, "version"], capture_output=True, text=True, check=False) if program else None
        found = re.search(r"go(\d+)\.(\d+)", said.stdout) if said else None
        if found and (int(found[1]), int(found[2])) >= (1, 24):
            return program
    return None


GO = go()
pytestmark = pytest.mark.skipif(GO is None, reason="needs go 1.24")


def proxy(asked: Asked) -> Answer:
    """A proxy with one version of one module (go.dev/ref/mod#goproxy-protocol)."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr(f"{MODULE}@{VERSION}/go.mod", GO_MOD)
    pages = {
        f"{VERSION}.info": json.dumps({"Version": VERSION}).encode(),
        f"{VERSION}.mod": GO_MOD.encode(),
        f"{VERSION}.zip": archive.getvalue(),
    }
    body = pages.get(asked.path.rpartition("/")[2])
    return Answer(404) if body is None else Answer(body=body)


def download(person: Person, authority: Authority, service: Service, *options: str) -> Done:
    """Makes go download the module."""
    assert GO is not None
    settings = {
        "GOAUTH": f"{binaries.keyfob()} goauth",
        "GOPROXY": f"{service.origin}/modules",
        "GONOSUMDB": "*",
        "GOFLAGS": "-modcacherw",
        "GOTOOLCHAIN": "local",
        "SSL_CERT_FILE": str(authority.file),
    }
    return person.session.run(GO, "mod", "download", *options, "-json", f"{MODULE}@{VERSION}", stdin=b"", **settings)


def test_go_downloads_with_the_token_of_one_sign_in(person: Person, provider: Provider, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    answers = guarded(admits(provider, "Bearer"), "Bearer", proxy)
    with Service(answers, authority.certify("127.0.0.1")) as service:
        token = sign_in(person, provider, service, "/modules")
        done = download(person, authority, service)
        assert_worked(done)
        assert json.loads(done.stdout)["Path"] == MODULE
        assert {asked.authorization for asked in service.answered(200)} == {f"Bearer {token}"}
        # keyfob told go once that the token is for the whole service.
        assert len(service.answered(401)) == 1
        assert person.browsers_opened() == 1


def test_go_shows_the_remedy_with_x_before_a_sign_in(
    person: Person, provider: Provider, tmp_path: Path
) -> None:
    authority = Authority(tmp_path)
    with Service(guarded(admits(provider, "Bearer"), "Bearer", proxy), authority.certify("127.0.0.1")) as service:
        person.configure_keyfob(f"{service.origin}/modules", provider.issuer)
        done = download(person, authority, service, "-x")
        assert done.returncode != 0
        said = done.stdout.decode() + "\n".join(stderr_lines(done))
        assert f"run: keyfob login {service.origin}/modules" in said
        assert person.browsers_opened() == 0
