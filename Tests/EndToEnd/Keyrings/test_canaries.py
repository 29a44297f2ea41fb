"""Secrets must not be visible to others. A server gives and gets known secrets in every flow of keyfob. The test
collects everything that others could observe, and then searches it for each secret: whole, in pieces, and encoded."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from harness import binaries, counts, evidence, kernel
from harness.credential import decode
from harness.dialogue import Dialogue
from harness.evidence import Evidence
from harness.marked import DEFAULT_SECONDS, MarkedServer
from harness.person import Person, description
from harness.plain import PlainKeyring
from harness.searching import assert_nothing_leaked
from harness.session import PrivateSession
from harness.steps import assert_worked
from harness.waiting import wait_until

PASTE_HINT = "in any browser, go to: "
IN_A_LOGIN = {"client_secret", "registration_access_token", "code", "code_verifier", "state", "access_token"}


def sign_in(watched: Evidence, marked: MarkedServer, *more: str) -> None:
    """Signs in with only the URL."""
    assert_worked(watched.run(binaries.keyfob(), "login", marked.url, *more))


def test_the_search_finds_a_planted_secret(watched: Evidence, marked: MarkedServer) -> None:
    token = marked.marks.make("access_token")
    encoded = {"as it is": token, "cut": token[:20], "hexadecimal": token.encode().hex()}
    shells = ['printf %s "$0" | base64', 'printf %s "user:$0" | base64', 'printf %s "me:$0" | base64']
    for place, text in encoded.items():
        watched.add(place, b"before " + text.encode() + b" after")
    for shell in shells:
        watched.run("/bin/sh", "-c", shell, token)
        watched.add(shell, watched.places.pop("standard output"))
    traced = {"arguments"} if evidence.may_look_into_others() else set()
    assert {place for place, _ in watched.leaks(marked.marks)} == {*encoded, *shells, *traced}


def test_a_login_in_the_browser(watched: Evidence, marked: MarkedServer) -> None:
    with watched.listening_on_the_bus():
        sign_in(watched, marked)
        watched.run(binaries.keyfob(), "token", marked.url, answers=True)
    assert watched.places["messages on the bus"].count(b"OpenSession") >= 1
    assert b"/token 200, " in watched.places["standard error"], "keyfob is talkative, too"
    assert_nothing_leaked("login in the browser", watched, marked.marks, needs=IN_A_LOGIN | {"refresh_token"})


def test_a_login_that_waits(person: Person, watched: Evidence, marked: MarkedServer) -> None:
    opened = person.home / "opened"
    os.mkfifo(opened)
    (person.home / "browser").write_text(f'#!/bin/sh\necho "$1" >"{opened}"\n')
    login = watched.start(binaries.keyfob(), "login", marked.url)
    start_address = opened.read_text().strip()
    watched.look_at_processes()
    watched.look_around()
    person.browse_elsewhere(start_address)
    assert watched.ended(login) == 0
    assert_nothing_leaked("login that waits", watched, marked.marks, needs=IN_A_LOGIN)


def test_a_login_by_pasting(person: Person, watched: Evidence, marked: MarkedServer) -> None:
    command = watched.start(binaries.keyfob(), "login", marked.url, "--flow", "paste", stdin=subprocess.PIPE)
    login = Dialogue(command, None)
    pasted = person.browse_elsewhere(login.hint(PASTE_HINT), "--stop-at", "http://127.0.0.1")
    login.type(pasted.replace("state=", "state=x"))
    login.type(pasted)
    done = login.finish(b"")
    assert_worked(done)
    watched.showed(done.stdout, login.said + done.stderr)
    assert_nothing_leaked("login by pasting", watched, marked.marks, needs=IN_A_LOGIN)


def test_a_login_at_another_device(watched: Evidence, marked: MarkedServer) -> None:
    sign_in(watched, marked, "--flow", "device")
    assert_nothing_leaked("login at another device", watched, marked.marks, needs={"device_code", "access_token"})


def test_a_client_secret_that_a_person_gives(watched: Evidence, marked: MarkedServer) -> None:
    secret = marked.marks.make("client_secret")
    own = ["--client-id", "mine", "--client-secret"]
    assert_worked(watched.run(binaries.keyfob(), "login", marked.url, *own, stdin=f"{secret}\n".encode()))
    assert any(form.get("client_secret") == secret for form in marked.asked)
    for more in (["config", marked.url], ["config", marked.url, "--json"], ["status"], ["status", "--json"]):
        watched.run(binaries.keyfob(), *more)
    assert_nothing_leaked(
        "client secret of a person", watched, marked.marks, needs=IN_A_LOGIN - {"registration_access_token"}
    )


@pytest.mark.parametrize(
    "door", [["keyfob", "get"], ["git-credential-keyfob", "get"], ["keyfob", "token"]], ids=" ".join
)
def test_a_refresh(watched: Evidence, marked: MarkedServer, door: list[str]) -> None:
    marked.seconds = 1
    sign_in(watched, marked)
    program, operation = binaries.bin_directory() / door[0], door[1]
    question = [marked.url] if operation == "token" else []
    for refreshes in (1, 2):
        wait_until(marked.token_is_dead)
        done = watched.run(program, operation, *question, stdin=asked(marked), answers=True)
        assert_worked(done)
        watched.add("answers", b"".join(line for line in done.stdout.splitlines() if not is_answer(line, marked)))
        assert marked.refreshes() == refreshes
    assert_nothing_leaked(
        "refresh for " + " ".join(door), watched, marked.marks, needs={"refresh_token", "access_token"}
    )


def asked(marked: MarkedServer) -> bytes:
    """git's request to a helper about the service, with the path."""
    return description(marked.url) + b"path=mcp\n"


