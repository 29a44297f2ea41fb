"""Discovery and sign-in against django-oauth-toolkit."""

from __future__ import annotations

import os
import signal
from urllib.parse import urlsplit

import pytest

from harness import binaries
from harness.credential import decode
from harness.gate import Gate
from harness.person import Person, stderr_lines
from harness.provider.server import Provider
from harness.steps import assert_refused

OAUTH_METADATA = "/.well-known/oauth-authorization-server"
OPENID_METADATA = "/.well-known/openid-configuration"


def test_login_signs_in_with_one_browser(developer: Person, provider: Provider, gate: Gate) -> None:
    done = developer.keyfob("login", gate.url)
    assert done.returncode == 0, stderr_lines(done)
    assert developer.browsers_opened() == 1
    assert provider.is_active(developer.token(gate.url))


def test_the_authorization_request_follows_the_standards(
    developer: Person, provider: Provider, gate: Gate
) -> None:
    developer.keyfob("login", gate.url).check_returncode()
    request = next(r.form for r in provider.requests.all() if r.path == "/o/authorize/")
    redirect = urlsplit(request["redirect_uri"])
    assert request["code_challenge_method"] == "S256"
    assert request["scope"] == "read write"
    assert "state" in request and "code_challenge" in request
    assert (redirect.scheme, redirect.hostname, redirect.path) == ("http", "127.0.0.1", "/callback")
    exchange = provider.token_requests("authorization_code")
    assert [e.status for e in exchange] == [200]
    assert "code_verifier" in exchange[0].form and "client_secret" not in exchange[0].form


def test_a_server_that_speaks_only_openid_discovery_is_found(developer: Person, provider: Provider, gate: Gate) -> None:
    provider.requests.hidden.add(OAUTH_METADATA)
    done = developer.keyfob("login", gate.url)
    assert done.returncode == 0, stderr_lines(done)
    asked = [r.path for r in provider.requests.all() if "well-known" in r.path]
    assert asked[:2] == [OAUTH_METADATA, OPENID_METADATA]


def test_metadata_of_another_issuer_is_refused(developer: Person, provider: Provider, gate: Gate) -> None:
    developer.configure_keyfob(gate.origin, f"{provider.issuer}/tenant")
    provider.requests.hidden.add(f"{OAUTH_METADATA}/tenant")
    assert developer.keyfob("login", gate.url).returncode != 0
    assert developer.browsers_opened() == 0
    assert not [r for r in provider.requests.all() if r.path == OAUTH_METADATA], "the root is not this issuer's"


def test_endpoints_by_hand_need_no_metadata(person: Person, provider: Provider, gate: Gate) -> None:
    provider.requests.hidden.update([OAUTH_METADATA, OPENID_METADATA])
    person.configure_git(
        {
            f"credential.{gate.origin}.oauthClientId": "keyfob-tests",
            f"credential.{gate.origin}.oauthScopes": "read write",
            f"credential.{gate.origin}.oauthAuthURL": f"{provider.issuer}/o/authorize/",
            f"credential.{gate.origin}.oauthTokenURL": f"{provider.issuer}/o/token/",
            f"credential.{gate.origin}.oauthRedirectURL": "http://127.0.0.1/callback",
        }
    )
    done = person.git("clone", gate.url)
    assert done.returncode == 0, stderr_lines(done)
    assert person.browsers_opened() == 1


@pytest.mark.parametrize("mode", ["forge-first", "options-first", "idle", "twice"])
def test_the_listener_takes_only_the_one_genuine_callback(
    developer: Person, provider: Provider, gate: Gate, mode: str
) -> None:
    developer.set_browser(mode)
    done = developer.keyfob("login", gate.url)
    assert done.returncode == 0, stderr_lines(done)
    assert [r.status for r in provider.token_requests("authorization_code")] == [200]
    assert provider.is_active(developer.token(gate.url))


