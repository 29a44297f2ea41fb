"""Messages that say what is true, and hints that work as they are written."""

from __future__ import annotations

import shlex

import pytest

from harness import binaries
from harness.credential import HelperStore
from harness.family import FamilyServer
from harness.person import Person, stderr_lines
from harness.ports import free_port
from harness.steps import assert_worked


@pytest.mark.parametrize(
    ("url", "client"),
    [
        ("https://github.com", "none, and keyfob cannot register itself there"),
        ("https://gist.github.com/x", "none, and keyfob cannot register itself there"),
        ("https://bitbucket.org", "none, and keyfob cannot register itself there"),
        ("https://contoso.ghe.com", "none, and keyfob cannot register itself there"),
        ("https://dev.azure.com/contoso", "none, and keyfob cannot register itself there"),
        ("https://gitlab.com", "keyfob registers itself, if the server lets it"),
        ("https://codeberg.org", "keyfob registers itself, if the server lets it"),
    ],
)
def test_config_claims_no_client_that_does_not_exist(person: Person, url: str, client: str) -> None:
    lines = person.keyfob("config", url).stdout.decode().splitlines()
    assert f"client: {client}  (default)" in lines


@pytest.mark.parametrize("command", ["token", "login", "logout", "config"])
@pytest.mark.parametrize(
    ("written", "right"),
    [
        ("github.com", "https://github.com"),
        ("http://github.com/a", "https://github.com/a"),
        ("git@github.com:a/b.git", "https://github.com/a/b.git"),
        ("alice@git.example.com", "https://git.example.com"),
        ("git.example.com:8443", "https://git.example.com:8443"),
        ("127.0.0.1:9/a", "http://127.0.0.1:9/a"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("htps://github.com/a", "https://github.com/a"),
        ("https:/github.com", "https://github.com"),
        ("https//github.com", "https://github.com"),
        ("https:github.com/a", "https://github.com/a"),
        (" https://github.com ", "https://github.com"),
        ("https://github.com:0443", "https://github.com"),
        ("https://github.com:99999", "https://github.com, or its right port after it"),
    ],
)
def test_the_right_url_is_proposed(person: Person, command: str, written: str, right: str) -> None:
    done = person.keyfob(command, written)
    assert done.returncode == 64, stderr_lines(done)
    assert stderr_lines(done)[1:] == [f"hint: write {right}"]


@pytest.mark.parametrize("written", ["git@git.example.com:you/project.git", "git.example.com:you/project.git"])
@pytest.mark.parametrize("command", [("setup", "git"), ("login",)])
def test_the_group_of_a_repository_stays_in_the_proposal(
    person: Person, command: tuple[str, ...], written: str
) -> None:
    done = person.keyfob(*command, written)
    assert done.returncode == 64, stderr_lines(done)
    assert stderr_lines(done)[1:] == ["hint: write https://git.example.com/you/project.git"]


@pytest.mark.parametrize(
    ("written", "status", "hint"),
    [
        ("git.example.com", 65, "write url=https://git.example.com"),
        ("https:/git.example.com", 65, "write url=https://git.example.com"),
        ("https//git.example.com/a", 65, "write url=https://git.example.com/a"),
        ("https://git.example.com:99999", 65, "write url=https://git.example.com"),
        ("https://u:secret@git.example.com:x/a", 65, "write url=https://git.example.com/a"),
        ("htps://git.example.com/a", 1, "did you mean https://git.example.com?"),
        ("smtp://mail.example.com", 1, None),
    ],
)
def test_a_misspelt_url_of_a_caller_has_a_hint(person: Person, written: str, status: int, hint: str | None) -> None:
    done = person.keyfob("get", stdin=f"url={written}\n\n".encode())
    assert (done.returncode, done.stdout) == (status, b"")
    assert stderr_lines(done)[1:] == ([f"hint: {hint}"] if hint else [])


def test_a_callers_url_may_have_a_host_in_other_letters(person: Person) -> None:
    lines = "url=https://bücher.example:8443/a\nusername=u\npassword=p\n\n"
    assert_worked(person.keyfob("store", stdin=lines.encode()))
    for url in ("https://bücher.example:8443/a", "https://xn--bcher-kva.example:8443/a"):
        found = person.keyfob("get", stdin=f"url={url}\n\n".encode())
        assert b"password=p\n" in found.stdout


@pytest.mark.parametrize(
    ("line", "said", "hint"),
    [
        ('[host."git.example.com"]', "is neither an https URL", '[host."https://git.example.com"]'),
        ('[host."https://bücher.example"]', "is not in ASCII", '[host."https://xn--bcher-kva.example"]'),
        ('[host."https://git.example.com:99999"]', "has a port that is not a number", '[host."https://git.example.com"]'),
        ('[host."htps://git.example.com"]', "is neither an https URL", '[host."https://git.example.com"]'),
        ("[host.https://git.example.com]", "", '[host."https://git.example.com"]'),
        ("[host.git.example.com]", '"git.example.com" is neither', '[host."https://git.example.com"]'),
        ('[host."https://h"]\nissuer = " https://l "', "has a blank before or after", 'issuer = "https://l"'),
        ('[host."https://h"]\nissuer = "htps://l"', "is neither an https URL", 'issuer = "https://l"'),
        (
            '[host."https://h"]\ntoken_endpoint = " https://l/token\\n"',
            "has a blank before or after",
            'token_endpoint = "https://l/token"',
        ),
        (
            '[host."https://h"]\ntoken_endpoint = "https://l/token#a"',
            "has a fragment",
            'token_endpoint = "https://l/token"',
        ),
        ("store = auto", "", 'store = "auto"'),
    ],
)
def test_a_wrong_line_of_the_configuration_has_the_right_one(person: Person, line: str, said: str, hint: str) -> None:
    person.configuration.parent.mkdir(parents=True)
    person.configuration.write_text(f"# mine\n{line}\n")
    done = person.keyfob("status")
    assert done.returncode == 78
    first, second = stderr_lines(done)
    assert first.startswith(f"keyfob: {person.configuration}:{1 + len(line.splitlines())}: ") and said in first
    assert second == f"hint: write: {hint}"


def test_a_setting_of_git_with_a_blank_has_the_command_that_corrects_it(person: Person) -> None:
    name = "credential.https://git.example.com.oauth"
    endpoints = {"AuthURL": "https://l.example/a", "TokenURL": " https://l.example/t"}
    person.configure_git({f"{name}{key}": value for key, value in {"ClientId": "c", **endpoints}.items()})
    done = person.keyfob("config", "https://git.example.com")
    assert done.returncode == 78
    command = stderr_lines(done)[1].removeprefix("hint: run: ")
    assert command == f"git config --global {name}TokenURL https://l.example/t"
    assert_worked(person.session.run("sh", "-c", command))
    assert_worked(person.keyfob("config", "https://git.example.com"))


@pytest.mark.parametrize("host", ["bücher.example", "例え.example", "straße.example:8443", "ДОМЕН.example", "a.é"])
def test_a_host_in_other_letters_is_the_one_that_git_asks_for_in_the_dns(person: Person, host: str) -> None:
    door = HelperStore(person.session, binaries.git_credential_keyfob())
    done = door.run("get", protocol="https", host=host)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert_worked(door.run("store", protocol="https", host=host, username="u", password="p"))
    proposed = stderr_lines(person.keyfob("config", f"https://{host}"))[1].removeprefix("hint: write https://")
    assert "xn--" in proposed
    for name in (host, proposed):
        assert door.run("get", protocol="https", host=name).stdout == b"username=u\npassword=p\n"
    assert_worked(door.run("erase", protocol="https", host=host))
    assert door.run("get", protocol="https", host=proposed).stdout == b""


@pytest.mark.parametrize("host", ["b\u00fc cher.example", "\u00fc\u2024", "\u00fc..example"])
def test_a_host_that_no_dns_has_is_refused(person: Person, host: str) -> None:
    done = HelperStore(person.session, binaries.git_credential_keyfob()).run("get", protocol="https", host=host)
    assert (done.returncode, done.stdout) == (65, b"")
    assert stderr_lines(done)[0].startswith("keyfob: the request's host is not ")


@pytest.mark.parametrize(
    "command",
    [
        ["--version"], ["--help"], ["login", "--help"], ["setup"], ["config"], ["config", "https://gitlab.com"], ["status"],
        ["status", "--json"], ["doctor"], ["doctor", "--json"], ["export", "--config"], ["--generate-completion-script", "bash"],
    ],
)  # fmt: skip
def test_an_answer_that_cannot_be_written_is_a_failure(person: Person, command: list[str]) -> None:
    line = shlex.join([str(binaries.keyfob()), *command])
    done = person.session.run("sh", "-c", f"{line} > /dev/full")
    assert done.returncode == 74, stderr_lines(done)
    said = "keyfob: cannot write the answer to standard output: No space left on device"
    assert [line for line in stderr_lines(done) if "standard output" in line] == [said]


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        (["logn", "https://git.example.com"], "did you mean: keyfob login https://git.example.com"),
        (["stauts", "--json"], "did you mean: keyfob status --json"),
        (["frobnicate"], "for a list of commands: keyfob --help"),
    ],
)
def test_a_misspelt_command_is_named(person: Person, typed: list[str], hint: str) -> None:
    done = person.keyfob(*typed)
    assert (done.returncode, done.stdout) == (64, b"")
    assert stderr_lines(done) == [f"keyfob: there is no command {typed[0]}", f"hint: {hint}"]


