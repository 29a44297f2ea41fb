"""The names to which a sign-in answers, and what hints and `keyfob config` say of a service."""

from __future__ import annotations

import base64
import json
import time

from harness.person import Person
from harness.scripted import ScriptedServer
from harness.steps import assert_refused, assert_worked


def sign_in_as(scripted: ScriptedServer, **names: str) -> None:
    """From now on, an id_token names the user of each sign-in."""

    def token(form: dict[str, str]) -> tuple[int, dict[str, object]]:
        asked = [asked for _, path, asked in scripted.requests if path == "/authorize"][-1]
        now = int(time.time())
        claims = {"iss": scripted.origin, "aud": asked["client_id"], "sub": "1", "iat": now, "exp": now + 60, **names}
        claims["nonce"] = asked.get("nonce", "")
        parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in ({"alg": "none"}, claims)]
        answer = {"access_token": "at", "token_type": "Bearer", "expires_in": 3600, "refresh_token": "rt"}
        return 200, {**answer, "id_token": ".".join([*parts, ""])}

    scripted.answers["/token"] = token


def test_token_and_logout_know_the_same_names(person: Person, scripted: ScriptedServer) -> None:
    person.configuration.parent.mkdir(parents=True, exist_ok=True)
    person.configuration.write_text(f'[host."{scripted.origin}"]\nissuer = "{scripted.origin}"\nclient_id = "mine"\n')
    sign_in_as(scripted, preferred_username="alice", email="alice@corp.test")
    for name in ("ALICE", "Alice@corp.test"):
        assert_worked(person.keyfob("login", scripted.origin))
        assert_worked(person.keyfob("token", "--account", name, scripted.origin))
        assert_worked(person.keyfob("logout", "--account", name, scripted.origin))
        assert_refused(person.keyfob("token", "--interaction", "never", scripted.origin), 77)


def test_the_redirect_uri_of_the_users_own_client_is_shown(person: Person, scripted: ScriptedServer) -> None:
    person.configuration.parent.mkdir(parents=True, exist_ok=True)
    person.configuration.write_text(f'[host."{scripted.origin}"]\nissuer = "{scripted.origin}"\nclient_id = "mine"\n')
    done = person.keyfob("config", scripted.origin)
    assert_worked(done)
    assert b"redirect uri: http://127.0.0.1/callback  (default)\n" in done.stdout


def test_several_scopes_in_one_option_are_several_scopes(person: Person, scripted: ScriptedServer) -> None:
    person.configuration.parent.mkdir(parents=True, exist_ok=True)
    person.configuration.write_text(f'[host."{scripted.origin}"]\nissuer = "{scripted.origin}"\nclient_id = "mine"\n')
    answer = {"access_token": "at", "token_type": "Bearer", "scope": "repo gist", "refresh_token": "r"}
    scripted.answers["/token"] = lambda _: (200, answer)
    done = person.keyfob("login", "--scope", "repo gist", scripted.origin)
    assert_worked(done)
    assert b"not" not in done.stderr
    assert_worked(person.keyfob("token", "--scope", "gist repo", scripted.origin))
    assert_worked(person.keyfob("token", "--scope", "gist", "--scope", "repo  gist", scripted.origin))


def test_a_list_of_approvals_that_is_lost_is_named(person: Person, scripted: ScriptedServer) -> None:
    person.approvals.parent.mkdir(parents=True, exist_ok=True)
    person.approvals.write_bytes(bytes(100))
    done = person.keyfob("token", "--interaction", "never", scripted.origin)
    assert_refused(done, 78)
    assert str(person.approvals) in done.stderr.decode()