def test_a_forged_callback_is_answered_with_an_error(developer: Person, gate: Gate) -> None:
    developer.set_browser("forge-first")
    developer.keyfob("login", gate.url).check_returncode()
    pages = developer.pages()
    forged = [page.status for page in pages if urlsplit(page.url).path == "/callback"]
    assert len(forged) == 5
    assert all(400 <= status < 500 for status in forged)
    assert pages[-1].status == 200, "the last page says that the sign-in is done"


def test_a_refusal_makes_git_fail_and_leaves_no_data(developer: Person, provider: Provider, gate: Gate) -> None:
    developer.set_browser("deny")
    assert developer.git("clone", gate.url).returncode != 0
    assert developer.browsers_opened() == 1
    assert provider.live_refresh_tokens() == 0
    assert developer.ask_door("get", gate.url, KEYFOB_INTERACTION="never").returncode == 77


def test_an_interrupted_login_ends_at_once(developer: Person, gate: Gate) -> None:
    opened = developer.home / "opened"
    os.mkfifo(opened)
    script = developer.home / "browser"
    script.write_text(f'#!/bin/sh\necho "$1" >"{opened}"\n')
    login = developer.session.start(binaries.keyfob(), "login", gate.url)
    start_address = opened.read_text()
    assert start_address.startswith("http://127.0.0.1:")
    login.send_signal(signal.SIGINT)
    output, _ = login.communicate(timeout=5)
    assert (login.returncode != 0, output) == (True, b"")


def test_the_browser_gets_a_short_address_without_details(developer: Person, provider: Provider, gate: Gate) -> None:
    seen = developer.home / "seen"
    script = developer.home / "browser"
    script.write_text(script.read_text().replace("\nexec", f'\necho "$*" >"{seen}"\nexec'))
    developer.keyfob("login", gate.url).check_returncode()
    address = seen.read_text().strip()
    assert urlsplit(address).hostname == "127.0.0.1"
    assert len(address) < 100
    assert not any(word in address for word in (str(provider.port), "state", "challenge", "client_id"))


def test_a_caller_that_declines_gets_no_browser(developer: Person, gate: Gate) -> None:
    declined = ({"GIT_TERMINAL_PROMPT": "0"}, {"GCM_INTERACTIVE": "never"}, {"KEYFOB_INTERACTION": "never"})
    for settings in (*declined, {"BROWSER": ""}):
        done = developer.ask_door("get", gate.url, **settings)
        assert (done.returncode, done.stdout) == (77, b""), settings
    assert developer.git("clone", gate.url, GIT_TERMINAL_PROMPT="0").returncode != 0
    assert developer.git("-c", "credential.interactive=false", "clone", gate.url).returncode != 0
    assert developer.browsers_opened() == 0


def test_another_origin_gets_no_token(developer: Person, provider: Provider, gate: Gate) -> None:
    developer.keyfob("login", gate.url).check_returncode()
    for other in (provider.issuer, gate.origin.replace("127.0.0.1", "localhost"), "https://example.com"):
        done = developer.ask_door("get", other)
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b""), other
    assert developer.browsers_opened() == 1


def test_a_bearer_challenge_is_answered_with_a_bearer_token(developer: Person, gate: Gate) -> None:
    developer.keyfob("login", gate.url).check_returncode()
    offered = ("capability[]=authtype", "capability[]=state", "wwwauth[]=Bearer realm=git")
    answer = decode(developer.ask_door("get", gate.url, *offered).stdout)
    assert answer["authtype"] == "Bearer"
    assert answer["credential"] == developer.token(gate.url)
    assert answer["state"].startswith("keyfob:token=")
    assert "password" not in answer


def test_a_basic_challenge_is_answered_with_user_name_and_password(developer: Person, gate: Gate) -> None:
    developer.keyfob("login", gate.url).check_returncode()
    answer = decode(developer.ask_door("get", gate.url, "wwwauth[]=Basic realm=git").stdout)
    assert answer["username"]
    assert answer["password"] == developer.token(gate.url)
    assert int(answer["password_expiry_utc"]) > 0
    assert "authtype" not in answer