def test_the_hint_for_a_service_without_sign_in_says_what_to_write(person: Person, server: FamilyServer) -> None:
    server.metadata = lambda path: (404, None)  # type: ignore[method-assign]
    missed = person.keyfob("token", f"{server.issuer}/x")
    assert (missed.returncode, stderr_lines(missed)) == (
        1,
        [
            f"keyfob: no credential for {server.issuer}/x",
            f"hint: to sign in there, run: keyfob login {server.issuer}/x",
        ],
    )
    login = person.keyfob("login", f"{server.issuer}/x")
    assert login.returncode == 78
    lines = stderr_lines(login)
    assert f'write into {person.configuration}: [host."{server.issuer}"], and in the next line issuer = ' in lines[1]
    assert f"run: keyfob store; it reads the lines url={server.issuer}/x, username=..., password=... and an empty one" in lines[2]
    typed = f"url={server.issuer}/x\nusername=u\npassword=p\n\n"
    assert_worked(person.keyfob("store", stdin=typed.encode()))
    found = person.keyfob("get", stdin=f"url={server.issuer}/x\n\n".encode())
    assert b"password=p\n" in found.stdout


def test_without_a_network_no_other_way_to_sign_in_is_proposed(person: Person) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    person.configure_keyfob(
        "https://git.example.com",
        nobody,
        authorization_endpoint=f"{nobody}/a",
        token_endpoint=f"{nobody}/t",
        flow="paste",
    )
    # Without a terminal to paste into.
    done = person.keyfob("token", "--interaction", "always", "https://git.example.com")
    assert done.returncode == 75, stderr_lines(done)
    assert "cannot reach 127.0.0.1" in done.stderr.decode() and "--flow paste" not in done.stderr.decode()


def test_the_names_of_sign_ins_leave_none_out(person: Person, server: FamilyServer, service: str) -> None:
    assert_worked(person.keyfob("login", service))
    assert_worked(person.keyfob("login", "--account", "bob", service))
    done = person.keyfob("token", service.replace("://", "://alice@"), "--interaction", "never")
    assert done.returncode == 77
    assert "you are signed in as bob, and without a name, not as alice" in stderr_lines(done)[0]


def test_an_import_counts_the_problems_that_it_does_not_show(person: Person) -> None:
    lines = [f"no URL {number}" for number in range(14)] + ["https://u:p@git.example.com"]
    (person.home / ".git-credentials").write_text("\n".join(lines) + "\n")
    (person.home / ".git-credentials").chmod(0o644)
    shown = stderr_lines(person.keyfob("import", "--dry-run", "--from", "git-credential-store"))
    assert shown[0] == "keyfob: git-credential-store, ~/.git-credentials: other users of this machine can read it"
    assert len([line for line in shown if "not a URL with user name and password, ignored" in line]) == 9
    rest = "keyfob: git-credential-store: 5 more such entries, from ~/.git-credentials:10 to ~/.git-credentials:14"
    assert rest in shown
