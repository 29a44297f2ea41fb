"""`keyfob import` shows the credentials of other programs and copies them after approval. The originals stay."""

from __future__ import annotations

import base64
import json
import os
import re
from pathlib import Path

import pytest
import secretstorage
from jeepney.io.blocking import open_dbus_connection

from harness import binaries
from harness.credential import HelperStore
from harness.gate import Gate
from harness.marked import MarkedServer
from harness.person import Done, Person, stderr_lines
from harness.provider.server import Provider
from harness.session import PrivateSession
from harness.steps import assert_refused, assert_worked
from harness.terminal import Terminal

GCM = "com.microsoft.GitCredentialManager"
SECRETS = {
    "store": "canary-store-1", "store with path": "canary%store/2", "manager": "canary-manager", "gh": "gho_canary",
    "gh in the keyring": "gho_keyring_canary", "docker": "canary:docker", "identity": "canary-identity",
}  # fmt: skip
HOSTS = """\
github.com:
    git_protocol: https
    users:
        alice:
        bob:
            oauth_token: {token}
    user: alice
"""


@pytest.fixture
def door(person: Person) -> HelperStore:
    """The door for git."""
    return HelperStore(person.session, binaries.git_credential_keyfob())


def put(session: PrivateSession, secret: str, **attributes: str) -> None:
    """Stores an item in the keyring as another program does. `schema` stands for `xdg:schema`."""
    named = {{"schema": "xdg:schema"}.get(key, key): value for key, value in attributes.items()}
    with open_dbus_connection(session.env["DBUS_SESSION_BUS_ADDRESS"]) as connection:
        secretstorage.get_default_collection(connection).create_item("of another program", named, secret.encode())


def write(person: Person, name: str, content: str | bytes, mode: int = 0o600) -> Path:
    """Writes a file of this person's."""
    path = person.home / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    path.chmod(mode)
    return path


def docker_login(user: str, password: str) -> dict[str, str]:
    """The file that `docker login` writes."""
    return {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}


@pytest.fixture
def settled(person: Person) -> Person:
    """A person who has used all these programs."""
    path = SECRETS["store with path"].replace("%", "%25").replace("/", "%2f")
    lines = f"https://alice:{SECRETS['store']}@git.example.com\nhttps://al%40ice:{path}@git.example.com:8443/a%20b.git\n"
    write(person, ".git-credentials", lines)
    write(person, ".config/gh/hosts.yml", HOSTS.format(token=SECRETS["gh"]))
    auths = {
        "https://index.docker.io/v1/": docker_login("alice", SECRETS["docker"]),
        "registry.example.com": {"auth": "", "identitytoken": SECRETS["identity"]},
        "helped.example.com": {},
    }
    write(person, ".docker/config.json", json.dumps({"auths": auths, "credsStore": ""}))
    put(person.session, SECRETS["manager"], schema=GCM, service="git:https://gcm.example.com", account="alice")
    put(person.session, "refresh", schema=GCM, service="git:https://oauth-refresh-token.gitlab.com", account="oauth2")
    put(person.session, SECRETS["gh in the keyring"], service="gh:github.com", username="alice")
    return person


def rows(done: Done) -> list[list[str]]:
    """The cells of the table in the output."""
    return [re.split(r"\s{2,}", line) for line in done.stdout.decode().splitlines()]


def states(done: Done) -> list[str]:
    """The result of each entry in the table."""
    return [row[-1] for row in rows(done)]


def everything_of(person: Person) -> dict[str, bytes]:
    """The files of the other programs."""
    names = [".git-credentials", ".config/gh/hosts.yml", ".docker/config.json"]
    return {name: (person.home / name).read_bytes() for name in names if (person.home / name).exists()}


def assert_no_secrets(done: Done) -> None:
    """Asserts that the output has no secret."""
    shown = (done.stdout + done.stderr).decode()
    assert [name for name, secret in SECRETS.items() if secret in shown] == []


# The credentials, and the results.