def is_answer(line: bytes, marked: MarkedServer) -> bool:
    """Whether the line is the requested answer: an access token alone, or after its key."""
    value = line.decode().rpartition("=")[2]
    return marked.marks.of.get(value) == "access_token"


def test_a_store_and_an_erase_of_git(watched: Evidence, marked: MarkedServer) -> None:
    sign_in(watched, marked)
    door = binaries.git_credential_keyfob()
    answer = watched.run(door, "get", stdin=asked(marked), answers=True).stdout
    told = asked(marked) + f"username=oauth2\npassword={decode(answer)['password']}\n".encode()
    for operation in ("store", "erase"):
        assert_worked(watched.run(door, operation, stdin=told))
    assert_worked(watched.run(door, "get", stdin=asked(marked), answers=True))
    assert marked.refreshes() == 1
    assert_nothing_leaked("store and erase of a token", watched, marked.marks, needs=IN_A_LOGIN)


def test_a_password_that_git_was_given(person: Person, watched: Evidence, marked: MarkedServer) -> None:
    password, refresh_token = marked.marks.make("password"), marked.marks.make("refresh_token")
    described = "protocol=https\nhost=git.example.com\nusername=alice\n"
    told = f"{described}password={password}\noauth_refresh_token={refresh_token}\n".encode()
    doors: list[list[str]] = [[str(binaries.git_credential_keyfob())], [str(binaries.keyfob())], ["git", "credential"]]
    words = {"git": ("approve", "fill", "reject")}
    with watched.listening_on_the_bus():
        for door in doors:
            store, get, erase = words.get(door[0], ("store", "get", "erase"))
            assert_worked(watched.run(*door, store, stdin=told))
            done = watched.run(*door, get, stdin=described.encode(), answers=True)
            assert decode(done.stdout)["password"] == password
            watched.look_around()
            assert_worked(watched.run(*door, erase, stdin=told))
    assert_nothing_leaked("password", watched, marked.marks, needs={"password", "refresh_token"})


def test_a_client_secret_in_the_configuration_of_git(person: Person, watched: Evidence, marked: MarkedServer) -> None:
    secret = marked.marks.make("client_secret")
    settings = {
        "oauthClientId": "mine",
        "oauthClientSecret": secret,
        "oauthAuthURL": f"{marked.origin}/authorize",
        "oauthTokenURL": f"{marked.origin}/token",
    }
    person.configure_git({f"credential.{marked.origin}.{name}": value for name, value in settings.items()})
    for more in (["config", marked.url], ["config", marked.url, "--json"], ["login", marked.url], ["status", "--json"]):
        assert_worked(watched.run(binaries.keyfob(), *more))
    assert any(form.get("client_secret") == secret for form in marked.asked)
    (person.home / ".gitconfig").unlink()
    assert_nothing_leaked(
        "client secret in git's settings", watched, marked.marks, needs={"client_secret", "access_token"}
    )


