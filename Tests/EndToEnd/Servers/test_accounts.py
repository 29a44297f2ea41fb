"""Several accounts at one host: keyfob gives each caller the token of the right account."""

from __future__ import annotations

import json

import pytest

from harness import binaries
from harness.gate import Gate
from harness.people import ALICE, BOB
from harness.person import Person, stderr_lines
from harness.provider.server import Provider
from harness.steps import assert_worked
from harness.terminal import Terminal


@pytest.fixture
def both(developer: Person, gate: Gate) -> Person:
    """A person who is signed in as Alice and as Bob."""
    for name in (ALICE, BOB):
        developer.set_browser(user=name)
        assert_worked(developer.keyfob("login", gate.url, "--account", name))
    return developer


def named(url: str, name: str) -> str:
    """The URL with that user name in it."""
    return url.replace("http://", f"http://{name}@")


def test_the_name_in_the_address_chooses_the_account(both: Person, provider: Provider, gate: Gate) -> None:
    assert {name: provider.owner(both.token(named(gate.url, name))) for name in (ALICE, BOB)} == {
        ALICE: ALICE,
        BOB: BOB,
    }
    assert both.browsers_opened() == 2


def test_the_server_gets_the_expected_account_as_login_hint(both: Person, provider: Provider) -> None:
    asked = [r.form for r in provider.requests.to("/o/authorize/") if r.method == "GET"]
    assert {form["login_hint"] for form in asked} == {ALICE, BOB}


def test_git_uses_the_account_that_the_remote_names(both: Person, provider: Provider, gate: Gate) -> None:
    for name in (BOB, ALICE):
        assert_worked(both.git("clone", named(gate.url, name), name))
    names = [knock.username for knock in gate.knocks() if knock.status == 200]
    assert set(names) == {ALICE, BOB}
    assert both.browsers_opened() == 2


def test_status_shows_both(both: Person, gate: Gate) -> None:
    done = both.keyfob("status")
    assert_worked(done)
    assert ALICE in done.stdout.decode() and BOB in done.stdout.decode()
    told = both.keyfob("status", "--json")
    assert_worked(told)
    assert ALICE in json.dumps(json.loads(told.stdout)) and BOB in told.stdout.decode()


def test_one_is_signed_out_and_the_other_stays(both: Person, provider: Provider, gate: Gate) -> None:
    token = both.token(named(gate.url, BOB))
    assert_worked(both.keyfob("logout", named(gate.url, ALICE)))
    assert provider.owner(token) == BOB
    assert provider.owner(both.token(named(gate.url, BOB))) == BOB
    assert both.keyfob("token", named(gate.url, ALICE), "--interaction", "never").returncode == 77
    assert provider.live_refresh_tokens() == 1


def test_a_refresh_of_one_leaves_the_other_alone(both: Person, provider: Provider, gate: Gate) -> None:
    first, other = both.token(named(gate.url, ALICE)), both.token(named(gate.url, BOB))
    assert_worked(both.ask_door("erase", gate.url, f"username={ALICE}", f"password={first}"))
    second = both.token(named(gate.url, ALICE))
    assert second != first and provider.owner(second) == ALICE
    assert both.token(named(gate.url, BOB)) == other
    assert len(provider.token_requests("refresh_token")) == 1


def test_an_account_without_a_sign_in_gets_no_token(both: Person, gate: Gate) -> None:
    done = both.keyfob("token", named(gate.url, "carol"), "--interaction", "never")
    assert (done.returncode, done.stdout) == (77, b"")
    assert "you are signed in as alice, bob, not as carol" in done.stderr.decode()


@pytest.mark.parametrize("interaction", ["never", "auto", "always"])
@pytest.mark.parametrize("by", ["option", "address"])
def test_a_name_that_a_caller_gives_makes_no_new_sign_in(both: Person, gate: Gate, by: str, interaction: str) -> None:
    url = gate.url if by == "option" else named(gate.url, "carol")
    option = ["--account", "carol"] if by == "option" else []
    done = both.keyfob("token", url, *option, "--interaction", interaction)
    assert (done.returncode, done.stdout) == (77, b"")
    lines = stderr_lines(done)
    assert "you are signed in as alice, bob, not as carol" in lines[0]
    assert lines[1] == f"hint: run: keyfob login --account carol {gate.origin}"
    assert both.browsers_opened() == 2