def test_import_shows_each_program_and_file(settled: Person) -> None:
    done = settled.keyfob("import", "--dry-run")
    assert_worked(done)
    assert rows(done) == [
        ["https://git.example.com", "alice", "password", "git-credential-store, ~/.git-credentials:1", "to be copied"],
        [
            "https://git.example.com:8443/a b.git", "al@ice", "password",
            "git-credential-store, ~/.git-credentials:2", "to be copied",
        ],
        ["https://gcm.example.com", "alice", "password", "git-credential-manager, keyring", "to be copied"],
        ["https://github.com", "bob", "token", "gh, ~/.config/gh/hosts.yml:6", "to be copied"],
        ["https://github.com", "alice", "token", "gh, keyring", "to be copied"],
        ["https://index.docker.io/v1", "alice", "password", "docker, ~/.docker/config.json", "to be copied"],
        ["https://registry.example.com", "<token>", "token", "docker, ~/.docker/config.json", "to be copied"],
    ]  # fmt: skip
    said = stderr_lines(done)
    assert "keyfob: git-credential-libsecret: keyfob uses its items, so they need no copy" in said
    assert any("only that program can use" in line for line in said)
    assert_no_secrets(done)


def test_imported_credentials_are_found_and_the_originals_stay(settled: Person, door: HelperStore) -> None:
    before = everything_of(settled)
    done = settled.keyfob("import", "--yes")
    assert_worked(done)
    assert "keyfob: copied 7 credentials into your keyring" in stderr_lines(done)
    assert_no_secrets(done)

    def password(host: str, **more: str) -> str | None:
        return (door.fill(protocol="https", host=host, **more) or {}).get("password")

    assert password("git.example.com", username="alice") == SECRETS["store"]
    assert password("git.example.com:8443", path="a b.git", username="al@ice") == SECRETS["store with path"]
    assert password("gcm.example.com") == SECRETS["manager"]
    assert password("github.com", username="alice") == SECRETS["gh in the keyring"]
    assert password("github.com", username="bob") == SECRETS["gh"]
    answer = settled.session.run(
        binaries.keyfob(), "get", "--dialect", "docker", stdin=b"https://index.docker.io/v1/"
    )
    assert json.loads(answer.stdout)["Secret"] == SECRETS["docker"]
    answer = settled.session.run(binaries.keyfob(), "get", "--dialect", "docker", stdin=b"registry.example.com")
    assert (json.loads(answer.stdout)["Username"], json.loads(answer.stdout)["Secret"]) == (
        "<token>", SECRETS["identity"]
    )  # fmt: skip

    assert everything_of(settled) == before
    again = settled.keyfob("import", "--yes")
    assert_worked(again)
    assert set(states(again)) == {"already there"}
    assert not any("copied" in line for line in stderr_lines(again))


def test_nothing_is_imported_without_approval(settled: Person, door: HelperStore) -> None:
    assert_worked(settled.keyfob("import", "--dry-run"))
    done = settled.keyfob("import")
    assert done.returncode == 77
    assert "hint: to copy without a question: --yes" in stderr_lines(done)
    for answer in ("n\n", "\n", "yess\n"):
        terminal = Terminal(settled.session, binaries.keyfob(), "import")
        terminal.read_until(r"copy 7 credentials into your keyring\? \[y/N\] ")
        terminal.type(answer)
        assert terminal.finish() == 0
        assert "nothing was copied" in terminal.shown
    assert door.fill(protocol="https", host="git.example.com") is None


def test_an_approval_on_the_terminal_imports(settled: Person, door: HelperStore) -> None:
    terminal = Terminal(settled.session, binaries.keyfob(), "import", "--from", "git-credential-store")
    terminal.read_until(r"copy 2 credentials into your keyring\? \[y/N\] ")
    terminal.type("y\n")
    assert terminal.finish() == 0, terminal.shown
    assert "copied 2 credentials" in terminal.shown
    assert door.fill(protocol="https", host="git.example.com", username="alice") is not None
    assert door.fill(protocol="https", host="gcm.example.com") is None


def test_differing_credentials_are_replaced_only_on_request(settled: Person, door: HelperStore) -> None:
    door.approve(protocol="https", host="git.example.com", username="alice", password="newer")
    done = settled.keyfob("import", "--yes", "--from", "git-credential-store")
    assert_worked(done)
    assert states(done) == ["another one is there and stays", "to be copied"]
    assert (door.fill(protocol="https", host="git.example.com") or {})["password"] == "newer"
    done = settled.keyfob("import", "--yes", "--replace", "--from", "git-credential-store")
    assert states(done) == ["to be copied, replacing another one", "already there"]
    assert (door.fill(protocol="https", host="git.example.com") or {})["password"] == SECRETS["store"]


def test_of_two_programs_the_first_one_counts(settled: Person) -> None:
    put(settled.session, "another", schema=GCM, service="git:https://git.example.com", account="alice")
    put(settled.session, SECRETS["store"], schema=GCM, service="work:https://git.example.com", account="carol")
    done = settled.keyfob("import", "--dry-run", "--from", "git-credential-store", "--from", "git-credential-manager")
    verdicts = {(row[1], row[3]): row[4] for row in rows(done) if row[0] == "https://git.example.com"}
    assert verdicts == {
        ("alice", "git-credential-store, ~/.git-credentials:1"): "to be copied",
        ("alice", "git-credential-manager, keyring"): "another one is there and stays",
        ("carol", "git-credential-manager, keyring"): "to be copied",
    }


