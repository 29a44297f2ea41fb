"""The door for callers other than git answers every request with keyfob's answer, byte for byte."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from harness import binaries, counts, kernel
from harness.callers import NAMES, links
from harness.dialects import CALLERS, CARGO, SERVICE, Caller
from harness.evidence import may_look_into_others
from harness.person import Done, Person
from harness.provider.server import Provider
from harness.session import LONGEST_SECONDS
from harness.steps import assert_worked, refreshes

SPOKEN = [caller for caller in CALLERS if caller.command[0] in NAMES]
LONGEST = 1 << 20
Said = tuple[bytes, bytes, int]


@dataclass(frozen=True)
class Threshold:
    """A person with a link for each caller, both to the door and to keyfob itself."""

    person: Person
    door: Path
    keyfob: Path

    def ask(self, place: Path, command: tuple[str, ...], stdin: bytes = b"", **variables: str) -> Done:
        """Asks the door or keyfob."""
        return self.person.session.run(place / command[0], *command[1:], stdin=stdin, **variables)

    def said(self, command: tuple[str, ...], stdin: bytes = b"", **variables: str) -> Said:
        """The answer of both, which must be the same."""
        first, second = (self.ask(place, command, stdin, **variables) for place in (self.door, self.keyfob))
        found: Said = (first.stdout, first.stderr, first.returncode)
        assert found == (second.stdout, second.stderr, second.returncode), (command, stdin[:200])
        return found

    def told(self, caller: Caller, **variables: str) -> Said:
        """The same for the request of one caller."""
        return self.said(caller.command, caller.stdin.encode(), **{**caller.variables, **variables})

    def answers_alone(self, caller: Caller) -> Said:
        """The door's answer. Asserts that the door started no program and used neither network nor bus."""
        trace = self.person.home / f"{caller.name}.trace"
        command = ["strace", "-f", "-qq", "-o", trace, self.door / caller.command[0], *caller.command[1:]]
        done = self.person.session.run(*command, stdin=caller.stdin.encode(), **caller.variables)
        calls = re.findall(r"^\d+ +(\w+)\(", trace.read_text(), re.MULTILINE)
        assert calls.count("execve") == 1, caller.name
        assert not {"socket", "connect", "fork", "vfork", "clone", "clone3"} & set(calls), caller.name
        # Far fewer than the system calls of a dynamic linker.
        assert len(calls) < MOST_CALLS, (caller.name, len(calls))
        return done.stdout, done.stderr, done.returncode


MOST_CALLS = 120


@pytest.fixture
def threshold(person: Person) -> Iterator[Threshold]:
    """A person before any sign-in."""
    door = links(person.home / "door", binaries.keyfob())
    yield Threshold(person, door, links(person.home / "keyfob", binaries.keyfob_main()))


@pytest.fixture
def signed_in(threshold: Threshold, provider: Provider) -> Threshold:
    """The same person after a sign-in. No door knows a route to the account yet."""
    threshold.person.configure_keyfob(SERVICE, provider.issuer)
    assert_worked(threshold.person.keyfob("login", SERVICE))
    return threshold


def test_a_token_in_kernel_memory_is_given_without_keyfob(signed_in: Threshold) -> None:
    token = signed_in.person.token(SERVICE)
    for caller in SPOKEN:
        said = signed_in.told(caller)
        assert caller.secret(said[0].decode()).removeprefix("Bearer ") == token, caller.name
        assert (said[1:], signed_in.answers_alone(caller)) == ((b"", 0), said), caller.name


def test_keyfob_answers_requests_that_the_door_cannot_answer(threshold: Threshold) -> None:
    for caller in SPOKEN:
        said = threshold.told(caller)
        assert (said[0].decode(), said[2]) == caller.miss, caller.name
        threshold.told(caller, DBUS_SESSION_BUS_ADDRESS="unix:path=/nonexistent")


