"""`keyfob setup git URL` guides a person through the registration of an application at a forge."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable

import pytest

from harness import binaries
from harness.gate import Gate
from harness.person import Person, stderr_lines
from harness.provider.server import CLIENT_ID, Provider
from harness.service import Answer, Asked, Service
from harness.steps import assert_worked
from harness.terminal import Terminal
from harness.waiting import wait_until

PAGE = "/-/user_settings/applications"


@pytest.fixture
def newcomer(person: Person, provider: Provider, gate: Gate) -> Person:
    """A person with a GitLab server of their own, before a registration there."""
    person.configure_keyfob(gate.origin, provider.issuer, client_id=None, provider="gitlab")
    return person


def begin(person: Person, url: str) -> Terminal:
    """Starts `keyfob setup git` on a terminal."""
    return Terminal(person.session, binaries.keyfob(), "setup", "git", url)


def test_setup_guides_a_person_through_the_registration(
    newcomer: Person, provider: Provider, gate: Gate
) -> None:
    walk = begin(newcomer, gate.url)
    walk.read_until(r"open that page in your browser\? \[Y/n\] ")
    assert "GitLab requires that you register an application once" in walk.shown
    for line in (
        f"page          {gate.origin}{PAGE}",
        "redirect URI  http://127.0.0.1/callback",
        "scopes        read write",
    ):
        assert f"  {line}\n" in walk.shown
    walk.type("n\n")
    walk.read_until("client id: ")
    walk.type(f"  {CLIENT_ID} \n")
    assert walk.finish() == 0, walk.shown
    assert f"signed in to {gate.origin}, refreshes by itself\n" in walk.shown
    assert f"git reads {gate.url}\n" in walk.shown
    assert newcomer.browsers_opened() == 1
    approved = tomllib.loads(newcomer.approvals.read_text())["host"][gate.origin]
    assert approved["client_id"] == CLIENT_ID
    # The entry is used from now on.
    assert_worked(newcomer.git("clone", gate.url, "work"))
    assert provider.is_active(newcomer.token(gate.url))
    again = newcomer.keyfob("setup", "git", gate.url)
    assert_worked(again)
    assert any("a client" in line and "is known" in line for line in stderr_lines(again))


def test_the_page_is_opened_if_the_user_wants_it(newcomer: Person, gate: Gate) -> None:
    walk = begin(newcomer, gate.url)
    walk.read_until(r"open that page in your browser\? \[Y/n\] ")
    walk.type("\n")
    walk.read_until("client id: ")
    wait_until(lambda: newcomer.browsers_opened() == 1)
    walk.type("\n")
    walk.read_until("Ctrl-C to give up")
    walk.type("\x03")
    assert walk.finish() != 0
    assert newcomer.browsers_opened() == 1
    assert not newcomer.approvals.exists()


def test_a_client_that_the_server_does_not_know_is_not_kept(newcomer: Person, gate: Gate) -> None:
    newcomer.set_browser("never")
    walk = begin(newcomer, gate.url)
    walk.read_until(r"open that page in your browser\? \[Y/n\] ")
    walk.type("n\n")
    walk.read_until("client id: ")
    walk.type("nobody\n")
    walk.read_until("waiting for the browser")
    walk.type("\x03")
    assert walk.finish() != 0
    assert not newcomer.approvals.exists()


def test_a_secret_is_not_shown_while_the_user_types_it(person: Person, provider: Provider, gate: Gate) -> None:
    person.configure_keyfob(
        *(gate.origin, provider.issuer),
        client_id=None,
        provider="bitbucket-data-center",
        redirect_uri="http://127.0.0.1/callback",
    )
    walk = begin(person, gate.url)
    walk.read_until(r"open that page in your browser\? \[Y/n\] ")
    walk.type("n\n")
    walk.read_until("client id: ")
    walk.type(f"{CLIENT_ID}\n")
    walk.read_until(r"client secret \(not shown\): ")
    walk.type("s3cret-typed\n")
    walk.read_until("sign in to")
    walk.finish()
    assert "s3cret-typed" not in walk.shown


def test_a_sign_in_at_another_device_needs_no_secret(person: Person) -> None:
    polls: list[bytes] = []

    def forge(asked: Asked) -> Answer:
        """GitHub's two endpoints of the device flow (docs.github.com, "Authorizing OAuth apps")."""
        given: dict[str, object] = {"error": "authorization_pending"}
        if asked.path == "/login/device/code":
            address = "https://forge.example/login/device"
            given = {"device_code": "d" * 40, "user_code": "WDJB-MJHT", "verification_uri": address}
            given |= {"expires_in": 900, "interval": 1}
        else:
            polls.append(asked.body)
            if len(polls) > 1:
                given = {"access_token": "gho_" + "a" * 36, "token_type": "bearer", "scope": "gist,repo,workflow"}
        return Answer(body=json.dumps(given).encode(), headers={"Content-Type": "application/json"})

    with Service(forge) as service:
        person.configuration.parent.mkdir(parents=True)
        person.configuration.write_text(f'[host."{service.origin}"]\nprovider = "github"\n')
        walk = begin(person, service.origin)
        walk.read_until(r"open that page in your browser\? \[Y/n\] ")
        assert "enable the device flow; then no secret is needed" in walk.shown
        assert f"  page          {service.origin}/settings/applications/new\n" in walk.shown
        walk.type("n\n")
        walk.read_until("client id: ")
        walk.type("Iv1.0123456789abcdef\n")
        walk.read_until("WDJB-MJHT")
        assert walk.finish() == 0, walk.shown
        assert b"client_id=Iv1.0123456789abcdef" in polls[0]
        approved = tomllib.loads(person.approvals.read_text())["host"][service.origin]
        assert (approved["client_id"], approved["flow"]) == ("Iv1.0123456789abcdef", "device")
        assert person.token(service.origin) == "gho_" + "a" * 36
        assert person.browsers_opened() == 0