def test_who_the_user_is_is_said_only_if_the_server_said_it(developer: Person, gate: Gate) -> None:
    done = developer.keyfob("login", gate.url, "--account", ALICE)
    assert_worked(done)
    kept = f"signed in to {gate.origin} (kept under the name {ALICE}; the server did not say who you are), "
    assert stderr_lines(done)[-1].startswith(f"keyfob: {kept}")


def test_config_and_doctor_say_that_the_caller_must_choose(both: Person, gate: Gate) -> None:
    lines = both.keyfob("config", gate.url).stdout.decode().splitlines()
    assert "account: the one that the caller names, or else the only one  (default)" in lines
    checks = json.loads(both.keyfob("doctor", gate.url, "--json").stdout)
    grant = next(check for check in checks if check["rung"] == "grant")
    assert grant["status"] == "warning"
    assert grant["summary"] == f"you are signed in to {gate.origin} with several accounts: ..., ..."
    # The report may be published, so it has no names.
    assert grant["mend"][0].startswith("choose one with --account, or in the URL: ")
    right = json.loads(both.keyfob("doctor", named(gate.url, BOB), "--json").stdout)
    assert next(check for check in right if check["rung"] == "grant")["status"] == "ok"


def test_a_logout_of_several_asks_on_a_terminal(both: Person, provider: Provider, gate: Gate) -> None:
    logout = Terminal(both.session, binaries.keyfob(), "logout", gate.url)
    logout.read_until(rf"you are signed in to {gate.origin} as {ALICE}, {BOB}; log out of all\? \[y/N\] ")
    logout.type("n\n")
    assert logout.finish() == 77
    assert "choose one with --account" in logout.shown
    assert provider.live_refresh_tokens() == 2


def test_a_logout_of_several_without_a_terminal_names_them(both: Person, provider: Provider, gate: Gate) -> None:
    done = both.keyfob("logout", gate.url)
    assert_worked(done)
    said = sorted(line.partition(",")[0] for line in stderr_lines(done))
    assert said == [f"keyfob: logged out of {gate.origin} as {name}" for name in (ALICE, BOB)]
    assert provider.live_refresh_tokens() == 0


def test_a_path_may_have_a_separate_account(developer: Person, provider: Provider, gate: Gate) -> None:
    rules = [(gate.origin, ALICE), (f"{gate.origin}/project.git", BOB)]
    entry = developer.configuration.read_text().split("\n", 1)[1]
    developer.configuration.write_text(
        "\n".join(f'[host."{where}"]\n{entry}\naccount = "{who}"\n' for where, who in rules)
    )
    for where, who in rules:
        developer.set_browser(user=who)
        assert_worked(developer.keyfob("login", where))
    assert provider.owner(developer.token(gate.url)) == BOB
    assert provider.owner(developer.token(f"{gate.origin}/another.git")) == ALICE


@pytest.fixture
def alice(developer: Person, gate: Gate) -> Person:
    """A person who is signed in as Alice, without an account name."""
    assert_worked(developer.keyfob("login", gate.url))
    return developer


# Alice's own name, which this server does not tell, and what callers and documentation write for any user.
@pytest.mark.parametrize(
    "name", [ALICE, ALICE.upper(), "git", "token", "gitlab-ci-token", "x-access-token", "oauth2", "x-oauth-basic", "pat"]
)
def test_the_only_sign_in_answers_for_its_own_name_and_for_names_of_nobody(
    alice: Person, provider: Provider, gate: Gate, name: str
) -> None:
    url = named(gate.url, name)
    token = alice.token(url)
    assert provider.owner(token) == ALICE
    # What git is given under that name, it also refuses under that name.
    assert_worked(alice.ask_door("erase", gate.url, f"username={name}", f"password={token}"))
    assert alice.token(gate.url) != token
    assert alice.browsers_opened() == 1


def test_git_clones_with_the_name_of_the_only_sign_in(alice: Person, gate: Gate) -> None:
    assert_worked(alice.git("clone", named(gate.url, ALICE), "copy"))
    assert alice.browsers_opened() == 1
