"""The real kubectl and Terraform with servers on loopback that require a token."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.callers import admits, link, sign_in
from harness.person import Done, Person, stderr_lines
from harness.provider.server import Provider
from harness.service import Answer, Asked, Service, guarded
from harness.steps import assert_worked, refreshes
from harness.tls import Authority

JSON = {"Content-Type": "application/json"}
GROUP = "client.authentication.k8s.io"


def kubectl_minor() -> int:
    """The minor version of the installed kubectl. The API v1 came with 1.22."""
    if shutil.which("kubectl") is None:
        return 0
    said = subprocess.run(["kubectl", "version", "--client", "-o", "json"], capture_output=True, text=True, check=False)
    found = re.search(r'"minor": "(\d+)', said.stdout)
    return int(found[1]) if found else 0


class Cluster:
    """An API server with one page, and a person's configuration for it."""

    def __init__(self, person: Person, authority: Authority, service: Service) -> None:
        self.person, self.service = person, service
        self._authority = authority
        self._programs = link(person)

    def configure(self, version: str, *, tells_cluster: bool = True) -> None:
        """Makes keyfob the credential plugin."""
        arguments = ["get"] + ([] if tells_cluster else [self.service.origin])
        plugin: dict[str, object] = {
            "apiVersion": f"{GROUP}/{version}",
            "command": str(self._programs / "kubernetes-credential-keyfob"),
            "args": arguments,
            "provideClusterInfo": tells_cluster,
        }
        if version == "v1":
            plugin["interactiveMode"] = "IfAvailable"
        cluster = {"server": self.service.origin, "certificate-authority": str(self._authority.file)}
        configuration = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "c", "cluster": cluster}],
            "users": [{"name": "u", "user": {"exec": plugin}}],
            "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
            "current-context": "x",
        }
        kube = self.person.home / ".kube"
        kube.mkdir(exist_ok=True)
        (kube / "config").write_text(json.dumps(configuration))

    def get(self) -> Done:
        """Asks the API server for a page."""
        return self.person.session.run("kubectl", "get", "--raw", "/healthz")


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """A certificate authority for this test."""
    return Authority(tmp_path)


@pytest.fixture
def cluster(person: Person, provider: Provider, authority: Authority) -> Iterator[Cluster]:
    """An API server on loopback, over TLS."""
    page = guarded(admits(provider, "Bearer"), "Bearer", lambda _: Answer(body=b"ok"))
    with Service(page, authority.certify("127.0.0.1")) as service:
        yield Cluster(person, authority, service)


@pytest.mark.parametrize(
    ("version", "minor"), [pytest.param("v1beta1", 20, id="v1beta1"), pytest.param("v1", 22, id="v1")]
)
def test_kubectl_is_admitted_with_the_token_of_one_sign_in(
    cluster: Cluster, provider: Provider, version: str, minor: int
) -> None:
    if kubectl_minor() < minor:
        pytest.skip(f"needs kubectl 1.{minor}")
    token = sign_in(cluster.person, provider, cluster.service)
    for tells_cluster in (True, False):
        cluster.configure(version, tells_cluster=tells_cluster)
        done = cluster.get()
        assert_worked(done)
        assert done.stdout == b"ok"
    assert {asked.authorization for asked in cluster.service.answered(200)} == {f"Bearer {token}"}
    assert cluster.person.browsers_opened() == 1


@pytest.mark.skipif(kubectl_minor() < 20, reason="needs kubectl 1.20")
def test_kubectl_gets_another_token_after_a_refusal(cluster: Cluster, provider: Provider) -> None:
    token = sign_in(cluster.person, provider, cluster.service)
    cluster.configure("v1beta1")
    provider.expire_access_tokens()
    # kubectl asks again after a refusal, with the same question: it cannot tell that the token was refused.
    assert cluster.get().returncode != 0
    refused = [asked.authorization for asked in cluster.service.answered(401) if asked.authorization]
    assert set(refused) == {f"Bearer {token}"} and refreshes(provider) == 0
    assert_worked(cluster.person.keyfob("token", cluster.service.origin, "--reject", stdin=token.encode()))
    assert_worked(cluster.get())
    assert [asked.authorization for asked in cluster.service.answered(200)] != [f"Bearer {token}"]
    assert (refreshes(provider), cluster.person.browsers_opened()) == (1, 1)


