"""A server of the Model Context Protocol, made with the protocol's SDK. The user knows only its URL."""

from __future__ import annotations

import pytest

from harness import binaries
from harness.credential import decode
from harness.notes.server import NotesServer
from harness.people import ALICE
from harness.person import Person
from harness.ports import free_port
from harness.record import Answered
from harness.steps import assert_refused, assert_worked
from harness.terminal import Terminal
from harness.waiting import SHORT_LIFETIME_SECONDS, wait_until_expired

CODE, REFRESH = "authorization_code", "refresh_token"


def sign_in(person: Person, notes: NotesServer, *more: str) -> None:
    """Signs in with only the URL."""
    assert_worked(person.keyfob("login", notes.url, *more))


def authorizations(notes: NotesServer) -> list[Answered]:
    """The authorization requests so far."""
    return notes.record.to("/authorize")


def assert_signed_in_nowhere(person: Person, notes: NotesServer) -> None:
    """Asserts that there is no token, and no approval of the server."""
    assert person.keyfob("token", notes.url, "--interaction", "never").returncode != 0
    assert notes.store.refresh_tokens == {}
    assert notes.origin not in (person.approvals.read_text() if person.approvals.exists() else "")


def test_a_login_needs_only_an_address(person: Person, notes: NotesServer) -> None:
    assert notes.call(None)[0] == 401
    sign_in(person, notes)
    token = person.token(notes.url)
    status, answer = notes.call(token)
    assert (status, answer["result"]["serverInfo"]["name"]) == (200, "notes")
    assert notes.owner(token) == ALICE
    assert person.browsers_opened() == 1
    assert not person.configuration.exists()


def test_each_request_names_the_resource_and_the_registered_redirect(person: Person, notes: NotesServer) -> None:
    sign_in(person, notes)
    asked, exchange = authorizations(notes)[0].form, notes.record.to("/token", CODE)[0].form
    assert asked["resource"] == exchange["resource"] == notes.url
    (client,) = notes.store.clients.values()
    assert [str(uri) for uri in client.redirect_uris or []].count(asked["redirect_uri"]) == 1
    assert exchange["redirect_uri"] == asked["redirect_uri"]
    assert asked["scope"] == "notes:read", "what the metadata of the resource lists"
    assert asked["code_challenge_method"] == "S256"


def test_the_registration_describes_a_public_native_client(person: Person, notes: NotesServer) -> None:
    sign_in(person, notes)
    (client,) = notes.store.clients.values()
    assert client.application_type == "native"
    assert client.client_name == "keyfob"
    assert sorted(client.grant_types) == [CODE, REFRESH]
    assert client.response_types == ["code"]


def test_the_metadata_are_requested_at_the_standard_locations(person: Person, notes: NotesServer) -> None:
    sign_in(person, notes)
    asked = [r.path for r in notes.record.all() if "/.well-known/" in r.path]
    assert list(dict.fromkeys(asked)) == [
        "/.well-known/oauth-protected-resource/mcp",
        "/.well-known/oauth-authorization-server",
    ]


def test_two_logins_make_one_registration_and_use_one_port(person: Person, notes: NotesServer) -> None:
    sign_in(person, notes)
    sign_in(person, notes, "--force")
    assert len(notes.store.clients) == 1
    assert len({r.form["redirect_uri"] for r in authorizations(notes)}) == 1
    assert person.browsers_opened() == 2


def test_a_refresh_names_the_resource_and_keeps_the_rotated_token(person: Person, notes: NotesServer) -> None:
    notes.issue_tokens_for(SHORT_LIFETIME_SECONDS)
    sign_in(person, notes)
    first = person.token(notes.url)
    wait_until_expired(lambda: notes.call(first)[0] == 401)
    second = person.token(notes.url)
    wait_until_expired(lambda: notes.call(second)[0] == 401)
    notes.issue_tokens_for()
    assert notes.call(person.token(notes.url))[0] == 200
    refreshes = notes.record.to("/token", REFRESH)
    assert [(r.status, r.form["resource"]) for r in refreshes] == [(200, notes.url)] * 2
    assert len(notes.store.refresh_tokens) == 1
    assert person.browsers_opened() == 1


def test_a_registration_that_the_server_forgot_is_made_anew_once(person: Person, notes: NotesServer) -> None:
    notes.issue_tokens_for(SHORT_LIFETIME_SECONDS)
    sign_in(person, notes)
    token = person.token(notes.url)
    wait_until_expired(lambda: notes.call(token)[0] == 401)
    notes.store.clients.clear()
    assert_refused(person.keyfob("token", notes.url, "--interaction", "never"), 77)
    notes.issue_tokens_for()
    sign_in(person, notes)
    assert notes.call(person.token(notes.url))[0] == 200
    assert len(notes.record.to("/register")) == 2