def test_a_service_with_a_sign_in_needs_no_import(developer: Person, provider: Provider, gate: Gate) -> None:
    write(developer, ".git-credentials", f"http://alice:secret@127.0.0.1:{gate.port}\n")
    done = developer.keyfob("import", "--yes")
    assert_worked(done)
    assert states(done) == ["not needed: keyfob signs in there"]
    assert not any("copied" in line for line in stderr_lines(done))


def test_git_credential_oauth_is_reported(person: Person) -> None:
    person.configure_git({"credential.https://git.example.com.oauthClientId": "canary-id"})
    done = person.keyfob("import", "--dry-run")
    line = "keyfob: git-credential-oauth: its settings for https://git.example.com stay valid"
    assert line in stderr_lines(done)
    assert "none of these programs has stored credentials" in done.stderr.decode()


def test_the_settings_of_git_credential_manager_are_judged(person: Person) -> None:
    complete, alone = "credential.https://git.example.com.", "credential.https://other.example.com."
    person.configure_git({
        complete + "oauthClientId": "canary-id", complete + "oauthClientSecret": "canary-secret",
        complete + "oauthAuthorizeEndpoint": "/authorize", complete + "oauthTokenEndpoint": "/token",
        complete + "provider": "generic", alone + "oauthClientId": "canary-id",
        "credential.ghe.example.com.oauthScopes": "repo", "credential.interactive": "false",
        "credential.credentialStore": "plaintext", "credential.namespace": "work",
    })  # fmt: skip
    begin = "keyfob: git-credential-manager: "
    for name in ("gcm", "git-credential-manager"):
        done = person.keyfob("import", "--dry-run", "--from", name)
        assert_worked(done)
        said = dict(line.removeprefix(begin).split(" ", 1) for line in stderr_lines(done) if line.startswith(begin))
        assert said == {
            complete + "oauthClientId": "counts for keyfob too",
            complete + "oauthClientSecret": "counts for keyfob too",
            complete + "oauthAuthorizeEndpoint": "counts for keyfob too",
            complete + "oauthTokenEndpoint": "counts for keyfob too",
            complete + "provider": "does not count; instead: provider of the service in keyfob's configuration",
            alone + "oauthClientId":
                "does not count without all of oauthClientId, oauthAuthorizeEndpoint and oauthTokenEndpoint",
            "credential.ghe.example.com.oauthScopes": "does not count without https:// before the host",
            "credential.interactive": "counts for keyfob too",
            "credential.credentialStore": "does not count; instead: store in keyfob's configuration",
            "credential.namespace": "does not count, and keyfob has nothing like it",
        }  # fmt: skip
        assert b"canary" not in done.stdout + done.stderr
    asked = person.ask_door("get", "https://git.example.com", KEYFOB_INTERACTION="never")
    assert (asked.returncode, person.ask_door("get", "https://other.example.com").returncode) == (77, 0)


def test_a_wrong_setting_of_git_credential_manager_is_named(person: Person) -> None:
    url = "credential.https://git.example.com."
    person.configure_git({
        url + "oauthClientId": "id", url + "oauthAuthorizeEndpoint": "/a", url + "oauthTokenEndpoint": "/t",
        url + "oauthResponseMode": "form_post",
    })  # fmt: skip
    lines = stderr_lines(person.keyfob("import", "--dry-run", "--from", "gcm"))
    begin = f"keyfob: git-credential-manager: {url}"
    assert f'{begin}oauthResponseMode is an error: "form_post" is not one of query' in lines
    assert f"{begin}oauthClientId does not count as long as oauthResponseMode is an error" in lines
    assert person.ask_door("get", "https://git.example.com").returncode == 78


def test_import_shows_how_to_remove_plain_text(settled: Person) -> None:
    hints = [line for line in stderr_lines(settled.keyfob("import", "--yes")) if line.startswith("hint: ")]
    assert [re.search(r"~/\S+", hint)[0] for hint in hints] == [
        "~/.git-credentials", "~/.config/gh/hosts.yml", "~/.docker/config.json"
    ]  # fmt: skip


def hints(done: Done) -> list[str]:
    """The hints, without the word before them."""
    return [line.removeprefix("hint: ") for line in stderr_lines(done) if line.startswith("hint: ")]


