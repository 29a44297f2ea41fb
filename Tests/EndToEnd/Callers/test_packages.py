"""The real pip, uv and Cargo with an index and a registry that require a token."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from harness.callers import admits, link, sign_in
from harness.gate import presented_token
from harness.person import Done, Person, stderr_lines
from harness.provider.server import Provider
from harness.service import Answer, Asked, Service, guarded
from harness.steps import assert_worked, refreshes

WHEEL = "hello-1.0-py3-none-any.whl"


def wheel() -> bytes:
    """An empty package."""
    files = {
        "hello.py": "",
        "hello-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: hello\nVersion: 1.0\n",
        "hello-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "hello-1.0.dist-info/RECORD": "hello.py,,\nhello-1.0.dist-info/RECORD,,\n",
    }
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        for name, text in files.items():
            opened.writestr(name, text)
    return archive.getvalue()


def index(asked: Asked) -> Answer:
    """An index of one package (PEP 503)."""
    if asked.path.endswith(".whl"):
        return Answer(body=wheel())
    return Answer(body=f'<a href="/files/{WHEEL}">{WHEEL}</a>'.encode(), headers={"Content-Type": "text/html"})


def pip(person: Person, service: Service, user: str = "__token__") -> Done:
    """Downloads the package into the home directory, without a password."""
    return person.session.run(
        *(sys.executable, "-m", "pip", "download", "--isolated", "--no-deps", "--no-cache-dir", "--no-input"),
        *("--disable-pip-version-check", "--keyring-provider", "subprocess"),
        *("--index-url", f"http://{user}@{service.host}/simple/", "hello"),
    )


def test_pip_downloads_with_the_token_of_one_sign_in(person: Person, provider: Provider) -> None:
    link(person)
    with Service(guarded(admits(provider, "Basic"), 'Basic realm="index"', index)) as service:
        token = sign_in(person, provider, service, "/simple")
        done = pip(person, service)
        assert_worked(done)
        assert (person.home / WHEEL).exists()
        shown = {presented_token(asked.authorization) for asked in service.answered(200)}
        assert shown == {("__token__", token)}
        assert person.browsers_opened() == 1


def test_uv_installs_with_the_token_of_one_sign_in(person: Person, provider: Provider) -> None:
    link(person)
    with Service(guarded(admits(provider, "Basic"), 'Basic realm="index"', index)) as service:
        token = sign_in(person, provider, service, "/simple")
        done = person.session.run(
            *(Path(sys.executable).parent / "uv", "pip", "install", "--no-config", "--no-cache", "--no-deps"),
            *("--python", sys.executable, "--target", "site", "--keyring-provider", "subprocess"),
            *("--index-url", f"http://__token__@{service.host}/simple/", "hello"),
        )
        assert_worked(done)
        assert (person.home / "site" / "hello.py").exists()
        assert {presented_token(asked.authorization) for asked in service.answered(200)} == {("__token__", token)}
        assert person.browsers_opened() == 1


def test_pip_is_answered_with_a_stored_password(person: Person) -> None:
    link(person)
    with Service(guarded(lambda shown: presented_token(shown) == ("alice", "s3cret"), "Basic", index)) as service:
        assert_worked(person.session.run("keyring", "set", service.origin, "alice", stdin=b"s3cret\n"))
        assert_worked(pip(person, service, "alice"))
        assert_worked(person.session.run("keyring", "del", service.origin, "alice"))
        gone = person.session.run("keyring", "get", service.origin, "alice")
        assert (gone.returncode, gone.stdout, gone.stderr) == (1, b"", b"")


def cargo() -> tuple[Path, dict[str, str]] | None:
    """A Cargo with credential providers, 1.74 or later, and what it needs in its environment."""
    found = shutil.which("cargo")
    if found is None:
        return None
    # rustup's programs find their toolchains below the home directory of the user who installed them.
    environment = {"RUSTUP_HOME": os.environ.get("RUSTUP_HOME") or str(Path.home() / ".rustup")}
    said = subprocess.run(
        [found, "--version"], capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )
    version = re.search(r"(\d+)\.(\d+)", said.stdout)
    return (Path(found), environment) if version and (int(version[1]), int(version[2])) >= (1, 74) else None


CARGO = cargo()
needs_cargo = pytest.mark.skipif(CARGO is None, reason="needs cargo 1.74, which is newer than Debian's")


def crate() -> bytes:
    """An empty crate."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as opened:
        for name, text in {
            "Cargo.toml": '[package]\nname = "hello"\nversion = "1.0.0"\nedition = "2021"\n',
            "src/lib.rs": "",
        }.items():
            entry = tarfile.TarInfo(f"hello-1.0.0/{name}")
            entry.size = len(text)
            opened.addfile(entry, io.BytesIO(text.encode()))
    return archive.getvalue()


def registry(origin: str, blob: bytes) -> dict[str, bytes]:
    """The pages of a sparse registry with one crate (doc.rust-lang.org/cargo/reference/registry-index.html)."""
    entry = {"name": "hello", "vers": "1.0.0", "deps": [], "features": {}, "yanked": False}
    return {
        "/index/config.json": json.dumps({"dl": f"{origin}/crates", "api": origin, "auth-required": True}).encode(),
        "/index/he/ll/hello": json.dumps({**entry, "cksum": hashlib.sha256(blob).hexdigest()}).encode(),
        "/crates/hello/1.0.0/download": blob,
    }