def test_a_stored_password_comes_from_keyfob(threshold: Threshold) -> None:
    assert_worked(threshold.person.ask_door("store", SERVICE, "username=alice", "password=pass word"))
    for caller in SPOKEN:
        said = threshold.told(caller)
        assert caller.carries_passwords is (said[0].decode() != caller.miss[0]), caller.name


def test_keyfob_refreshes_a_token_that_the_door_does_not_have(signed_in: Threshold, provider: Provider) -> None:
    person = signed_in.person
    for caller in SPOKEN:
        before, old = refreshes(provider), person.token(SERVICE)
        assert_worked(person.ask_door("erase", SERVICE, "username=oauth2", f"password={old}"))
        done = signed_in.ask(signed_in.door, caller.command, caller.stdin.encode(), **caller.variables)
        assert caller.secret(done.stdout.decode()).removeprefix("Bearer ") == person.token(SERVICE) != old
        assert refreshes(provider) == before + 1, caller.name


def write_token(person: Person, **lines: object) -> None:
    """Replaces the token in kernel memory."""
    (serial,) = {serial for account in person.session.accounts() for serial in kernel.named("token:", account)}
    payload = "".join(f"{key}={value}\n" for key, value in lines.items())
    subprocess.run(["keyctl", "pupdate", serial], input=payload.encode(), check=True)


def test_a_caller_that_needs_more_life_gets_a_new_token(signed_in: Threshold, provider: Provider) -> None:
    bazel = next(caller for caller in SPOKEN if caller.name == "bazel")
    docker = next(caller for caller in SPOKEN if caller.name == "docker")
    signed_in.told(bazel)
    now = int(time.time())
    # Docker takes every fresh token. Bazel needs five minutes, or half of the whole lifetime.
    write_token(
        signed_in.person, fresh_until=now + 100, expires_at=now + 200, lifetime=3600, username="oauth2", token="old"
    )
    before = refreshes(provider)
    assert docker.secret(signed_in.told(docker)[0].decode()) == "old"
    assert bazel.secret(signed_in.told(bazel)[0].decode()) != "Bearer old"
    assert refreshes(provider) == before + 1
    write_token(
        signed_in.person, fresh_until=now - 1, expires_at=now + 200, lifetime=3600, username="oauth2", token="old"
    )
    assert docker.secret(signed_in.told(docker)[0].decode()) != "old"
    assert refreshes(provider) == before + 2


def test_an_edit_of_the_configuration_takes_effect_at_once(signed_in: Threshold, provider: Provider) -> None:
    docker = next(caller for caller in SPOKEN if caller.name == "docker")
    signed_in.told(docker)
    signed_in.person.configure_keyfob(SERVICE, provider.issuer, no_such_key=1)
    output, _, status = signed_in.told(docker)
    assert (b"no_such_key" in output, status) == (True, 1)


def test_keyfob_reports_a_locked_keyring_and_an_unreachable_server(
    signed_in: Threshold, provider: Provider
) -> None:
    person = signed_in.person
    assert_worked(person.ask_door("erase", SERVICE, "username=oauth2", f"password={person.token(SERVICE)}"))
    provider.stop()
    try:
        for caller in SPOKEN:
            assert caller.name and signed_in.told(caller)[0:2] != (b"", b""), caller.name
    finally:
        provider.start_again()
    person.session.lock_keyring()
    for caller in SPOKEN:
        assert b"the keyring is locked" in b"".join(signed_in.told(caller)[0:2]), caller.name
    assert person.browsers_opened() == 1


