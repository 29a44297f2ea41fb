"""An authorization server that compares redirect URIs byte for byte, and that gives a secret to whom wants none."""

from __future__ import annotations

from harness.gate import Gate
from harness.person import Person
from harness.ports import free_port
from harness.steps import assert_worked
from harness.strict import StrictProvider

AUTHORIZE, TOKEN, REGISTER, REVOKE = (f"/oauth/{name}" for name in ("authorize", "token", "register", "revoke"))


def redirect_uris(strict: StrictProvider) -> set[str]:
    """The redirect URIs that were asked for so far."""
    return {r.form["redirect_uri"] for r in strict.record.to(AUTHORIZE) if "redirect_uri" in r.form}


def test_a_client_that_was_registered_by_hand_keeps_its_port(
    person: Person, strict: StrictProvider, strict_gate: Gate
) -> None:
    redirect = f"http://127.0.0.1:{free_port()}/callback"
    strict.add_client("by-hand", redirect, "profile")
    person.configure_keyfob(
        strict_gate.origin, strict.issuer, client_id="by-hand", scopes=["profile"], redirect_uri=redirect
    )
    assert_worked(person.git("clone", strict_gate.url, "work"))
    assert redirect_uris(strict) == {redirect}
    assert strict.record.to(REGISTER) == []