def test_a_refusal_in_the_browser_leaves_no_data(person: Person, notes: NotesServer) -> None:
    person.set_browser("deny")
    assert_refused(person.keyfob("login", notes.url), 77)
    assert notes.record.to("/token") == []
    assert_signed_in_nowhere(person, notes)


def test_logout_forgets_the_server(person: Person, notes: NotesServer) -> None:
    sign_in(person, notes)
    done = person.keyfob("logout", notes.url)
    assert done.returncode == 0 or b"revoke" in done.stderr, "what the server did not take back is said"
    assert person.keyfob("token", notes.url, "--interaction", "never").returncode != 0
    assert notes.origin not in (person.approvals.read_text() if person.approvals.exists() else "")
    sign_in(person, notes)
    assert len(notes.store.clients) == 2, "the registration was forgotten, too"


@pytest.mark.parametrize("interaction", ["never", "auto"])
def test_a_token_request_for_an_unapproved_server_opens_no_browser(
    person: Person, notes: NotesServer, interaction: str
) -> None:
    done = person.keyfob("token", notes.url, "--interaction", interaction)
    assert (done.returncode != 0, done.stdout) == (True, b"")
    assert person.browsers_opened() == 0
    assert (notes.store.clients, authorizations(notes)) == ({}, [])


def test_a_server_named_in_a_header_is_not_used_for_git(person: Person, notes: NotesServer) -> None:
    proposal = f'wwwauth[]=Bearer resource_metadata="{notes.origin}/.well-known/oauth-protected-resource/mcp"'
    done = person.ask_door("get", notes.url, proposal)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert notes.record.all() == []
    assert person.browsers_opened() == 0


def test_further_scopes_are_requested_together_with_the_granted_ones(person: Person, notes: NotesServer) -> None:
    sign_in(person, notes)
    assert_worked(person.keyfob("token", notes.url, "--scope", "notes:write", "--interaction", "always"))
    assert set(authorizations(notes)[-1].form["scope"].split()) == {"notes:read", "notes:write"}
    token = person.keyfob("token", notes.url, "--scope", "notes:write", "--interaction", "never")
    assert_worked(token)
    assert set(notes.store.access_tokens[token.stdout.decode().strip()].scopes) == {"notes:read", "notes:write"}
    assert person.browsers_opened() == 2


def test_no_secret_of_the_login_is_printed_or_written(person: Person, notes: NotesServer) -> None:
    done = [person.keyfob("login", notes.url), person.keyfob("status", "--json"), person.keyfob("config", notes.url)]
    said = b"".join(each.stdout + each.stderr for each in done)
    places = (person.home, person.session.runtime)
    files = b"".join(path.read_bytes() for place in places for path in place.rglob("*") if path.is_file())
    assert len(notes.store.given) >= 3, "a code, an access token, a refresh token"
    assert [secret for secret in notes.store.given if secret.encode() in said + files] == []


def test_a_client_that_was_registered_by_hand_is_used_as_it_is(person: Person, notes: NotesServer) -> None:
    redirect = f"http://127.0.0.1:{free_port()}/callback"
    notes.store.add_client("by-hand", redirect, "notes:read")
    person.configure_keyfob(
        notes.url,
        notes.origin,
        client_id="by-hand",
        scopes=["notes:read"],
        resource=notes.url,
        redirect_uri=redirect,
    )
    sign_in(person, notes)
    assert notes.call(person.token(notes.url))[0] == 200
    assert notes.record.to("/register") == []


def test_a_challenge_that_was_passed_in_widens_the_scopes(person: Person, notes: NotesServer) -> None:
    sign_in(person, notes)
    host = notes.origin.removeprefix("http://")
    challenge = 'Bearer error="insufficient_scope", scope="notes:write"'
    request = f"protocol=http\nhost={host}\npath=mcp\nwwwauth[]={challenge}\n".encode()
    done = person.keyfob("get", stdin=request, KEYFOB_INTERACTION="always")
    assert_worked(done)
    token = decode(done.stdout)["password"]
    assert set(notes.store.access_tokens[token].scopes) == {"notes:read", "notes:write"}
    assert person.browsers_opened() == 2
    # The token has these scopes, so keyfob does not prompt for the same challenge again.
    assert_worked(person.keyfob("get", stdin=request, KEYFOB_INTERACTION="never"))
    assert person.browsers_opened() == 2


