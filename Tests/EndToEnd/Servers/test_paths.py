"""Paths of one host that belong to different people. A credential for one path is given for no other path, whatever
spelling the caller uses."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from harness import binaries
from harness.callers import link
from harness.credential import HelperStore
from harness.dialects import basic, bearer, conversation
from harness.person import Done, Person, stderr_lines
from harness.provider.server import Provider
from harness.steps import assert_worked

HOST = "https://stored.example.com"
MALFORMED = 65


def cargo(kind: str, url: str, **more: str) -> str:
    """Cargo's message."""
    operation = {"operation": "read"} if kind == "get" else {}
    return json.dumps({"v": 1, "kind": kind, **operation, "registry": {"index-url": f"sparse+{url}"}, **more}) + "\n"


def cargo_secret(output: str) -> str:
    """The stored token, or the password of a Basic field, or empty."""
    token = conversation(output).get("Ok", {}).get("token", "")
    return basic(token) if token.startswith("Basic ") else token.removeprefix("Bearer ")


def docker_secret(output: str) -> str:
    return str(json.loads(output)["Secret"]) if output.startswith("{") else ""


def bazel_secret(output: str) -> str:
    fields = json.loads(output)["headers"] if output else {}
    return authorization(fields.get("Authorization", [""])[0])


def authorization(field: str) -> str:
    """The secret in an `Authorization` field with Basic or Bearer."""
    return basic(field) if field.startswith("Basic ") else bearer(field) if field else ""


def lines_secret(output: str) -> str:
    return next((line.removeprefix("password=") for line in output.splitlines() if line.startswith("password=")), "")


def go_secret(output: str) -> str:
    fields = [line for line in output.splitlines() if line.startswith("Authorization: ")]
    return authorization(fields[0].removeprefix("Authorization: ")) if fields else ""


@dataclass(frozen=True)
class Caller:
    """A caller that names a URL: how it gets a secret and, if it can, stores and erases one."""

    name: str
    get: Callable[[str], tuple[tuple[str, ...], str]]
    secret: Callable[[str], str]
    store: Callable[[str, str], tuple[tuple[str, ...], str]] | None = None
    erase: Callable[[str], tuple[tuple[str, ...], str]] | None = None
    # Whether keyfob gives it credentials that were stored for the host without a path.
    takes_whole_host: bool = True
    variable: str = ""

    def run(self, person: Person, command: tuple[tuple[str, ...], str], url: str) -> Done:
        arguments, stdin = command
        variables = {self.variable: url} if self.variable else {}
        return person.session.run(*arguments, stdin=stdin.encode(), **variables)

    def ask(self, person: Person, url: str) -> Done:
        return self.run(person, self.get(url), url)

    def found(self, person: Person, url: str) -> str:
        """The secret that the caller gets, or empty."""
        return self.secret(self.ask(person, url).stdout.decode())