def test_a_file_is_not_to_be_removed_before_its_secrets_are_in_the_keyring(settled: Person) -> None:
    done = settled.keyfob("import", "--dry-run")
    assert hints(done) == [
        f"{name} still holds secrets in plain text; your keyring has none of them"
        for name in ("~/.git-credentials", "~/.config/gh/hosts.yml", "~/.docker/config.json")
    ]
    terminal = Terminal(settled.session, binaries.keyfob(), "import")
    terminal.read_until(r"\[y/N\] ")
    terminal.type("n\n")
    assert terminal.finish() == 0
    assert "shred" not in terminal.shown
    assert_worked(settled.keyfob("import", "--yes"))
    # All is there already.
    done = settled.keyfob("import", "--dry-run")
    assert hints(done)[0].endswith("to remove it: shred -u ~/.git-credentials, and take store out of credential.helper")
    assert "docker logout https://index.docker.io/v1/, docker logout registry.example.com, " in hints(done)[2]
    assert "REGISTRY" not in done.stderr.decode()


def test_entries_that_are_only_in_the_file_are_named(person: Person, door: HelperStore) -> None:
    door.approve(protocol="https", host="two.example.com", username="b", password="newer")
    lines = ("https://a:1@one.example.com", "https://b:2@two.example.com", "no URL", "https://a:3@one.example.com",
             "https://a:1@one.example.com")  # fmt: skip
    write(person, ".git-credentials", "\n".join(lines) + "\n")
    done = person.keyfob("import", "--yes", "--from", "git-credential-store")
    assert_worked(done)
    assert hints(done) == [
        "~/.git-credentials still holds secrets in plain text; only there: "
        "line 2 (https://two.example.com b), line 4 (https://one.example.com a), line 3"
    ]


def test_the_stores_that_gits_settings_name_are_read(person: Person) -> None:
    write(person, "my secrets", "https://alice:canary-1@one.example.com\n")
    write(person, "other", "https://alice:canary-2@two.example.com\n")
    gcm = "gcm/git/https/three.example.com/alice.credential"
    write(person, gcm, "canary-3\nservice=https://three.example.com\naccount=alice\n")
    person.configure_git({
        "credential.helper": f"store --file '{person.home}/my secrets'",
        "credential.https://two.example.com.helper": "store --file ~/other",
        "credential.plaintextStorePath": str(person.home / "gcm"),
    })  # fmt: skip
    done = person.keyfob("import", "--yes")
    assert_worked(done)
    assert [(row[0], row[3]) for row in rows(done)] == [
        ("https://one.example.com", "git-credential-store, ~/my secrets:1"),
        ("https://two.example.com", "git-credential-store, ~/other:1"),
        ("https://three.example.com", f"git-credential-manager, ~/{gcm}"),
    ]
    assert b"canary" not in done.stdout + done.stderr
    assert f"shred -u '{person.home}/my secrets'," in hints(done)[0]


def test_a_store_that_is_not_read_is_named(person: Person) -> None:
    person.configure_git({"credential.credentialStore": "gpg"})
    said = stderr_lines(person.keyfob("import", "--dry-run"))
    assert "keyfob: git-credential-manager: keyfob cannot read its store gpg" in said


@pytest.mark.parametrize("command", [("import", "--yes"), ("import", "--dry-run")])
def test_a_locked_keyring_is_an_error(settled: Person, command: tuple[str, ...]) -> None:
    settled.session.lock_keyring()
    assert_refused(settled.keyfob(*command), 69)


# Hostile files.


ODD_LINES = (
    b"https://a:b@one.example.com\r\n"
    b"\n"
    b"# a comment\n"
    b"not a URL\n"
    b"https://nobody@two.example.com\n"
    b"https://a:%00b@three.example.com\n"
    b"https://a:b%0ahost=evil.example.com@four.example.com\n"
    b"https://a:\xff\xfe@five.example.com\n"
    b"https://a:b\x1b[31m@six.example.com\n"
    b"https://a:other@one.example.com\n"
    b"https://a%1b%5b31m:b@seven.example.com\n"
    b"https://last:b@eight.example.com"
)