def test_a_service_that_wants_a_stronger_sign_in_gets_one_once(person: Person, notes: NotesServer) -> None:
    """RFC 9470: a challenge in an option of `keyfob token`, and one that a program passes on."""
    sign_in(person, notes)
    challenge = 'Bearer error="insufficient_user_authentication", acr_values="gold silver", max_age="3600"'
    stronger = ("token", notes.url, "--challenge", challenge, "--interaction")
    assert_refused(person.keyfob(*stronger, "never"), 77)
    assert_worked(person.keyfob(*stronger, "always"))
    asked = authorizations(notes)[-1].form
    assert (asked["acr_values"], asked["max_age"], asked["scope"]) == ("gold silver", "3600", "notes:read")
    host = notes.origin.removeprefix("http://")
    request = f"protocol=http\nhost={host}\npath=mcp\nwwwauth[]={challenge}\n".encode()
    assert_worked(person.keyfob("get", stdin=request, KEYFOB_INTERACTION="always"))
    assert person.browsers_opened() == 2


def test_the_door_does_not_answer_a_challenge_with_the_token_that_it_is_about(
    person: Person, notes: NotesServer
) -> None:
    sign_in(person, notes)
    asked = f"protocol=http\nhost={notes.origin.removeprefix('http://')}\npath=mcp\n"
    weak = 'wwwauth[]=Bearer error="insufficient_user_authentication", acr_values=gold\n'
    narrow = 'wwwauth[]=Bearer error="insufficient_scope", scope="notes:write"\n'
    for challenge, status in (("", 0), ("", 0), (weak, 77), (narrow, 77), ("", 0)):
        done = person.session.run(
            binaries.git_credential_keyfob(), "get", stdin=(asked + challenge).encode(), KEYFOB_INTERACTION="never"
        )
        assert done.returncode == status, (challenge, done.stderr)
        assert bool(done.stdout) == (status == 0)


def test_a_futile_sign_in_with_an_old_registration_shows_the_remedy(
    person: Person, notes: NotesServer
) -> None:
    """The server has deleted keyfob's registration. It says so only in the browser, which does not come back."""
    sign_in(person, notes)
    notes.store.clients.clear()
    person.configuration.parent.mkdir(parents=True, exist_ok=True)
    person.configuration.write_text("login_timeout = 1\n")
    done = person.keyfob("login", "--force", notes.url)
    assert_refused(done, 77)
    assert f"keyfob login --force --register {notes.url}" in done.stderr.decode()
    person.configuration.unlink()
    assert_worked(person.keyfob("login", "--force", "--register", notes.url))
    assert notes.call(person.token(notes.url))[0] == 200
    assert len(notes.store.clients) == 1


@pytest.mark.parametrize("answer", ["y", "n"])
def test_a_futile_sign_in_is_repeated_after_approval(person: Person, notes: NotesServer, answer: str) -> None:
    sign_in(person, notes)
    notes.store.clients.clear()
    person.configuration.parent.mkdir(parents=True, exist_ok=True)
    # The second sign-in must end in this time.
    person.configuration.write_text(f"login_timeout = {8 if answer == 'y' else 1}\n")
    login = Terminal(person.session, binaries.keyfob(), "login", "--force", notes.url)
    login.read_until(r"register again and retry\? \[y/N\] ")
    assert notes.store.clients == {}
    login.type(f"{answer}\n")
    assert login.finish() == (0 if answer == "y" else 77), login.shown
    assert len(notes.store.clients) == (1 if answer == "y" else 0)


@pytest.mark.parametrize(("answer", "browsers"), [("y", 1), ("n", 0), ("", 0)])
def test_a_named_server_is_used_after_approval(
    person: Person, notes: NotesServer, answer: str, browsers: int
) -> None:
    """A program passes on the server's challenge on a terminal, so keyfob can ask the user."""
    host = notes.origin.removeprefix("http://")
    challenge = f'Bearer resource_metadata="{notes.origin}/.well-known/oauth-protected-resource/mcp"'
    (person.home / "request").write_text(f"protocol=http\nhost={host}\npath=mcp\nwwwauth[]={challenge}\n")
    asked = Terminal(person.session, "/bin/sh", "-c", '"$0" get <request >answer', binaries.keyfob())
    asked.read_until(rf"{host}.*\?")
    assert notes.record.all() == [], "keyfob sends nothing before the yes"
    asked.type(f"{answer}\n")
    status = asked.finish()
    assert person.browsers_opened() == browsers, asked.shown
    token = decode((person.home / "answer").read_bytes()).get("password")
    assert (status == 0 and notes.owner(token or "") == ALICE) == bool(browsers)
    assert (notes.origin in (person.approvals.read_text() if person.approvals.exists() else "")) == bool(browsers)
