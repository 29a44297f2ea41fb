"""skopeo with Debian's docker-registry, which requires tokens of its own format."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import shutil
import tarfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificate
from joserfc import jwt
from joserfc.jwk import ECKey

from harness.callers import admits, link
from harness.person import Done, Person, stderr_lines
from harness.ports import free_port
from harness.provider.server import Provider
from harness.service import Answer, Asked, Service
from harness.session import kill
from harness.steps import assert_worked, refreshes
from harness.waiting import wait_until

ISSUER = "keyfob tests"
IMAGE = "library/hello"

pytestmark = pytest.mark.skipif(
    not (shutil.which("skopeo") and shutil.which("docker-registry")), reason="needs skopeo and docker-registry"
)

CONFIGURATION = """version: 0.1
log: {{accesslog: {{disabled: true}}, level: error}}
storage: {{filesystem: {{rootdirectory: "{root}/registry"}}}}
http: {{addr: "127.0.0.1:{port}"}}
auth: {{token: {{realm: "{realm}/token", service: registry, issuer: "{issuer}", rootcertbundle: "{root}/issuer.pem"}}}}
"""


class TokenServer:
    """Gives a token for the registry in exchange for a token of the authorization server
    (distribution.github.io/distribution/spec/auth/token)."""

    def __init__(self, provider: Provider) -> None:
        self._admits = admits(provider, "Basic")
        certificate = trustme.CA().issue_cert("issuer.example")
        self.certificate = certificate.cert_chain_pems[0].bytes()
        self._key = ECKey.import_key(certificate.private_key_pem.bytes())

    def answer(self, asked: Asked) -> Answer:
        """Answers with a token for the requested scopes, or 401 without an admitted `Authorization` field."""
        if asked.authorization is None or not self._admits(asked.authorization):
            return Answer(401)
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "sub": "somebody",
            "aud": "registry",
            "iat": now - 5,
            "nbf": now - 5,
            "exp": now + 300,
            "jti": str(now),
            "access": [self._access(scope) for scope in parse_qs(urlsplit(asked.path).query).get("scope", [])],
        }
        chain = base64.b64encode(load_pem_x509_certificate(self.certificate).public_bytes(Encoding.DER)).decode()
        token = jwt.encode({"alg": "ES256", "typ": "JWT", "x5c": [chain]}, claims, self._key)
        return Answer(body=json.dumps({"token": token}).encode(), headers={"Content-Type": "application/json"})

    @staticmethod
    def _access(scope: str) -> dict[str, object]:
        kind, name, actions = scope.split(":")
        return {"type": kind, "name": name, "actions": actions.split(",")}


@dataclass
class Registry:
    """The running registry and its token server."""

    person: Person
    host: str
    tokens: Service

    def skopeo(self, *arguments: str) -> Done:
        """Runs skopeo."""
        return self.person.session.run("skopeo", "--insecure-policy", *arguments)

    def push(self) -> Done:
        """Copies an image to the registry."""
        image = make_image(self.person.home / "image")
        return self.skopeo("copy", "--dest-tls-verify=false", f"dir:{image}", f"docker://{self.host}/{IMAGE}")

    def inspect(self) -> Done:
        """Asks the registry for the image."""
        return self.skopeo("inspect", "--tls-verify=false", f"docker://{self.host}/{IMAGE}")


def make_image(directory: Path) -> Path:
    """An image with one empty layer, in the format of skopeo's `dir:`."""
    directory.mkdir(exist_ok=True)
    archive = io.BytesIO()
    tarfile.open(fileobj=archive, mode="w").close()
    layer = gzip.compress(archive.getvalue(), mtime=0)
    diff = hashlib.sha256(archive.getvalue()).hexdigest()
    config = json.dumps(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{diff}"]},
        }
    ).encode()
    kind = "application/vnd.docker.distribution.manifest.v2+json"
    manifest = {
        "schemaVersion": 2,
        "mediaType": kind,
        "config": descriptor(config, "application/vnd.docker.container.image.v1+json"),
        "layers": [descriptor(layer, "application/vnd.docker.image.rootfs.diff.tar.gzip")],
    }
    for blob in (layer, config):
        (directory / hashlib.sha256(blob).hexdigest()).write_bytes(blob)
    (directory / "manifest.json").write_text(json.dumps(manifest))
    (directory / "version").write_text("Directory Transport Version: 1.1\n")
    return directory


