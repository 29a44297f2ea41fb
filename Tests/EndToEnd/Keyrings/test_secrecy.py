"""Codes and tokens must not be in files, arguments, environments or output."""

from __future__ import annotations

from pathlib import Path

from harness import binaries
from harness.evidence import Evidence
from harness.gate import Gate
from harness.marked import Marks
from harness.person import Person
from harness.provider.server import Provider
from harness.searching import assert_nothing_leaked
from harness.steps import assert_refused, assert_worked, let_the_token_expire, refreshes
from harness.strict import StrictProvider


def files_of(developer: Person) -> list[Path]:
    """Every regular file of the session."""
    places = (developer.home, developer.session.runtime)
    return [path for place in places for path in place.rglob("*") if path.is_file()]


def test_no_secret_is_in_a_file(developer: Person, provider: Provider, gate: Gate) -> None:
    copy = developer.working_copy(gate)
    let_the_token_expire(developer, provider, gate)
    assert_worked(developer.fetch(copy))
    assert refreshes(provider) == 1
    secrets = {secret.encode() for secret in provider.requests.secrets}
    assert len(secrets) == 7, "a state, a verifier, a code, two access tokens, two refresh tokens"
    found = [path for path in files_of(developer) if any(secret in path.read_bytes() for secret in secrets)]
    assert found == []


def test_no_secret_is_in_arguments_or_environments(developer: Person, provider: Provider, gate: Gate) -> None:
    trace = developer.home / "trace"
    strace = ["strace", "-f", "-v", "-s", "100000", "-e", "trace=execve", "-o", str(trace)]
    assert_worked(developer.session.run(*strace, binaries.keyfob(), "login", gate.url))
    assert_worked(developer.session.run(*strace, "-A", "git", "clone", gate.url))
    seen = trace.read_text()
    assert seen.count("execve(") > 5
    assert provider.requests.secrets
    assert [secret for secret in provider.requests.secrets if secret in seen] == []


def test_no_secret_is_printed(developer: Person, provider: Provider, gate: Gate) -> None:
    done = [
        developer.keyfob("login", gate.url),
        developer.keyfob("status"),
        developer.keyfob("status", "--json"),
        developer.git("clone", gate.url, GIT_TRACE="1", GIT_TRACE_CURL="1", GIT_TRACE_REDACT="1"),
        developer.keyfob("logout", gate.url),
    ]
    said = b"".join(each.stdout + each.stderr for each in done).decode()
    assert provider.requests.secrets
    assert [secret for secret in provider.requests.secrets if secret in said] == []


def test_an_id_token_is_neither_stored_nor_printed(
    person: Person, watched: Evidence, strict: StrictProvider, strict_gate: Gate
) -> None:
    person.configure_keyfob(strict_gate.origin, strict.issuer, client_id=None, scopes=["openid", "profile"])
    for command in (["login", strict_gate.url], ["status"], ["status", "--json"], ["config", strict_gate.url]):
        assert_worked(watched.run(binaries.keyfob(), *command))
    marks = Marks(dict.fromkeys(strict.record.secrets, "secret"))
    assert any(secret.count(".") == 2 for secret in marks.of), "an id_token"
    assert_nothing_leaked("id_token", watched, marks, needs={"secret"})


def test_the_files_in_the_runtime_directory_are_private(developer: Person, gate: Gate) -> None:
    assert_worked(developer.keyfob("login", gate.url))
    ours = developer.session.runtime / "keyfob"
    assert ours.stat().st_mode & 0o777 == 0o700
    assert all(path.stat().st_mode & 0o077 == 0 for path in ours.iterdir())


def test_a_runtime_directory_that_is_a_symbolic_link_is_refused(developer: Person, gate: Gate) -> None:
    elsewhere = developer.home / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    (developer.session.runtime / "keyfob").symlink_to(elsewhere)
    done = developer.keyfob("login", gate.url)
    assert (done.returncode != 0, done.stdout) == (True, b"")
    assert developer.browsers_opened() == 0
    assert list(elsewhere.iterdir()) == []


def test_without_a_bus_nothing_is_written(developer: Person, gate: Gate) -> None:
    nowhere = developer.home / "runtime"
    nowhere.mkdir(mode=0o700)
    before = {path: path.read_bytes() for path in files_of(developer)}
    without = ["env", "--unset=DBUS_SESSION_BUS_ADDRESS", f"XDG_RUNTIME_DIR={nowhere}"]
    login = developer.session.run(*without, binaries.keyfob(), "login", gate.url)
    password = b"protocol=https\nhost=git.example.com\nusername=alice\npassword=wonderland\n"
    store = developer.session.run(*without, binaries.git_credential_keyfob(), "store", stdin=password)
    assert_refused(login, 69)
    assert "no session bus" in login.stderr.decode()
    assert store.returncode != 0
    assert developer.browsers_opened() == 0
    after = {path: path.read_bytes() for path in files_of(developer)}
    assert {path.parent.name for path in after.keys() - before.keys()} <= {"keyfob"}, "locks, which are empty"
    assert [path for path, content in after.items() if content != before.get(path, b"")] == []