ODD: list[tuple[tuple[str, ...], bytes]] = [
    (("docker-credential-keyfob",), b""),
    (("docker-credential-keyfob", "get"), b""),
    (("docker-credential-keyfob", "get"), b"two words"),
    (("docker-credential-keyfob", "get"), b"\xff\x00 \xc3"),
    (("docker-credential-keyfob", "get", "more"), b"https://service.example"),
    (("docker-credential-keyfob", "dance\x1b[2K"), b""),
    (("docker-credential-keyfob", "version"), b""),
    (("docker-credential-keyfob", "list"), b"unused"),
    (("kubernetes-credential-keyfob", "get"), b""),
    (("kubernetes-credential-keyfob", "get", "a", "b"), b""),
    (("cargo-credential-keyfob",), b""),
    (("cargo-credential-keyfob", "--cargo-plugin", "more"), b""),
    (("cargo-credential-keyfob", "--cargo-plugin"), b""),
    (("cargo-credential-keyfob", "--cargo-plugin"), b'{\n{"v":2}\n'),
    (("bazel-credential-keyfob", "get"), b'{"uri":1}'),
    (("bazel-credential-keyfob", "set"), b"{}"),
    (("keyring",), b""),
    (("keyring", "get"), b""),
    (("keyring", "--mode", "dance", "get", "x"), b""),
    (("terraform-credentials-keyfob",), b""),
    (("terraform-credentials-keyfob", "store", "service.example"), b'{"token":"t","other":1}'),
    (("vault-token-keyfob",), b""),
    (("vault-token-keyfob", "get", "more"), b""),
    (("vault-token-keyfob", *["x"] * 2000), b""),
]


def test_malformed_requests_and_other_operations_get_keyfobs_answer(threshold: Threshold) -> None:
    for command, stdin in ODD:
        threshold.said(command, stdin)


def other(index: str) -> bytes:
    """Cargo's request for another index."""
    return json.dumps({**CARGO, "registry": {"index-url": f"sparse+{index}"}}).encode() + b"\n"


def test_oversized_requests_are_refused(threshold: Threshold) -> None:
    for command, question in (
        (("docker-credential-keyfob", "get"), b"https://service.example"),
        (("bazel-credential-keyfob", "get"), b'{"uri":"https://service.example"}'),
        (("keyring", "set", "service.example", "alice"), b"\n"),
    ):
        for size in (LONGEST - 1, LONGEST, LONGEST + 1, 3 * LONGEST):
            said = threshold.said(command, question + b" " * (size - len(question)))
            assert (b"larger than 1048576 bytes" in b"".join(said[0:2])) == (size > LONGEST), said