KEYFOB = str(binaries.keyfob())
DOCKER, CARGO, VAULT = "docker-credential-keyfob", ("cargo-credential-keyfob", "--cargo-plugin"), "vault-token-keyfob"
KEEPERS = [
    Caller(
        "line",
        lambda url: ((KEYFOB, "get"), f"url={url}\n"),
        lines_secret,
        lambda url, secret: ((KEYFOB, "store"), f"url={url}\nusername=alice\npassword={secret}\n"),
        lambda url: ((KEYFOB, "erase"), f"url={url}\n"),
        takes_whole_host=False,
    ),
    Caller(
        "docker",
        lambda url: ((DOCKER, "get"), url),
        docker_secret,
        lambda url, secret: ((DOCKER, "store"), json.dumps({"ServerURL": url, "Username": "alice", "Secret": secret})),
        lambda url: ((DOCKER, "erase"), url),
    ),
    Caller(
        "keyring",
        lambda url: (("keyring", "get", url, "alice"), ""),
        lambda output: output.removesuffix("\n"),
        lambda url, secret: (("keyring", "set", url, "alice"), secret),
        lambda url: (("keyring", "del", url, "alice"), ""),
    ),
    Caller(
        "cargo",
        lambda url: (CARGO, cargo("get", url)),
        cargo_secret,
        lambda url, secret: (CARGO, cargo("login", url, token=secret)),
        lambda url: (CARGO, cargo("logout", url)),
    ),
    Caller(
        "vault",
        lambda url: ((VAULT, "get"), ""),
        lambda output: output,
        lambda url, secret: ((VAULT, "store"), secret),
        lambda url: ((VAULT, "erase"), ""),
        takes_whole_host=False,
        variable="VAULT_ADDR",
    ),
]
READERS = [
    Caller("bazel", lambda url: (("bazel-credential-keyfob", "get"), json.dumps({"uri": url})), bazel_secret),
    Caller("go", lambda url: ((KEYFOB, "goauth", url), "HTTP/1.1 401 Unauthorized\n\n"), go_secret),
    Caller("pnpm", lambda url: ((KEYFOB, "get", "--dialect", "pnpm", url), ""), lambda o: authorization(o.strip())),
    Caller(
        "headers",
        lambda url: ((KEYFOB, "headers", url), ""),
        lambda output: authorization(json.loads(output)["Authorization"]) if output else "",
    ),
]
CALLERS = [*KEEPERS, *READERS]


@pytest.fixture
def caller_of(person: Person) -> Person:
    """A person with a link to keyfob for each caller."""
    link(person)
    return person


@pytest.fixture
def git(person: Person) -> HelperStore:
    """git, through the door."""
    return HelperStore(person.session, binaries.git_credential_keyfob())


def keep(person: Person, path: str, secret: str) -> None:
    """Stores a password with `keyfob store`."""
    request = f"protocol=https\nhost=stored.example.com\npath={path}\nusername=alice\npassword={secret}\n"
    assert_worked(person.keyfob("store", stdin=request.encode()))


@pytest.mark.parametrize("caller", CALLERS, ids=lambda caller: caller.name)
def test_a_password_stored_for_one_path_goes_to_no_other(caller_of: Person, caller: Caller) -> None:
    keep(caller_of, "user/a", "secret-of-a")
    for other in ("/user/b", "/user", "/user/a/x", "/user/A", "/user//a", "//user/a", "/", ""):
        assert caller.found(caller_of, HOST + other) == "", other
    if caller.name != "vault":  # which gets only secrets that it stored
        assert caller.found(caller_of, HOST + "/user/a") == "secret-of-a"
        assert caller.found(caller_of, HOST + "/user/a/") == "secret-of-a"


@pytest.mark.parametrize("caller", CALLERS, ids=lambda caller: caller.name)
def test_a_path_gets_the_password_that_was_stored_without_a_path(
    caller_of: Person, git: HelperStore, caller: Caller
) -> None:
    """git names no path by default, so it stores passwords without one. Such a password counts for all paths."""
    keep(caller_of, "user/a", "secret-of-a")
    git.approve(protocol="https", host="stored.example.com", username="alice", password="secret-of-host")
    keep(caller_of, "user/b", "secret-of-b")
    if caller.name != "vault":
        assert caller.found(caller_of, HOST) == "secret-of-host"
    assert caller.found(caller_of, HOST + "/user/c") == ("secret-of-host" if caller.takes_whole_host else "")


@pytest.mark.parametrize("caller", KEEPERS, ids=lambda caller: caller.name)
def test_a_caller_reads_and_erases_its_passwords_path_by_path(caller_of: Person, caller: Caller) -> None:
    assert caller.store
    assert caller.erase
    places = [HOST + "/user/a", HOST + "/user/b", HOST]
    for place in places:
        assert_worked(caller.run(caller_of, caller.store(place, f"secret-of-{place}"), place))
    assert [caller.found(caller_of, place) for place in places] == [f"secret-of-{place}" for place in places]
    # A request without a path erases only credentials that such a request can get.
    assert_worked(caller.run(caller_of, caller.erase(HOST), HOST))
    assert [caller.found(caller_of, place) for place in places] == [f"secret-of-{place}" for place in places[:2]] + [""]
    assert_worked(caller.run(caller_of, caller.erase(places[0]), places[0]))
    assert [caller.found(caller_of, place) for place in places] == ["", f"secret-of-{places[1]}", ""]
    assert_worked(caller.run(caller_of, caller.erase(places[1]), places[1]))
    assert [caller.found(caller_of, place) for place in places] == ["", "", ""]