def test_without_a_terminal_setup_prints_the_steps(newcomer: Person, gate: Gate) -> None:
    done = newcomer.keyfob("setup", "git", gate.url)
    assert done.returncode == 77
    said = "\n".join(stderr_lines(done))
    assert f"register a client at {gate.origin}{PAGE} with the redirect URI http://127.0.0.1/callback" in said
    assert f"then run: keyfob login --client-id ID {gate.origin}" in said
    assert newcomer.browsers_opened() == 0


def test_a_host_that_is_not_known_is_signed_in_to_by_its_address(person: Person, gate: Gate) -> None:
    done = person.keyfob("setup", "git", gate.url)
    assert_worked(done)
    assert any(f"keyfob login {gate.url}" in line for line in stderr_lines(done))


REALMS = [
    ("GitLab", "gitlab"),
    ("Gitea", "gitea"),
    ("Forgejo: beyond coding", "forgejo"),
    ("GitHub", "github"),
    ("Atlassian Bitbucket", "bitbucket-data-center"),
]


def forge_with(realm: str | None, metadata: dict[str, dict[str, object]]) -> Callable[[Asked], Answer]:
    """A forge before a sign-in: its challenge for git, and its metadata by their path."""

    def answer(asked: Asked) -> Answer:
        if asked.path in metadata:
            return Answer(body=json.dumps(metadata[asked.path]).encode(), headers={"Content-Type": "application/json"})
        if realm and asked.path.partition("?")[0].endswith("/info/refs"):
            return Answer(401, headers={"WWW-Authenticate": f'Basic realm="{realm}"'})
        return Answer(404)

    return answer


@pytest.mark.parametrize(("realm", "provider"), REALMS)
def test_a_forge_on_a_host_of_ones_own_is_proposed_by_its_realm(person: Person, realm: str, provider: str) -> None:
    with Service(forge_with(realm, {})) as service:
        walk = begin(person, service.origin + "/o/r.git")
        walk.read_until(r"set up keyfob for [^?]*\? \[y/N\] ")
        assert f'it calls itself "{realm}"' in walk.shown
        assert not person.approvals.exists()
        walk.type("y\n")
        walk.read_until(r"open that page in your browser\? \[Y/n\] ")
        assert tomllib.loads(person.approvals.read_text())["host"][service.origin] == {"provider": provider, "reach": "service"}
        walk.type("\x03")
        walk.finish()


def test_a_forge_is_proposed_also_if_a_sign_in_there_was_for_something_else(person: Person) -> None:
    with Service(forge_with("GitLab", {})) as service:
        person.approvals.parent.mkdir(parents=True)
        person.approvals.write_text(f'[host."{service.origin}"]\nissuer = "{service.origin}"\n')
        walk = begin(person, service.origin + "/o/r.git")
        walk.read_until(r"set up keyfob for [^?]*\? \[y/N\] ")
        walk.type("y\n")
        walk.read_until(r"open that page in your browser\? \[Y/n\] ")
        assert tomllib.loads(person.approvals.read_text())["host"][service.origin]["provider"] == "gitlab"
        walk.type("\x03")
        walk.finish()