def test_a_logout(watched: Evidence, marked: MarkedServer) -> None:
    sign_in(watched, marked)
    watched.look_around()
    assert_worked(watched.run(binaries.keyfob(), "logout", marked.url))
    assert [form["token_type_hint"] for form in marked.asked if "token_type_hint" in form] != [], "what was revoked"
    assert [form["deleted"] for form in marked.asked if "deleted" in form] == ["/register/marked"]
    assert_nothing_leaked("logout", watched, marked.marks, needs=IN_A_LOGIN)


@pytest.mark.parametrize("endpoint", ["/par", "/token", "/device"])
def test_a_server_that_repeats_requests(watched: Evidence, marked: MarkedServer, endpoint: str) -> None:
    marked.repeats_what_it_is_sent = endpoint
    flow = ["--flow", "device"] if endpoint == "/device" else []
    done = watched.run(binaries.keyfob(), "login", marked.url, *flow)
    # The sign-in goes on without a pushed request, which this server does not require.
    assert (done.returncode == 0) == (endpoint == "/par")
    assert_nothing_leaked(f"repeated by {endpoint}", watched, marked.marks, needs={"client_secret"})


def test_a_server_that_repeats_the_refresh_token(watched: Evidence, marked: MarkedServer) -> None:
    marked.seconds = 1
    sign_in(watched, marked)
    watched.look_around()
    wait_until(marked.token_is_dead)
    for endpoint, command in (("/token", "token"), ("/revoke", "logout")):
        marked.repeats_what_it_is_sent = endpoint
        watched.run(binaries.keyfob(), command, marked.url, answers=command == "token")
    assert_nothing_leaked("repeated refresh token", watched, marked.marks, needs={"refresh_token"})


def test_a_locked_keyring(person: Person, watched: Evidence, marked: MarkedServer) -> None:
    sign_in(watched, marked)
    person.session.lock_keyring()
    watched.run(binaries.keyfob(), "status", "--json")
    watched.run(binaries.keyfob(), "login", marked.url, "--force")
    assert watched.places.get("the keyring's file") is None
    assert_nothing_leaked("locked keyring", watched, marked.marks, needs=IN_A_LOGIN)


def test_the_kernel_keeps_only_access_tokens(watched: Evidence, marked: MarkedServer) -> None:
    if not kernel.is_available():
        pytest.skip("the kernel keeps no keys here")
    marked.seconds = 1
    sign_in(watched, marked)
    wait_until(marked.token_is_dead)
    marked.seconds = DEFAULT_SECONDS
    watched.run(binaries.keyfob(), "token", marked.url, answers=True)
    assert marked.refreshes() == 1
    kept = b"\n".join(kernel.payloads())
    found = {kind for secret, kind in marked.marks.of.items() for trace in evidence.traces(secret) if trace in kept}
    counts.add("secrets", "kernel keys", passed=int(found == {"access_token"}))
    assert found == {"access_token"}


def test_child_processes_get_no_variables_of_keyfob(person: Person, watched: Evidence, marked: MarkedServer) -> None:
    shown = person.home / "environment"
    script = person.home / "browser"
    script.write_text(script.read_text().replace("\nexec", f'\nenv >"{shown}"\nexec'))
    assert {"GIT_TRACE", "KEYFOB_DEBUG"} <= evidence.TALKATIVE.keys(), "what keyfob itself gets"
    sign_in(watched, marked)
    names = {line.partition("=")[0] for line in Path(shown).read_text().splitlines()}
    assert {name for name in names if name.startswith(("GIT_", "KEYFOB_"))} == set()
    assert "HOME" in names


def test_a_provider_without_encryption_shows_secrets_only_to_the_bus(marked: MarkedServer) -> None:
    with PrivateSession(path=[binaries.bin_directory()]) as front, PrivateSession() as back:
        back.start_keyring()
        watched = Evidence(Person(front))
        with PlainKeyring(front, back) as keyring, watched.listening_on_the_bus():
            sign_in(watched, marked)
            watched.run(binaries.keyfob(), "status", "--json")
            assert "plain" in keyring.sessions and keyring.sessions[0] != "plain", "encryption is asked for first"
            watched.look_around()
            kernel.forget(kernel.of_accounts(front.accounts()))
    leaks = watched.leaks(marked.marks)
    assert ("messages on the bus", "refresh_token") in leaks
    assert {place for place, _ in leaks} == {"messages on the bus"}
