"""`keyfob setup ... --check` follows a caller's way check by check. The real callers need only keyfob's setup."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import pytest
from test_clusters import Cluster, kubectl_minor
from test_containers import Registry
from test_containers import registry as containers  # noqa: F401  (a fixture)
from test_go import GO
from test_packages import CARGO, WHEEL, crate, found, index, needs_cargo, registry, run_cargo
from test_setup import LINES

from harness.callers import admits, sign_in
from harness.dialects import SERVICE
from harness.gate import Gate, presented_token
from harness.person import Done, Person, stderr_lines
from harness.provider.server import Provider
from harness.service import Answer, Service, guarded
from harness.setup import Settings
from harness.steps import assert_worked
from harness.tls import Authority

# Google takes only JWTs, which these servers do not issue.
CHECKED = [
    "git",
    "docker",
    "podman",
    "cargo",
    "bazel",
    "pip",
    "terraform",
    "tofu",
    "vault",
    "bao",
    "pnpm",
    "mcp",
    "curl",
]


@pytest.fixture
def settings(person: Person, provider: Provider) -> Settings:
    """A person who has installed keyfob in their own directory and configured the service."""
    person.configure_keyfob(SERVICE, provider.issuer)
    (person.home / ".gitconfig").unlink()
    settings = Settings(person)
    person.session.env["PATH"] = os.pathsep.join(
        [f"{settings.home}/.local/lib/keyfob/keyring", person.session.env["PATH"]]
    )
    return settings


def rungs(done: Done) -> list[tuple[str, str]]:
    """Status and message of each check."""
    lines = [line for line in done.stdout.decode().splitlines() if not line.startswith(" ")]
    return [(line[:9].strip(), line[9:]) for line in lines]


def test_a_missing_setup_is_reported_with_the_command(settings: Settings) -> None:
    done = settings.setup("docker", SERVICE, "--check")
    assert done.returncode == 78
    assert ("failed", f"{settings.home}/.docker/config.json does not have the setting") in rungs(done)
    assert f"to set it up: keyfob setup docker {SERVICE} --apply" in done.stdout.decode()
    assert not (settings.home / ".docker").exists()


@pytest.mark.parametrize("name", CHECKED)
def test_the_check_follows_the_callers_whole_way(settings: Settings, name: str) -> None:
    for caller, file, line in LINES:
        if caller == name:
            settings.write(file, line.replace("BIN", str(settings.bin)) + "\n")
    assert_worked(settings.apply(name, SERVICE))
    before = settings.setup(name, SERVICE, "--check")
    assert (before.returncode, rungs(before)[-1][0]) == (77 if reports(name) else 1, "failed"), before.stdout
    assert f"run: keyfob login {SERVICE}" in before.stdout.decode()
    assert settings.person.browsers_opened() == 0

    assert_worked(settings.person.keyfob("login", SERVICE))
    token = settings.person.token(SERVICE)
    done = settings.setup(name, SERVICE, "--check")
    assert done.returncode == 0, done.stdout
    assert rungs(done)[-1][0] == "ok" and f"a credential for {SERVICE}" in rungs(done)[-1][1]
    assert token not in done.stdout.decode() + done.stderr.decode()
    assert settings.person.browsers_opened() == 1


def reports(name: str) -> bool:
    """Whether the caller's protocol passes keyfob's exit status on."""
    return name not in ("git", "docker", "podman", "cargo")


def test_without_a_url_the_check_requests_no_token(settings: Settings) -> None:
    assert_worked(settings.apply("git"))
    done = settings.setup("git", "--check")
    assert done.returncode == 0
    assert rungs(done)[-1] == ("skipped", "no URL was given to test with")


def test_another_program_of_that_name_is_not_started(settings: Settings) -> None:
    assert_worked(settings.apply("docker", SERVICE))
    other = settings.write("first/docker-credential-keyfob", '#!/bin/sh\necho \'{"Secret": "x"}\'\n', 0o755)
    path = os.pathsep.join([str(other.parent), settings.person.session.env["PATH"]])
    done = settings.setup("docker", SERVICE, "--check", PATH=path)
    assert (done.returncode, rungs(done)[-1]) == (78, ("failed", f"{other} is another program"))


# The real callers, with only the settings that keyfob wrote.


def test_git_clones(settings: Settings, provider: Provider, gate: Gate) -> None:
    person = settings.person
    person.configure_keyfob(gate.origin, provider.issuer)
    assert_worked(settings.apply("git", gate.url))
    assert_worked(person.git("clone", gate.url, "work"))
    assert person.browsers_opened() == 1


@pytest.mark.skipif(not (shutil.which("skopeo") and shutil.which("docker-registry")), reason="needs skopeo")
@pytest.mark.parametrize("caller", ["docker", "podman"])
def test_skopeo_copies(settings: Settings, containers: Registry, caller: str) -> None:  # noqa: F811
    (settings.home / ".docker" / "config.json").unlink()
    shutil.rmtree(settings.home / "callers")
    assert_worked(settings.apply(caller, containers.host))
    assert_worked(settings.person.keyfob("login", f"http://{containers.host}"))
    assert_worked(containers.push())
    assert_worked(containers.inspect())
    assert settings.person.browsers_opened() == 1


@needs_cargo
def test_cargo_fetches(settings: Settings, provider: Provider) -> None:
    person = settings.person
    pages: dict[str, bytes] = {}
    answers = guarded(admits(provider, "Bearer"), "Bearer", lambda asked: found(pages, asked))
    with Service(answers) as service:
        pages.update(registry(service.origin, crate()))
        sign_in(person, provider, service, "/index")
        assert CARGO is not None
        settings.write(".cargo/config.toml", "[net]\nretry = 0\n")
        assert_worked(settings.apply("cargo", f"{service.origin}/index"))
        # The project's own file names no credential provider.
        assert run_cargo(person, service, "--version").returncode == 0
        (person.home / "project" / ".cargo" / "config.toml").write_text(
            f'[registries.here]\nindex = "sparse+{service.origin}/index/"\n'
        )
        assert_worked(run_cargo(person, service, "fetch"))
        assert_worked(settings.setup("cargo", f"{service.origin}/index", "--check"))


def test_pip_downloads(settings: Settings, provider: Provider) -> None:
    person = settings.person
    with Service(guarded(admits(provider, "Basic"), 'Basic realm="index"', index)) as service:
        token = sign_in(person, provider, service, "/simple")
        shown = settings.setup("pip", f"{service.origin}/simple").stdout.decode()
        assert f"index-url = http://__token__@{service.host}/simple/" in shown
        assert_worked(settings.apply("pip", f"{service.origin}/simple"))
        done = person.session.run(
            *(sys.executable, "-m", "pip", "download", "--no-deps", "--no-cache-dir", "--no-input"),
            *("--disable-pip-version-check", "--index-url", f"http://__token__@{service.host}/simple/", "hello"),
        )
        assert_worked(done)
        assert (person.home / WHEEL).exists()
        assert {presented_token(asked.authorization)[1] for asked in service.answered(200)} == {token}


def test_uv_installs(settings: Settings, provider: Provider) -> None:
    person = settings.person
    with Service(guarded(admits(provider, "Basic"), 'Basic realm="index"', index)) as service:
        sign_in(person, provider, service, "/simple")
        assert_worked(settings.apply("uv", f"{service.origin}/simple"))
        done = person.session.run(
            *(Path(sys.executable).parent / "uv", "pip", "install", "--no-cache", "--no-deps"),
            *("--python", sys.executable, "--target", "site"),
            *("--default-index", f"http://__token__@{service.host}/simple/", "hello"),
        )
        assert_worked(done)
        assert (person.home / "site" / "hello.py").exists()


@pytest.mark.skipif(GO is None, reason="needs go 1.24")
def test_go_is_set_up_by_its_own_command(settings: Settings) -> None:
    assert GO is not None
    (settings.bin / "go").symlink_to(GO)
    file = settings.write(".config/go/env", "GOFLAGS=-modcacherw\n")
    # A value of the shell lasts only as long as the shell: it is not written.
    applied = settings.apply("go", SERVICE, GOAUTH="git /tmp")
    assert_worked(applied)
    assert any("GOAUTH is set in this shell" in line for line in stderr_lines(applied))
    told = settings.person.session.run(GO, "env", "GOAUTH").stdout.decode().strip()
    assert told == "netrc; keyfob goauth"
    assert "GOFLAGS=-modcacherw\n" in file.read_text()
    assert "run: go env -w 'GOAUTH=netrc; keyfob goauth'" in stderr_lines(applied)
    assert "hint: to undo it: go env -u GOAUTH" in stderr_lines(applied)
    assert any("set up already" in line for line in stderr_lines(settings.apply("go", SERVICE)))
    assert settings.setup("go", SERVICE, "--check").returncode == 77
    assert_worked(settings.person.keyfob("login", SERVICE))
    assert_worked(settings.setup("go", SERVICE, "--check"))
    file.write_text("GOAUTH=off\n")
    done = settings.apply("go", SERVICE)
    assert (done.returncode, file.read_text()) == (78, "GOAUTH=off\n")


@pytest.mark.skipif(kubectl_minor() < 26, reason="needs kubectl 1.26")
def test_kubectl_is_admitted(settings: Settings, provider: Provider, tmp_path: Path) -> None:
    person, authority = settings.person, Authority(tmp_path)
    page = guarded(admits(provider, "Bearer"), "Bearer", lambda _: Answer(body=b"ok"))
    with Service(page, authority.certify("127.0.0.1")) as service:
        sign_in(person, provider, service)
        authority_file = {"server": service.origin, "certificate-authority": str(authority.file)}
        configuration = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {"name": "other", "cluster": {"server": "https://x"}},
                {"name": "c", "cluster": authority_file},
            ],
            "users": [{"name": "u", "user": {}}, {"name": "o", "user": {"token": "t0psecret"}}],
            "contexts": [
                {"name": "y", "context": {"cluster": "other", "user": "o"}},
                {"name": "x", "context": {"cluster": "c", "user": "u"}},
            ],
            "current-context": "x",
        }
        file = settings.write(".kube/config", json.dumps(configuration), 0o600)
        done = settings.apply("kubectl", service.origin)
        assert_worked(done)
        assert "t0psecret" not in done.stderr.decode()
        assert "t0psecret" in file.read_text()
        cluster = Cluster(person, authority, service)
        assert cluster.get().stdout == b"ok"
        checked = settings.setup("kubectl", service.origin, "--check")
        assert checked.returncode == 0, checked.stdout
        assert any("set up already" in line for line in stderr_lines(settings.apply("kubectl", service.origin)))
        # Other users of the configuration keep their way to sign in.
        refused = settings.apply("kubectl", "https://x")
        assert refused.returncode == 78
        assert "user o is set already" in "\n".join(stderr_lines(refused))


@pytest.mark.skipif(shutil.which("terraform") is None, reason="needs terraform, which Debian does not have")
def test_terraform_reads_the_written_settings(settings: Settings) -> None:
    settings.write(".terraformrc", "disable_checkpoint = true")
    assert_worked(settings.apply("terraform", SERVICE))
    settings.write(".terraformrc", 'disable_checkpoint = true\ncredentials_helper "keyfob" {}\n')
    done = settings.person.session.run("terraform", "version")
    assert_worked(done)
    assert b"problem" not in done.stdout + done.stderr