def descriptor(blob: bytes, kind: str) -> dict[str, object]:
    """The manifest's entry for a blob."""
    return {"mediaType": kind, "size": len(blob), "digest": f"sha256:{hashlib.sha256(blob).hexdigest()}"}


@pytest.fixture
def registry(person: Person, provider: Provider, tmp_path: Path) -> Iterator[Registry]:
    """A registry that exchanges the authorization server's tokens for its own, and keyfob as skopeo's helper."""
    issuer = TokenServer(provider)
    (tmp_path / "issuer.pem").write_bytes(issuer.certificate)
    link(person)
    with Service(issuer.answer) as tokens:
        port = free_port()
        host = f"127.0.0.1:{port}"
        configuration = tmp_path / "registry.yml"
        configuration.write_text(CONFIGURATION.format(root=tmp_path, port=port, realm=tokens.origin, issuer=ISSUER))
        person.configure_keyfob(f"http://{host}", provider.issuer)
        docker = person.home / ".docker"
        docker.mkdir()
        (docker / "config.json").write_text(json.dumps({"credHelpers": {host: "keyfob"}}))
        process = person.session.start("docker-registry", "serve", configuration)
        try:
            wait_until(lambda: person.session.run("curl", "-s", f"http://{host}/v2/").returncode == 0)
            yield Registry(person, host, tokens)
        finally:
            kill(process)
            process.wait()


def test_skopeo_copies_and_inspects_with_the_token_of_one_sign_in(registry: Registry) -> None:
    assert_worked(registry.person.keyfob("login", f"http://{registry.host}"))
    assert_worked(registry.push())
    done = registry.inspect()
    assert_worked(done)
    assert json.loads(done.stdout)["Architecture"] == "amd64"
    assert registry.person.browsers_opened() == 1
    assert len(registry.tokens.answered(200)) >= 2


@pytest.mark.parametrize("remedy", ["logout", "reject"])
def test_skopeo_gets_another_token_after_a_refusal(registry: Registry, provider: Provider, remedy: str) -> None:
    person, url = registry.person, f"http://{registry.host}"
    assert_worked(person.keyfob("login", url))
    assert_worked(registry.push())
    token = person.token(url)
    provider.expire_access_tokens()
    # Docker's protocol cannot tell that the registry refused the token, so each run gets the same one.
    assert registry.inspect().returncode != 0 and registry.inspect().returncode != 0
    assert refreshes(provider) == 0
    if remedy == "reject":
        assert_worked(person.keyfob("token", url, "--reject", stdin=token.encode()))
    else:
        # That is the question of `docker logout`.
        assert_worked(person.session.run("docker-credential-keyfob", "erase", stdin=registry.host.encode()))
    assert_worked(registry.inspect())
    assert (refreshes(provider), person.browsers_opened()) == (1, 1)


def test_skopeo_opens_no_browser_and_gets_the_remedy(registry: Registry) -> None:
    done = registry.push()
    assert done.returncode != 0
    assert f"run: keyfob login http://{registry.host}" in "\n".join(stderr_lines(done))
    assert registry.person.browsers_opened() == 0


def test_skopeo_stores_and_deletes_a_password_of_the_person(person: Person) -> None:
    link(person)
    helper = "docker-credential-keyfob"
    kept = json.dumps({"ServerURL": "registry.example", "Username": "alice", "Secret": "pass word"}).encode()
    assert_worked(person.session.run(helper, "store", stdin=kept))
    assert json.loads(person.session.run(helper, "get", stdin=b"registry.example").stdout)["Secret"] == "pass word"
    assert_worked(person.session.run(helper, "erase", stdin=b"registry.example\n"))
    gone = person.session.run(helper, "get", stdin=b"registry.example")
    assert (gone.returncode, gone.stdout) == (1, b"credentials not found in native keychain\n")


def test_docker_lists_accounts_without_interaction(registry: Registry) -> None:
    person, url = registry.person, f"http://{registry.host}"
    assert person.session.run("docker-credential-keyfob", "list", stdin=b"unused").stdout == b"{}\n"
    assert_worked(person.keyfob("login", url))
    listed = json.loads(person.session.run("docker-credential-keyfob", "list", stdin=b"unused").stdout)
    assert listed == {url: "oauth2"}