def run_cargo(person: Person, service: Service, *arguments: str, stdin: bytes = b"") -> Done:
    """Runs Cargo in a project that depends on the crate."""
    assert CARGO is not None
    program, environment = CARGO
    project = person.home / "project"
    if not project.exists():
        (project / "src").mkdir(parents=True)
        (project / "src" / "lib.rs").touch()
        (project / "Cargo.toml").write_text(
            '[package]\nname = "project"\nversion = "1.0.0"\nedition = "2021"\n'
            '[dependencies]\nhello = { version = "1.0.0", registry = "here" }\n'
        )
        (project / ".cargo").mkdir()
        (project / ".cargo" / "config.toml").write_text(
            f'[registries.here]\nindex = "sparse+{service.origin}/index/"\n'
            f'[registry]\nglobal-credential-providers = ["{person.home}/callers/cargo-credential-keyfob"]\n'
        )
    command = f'cd "{project}" && exec "$0" "$@"'
    path = os.pathsep.join([person.session.env["PATH"], str(program.parent)])
    return person.session.run("sh", "-c", command, program, *arguments, stdin=stdin, PATH=path, **environment)


@needs_cargo
def test_cargo_fetches_with_the_token_of_one_sign_in(person: Person, provider: Provider) -> None:
    link(person)
    pages: dict[str, bytes] = {}
    answers = guarded(admits(provider, "Bearer"), "Bearer", lambda asked: found(pages, asked))
    with Service(answers) as service:
        pages.update(registry(service.origin, crate()))
        token = sign_in(person, provider, service, "/index")
        assert_worked(run_cargo(person, service, "fetch"))
        assert {asked.authorization for asked in service.answered(200)} == {f"Bearer {token}"}
        assert len(service.answered(200)) == len(pages)
        assert person.browsers_opened() == 1


@needs_cargo
@pytest.mark.parametrize("remedy", ["login", "logout", "reject"])
def test_cargo_gets_another_token_after_a_refusal(person: Person, provider: Provider, remedy: str) -> None:
    link(person)
    pages: dict[str, bytes] = {}
    answers = guarded(admits(provider, "Bearer"), "Bearer", lambda asked: found(pages, asked))
    with Service(answers) as service:
        pages.update(registry(service.origin, crate()))
        token = sign_in(person, provider, service, "/index")
        provider.expire_access_tokens()
        # Cargo's protocol cannot tell that the registry refused the token, so each run gets the same one.
        for _ in range(2):
            done = run_cargo(person, service, "fetch")
            assert done.returncode != 0 and "You may need to log in" in done.stderr.decode(), stderr_lines(done)
        refused = [asked.authorization for asked in service.answered(401) if asked.authorization]
        assert set(refused) == {f"Bearer {token}"} and refreshes(provider) == 0
        if remedy == "reject":
            assert_worked(person.keyfob("token", service.origin + "/index", "--reject", stdin=token.encode()))
        else:
            assert_worked(run_cargo(person, service, remedy, "--registry", "here"))
        assert_worked(run_cargo(person, service, "fetch"))
        assert token not in {str(asked.authorization).removeprefix("Bearer ") for asked in service.answered(200)}
        assert (refreshes(provider), person.browsers_opened()) == (1, 1)


@needs_cargo
def test_cargo_login_stores_a_token_of_the_person_and_logout_deletes_it(person: Person) -> None:
    link(person)
    pages: dict[str, bytes] = {}
    answers = guarded(lambda shown: shown == "its-own-token", "Cargo", lambda asked: found(pages, asked))
    with Service(answers) as service:
        pages.update(registry(service.origin, crate()))
        assert run_cargo(person, service, "fetch").returncode != 0
        assert_worked(run_cargo(person, service, "login", "--registry", "here", stdin=b"its-own-token\n"))
        assert_worked(run_cargo(person, service, "fetch"))
        assert_worked(run_cargo(person, service, "logout", "--registry", "here"))
        shutil.rmtree(person.home / ".cargo")
        done = run_cargo(person, service, "fetch")
        assert done.returncode != 0 and "token" in "\n".join(stderr_lines(done))


@needs_cargo
def test_cargo_shows_the_remedy_before_a_sign_in(person: Person, provider: Provider) -> None:
    link(person)
    with Service(guarded(admits(provider, "Bearer"), "Bearer", lambda _: Answer(404))) as service:
        person.configure_keyfob(service.origin, provider.issuer)
        done = run_cargo(person, service, "fetch")
        assert done.returncode != 0
        assert f"run: keyfob login {service.origin}" in "\n".join(stderr_lines(done))
        assert person.browsers_opened() == 0


def found(pages: dict[str, bytes], asked: Asked) -> Answer:
    """The page, if it exists."""
    body = pages.get(asked.path)
    return Answer(404) if body is None else Answer(body=body)
