"""A server of the Model Context Protocol, by the protocol's own SDK: an address is all that the person has."""

from __future__ import annotations

from harness.notes.server import NotesServer
from harness.person import Person
from harness.ports import free_port
from harness.steps import assert_worked

CODE, REFRESH = "authorization_code", "refresh_token"


def sign_in(person: Person, notes: NotesServer, *more: str) -> None:
    """Signs in with nothing but the address."""
    assert_worked(person.keyfob("login", notes.url, *more))


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