@pytest.mark.skipif(kubectl_minor() < 20, reason="needs kubectl 1.20")
def test_kubectl_shows_the_remedy_before_a_sign_in(cluster: Cluster, provider: Provider) -> None:
    cluster.person.configure_keyfob(cluster.service.origin, provider.issuer)
    cluster.configure("v1beta1")
    done = cluster.get()
    assert done.returncode != 0
    assert f"hint: run: keyfob login {cluster.service.origin}" in stderr_lines(done)
    assert cluster.person.browsers_opened() == 0


def module_registry(asked: Asked) -> Answer:
    """The pages of a registry with one module (developer.hashicorp.com/terraform/internals)."""
    if asked.path.endswith("/versions"):
        return Answer(body=json.dumps({"modules": [{"versions": [{"version": "1.0.0"}]}]}).encode(), headers=JSON)
    return Answer(204, headers={"X-Terraform-Get": "file:///nonexistent/module"})


@pytest.mark.skipif(shutil.which("terraform") is None, reason="needs terraform, which Debian does not have")
def test_terraform_asks_its_registry_with_the_token(person: Person, provider: Provider, authority: Authority) -> None:
    modules = guarded(admits(provider, "Bearer"), "Bearer", module_registry)

    def answer(asked: Asked) -> Answer:
        if asked.path == "/.well-known/terraform.json":
            return Answer(body=json.dumps({"modules.v1": "/modules/"}).encode(), headers=JSON)
        return modules(asked)

    links = link(person)
    plugins = person.home / ".terraform.d" / "plugins"
    plugins.mkdir(parents=True)
    (plugins / "terraform-credentials-keyfob").symlink_to((links / "terraform-credentials-keyfob").readlink())
    (person.home / ".terraformrc").write_text('disable_checkpoint = true\ncredentials_helper "keyfob" {}\n')
    with Service(answer, authority.certify("127.0.0.1")) as service:
        token = sign_in(person, provider, service)
        work = person.home / "work"
        work.mkdir()
        (work / "main.tf").write_text(
            f'module "m" {{\n  source = "{service.host}/team/hello/none"\n  version = "1.0.0"\n}}\n'
        )
        done = person.session.run("terraform", f"-chdir={work}", "init", SSL_CERT_FILE=str(authority.file))
        # The module itself does not exist: the registry admitted Terraform, and answered so.
        seen = [(asked.path, asked.authorization) for asked in service.answered(200) + service.answered(204)]
        assert ("/modules/team/hello/none/versions", f"Bearer {token}") in seen, stderr_lines(done)
        assert ("/modules/team/hello/none/1.0.0/download", f"Bearer {token}") in seen, stderr_lines(done)


def test_terraform_stores_and_deletes_a_token_of_the_person(person: Person) -> None:
    link(person)

    def helper(*arguments: str, stdin: bytes = b"") -> tuple[int, bytes]:
        done = person.session.run("terraform-credentials-keyfob", *arguments, stdin=stdin)
        return done.returncode, done.stdout

    assert helper("get", "app.example") == (0, b"{}\n")
    assert helper("store", "app.example", stdin=b'{"token":"given"}\n') == (0, b"")
    assert helper("get", "app.example") == (0, b'{"token":"given"}\n')
    assert helper("store", "app.example", stdin=b'{"token":"other","more":true}\n')[0] != 0
    assert helper("forget", "app.example") == (0, b"")
    assert helper("forget", "app.example") == (0, b"")
    assert helper("get", "app.example") == (0, b"{}\n")
