"""A scripted server that does odd things: keyfob ends in no dead end, and each hint works as it stands there."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import Any

import pytest

from harness.person import Person
from harness.scripted import Answer, ScriptedServer
from harness.steps import assert_refused, assert_worked

SEVEN = bytes([7])


@pytest.mark.parametrize(
    "answer",
    [
        {"client_id": "c", "token_endpoint_auth_method": "client_secret_jwt", "client_secret": "s"},
        {"client_id": "c", "redirect_uris": ["https://other.example/callback"]},
        {"client_secret": "s"},
    ],
)
def test_an_unusable_registration_is_made_once_and_the_hint_works(
    owner: Person, scripted: ScriptedServer, answer: dict[str, Any]
) -> None:
    scripted.answers["/register"] = lambda _: (201, answer)
    for _ in range(3):
        done = owner.keyfob("login", scripted.origin)
        assert_refused(done, 78)
        said = done.stderr.decode()
        hint = f"redirect URI http://127.0.0.1/callback, then run: keyfob login --client-id ID {scripted.origin}\n"
        assert hint in said, said
        assert f"keyfob login --register {scripted.origin}\n" in said
    assert scripted.count("/register") == 1
    assert_worked(owner.keyfob("login", "--client-id", "mine", scripted.origin))


def test_invalid_client_at_a_refresh_keeps_the_refresh_token(owner: Person, scripted: ScriptedServer) -> None:
    assert_worked(owner.keyfob("login", scripted.origin))
    assert_worked(owner.ask_door("erase", scripted.origin, "username=oauth2", "password=at"))
    scripted.answers["/token"] = lambda _: (401, {"error": "invalid_client"})
    for _ in range(2):
        done = owner.keyfob("token", scripted.origin, "--interaction", "never")
        assert_refused(done, 77)
        assert "a sign-in registers keyfob again" in done.stderr.decode()
    del scripted.answers["/token"]
    assert_worked(owner.keyfob("token", scripted.origin, "--interaction", "never"))
    assert (scripted.registered, owner.browsers_opened()) == (1, 1)


def test_a_client_that_is_refused_at_a_refresh_is_replaced_by_a_sign_in(
    owner: Person, scripted: ScriptedServer
) -> None:
    assert_worked(owner.keyfob("login", scripted.origin))
    scripted.answers["/token"] = lambda form: (
        (401, {"error": "invalid_client"}) if form.get("client_id") == "c-1" else None
    )
    assert_worked(owner.ask_door("erase", scripted.origin, "username=oauth2", "password=at"))
    assert_worked(owner.keyfob("login", scripted.origin))
    assert scripted.registered == 2


@pytest.mark.parametrize("refusal", [(401, "invalid_client"), (400, "invalid_request")])
def test_an_optional_endpoint_for_pushed_requests_that_refuses_is_left_out(
    owner: Person, scripted: ScriptedServer, refusal: tuple[int, str]
) -> None:
    scripted.metadata["pushed_authorization_request_endpoint"] = f"{scripted.origin}/par"
    scripted.answers["/par"] = lambda _: (refusal[0], {"error": refusal[1]})
    for _ in range(2):
        assert_worked(owner.keyfob("login", "--force", scripted.origin))
    assert scripted.count("/par") == 2
    assert (scripted.registered, owner.browsers_opened()) == (1, 2)


def test_a_revocation_that_is_answered_with_an_error_is_not_confirmed(
    owner: Person, scripted: ScriptedServer
) -> None:
    assert_worked(owner.keyfob("login", scripted.origin))
    scripted.answers["/revoke"] = lambda _: (200, {"error": "unsupported_token_type"})
    done = owner.keyfob("logout", scripted.origin)
    assert "the revocation is not confirmed" in (done.stdout + done.stderr).decode()


TOKENS = {"access_token": "at-2", "token_type": "Bearer", "expires_in": 1, "refresh_token": "rt-2"}
TEXT = json.dumps(TOKENS).encode()
GZIP = gzip.compress(TEXT, mtime=0)


def raw_deflate(text: bytes) -> bytes:
    """`text` without the header of zlib."""
    return zlib.compress(text, wbits=-15)


def sign_in_and_expire(owner: Person, scripted: ScriptedServer) -> None:
    """Signs in, and makes the next request for a token a refresh."""
    assert_worked(owner.keyfob("login", scripted.origin))
    assert_worked(owner.ask_door("erase", scripted.origin, "username=oauth2", "password=at"))


def sent_refresh_tokens(scripted: ScriptedServer) -> list[str]:
    """The refresh tokens that the server has received."""
    return [form["refresh_token"] for _, path, form in scripted.requests if path == "/token" and "refresh_token" in form]


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", GZIP[:-8] + SEVEN * 8),
        ("gzip", GZIP[:-8]),
        ("gzip", GZIP + SEVEN * 3),
        ("gzip", gzip.compress(TEXT[:50], mtime=0) + gzip.compress(TEXT[50:], mtime=0)),
        ("gzip", TEXT),
        ("X-GZIP", GZIP),
        ("gzip, identity", GZIP),
        ("deflate", raw_deflate(TEXT)),
        ("deflate", zlib.compress(TEXT)[:-4]),
        ("deflate", TEXT),
        ("identity", b'{"level":"info","msg":"refreshed"}\n' + TEXT),
        ("identity", TEXT + TEXT),
        ("identity", TEXT.replace(b"-2", b"-2\\n")),
    ],
)
def test_an_odd_form_of_an_answer_costs_no_token(
    owner: Person, scripted: ScriptedServer, coding: str, body: bytes
) -> None:
    sign_in_and_expire(owner, scripted)
    scripted.coding = coding
    scripted.answers["/token"] = lambda _: (200, body)
    done = owner.keyfob("token", scripted.origin, "--interaction", "never")
    assert_worked(done)
    assert done.stdout.decode().strip() == "at-2"
    assert_worked(owner.ask_door("erase", scripted.origin, "username=oauth2", "password=at-2"))
    assert_worked(owner.keyfob("token", scripted.origin, "--interaction", "never"))
    assert sent_refresh_tokens(scripted) == ["rt", "rt-2"]


def test_a_new_refresh_token_in_a_cut_off_answer_is_kept_or_used(owner: Person, scripted: ScriptedServer) -> None:
    text = json.dumps({"refresh_token": "rt-2", "token_type": "Bearer", "access_token": "at-2", "more": "x" * 99})
    # All but the last bytes of the access token.
    cut = text[: text.index("at-2") + 2].encode()
    whole = zlib.compressobj(wbits=31)
    broken = whole.compress(cut) + whole.flush(zlib.Z_SYNC_FLUSH)

    def answer(form: dict[str, str]) -> Answer | None:
        return (200, broken) if form.get("refresh_token") != "rt-2" else None

    scripted.answers["/token"] = answer
    # The answer to the code.
    assert_worked(owner.keyfob("login", scripted.origin))
    assert sent_refresh_tokens(scripted) == ["rt-2"]
    # The answer to a refresh.
    assert_worked(owner.ask_door("erase", scripted.origin, "username=oauth2", "password=at"))
    assert_refused(owner.keyfob("token", scripted.origin, "--interaction", "never"), 75)
    assert_worked(owner.keyfob("token", scripted.origin, "--interaction", "never"))
    assert sent_refresh_tokens(scripted) == ["rt-2", "rt", "rt-2"]


@pytest.mark.parametrize("kind", ["mac", "N_A"])
def test_a_token_type_that_is_not_usable_costs_no_refresh_token(
    owner: Person, scripted: ScriptedServer, kind: str
) -> None:
    sign_in_and_expire(owner, scripted)
    scripted.answers["/token"] = lambda _: (200, {**TOKENS, "token_type": kind})
    done = owner.keyfob("token", scripted.origin, "--interaction", "never")
    assert_refused(done, 77)
    assert f"the server issued a token of type {kind}; keyfob supports only Bearer" in done.stderr.decode()
    scripted.answers["/token"] = lambda _: (200, {**TOKENS, "token_type": ""})
    assert_worked(owner.keyfob("token", scripted.origin, "--interaction", "never"))
    assert sent_refresh_tokens(scripted) == ["rt", "rt-2"]


def test_a_token_type_that_is_not_usable_is_changed_by_another_client(owner: Person, scripted: ScriptedServer) -> None:
    scripted.answers["/token"] = lambda form: (
        (200, {**TOKENS, "token_type": "N_A"}) if form.get("client_id") != "mine" else None
    )
    done = owner.keyfob("login", scripted.origin)
    assert_refused(done, 77)
    assert f"keyfob login --client-id ID {scripted.origin}\n" in done.stderr.decode()
    assert_worked(owner.keyfob("login", "--client-id", "mine", scripted.origin))


def test_a_server_without_s256_gets_no_registration(owner: Person, scripted: ScriptedServer) -> None:
    scripted.metadata["code_challenge_methods_supported"] = ["plain"]
    done = owner.keyfob("login", scripted.origin)
    assert_refused(done, 78)
    assert f'set pkce = "assumed" for [host."{scripted.origin}"]' in done.stderr.decode()
    assert (scripted.registered, owner.browsers_opened()) == (0, 0)
    owner.configure_keyfob(scripted.origin, scripted.origin, client_id=None, scopes=[], pkce="assumed")
    assert_worked(owner.keyfob("login", scripted.origin))


def test_a_server_without_a_device_flow_gets_no_registration(owner: Person, scripted: ScriptedServer) -> None:
    assert_refused(owner.keyfob("login", "--flow", "device", scripted.origin), 78)
    assert scripted.registered == 0


@pytest.mark.parametrize("endpoint", ["/authorize", "authorize", "{origin}/#/authorize"])
def test_an_endpoint_that_is_not_complete_can_be_configured(
    owner: Person, scripted: ScriptedServer, endpoint: str
) -> None:
    scripted.metadata["authorization_endpoint"] = endpoint.format(origin=scripted.origin)
    done = owner.keyfob("login", scripted.origin)
    assert_refused(done, 78)
    said = done.stderr.decode()
    assert "the server's authorization_endpoint is not a complete https URL" in said
    assert 'authorization_endpoint = "https://..." and token_endpoint = "https://..." with their addresses' in said
    assert f"http://127.0.0.1/callback, and run: keyfob login --client-id ID {scripted.origin}\n" in said
    assert scripted.registered == 0
    ends = {"authorization_endpoint": f"{scripted.origin}/authorize", "token_endpoint": f"{scripted.origin}/token"}
    owner.configure_keyfob(scripted.origin, scripted.origin, client_id=None, scopes=[], **ends)
    assert_worked(owner.keyfob("login", "--client-id", "mine", scripted.origin))


@pytest.mark.parametrize("method", [None, "none"])
def test_a_server_that_misses_the_secret_which_it_issued_gets_it(
    owner: Person, scripted: ScriptedServer, method: str | None
) -> None:
    made = {"client_id": "c", "client_secret": "s3cret", "token_endpoint_auth_method": method}
    scripted.answers["/register"] = lambda _: (201, {name: value for name, value in made.items() if value})

    def token(form: dict[str, str]) -> Answer | None:
        if "client_secret" in form or "Authorization" in form:
            return None
        return 400, {"error": "invalid_request", "error_description": "client_secret is missing."}

    scripted.answers["/token"] = token
    assert_worked(owner.keyfob("login", scripted.origin))
    assert scripted.count("/register") == 1


def test_an_issuer_with_a_query_leads_to_the_endpoints(owner: Person, scripted: ScriptedServer) -> None:
    # RFC 8414 section 2 forbids a query, so no configuration can name this issuer.
    resource = {"resource": scripted.origin, "authorization_servers": [f"{scripted.origin}/?tenant=1"]}
    scripted.answers["/.well-known/oauth-protected-resource"] = lambda _: (200, resource)
    owner.configuration.unlink()
    done = owner.keyfob("login", scripted.origin)
    assert_refused(done, 78)
    said = done.stderr.decode()
    assert 'authorization_endpoint = "https://..." and token_endpoint = "https://..." with their addresses' in said
    assert f"http://127.0.0.1/callback, and run: keyfob login --client-id ID {scripted.origin}\n" in said
    ends = {"authorization_endpoint": f"{scripted.origin}/authorize", "token_endpoint": f"{scripted.origin}/token"}
    owner.configure_keyfob(scripted.origin, scripted.origin, client_id=None, scopes=[], **ends)
    assert_worked(owner.keyfob("login", "--client-id", "mine", scripted.origin))


def test_metadata_whose_issuer_has_a_query_lead_to_the_endpoints(owner: Person, scripted: ScriptedServer) -> None:
    scripted.metadata["issuer"] = f"{scripted.origin}/?tenant=1"
    done = owner.keyfob("login", scripted.origin)
    assert_refused(done, 78)
    said = done.stderr.decode()
    assert 'authorization_endpoint = "https://..." and token_endpoint = "https://..." with their addresses' in said
    assert 'issuer = "http' not in said


def test_an_endpoint_with_a_fragment_is_used_without_it(owner: Person, scripted: ScriptedServer) -> None:
    scripted.metadata["authorization_endpoint"] = f"{scripted.origin}/authorize#top"
    done = owner.keyfob("login", "-v", scripted.origin)
    assert_worked(done)
    assert "ignored the fragment of the authorization_endpoint of " in done.stderr.decode()


def test_a_response_whose_issuer_differs_by_a_slash_is_refused_and_the_hint_works(
    owner: Person, scripted: ScriptedServer
) -> None:
    scripted.response["iss"] = scripted.origin + "/"
    done = owner.keyfob("login", scripted.origin)
    assert_refused(done, 77)
    said = done.stderr.decode()
    assert f'set issuer = "{scripted.origin}/" for [host."{scripted.origin}"]' in said
    assert f"then run: keyfob login {scripted.origin}\n" in said
    assert scripted.count("/token") == 0
    owner.configure_keyfob(scripted.origin, scripted.origin + "/", client_id=None, scopes=[])
    assert_worked(owner.keyfob("login", scripted.origin))
    assert scripted.registered == 1
