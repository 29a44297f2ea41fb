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


def test_an_answer_on_another_path_is_named_at_once_and_the_hint_works(
    owner: Person, scripted: ScriptedServer
) -> None:
    scripted.answers["/authorize"] = going(lambda uri: f"http://{urlsplit(uri).netloc}/oauth/done")
    owner.configure_keyfob(scripted.origin, scripted.origin, client_id=None, scopes=[])
    owner.configuration.write_text("login_timeout = 3\n" + owner.configuration.read_text())
    done = owner.keyfob("login", scripted.origin)
    assert_refused(done, 77)
    said = done.stderr.decode()
    assert re.search(r"another address than the redirect URI: http://127\.0\.0\.1:\d+/oauth/done\n", said)
    assert scripted.count("/token") == 0
    hint = re.search(rf'set redirect_uri = "(\S+)" for \[host\."{scripted.origin}"\] in the configuration', said)
    assert hint, said
    owner.configure_keyfob(scripted.origin, scripted.origin, client_id=None, scopes=[], redirect_uri=hint[1])
    assert_worked(owner.keyfob("login", scripted.origin))