def test_a_line_of_a_conversation_may_be_long_and_not_too_long(threshold: Threshold) -> None:
    line = other(SERVICE)
    for size, answers in ((LONGEST // 2, 2), (3 * LONGEST, 1)):
        padded = line.rstrip() + b" " * (size - len(line)) + b"\n"
        output, _, _ = threshold.said(("cargo-credential-keyfob", "--cargo-plugin"), padded + line)
        # After a line that is too long, the next request is not read: its beginning is unknown.
        assert (output.count(b"\n"), b"larger than" in output) == (1 + answers, answers == 1)


def test_store_and_erase_go_to_keyfob(threshold: Threshold) -> None:
    kept = json.dumps({"ServerURL": "registry.example", "Username": "alice", "Secret": "pass word"}).encode()
    docker = "docker-credential-keyfob"
    assert threshold.said((docker, "store"), kept) == (b"", b"", 0)
    assert json.loads(threshold.said((docker, "get"), b"registry.example")[0])["Secret"] == "pass word"
    assert threshold.said((docker, "erase"), b"registry.example\n") == (b"", b"", 0)
    assert threshold.said((docker, "get"), b"registry.example")[2] == 1
    assert threshold.said(("vault-token-keyfob", "store"), b"s.token\n", VAULT_ADDR=SERVICE) == (b"", b"", 0)
    assert threshold.said(("vault-token-keyfob", "get"), VAULT_ADDR=SERVICE) == (b"s.token", b"", 0)


def test_a_conversation_has_one_greeting_even_after_a_hand_over(signed_in: Threshold) -> None:
    hit, miss, keep = other(SERVICE), other("https://other.example"), other(SERVICE).replace(b'"get"', b'"dance"')
    signed_in.said(("cargo-credential-keyfob", "--cargo-plugin"), hit)
    for lines in ([hit, hit], [hit, miss, hit], [miss], [hit, keep, hit.rstrip()], [miss.rstrip()], [b"\n", hit]):
        output, _, status = signed_in.said(("cargo-credential-keyfob", "--cargo-plugin"), b"".join(lines))
        assert (output.count(b'{"v":[1]}'), output.count(b"\n"), status) == (1, 1 + len(lines), 0)


def test_a_caller_may_send_each_request_after_the_previous_answer(signed_in: Threshold) -> None:
    command = (signed_in.door / "cargo-credential-keyfob", "--cargo-plugin")
    process = signed_in.person.session.start(*command, stdin=subprocess.PIPE)
    signed_in.person.session.end_at_last(process)
    assert process.stdin is not None and process.stdout is not None
    assert process.stdout.readline() == b'{"v":[1]}\n'
    for index, kind in ((SERVICE, "Ok"), ("https://other.example", "Err"), (SERVICE, "Ok")):
        process.stdin.write(other(index))
        process.stdin.flush()
        assert list(json.loads(process.stdout.readline())) == [kind]
    process.stdin.close()
    assert (process.wait(LONGEST_SECONDS), process.stdout.read()) == (0, b"")


def test_an_answer_without_a_reader_is_a_failure(signed_in: Threshold) -> None:
    for caller in SPOKEN:
        signed_in.told(caller)
        for place, output in ((signed_in.door, ">&-"), (signed_in.door, ">/dev/full"), (signed_in.keyfob, ">/dev/full")):
            shell = ["/bin/sh", "-c", f'exec "$@" {output}', "sh", place / caller.command[0], *caller.command[1:]]
            done = signed_in.person.session.run(*shell, stdin=caller.stdin.encode(), **caller.variables)
            reason = "No space left on device" if "full" in output else "Bad file descriptor"
            said = f"keyfob: cannot write the answer to standard output: {reason}\n"
            assert (done.returncode, done.stderr.decode()) == (74, said), (caller.name, place.name)


@pytest.mark.skipif(not may_look_into_others(), reason="only root can trace a program that hides its memory")
@pytest.mark.parametrize("closed", ["<&-", "2>&-", "<&- 2>&-", "<&- >&- 2>&-"])
def test_no_file_gets_the_number_of_a_closed_standard_descriptor(signed_in: Threshold, closed: str) -> None:
    trace = signed_in.person.home / "trace"
    strace = ["strace", "-f", "-e", "trace=execve,openat,open,socket,dup,dup2", "-o", str(trace)]
    shell = ["/bin/sh", "-c", f'exec "$@" {closed}', "sh", binaries.keyfob(), "status", "--json"]
    signed_in.person.session.run(*strace, *shell)
    lines = trace.read_text().partition(f'execve("{binaries.keyfob()}"')[2].splitlines()[1:]
    taken = [line for line in lines if re.search(r" = [012]$", line) and "execve" not in line]
    # What starts the program reads its own file before, and closes it.
    own = [line for line in taken if "/proc/self/maps" not in line and ".so" not in line]
    assert len(own) == closed.count("&-")
    assert all('"/dev/null"' in line for line in own), own


def test_a_door_without_keyfob_main_reports_that(threshold: Threshold) -> None:
    alone = threshold.person.home / "alone"
    alone.mkdir()
    shutil.copy(binaries.keyfob(), alone)
    place = links(threshold.person.home / "lonely", alone / "keyfob")
    for caller in SPOKEN:
        done = threshold.ask(place, caller.command, caller.stdin.encode(), **caller.variables)
        said = caller.complaint(done)
        assert f"{alone}/keyfob-main cannot be started" in said, caller.name
        assert "install keyfob and keyfob-main into one directory" in said, caller.name


# URLs other than the service that has the token.
OTHERS = [
    *("http://service.example", "https://service.example.evil.example", "https://evil-service.example"),
    *("https://service.example:8443", "https://SERVICE.EXAMPLE.", "https://service.example@evil.example"),
    *("https://evil.example/service.example", "https://service.example%00", "https://service.example\\.evil.example"),
    *("https://evil.example\nhost=service.example", "https://evil.example\rhost=service.example", "https:///"),
    *("https://evil.example?service.example", "https://evil.example#@service.example", "https://ser vice.example"),
    *("ftp://service.example", "https://service.ex\u0430mple"),
]


def asked_about(caller: Caller, url: str) -> tuple[tuple[str, ...], bytes, dict[str, str]]:
    """The caller's request for that URL."""
    said = url.removeprefix("https://") if caller.name == "terraform" else url
    inside = json.dumps(said)[1:-1]
    command = tuple(word.replace(SERVICE, said).replace("service.example", said) for word in caller.command)
    stdin = caller.stdin.replace(SERVICE, said if caller.name == "docker" else inside)
    variables = {
        name: value.replace(SERVICE, said if caller.name == "vault" else inside)
        for name, value in caller.variables.items()
    }
    return command, stdin.encode(), variables


def test_no_caller_gets_the_token_of_another_host(signed_in: Threshold) -> None:
    token = signed_in.person.token(SERVICE)
    for index, caller in enumerate(SPOKEN):
        signed_in.told(caller)
        # A short run tries a third of them for each caller.
        for url in OTHERS if counts.is_long() else OTHERS[index % 3 :: 3]:
            with counts.counted("hostile callers", f"door: {caller.name}"):
                command, stdin, variables = asked_about(caller, url)
                output, errors, _ = signed_in.said(command, stdin, **variables)
                assert token.encode() not in output + errors, (caller.name, url)
        assert caller.secret(signed_in.told(caller)[0].decode()).endswith(token)
    assert signed_in.person.browsers_opened() == 1


def test_forged_options_of_the_door_bring_no_token(signed_in: Threshold) -> None:
    for word, stdin in (("0", other("https://other.example")), ("999", b""), ("x", b""), ("", b""), ("-1", b"")):
        cargo = ("cargo-credential-keyfob", f"--heard={word}", "--cargo-plugin")
        done = signed_in.ask(signed_in.keyfob, cargo, stdin)
        assert (b"Bearer" in done.stdout, done.returncode) == (False, 0), word


def about(url: str) -> tuple[tuple[str, ...], bytes]:
    """Bazel's request."""
    return ("bazel-credential-keyfob", "get"), json.dumps({"uri": url}).encode()


def test_a_path_below_a_service_gets_the_services_answer(signed_in: Threshold) -> None:
    token = signed_in.person.token(SERVICE)
    bazel = next(caller for caller in SPOKEN if caller.name == "bazel")
    signed_in.said(*about(f"{SERVICE}/one"))
    for path in ("", "/", "/two", "/a/b/c?query=1", "/a//b", "/" + "x/" * 6):
        below = replace(bazel, stdin=json.dumps({"uri": SERVICE + path}))
        assert token.encode() in signed_in.answers_alone(below)[0], path
        signed_in.told(below)
    # keyfob refuses an ambiguous path.
    for path in ("/a/b/../c?query=1", "/two%2f.."):
        output, errors, status = signed_in.said(*about(SERVICE + path))
        assert (output, status) == (b"", 65), (path, errors)
    # One key for the token, and one for the route.
    assert len(kernel.of_accounts(signed_in.person.session.accounts())) == 2
    # Deeper than the door searches.
    assert token.encode() in signed_in.said(*about(f"{SERVICE}/" + "x/" * 40))[0]


def test_a_path_with_its_own_service_does_not_get_the_parents_answer(
    signed_in: Threshold, provider: Provider
) -> None:
    person = signed_in.person
    inner = person.configuration.read_text() + f'[host."{SERVICE}/team"]\nissuer = "{provider.issuer}"\n'
    person.configuration.write_text(inner + 'client_id = "keyfob"\naccount = "bob"\n')
    token = person.token(SERVICE)
    for path in ("", "/other", "", "/other"):
        assert token.encode() in signed_in.said(*about(SERVICE + path))[0]
    for path, refusal in (("/team", 77), ("/team/x", 77), ("/other/../team/x", 65), ("/./team", 65)):
        output, errors, status = signed_in.said(*about(SERVICE + path))
        assert (output, status) == (b"", refusal), (path, errors)