@pytest.mark.parametrize("answer", ["n", "", "no", "perhaps"])
def test_a_forge_is_not_taken_without_a_yes(person: Person, answer: str) -> None:
    with Service(forge_with("GitLab", {})) as service:
        walk = begin(person, service.origin + "/o/r.git")
        walk.read_until(r"[^?]*\? \[y/N\] ")
        walk.type(answer + "\n")
        assert walk.finish() == 0
        assert f"keyfob login {service.origin}/o/r.git" in walk.shown
        assert not person.approvals.exists()


def test_without_a_terminal_the_line_to_write_is_shown(person: Person) -> None:
    with Service(forge_with("Gitea", {})) as service:
        done = person.keyfob("setup", "git", service.origin + "/o/r.git")
        assert_worked(done)
        line = f'set provider = "gitea" for [host."{service.origin}"] in the configuration'
        assert any(line in said for said in stderr_lines(done)), stderr_lines(done)
        person.configuration.parent.mkdir(parents=True)
        person.configuration.write_text(f'[host."{service.origin}"]\nprovider = "gitea"\n')
        again = person.keyfob("setup", "git", service.origin + "/o/r.git")
        assert again.returncode == 77
        assert any(f"{service.origin}/user/settings/applications" in said for said in stderr_lines(again))


def below(origin: str, path: str, token: str, **more: object) -> dict[str, dict[str, object]]:
    """The metadata of a forge below `path`."""
    base = origin + path
    return {
        f"{path}/.well-known/openid-configuration": {
            "issuer": base,
            "authorization_endpoint": f"{base}/login/oauth/authorize",
            "token_endpoint": base + token,
            "code_challenge_methods_supported": ["S256"],
            **more,
        }
    }


def test_a_forge_below_a_path_is_proposed_with_its_issuer(person: Person) -> None:
    metadata: dict[str, dict[str, object]] = {}
    with Service(forge_with(None, metadata)) as service:
        metadata |= below(service.origin, "/git", "/login/oauth/access_token")
        walk = begin(person, service.origin + "/git/o/r.git")
        walk.read_until(r"[^?]*\? \[y/N\] ")
        assert "its metadata say so" in walk.shown
        walk.type("y\n")
        walk.read_until(r"open that page in your browser\? \[Y/n\] ")
        assert f"  page          {service.origin}/git/user/settings/applications\n" in walk.shown
        entry = {"provider": "gitea", "issuer": service.origin + "/git", "reach": "service"}
        assert tomllib.loads(person.approvals.read_text())["host"][service.origin] == entry
        walk.type("\x03")
        walk.finish()


@pytest.mark.parametrize(
    ("provider", "token", "scopes"),
    [
        ("gitea", "/login/oauth/access_token", ["openid"]),
        ("forgejo", "/login/oauth/access_token", []),
        ("gitlab", "/oauth/token", ["read_repository"]),
    ],
)
def test_a_configured_forge_works_below_a_path(person: Person, provider: str, token: str, scopes: list[str]) -> None:
    metadata: dict[str, dict[str, object]] = {}
    with Service(forge_with(None, metadata)) as service:
        metadata |= below(service.origin, "/code", token, scopes_supported=scopes)
        person.configuration.parent.mkdir(parents=True)
        person.configuration.write_text(f'[host."{service.origin}/code"]\nprovider = "{provider}"\n')
        done = person.keyfob("login", service.origin + "/code")
        assert done.returncode == 78
        assert any(f"register a client at {service.origin}/code/" in said for said in stderr_lines(done))


@pytest.mark.parametrize("metadata", [True, False])
def test_a_login_at_a_forge_of_ones_own_leads_to_setup(person: Person, metadata: bool) -> None:
    published: dict[str, dict[str, object]] = {}
    with Service(lambda asked: forge_with("GitLab", published)(asked)) as service:
        if metadata:
            published["/.well-known/openid-configuration"] = {
                "issuer": service.origin,
                "authorization_endpoint": f"{service.origin}/oauth/authorize",
                "token_endpoint": f"{service.origin}/oauth/token",
                "code_challenge_methods_supported": ["S256"],
                "scopes_supported": ["openid"],
            }
        url = f"{service.origin}/o/r.git"
        done = person.keyfob("login", url)
        assert done.returncode == 78, done.stderr.decode()
        hint = f'hint: 127.0.0.1 looks like a host of GitLab: it calls itself "GitLab"; to set that up for git, run: keyfob setup git {url}'
        assert hint in done.stderr.decode().splitlines()
