"""The small program `keyfob` is a door. It answers `token`, `headers` and `get` of a live token from kernel memory, and
runs keyfob-main for everything else. Both give the same bytes and the same exit statuses.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness import binaries, kernel
from harness.dialects import SERVICE
from harness.family import CLIENT_ID, FamilyServer
from harness.person import Done, Person
from harness.provider.server import Provider
from harness.steps import assert_worked

FORMATS = ["token", "header", "json", "curl", "env"]
REQUEST = f"url={SERVICE}\n\n".encode()
Said = tuple[bytes, bytes, int]

# Each invocation that the door may answer: arguments and input.
ANSWERED: list[tuple[tuple[str, ...], bytes]] = [
    (("token", SERVICE), b""),
    *(((("token", SERVICE, "--format", each)), b"") for each in FORMATS),
    *(((("token", "--format", each, SERVICE)), b"") for each in FORMATS),
    (("token", SERVICE + "/a/path"), b""),
    (("headers", SERVICE), b""),
    (("get",), REQUEST),
    (("get",), REQUEST + b"more"),
    (("get",), b"capability[]=authtype\ncapability[]=state\n" + REQUEST),
    (("get",), b"min_ttl=5\n" + REQUEST),
    (("--version",), b""),
]

# Invalid requests, which the door refuses with the same messages.
INVALID: list[tuple[tuple[str, ...], bytes]] = [
    (("headers",), b""),
    (("headers", "get"), b""),
    (("headers", "ftp://service.example"), b""),
    (("get",), b""),
    (("get",), b"no equals sign\n\n"),
    (("get",), b"x=" + b"x" * 2_000_000),
]

# Invocations that the door hands over to keyfob-main.
HANDED_OVER: list[tuple[tuple[str, ...], bytes]] = [
    ((), b""),
    (("--help",), b""),
    (("version",), b""),
    (("token",), b""),
    (("token", SERVICE, SERVICE), b""),
    (("token", SERVICE, "--format"), b""),
    (("token", SERVICE, "--format", "yaml"), b""),
    (("token", SERVICE, "--format=json"), b""),
    (("token", SERVICE, "--format", "json", "--format", "token"), b""),
    (("token", SERVICE, "--format", "xoauth2"), b""),
    (("token", SERVICE, "--format", "xoauth2", "--user", "a@b.example"), b""),
    (("token", SERVICE, "--account", "other", "--interaction", "never"), b""),
    (("token", SERVICE, "--min-ttl", "5", "--interaction", "never"), b""),
    (("token", "--interaction", "never", SERVICE), b""),
    (("token", SERVICE, "--show"), b""),
    (("token", SERVICE, "--json"), b""),
    (("token", "--", SERVICE), b""),
    (("token", "--help"), b""),
    (("token", "ftp://service.example"), b""),
    (("token", "service.example"), b""),
    (("token", SERVICE + "/a/../b"), b""),
    (("token", SERVICE + "/a b"), b""),
    (("token", "https://alice:secret@unknown.example", "--interaction", "never"), b""),
    (("token", ""), b""),
    (("headers", SERVICE, SERVICE), b""),
    (("headers", SERVICE, "--account", "other"), b""),
    (("headers", "--account", "other", SERVICE), b""),
    (("headers", "https://unknown.example"), b""),
    (("get", "--dialect", "git"), REQUEST),
    (("get", "--account", "other", "--interaction", "never"), REQUEST),
    (("get", "word"), REQUEST),
    (("get",), b"url=ftp://service.example\n\n"),
    (("get",), b"interaction=never\nurl=https://unknown.example\n\n"),
    (("get",), b"scope=more\ninteraction=never\n" + REQUEST),
]


@dataclass(frozen=True)
class Front:
    """A person who can run both programs."""

    person: Person

    def ask(self, program: Path, arguments: tuple[str, ...], stdin: bytes = b"", **variables: str) -> Done:
        """Runs one of them under the name `keyfob`."""
        return self.person.session.run(program, *arguments, stdin=stdin, **variables)

    def said(self, arguments: tuple[str, ...], stdin: bytes = b"", **variables: str) -> Said:
        """The result of both programs, which must be the same."""
        programs = (binaries.keyfob(), binaries.keyfob_main())
        first, second = (self.ask(program, arguments, stdin, **variables) for program in programs)
        found: Said = (first.stdout, first.stderr, first.returncode)
        assert found == (second.stdout, second.stderr, second.returncode), (arguments, stdin[:100], variables)
        return found

    def programs_started(self, arguments: tuple[str, ...], stdin: bytes = b"", **variables: str) -> int:
        """The number of programs that the door's process runs."""
        trace = self.person.home / "trace"
        command = ["strace", "-f", "-qq", "-e", "trace=execve", "-o", trace, binaries.keyfob(), *arguments]
        self.person.session.run(*command, stdin=stdin, **variables)
        return len(re.findall(r'execve\("[^"]*/keyfob(?:-main)?".* = 0$', trace.read_text(), re.MULTILINE))


