"""The real git clones, fetches and pushes with keyfob, after one sign-in."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from harness import kernel
from harness.gate import Gate
from harness.labels import labels
from harness.person import Done, Person, stderr_lines
from harness.provider.server import Provider
from harness.steps import assert_worked, let_the_token_expire, refreshes

SIDE_BY_SIDE = 8


def fetch_all(developer: Person, copies: list[Path]) -> list[Done]:
    """Fetches in every working copy at once."""
    running = [developer.session.start("git", "-C", str(copy), "fetch") for copy in copies]
    finished = [(process, process.communicate(timeout=60)) for process in running]
    return [subprocess.CompletedProcess(p.args, p.returncode, *outputs) for p, outputs in finished]


def test_clone_signs_in_once_and_the_next_clone_not_at_all(developer: Person, gate: Gate) -> None:
    assert_worked(developer.git("clone", gate.url, "first"))
    assert developer.browsers_opened() == 1
    assert (developer.home / "first" / "README").read_text() == "hello\n"
    assert_worked(developer.git("clone", gate.url, "second"))
    assert developer.browsers_opened() == 1


def test_a_store_of_the_access_token_is_ignored(developer: Person, gate: Gate) -> None:
    assert_worked(developer.keyfob("login", gate.url))
    token = developer.token(gate.url)
    before = labels(developer.session)
    done = developer.ask_door("store", gate.url, "username=oauth2", f"password={token}")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert before and labels(developer.session) == before


def test_push_works(developer: Person, gate: Gate) -> None:
    developer.configure_git({"user.name": "Somebody", "user.email": "somebody@example.com"})
    assert_worked(developer.git("clone", gate.url, "work"))
    assert_worked(developer.git("-C", "work", "commit", "--allow-empty", "-m", "More"))
    assert_worked(developer.git("-C", "work", "push"))
    pushed = developer.git(f"--git-dir={gate.repository}", "log", "-1", "--format=%s", "main")
    assert pushed.stdout == b"More\n"
    assert developer.browsers_opened() == 1


def test_fetch_after_expiry_refreshes_once_and_keeps_the_rotated_token(
    developer: Person, provider: Provider, gate: Gate
) -> None:
    copy = developer.working_copy(gate)
    let_the_token_expire(developer, provider, gate)
    assert_worked(developer.fetch(copy))
    assert_worked(developer.fetch(copy))
    assert refreshes(provider) == 1
    assert provider.live_refresh_tokens() == 1
    # The server has revoked the first refresh token, so only the rotated one can bring the next access token.
    provider.expire_access_tokens()
    assert developer.fetch(copy).returncode != 0
    assert_worked(developer.fetch(copy))
    assert [r.status for r in provider.token_requests("refresh_token")] == [200, 200]
    assert developer.browsers_opened() == 1


def test_after_a_401_git_erases_and_the_next_fetch_refreshes(developer: Person, provider: Provider, gate: Gate) -> None:
    copy = developer.working_copy(gate)
    assert_worked(developer.keyfob("login", gate.url))
    provider.expire_access_tokens()
    assert developer.fetch(copy).returncode != 0
    assert refreshes(provider) == 0
    assert_worked(developer.fetch(copy))
    assert refreshes(provider) == 1
    assert developer.browsers_opened() == 1


def test_a_late_erase_of_an_old_token_does_not_touch_the_new_one(
    developer: Person, provider: Provider, gate: Gate
) -> None:
    let_the_token_expire(developer, provider, gate)
    token = developer.token(gate.url)
    assert_worked(developer.ask_door("erase", gate.url, "username=x", "password=an-old-token"))
    assert developer.token(gate.url) == token
    assert refreshes(provider) == 1


def test_eight_fetches_at_once_make_one_refresh(developer: Person, provider: Provider, gate: Gate) -> None:
    copies = [developer.working_copy(gate, f"work-{number}") for number in range(SIDE_BY_SIDE)]
    let_the_token_expire(developer, provider, gate)
    for done in fetch_all(developer, copies):
        assert_worked(done)
    assert refreshes(provider) == 1
    assert developer.browsers_opened() == 1


def test_eight_fetches_at_once_open_one_browser(developer: Person, provider: Provider, gate: Gate) -> None:
    copies = [developer.working_copy(gate, f"work-{number}") for number in range(SIDE_BY_SIDE)]
    for done in fetch_all(developer, copies):
        assert_worked(done)
    assert developer.browsers_opened() == 1
    assert len(provider.token_requests("authorization_code")) == 1


def test_eight_refused_fetches_open_one_browser(developer: Person, gate: Gate) -> None:
    developer.set_browser("deny")
    copies = [developer.working_copy(gate, f"work-{number}") for number in range(SIDE_BY_SIDE)]
    assert all(done.returncode != 0 for done in fetch_all(developer, copies))
    assert developer.browsers_opened() == 1


def test_git_does_not_ask_for_a_user_name_after_a_refused_sign_in(developer: Person, gate: Gate) -> None:
    developer.set_browser("deny")
    done = developer.fetch(developer.working_copy(gate))
    lines = stderr_lines(done)
    assert done.returncode != 0
    assert [line for line in lines if "told us to quit" in line] != [], lines
    assert [line for line in lines if "could not read Username" in line] == [], lines


def test_git_asks_the_helper_behind_keyfob_after_a_refused_sign_in(developer: Person, gate: Gate) -> None:
    developer.set_browser("deny")
    other = "!printf 'username=u\\npassword=p\\n'; true"
    developer.session.run("git", "config", "--global", "--add", "credential.helper", other).check_returncode()
    done = developer.fetch(developer.working_copy(gate))
    assert [line for line in stderr_lines(done) if "told us to quit" in line] == []
    assert gate.knocks()[-1].username == "u"


@pytest.mark.skipif(not kernel.is_available(), reason="the kernel keeps no keys for this user")
def test_a_separate_session_keyring_changes_nothing(developer: Person, provider: Provider, gate: Gate) -> None:
    copy = developer.working_copy(gate)
    assert_worked(developer.keyfob("login", gate.url))
    asked = len(provider.requests.all())
    assert_worked(developer.session.run("keyctl", "session", "-", "git", "-C", str(copy), "fetch"))
    assert [r.path for r in provider.requests.all()[asked:] if r.path != "/o/introspect/"] == []
    assert developer.browsers_opened() == 1


@pytest.mark.skipif(not kernel.is_available(), reason="the kernel keeps no keys for this user")
def test_a_login_in_a_separate_session_keyring_works_for_other_sessions(
    developer: Person, provider: Provider, gate: Gate
) -> None:
    copy = developer.working_copy(gate)
    assert_worked(developer.session.run("keyctl", "session", "-", "git", "-C", str(copy), "fetch"))
    assert_worked(developer.fetch(copy))
    assert (developer.browsers_opened(), refreshes(provider)) == (1, 0)


def test_a_live_token_needs_neither_bus_nor_server(developer: Person, provider: Provider, gate: Gate) -> None:
    assert_worked(developer.keyfob("login", gate.url))
    expected = developer.ask_door("get", gate.url).stdout
    developer.session.stop_keyring()
    provider.stop()
    try:
        done = developer.ask_door("get", gate.url, DBUS_SESSION_BUS_ADDRESS="unix:path=/nonexistent")
    finally:
        provider.start_again()
    assert (done.returncode, done.stdout, done.stderr) == (0, expected, b"")