def test_a_logout_of_cargo_erases_only_items_of_cargo(caller_of: Person, git: HelperStore) -> None:
    (cargo_itself,) = [caller for caller in KEEPERS if caller.name == "cargo"]
    assert cargo_itself.store
    assert cargo_itself.erase
    git.approve(protocol="https", host="stored.example.com", username="alice", password="of-git")
    assert_worked(cargo_itself.run(caller_of, cargo_itself.store(HOST, "of-cargo"), HOST))
    assert cargo_itself.found(caller_of, HOST) == "of-cargo"
    assert_worked(cargo_itself.run(caller_of, cargo_itself.erase(HOST), HOST))
    assert cargo_itself.found(caller_of, HOST) == "of-git"


def test_a_request_of_git_without_a_path_matches_every_path(caller_of: Person, git: HelperStore) -> None:
    """This is git-credential-libsecret's rule, because git names no path unless credential.useHttpPath is set."""
    keep(caller_of, "user/a", "secret-of-a")
    assert (git.fill(protocol="https", host="stored.example.com") or {})["password"] == "secret-of-a"
    assert git.fill(protocol="https", host="stored.example.com", path="user/b") is None
    git.reject(protocol="https", host="stored.example.com")
    assert KEEPERS[0].found(caller_of, HOST + "/user/a") == ""


def test_a_path_of_equivalent_letters_is_another_path(caller_of: Person, git: HelperStore) -> None:
    keep(caller_of, "caf\u00e9/K", "secret-of-cafe")
    for path in ("cafe\u0301/K", "caf\u00e9/\u212a", "caf\u00e9/K\u0301", "caf\u00e9/\u0301K"):
        request = f"protocol=https\nhost=stored.example.com\npath={path}\n"
        assert caller_of.keyfob("get", stdin=request.encode()).stdout == b"", path
        assert git.fill(protocol="https", host="stored.example.com", path=path) is None, path
    assert git.fill(protocol="https", host="stored.example.com", path="caf\u00e9/K") is not None


# Accounts.

SERVICE = "https://service.example"
ACCOUNT = f"{SERVICE}/K/caf%C3%A9"


@pytest.fixture
def signed_in(caller_of: Person, provider: Provider) -> Person:
    """A person who has signed in to a path of a host. The token is in kernel memory."""
    caller_of.configure_keyfob(ACCOUNT, provider.issuer)
    assert_worked(caller_of.keyfob("login", ACCOUNT))
    return caller_of


OTHERS = {
    "canonically equivalent": "/K/cafe%CC%81",
    "another letter": "/%E2%84%AA/caf%C3%A9",
    "a mark behind": "/K/caf%C3%A9%CC%81",
    "a mark behind a slash": "/K/%CC%81caf%C3%A9",
    "an empty segment": "/K//caf%C3%A9",
    "an empty segment first": "//K/caf%C3%A9",
    "below another": "/other/K/caf%C3%A9",
}
AMBIGUOUS = {
    "an escaped slash": "/K%2Fcaf%C3%A9",
    "an escaped slash, small": "/K%2fcaf%C3%A9",
    "an escaped slash below": "/K/caf%C3%A9%2F..%2Fother",
    "an escaped backslash": "/K/caf%C3%A9/x%5C..%5C..%5Cother",
    "dot segments that lead away": "/K/caf%C3%A9/../other",
    "dot segments that lead here": "/other/../K/caf%C3%A9",
    "a dot segment": "/K/./caf%C3%A9",
    "escaped dot segments": "/K/caf%C3%A9/%2e%2E/other",
    "a dot segment with a parameter": "/K/caf%C3%A9/..;x/other",
    "a slash that is escaped twice": "/K/caf%C3%A9/..%252Fother",
    "an overlong slash": "/K/caf%C3%A9/x%C0%AF..%C0%AFother",
}
ASKING = [caller for caller in CALLERS if caller.name != "keyring"] + [
    Caller("keyring", lambda url: (("keyring", "--mode", "creds", "get", url), ""), lambda output: output)
]