def test_odd_lines_are_named_by_their_numbers(person: Person, door: HelperStore) -> None:
    write(person, ".git-credentials", ODD_LINES)
    done = person.keyfob("import", "--yes", "--from", "git-credential-store")
    assert_worked(done)
    assert [row[0] for row in rows(done)] == [
        "https://one.example.com", "https://five.example.com", "https://eight.example.com"
    ]  # fmt: skip
    odd = re.findall(r"~/\.git-credentials:(\d+): (not|a second)", done.stderr.decode())
    assert odd == [("4", "not"), ("5", "not"), ("6", "not"), ("7", "not"), ("9", "not"), ("10", "a second"), ("11", "not")]
    assert b"\x1b" not in done.stdout + done.stderr
    assert (door.fill(protocol="https", host="one.example.com") or {})["password"] == "b"


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("pipe", "not a file"), ("not ours", "another user's"), ("unreadable", "Too many levels of symbolic links"),
    ],
)  # fmt: skip
def test_a_file_that_is_not_trusted_is_not_read(person: Person, kind: str, said: str) -> None:
    path = person.home / ".git-credentials"
    match kind:
        case "pipe":
            os.mkfifo(path)
        case "not ours":
            if os.geteuid() != 0:
                pytest.skip("only root can give files away")
            path.write_bytes(b"https://a:b@git.example.com\n")
            os.chown(path, 65534, -1)
        case "unreadable":
            path.symlink_to(path.name)
    done = person.keyfob("import", "--yes", "--from", "git-credential-store")
    assert_worked(done)
    assert done.stdout == b""
    (line,) = [line for line in stderr_lines(done) if "~/.git-credentials" in line]
    assert line.startswith(f"keyfob: git-credential-store, ~/.git-credentials: {said}")


def test_many_lines_take_no_time(person: Person) -> None:
    lines = [f"https://user{number % 50}:x@example.com\n" for number in range(30_000)]
    write(person, ".git-credentials", "".join(lines)[: 1 << 20])
    done = person.keyfob("import", "--dry-run", "--from", "git-credential-store")
    assert_worked(done)
    assert len(rows(done)) == 50
    assert len(stderr_lines(done)) < 20, "a file that is all wrong is told of shortly"


def test_a_link_to_a_file_of_ours_is_followed(person: Person, tmp_path: Path) -> None:
    target = tmp_path / "elsewhere"
    target.write_text("https://a:b@git.example.com\n")
    target.chmod(0o644)
    (person.home / ".git-credentials").symlink_to(target)
    done = person.keyfob("import", "--yes", "--from", "git-credential-store")
    assert states(done) == ["to be copied"]
    assert "other users of this machine can read it" in done.stderr.decode()
    assert target.exists()


def test_yaml_that_gh_does_not_write_is_refused_with_its_line(person: Person) -> None:
    write(person, ".config/gh/hosts.yml", "github.com:\n    oauth_token: !!binary eA==\n")
    done = person.keyfob("import", "--dry-run", "--from", "gh")
    assert_worked(done)
    assert "gh, ~/.config/gh/hosts.yml:2: not what gh writes" in done.stderr.decode()
    assert done.stdout == b""


# Export to another machine.


def test_the_configuration_goes_to_another_machine(marked: MarkedServer, person: Person) -> None:
    assert_worked(person.keyfob("login", marked.url))
    write(person, ".config/keyfob/config.toml", 'min_ttl = 60\n[host."https://git.example.com"]\n'
          'issuer = "https://login.example.com"\nclient_id = "id"\nca_file = "/etc/ssl/corp.pem"\n')  # fmt: skip
    done = person.keyfob("export", "--config")
    assert_worked(done)
    hint = "hint: copy /etc/ssl/corp.pem to the other machine, too, or remove the line that names it"
    assert hint in stderr_lines(done)
    exported = done.stdout.decode()
    assert [kind for secret, kind in marked.marks.of.items() if secret in exported] == []
    assert "client_id" in exported and marked.url.split("/")[2] in exported

    before = {url: config(person, url) for url in (marked.url, "https://git.example.com/a")}
    person.approvals.unlink()
    write(person, ".config/keyfob/config.toml", exported)
    assert {url: config(person, url) for url in before} == before


def test_a_wrong_configuration_is_not_exported(person: Person) -> None:
    write(person, ".config/keyfob/config.toml", 'client_secret = "x"\n')
    assert_refused(person.keyfob("export", "--config"), 78)
    assert_refused_usage(person.keyfob("export"))


def config(person: Person, url: str) -> dict[str, str | None]:
    """The effective settings of a service, without their sources."""
    done = person.keyfob("config", url, "--json")
    assert_worked(done)
    return {key: setting.get("value") for key, setting in json.loads(done.stdout)["settings"].items()}


def assert_refused_usage(done: Done) -> None:
    """Asserts a usage error."""
    assert (done.returncode, done.stdout) == (64, b"")