@pytest.fixture
def front(person: Person) -> Iterator[Front]:
    """A person whose keyfob has no data yet."""
    yield Front(person)


@pytest.fixture
def signed_in(front: Front, provider: Provider) -> Front:
    """The same person after a sign-in and one request, which told the door the account."""
    front.person.configure_keyfob(SERVICE, provider.issuer)
    assert_worked(front.person.keyfob("login", SERVICE))
    assert_worked(front.person.keyfob("token", SERVICE))
    return front


def test_the_door_answers_with_a_live_token_exactly_like_keyfob_main(signed_in: Front) -> None:
    for arguments, stdin in ANSWERED:
        output, errors, status = signed_in.said(arguments, stdin)
        assert (output != b"", errors, status) == (True, b"", 0), arguments
        assert signed_in.programs_started(arguments, stdin) == 1, arguments


def test_the_door_refuses_an_invalid_request_exactly_like_keyfob_main(front: Front) -> None:
    for arguments, stdin in INVALID:
        output, errors, status = front.said(arguments, stdin)
        assert (output, errors != b"", status in (64, 65)) == (b"", True, True), arguments
        assert front.programs_started(arguments, stdin) == 1, arguments


def test_keyfob_main_answers_everything_else(signed_in: Front) -> None:
    for arguments, stdin in HANDED_OVER:
        signed_in.said(arguments, stdin)
        assert signed_in.programs_started(arguments, stdin) == 2, arguments


def test_without_a_token_keyfob_main_answers(front: Front) -> None:
    for arguments, stdin in ANSWERED + HANDED_OVER:
        front.said(arguments, stdin, KEYFOB_INTERACTION="never")


def write_token(person: Person, **lines: object) -> None:
    """Replaces the person's token in kernel memory."""
    (serial,) = {serial for account in person.session.accounts() for serial in kernel.named("token:", account)}
    payload = "".join(f"{key}={value}\n" for key, value in lines.items())
    subprocess.run(["keyctl", "pupdate", serial], input=payload.encode(), check=True)


def test_a_token_with_odd_characters_is_encoded_in_the_same_way(signed_in: Front) -> None:
    now = int(time.time())
    for token in ("to.ke.n", "a'b\"c\\d/e"):
        facts = {"fresh_until": now + 100, "expires_at": now + 200, "lifetime": 3600, "username": "oauth2"}
        write_token(signed_in.person, **facts, token=token)
        for arguments, stdin in ANSWERED:
            assert signed_in.said(arguments, stdin)[2] == 0


def test_keyfob_main_renews_an_expired_token(signed_in: Front) -> None:
    now = int(time.time())
    facts = {"expires_at": now - 1, "lifetime": 3600, "username": "oauth2", "token": "old"}
    for arguments, stdin in ANSWERED[:-1]:
        write_token(signed_in.person, fresh_until=now - 1, **facts)
        done = signed_in.ask(binaries.keyfob(), arguments, stdin)
        assert (done.returncode, b"old" in done.stdout) == (0, False), arguments