@pytest.mark.parametrize("caller", ASKING, ids=lambda caller: caller.name)
def test_a_token_goes_to_the_bytes_of_its_path_and_to_no_others(signed_in: Person, caller: Caller) -> None:
    token = signed_in.token(ACCOUNT)
    for name, path in {**OTHERS, **AMBIGUOUS}.items():
        done = caller.ask(signed_in, SERVICE + path)
        assert token.encode() not in done.stdout + done.stderr, name
        if name in AMBIGUOUS and caller.name not in ("docker", "cargo"):  # which have their own exit status
            assert done.returncode == MALFORMED, (name, stderr_lines(done))
    for path in ("", "/", "/x.git", "/a//b", "/%CC%81"):
        assert token in caller.ask(signed_in, ACCOUNT + path).stdout.decode(), path


def test_a_refused_path_is_reported_with_its_remedy(signed_in: Person) -> None:
    done = signed_in.keyfob("token", f"{SERVICE}/K%2Fcaf%C3%A9")
    assert done.returncode == MALFORMED
    assert "can be read in more than one way" in stderr_lines(done)[0]
    assert stderr_lines(done)[1].startswith("hint: write the path without dot segments")


@pytest.mark.parametrize(
    "path",
    [
        "K/caf\u00e9/../other", "other/../K/caf\u00e9", "K/./caf\u00e9", "K/caf\u00e9/..;/other", "K/caf\u00e9\\..\\x",
        "K\\caf\u00e9", "K/caf\u00e9%2f..%2fother", "K/cafe\u0301", "\u212a/caf\u00e9", "K/caf\u00e9\u0301",
        "/K/caf\u00e9", "K//caf\u00e9",
    ],
)  # fmt: skip
def test_git_gets_no_answer_for_a_path_outside_of_the_account(
    signed_in: Person, provider: Provider, path: str
) -> None:
    token = signed_in.token(ACCOUNT)
    request = f"protocol=https\nhost=service.example\npath={path}\n\n".encode()
    for _ in range(2):  # the second request must not use the kernel keys of the first
        done = signed_in.session.run(binaries.git_credential_keyfob(), "get", stdin=request)
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    right = "protocol=https\nhost=service.example\npath=K/caf\u00e9/x.git\n\n".encode()
    for _ in range(2):
        assert token.encode() in signed_in.session.run(binaries.git_credential_keyfob(), "get", stdin=right).stdout
    # An account of the whole host answers for every path, in every spelling.
    signed_in.configure_keyfob(SERVICE, provider.issuer)
    assert_worked(signed_in.keyfob("login", SERVICE))
    whole = signed_in.token(SERVICE)
    for _ in range(2):
        assert whole.encode() in signed_in.session.run(binaries.git_credential_keyfob(), "get", stdin=request).stdout


@pytest.mark.parametrize("path", ["/a/../b", "/a%2Fb", "/%2e%2e/b", "/a%5Cb"])
def test_the_configuration_names_no_path_with_two_meanings(person: Person, provider: Provider, path: str) -> None:
    person.configure_keyfob(SERVICE + path, provider.issuer)
    done = person.keyfob("token", SERVICE)
    assert done.returncode == 78
    assert "has a path that can be read in more than one way" in stderr_lines(done)[0]


def test_a_combining_mark_behind_the_at_sign_shows_no_password(person: Person) -> None:
    done = person.keyfob("token", "https://alice:treasured@\u0301h.example/")
    assert done.returncode != 0
    assert b"treasured" not in done.stderr + done.stdout
