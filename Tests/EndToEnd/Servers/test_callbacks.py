"""A server that sends the browser back to another address than the redirect URI, in a form that servers really use."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

import pytest

from harness.person import Person
from harness.scripted import Answer, ScriptedServer
from harness.steps import assert_refused, assert_worked


def going(address: Callable[[str], str]) -> Callable[[dict[str, str]], Answer]:
    """Redirects to an address that is made of the redirect URI."""
    return lambda form: (302, address(form["redirect_uri"]) + "?" + urlencode({"code": "c", "state": form["state"]}))


@pytest.mark.parametrize(
    "address",
    [
        lambda uri: uri.replace("127.0.0.1", "localhost"),
        lambda uri: uri.replace("127.0.0.1", "LOCALHOST") + "/",
        lambda uri: re.sub(r"(:\d+)/", r"\1//", uri),
        lambda uri: uri.replace("127.0.0.1", "localhost").replace("/callback", "/callback/"),
    ],
    ids=["localhost", "localhost and a slash", "two slashes", "localhost and a slash at the end"],
)
def test_another_spelling_of_the_redirect_uri_is_the_answer(
    owner: Person, scripted: ScriptedServer, address: Callable[[str], str]
) -> None:
    scripted.answers["/authorize"] = going(address)
    assert_worked(owner.keyfob("login", scripted.origin))
    assert scripted.count("/token") == 1


def test_an_answer_on_another_path_is_named_at_once_and_no_hint_proposes_that_path(
    owner: Person, scripted: ScriptedServer
) -> None:
    # It may be the path of another issuer, whose code this is: a server may send the browser there to get that code.
    scripted.answers["/authorize"] = going(lambda uri: f"http://{urlsplit(uri).netloc}/oauth/done")
    owner.configure_keyfob(scripted.origin, scripted.origin, client_id=None, scopes=[])
    owner.configuration.write_text("login_timeout = 3\n" + owner.configuration.read_text())
    done = owner.keyfob("login", scripted.origin)
    assert_refused(done, 77)
    said = done.stderr.decode()
    assert re.search(r"another address than the redirect URI: http://127\.0\.0\.1:\d+/oauth/done\n", said)
    assert scripted.count("/token") == 0
    assert "hint: somebody may have tried to mix up two sign-ins; nothing was sent\n" in said
    assert "redirect_uri =" not in said


def test_a_configured_redirect_uri_counts_from_the_next_sign_in_on_and_so_does_its_end(
    owner: Person, scripted: ScriptedServer
) -> None:
    def paths() -> list[str]:
        return [urlsplit(form["redirect_uri"]).path for _, path, form in scripted.requests if path == "/authorize"]

    for uri in [None, "http://127.0.0.1/oauth/done", None]:
        owner.configure_keyfob(scripted.origin, scripted.origin, client_id=None, scopes=[], redirect_uri=uri)
        for _ in range(2):
            assert_worked(owner.keyfob("login", "--force", scripted.origin))
    first, *others = paths()
    assert re.fullmatch("/[0-9a-f]{16}/callback", first)
    assert others == [first, "/oauth/done", "/oauth/done", first, first]
    assert scripted.registered <= 3


@pytest.mark.parametrize("uri", ["http://127.0.0.1/callback", "http://127.0.0.1:18765/callback", "http://localhost/cb"])
def test_a_configured_redirect_uri_is_registered_once(owner: Person, scripted: ScriptedServer, uri: str) -> None:
    # The server is found, not configured, and does not name itself in its answers.
    owner.configuration.write_text(f'[host."{scripted.origin}"]\nredirect_uri = "{uri}"\n')
    for _ in range(3):
        assert_worked(owner.keyfob("login", "--force", scripted.origin))
    assert scripted.registered == 1