def test_variables_and_files_that_change_the_answer_count(signed_in: Front) -> None:
    question = ("token", SERVICE)
    for interaction in ("never", "auto", "always", ""):
        assert signed_in.said(question, KEYFOB_INTERACTION=interaction)[2] == 0
    assert signed_in.said(question, KEYFOB_INTERACTION="no")[2] == 78
    assert signed_in.said(question, CLAUDE_CODE_MCP_SERVER_URL="ftp://x")[2] == 0
    assert signed_in.said(("headers",), CLAUDE_CODE_MCP_SERVER_URL=SERVICE)[2] == 0
    assert signed_in.programs_started(question, KEYFOB_TRACE="1") == 2
    signed_in.person.configuration.write_text("no_such_key = 1\n")
    assert signed_in.said(question)[2] == 78


def test_a_configuration_that_others_can_write_to_gives_no_token(signed_in: Front) -> None:
    file = signed_in.person.configuration
    for path, safe, unsafe in ((file, 0o600, 0o666), (file.parent, 0o700, 0o777)):
        path.chmod(unsafe)
        assert signed_in.said(("token", SERVICE))[::2] == (b"", 78), path
        path.chmod(safe)
        assert signed_in.said(("token", SERVICE))[2] == 0, path


def test_a_new_configuration_file_with_the_old_time_and_size_counts(signed_in: Front) -> None:
    file = signed_in.person.configuration
    status = file.stat()
    host = SERVICE.split("/")[2]
    file.write_text(file.read_text().replace(host, host[:-1] + "x"))
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert signed_in.said(("token", SERVICE), KEYFOB_INTERACTION="never")[0] == b""


def test_git_is_asked_for_its_settings_each_time(front: Front, server: FamilyServer) -> None:
    settings = {
        "oauthClientId": CLIENT_ID, "oauthAuthURL": f"{server.issuer}/authorize",
        "oauthTokenURL": f"{server.issuer}/token", "oauthScopes": "read",
    }  # fmt: skip
    for name, value in settings.items():
        assert_worked(front.person.session.run("git", "config", "--global", f"credential.{SERVICE}.{name}", value))
    assert_worked(front.person.keyfob("login", SERVICE))
    other = f"'credential.{SERVICE}.oauthclientid'='other'"
    for question, stdin in ((("token", SERVICE), b""), (("get",), REQUEST)):
        assert front.said(question, stdin)[2] == 0
        for variables in ({"GIT_CONFIG_GLOBAL": "/dev/null"}, {"GIT_CONFIG_PARAMETERS": other}):
            assert front.said(question, stdin, KEYFOB_INTERACTION="never", **variables)[0] == b"", variables


def test_no_token_is_shown_on_a_terminal(signed_in: Front) -> None:
    script = ["script", "-qec", f"{binaries.keyfob()} token {SERVICE}", "/dev/null"]
    done = signed_in.person.session.run(*script)
    assert b"the token would appear on the terminal" in done.stdout
    assert done.returncode == 64


def test_the_door_finds_keyfob_main_beside_itself_or_in_libexec_only(front: Front) -> None:
    place = front.person.home / "usr"
    (place / "bin").mkdir(parents=True)
    (place / "libexec/keyfob").mkdir(parents=True)
    shutil.copy(binaries.keyfob(), place / "bin/keyfob")
    path = f"{binaries.bin_directory()}:/usr/bin:/bin"
    done = front.ask(place / "bin/keyfob", ("--help",), PATH=path)
    assert (done.returncode, b"keyfob-main cannot be started" in done.stderr) == (75, True)
    (place / "bin/keyfob-main").symlink_to("keyfob")
    assert front.ask(place / "bin/keyfob", ("--help",), PATH=path).returncode == 75
    (place / "libexec/keyfob/keyfob-main").symlink_to(binaries.keyfob_main())
    assert b"USAGE: keyfob" in front.ask(place / "bin/keyfob", ("--help",), PATH=path).stdout
