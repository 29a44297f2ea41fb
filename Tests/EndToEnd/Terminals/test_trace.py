"""`--verbose` and KEYFOB_TRACE write each step with its time, to the places of git's trace variables, and no secret."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

import pytest

from harness import binaries, callers
from harness.family import FamilyServer
from harness.person import Done, Person, stderr_lines
from harness.steps import assert_refused, assert_worked
from harness.terminal import Terminal

STEP = re.compile(r"keyfob: \d+\.\d\d s  (.*)")
IN_A_FILE = re.compile(r"\d\d:\d\d:\d\d\.\d{3} keyfob\[\d+\]: \d+\.\d\d s  (.*)")


def steps(done: Done) -> list[str]:
    """The steps on standard error."""
    return [found[1] for line in stderr_lines(done) if (found := STEP.fullmatch(line))]


def steps_in(text: str) -> list[str]:
    """The steps in a file. Every line must be one."""
    found = [IN_A_FILE.fullmatch(line) for line in text.splitlines()]
    assert all(found), text
    return [match[1] for match in found if match]


def is_whole(told: list[str], server: FamilyServer) -> bool:
    """Whether the steps of a whole sign-in are there."""
    asked = [f"POST {server.issuer}/token 200, ", "browser: ", "keyring: store grant: done, ", "kernel memory: keep"]
    return all(any(step.startswith(beginning) for step in told) for beginning in asked)


def sign_in(person: Person, service: str, *more: str, **env: str) -> Done:
    done = person.keyfob("login", service, *more, **env)
    assert_worked(done)
    return done


@pytest.mark.parametrize("option", ["-v", "--verbose"])
def test_each_step_is_traced_with_its_time(person: Person, service: str, server: FamilyServer, option: str) -> None:
    done = sign_in(person, service, option)
    told = steps(done)
    assert told[0].startswith("keyfob "), "the version"
    assert is_whole(told, server), told
    assert f"GET {server.issuer}/.well-known/oauth-authorization-server 200, " in "\n".join(told)
    assert not any("?" in step or "code=" in step for step in told)
    assert done.stdout == b""


@pytest.mark.parametrize("command", ["token", "status", "logout"])
def test_other_commands_trace_their_steps(person: Person, service: str, command: str) -> None:
    sign_in(person, service)
    done = person.keyfob(command, *([] if command == "status" else [service]), "-v")
    assert_worked(done)
    assert len(steps(done)) > 1
    plain = person.keyfob("token", service, "--interaction", "never") if command == "token" else None
    assert plain is None or plain.stdout == done.stdout, "the answer is the same"


def test_there_is_no_trace_unless_requested(person: Person, service: str) -> None:
    for value in ("", "0", "false", "False"):
        assert steps(sign_in(person, service, KEYFOB_TRACE=value)) == []


@pytest.mark.parametrize("value", ["1", "2", "true", "TRUE"])
def test_a_trace_on_standard_error_is_written_once(
    person: Person, service: str, server: FamilyServer, value: str
) -> None:
    told = steps(sign_in(person, service, "-v", KEYFOB_TRACE=value))
    assert is_whole(told, server), told
    assert len([step for step in told if step.startswith("POST ")]) == 1


def test_the_door_for_git_traces_its_steps(person: Person, service: str, server: FamilyServer) -> None:
    done = person.ask_door("get", service, KEYFOB_TRACE="1")
    assert_worked(done)
    assert is_whole(steps(done), server)
    # The door traces the requests that it answers alone, too, and its answer is the same.
    again = person.ask_door("get", service, KEYFOB_TRACE="1")
    assert "kernel memory: access token: found" in "\n".join(steps(again))
    assert again.stdout == person.ask_door("get", service).stdout != b""


def test_a_trace_goes_to_a_descriptor_of_the_caller(person: Person, service: str, server: FamilyServer) -> None:
    told = person.home / "told"
    shell = ["/bin/sh", "-c", 'exec 7>>"$1"; exec "$0" login "$2"', binaries.keyfob(), told, service]
    done = person.session.run(*shell, KEYFOB_TRACE="7")
    assert_worked(done)
    assert steps(done) == []
    assert is_whole(steps_in(told.read_text()), server)


@pytest.mark.parametrize(("redirection", "value"), [("7>", "7"), ("2>", "1")])
def test_a_closed_reader_of_the_trace_does_no_harm(
    person: Person, service: str, server: FamilyServer, redirection: str, value: str
) -> None:
    gone = person.home / "gone"
    os.mkfifo(gone)
    # For a moment both ends are open. Then there is no reader.
    shell = f'exec 8<>"$1"; exec {redirection}"$1"; exec 8>&-; exec "$0" login "$2"'
    done = person.session.run("/bin/sh", "-c", shell, binaries.keyfob(), gone, service, KEYFOB_TRACE=value)
    assert done.returncode == 0, stderr_lines(done)
    assert server.is_active(person.token(service))


def test_a_read_only_descriptor_is_refused(person: Person, service: str) -> None:
    shell = ["/bin/sh", "-c", 'exec 7</dev/null; exec "$0" login "$1"', binaries.keyfob(), service]
    done = person.session.run(*shell, KEYFOB_TRACE="7")
    assert_worked(done)
    assert "keyfob: descriptor 7 of KEYFOB_TRACE is not open for writing; there is no trace" in stderr_lines(done)


def test_steps_do_not_mix_with_the_time_that_is_left(person: Person, service: str) -> None:
    login = Terminal(person.session, binaries.keyfob(), "login", service, "-v")
    assert login.finish() == 0, login.shown
    for line in login.lines():
        assert line.count("keyfob: ") <= 1, line
    assert any(STEP.fullmatch(line) and " POST " in f" {line} " for line in login.lines())


def test_the_door_for_other_callers_traces_its_steps(person: Person, service: str) -> None:
    callers.link(person)
    sign_in(person, service)
    ask = ("docker-credential-keyfob", "get")
    plain = person.session.run(*ask, stdin=service.encode())
    told = person.session.run(*ask, stdin=service.encode(), KEYFOB_TRACE="1")
    assert plain.stdout == told.stdout and plain.returncode == told.returncode == 0
    assert (steps(plain), "kernel memory: access token: found" in "\n".join(steps(told))) == ([], True)


def test_a_trace_file_is_appended_to_and_only_its_owner_can_read_it(person: Person, service: str, server: FamilyServer) -> None:
    told = person.home / "told"
    sign_in(person, service, KEYFOB_TRACE=str(told))
    first = told.read_text()
    assert is_whole(steps_in(first), server)
    assert stat.S_IMODE(told.stat().st_mode) == 0o600
    assert_worked(person.keyfob("token", service, KEYFOB_TRACE=str(told)))
    assert told.read_text().startswith(first) and told.read_text() != first


def link(path: Path) -> None:
    path.with_name("elsewhere").write_text("")
    path.symlink_to(path.with_name("elsewhere"))


@pytest.mark.parametrize(
    ("prepare", "value"),
    [
        (link, "{}"),
        (os.mkfifo, "{}"),
        (Path.mkdir, "{}"),
        (lambda path: None, "{}/below"),
        (lambda path: None, "trace.log"),
        (lambda path: None, "yes"),
        (lambda path: None, "10"),
        (lambda path: None, "3"),
        (lambda path: None, "4"),
        (lambda path: None, "5"),
        (lambda path: None, "8"),
        (lambda path: None, "-1"),
    ],
    ids=["a link", "a pipe", "a directory", "no directory", "no absolute path", "a word", "ten", "3", "4", "5", "8", "negative"],
)
def test_other_values_are_ignored_with_one_warning(person: Person, service: str, prepare: object, value: str) -> None:
    path = person.home / "told"
    prepare(path)  # type: ignore[operator]
    done = sign_in(person, service, KEYFOB_TRACE=value.format(path))
    assert steps(done) == []
    assert len([line for line in stderr_lines(done) if line.endswith("; there is no trace")]) == 1
    elsewhere = path.with_name("elsewhere")
    assert not elsewhere.exists() or elsewhere.read_text() == ""
    assert not (person.home / "trace.log").exists()


def test_a_failure_is_traced_once(person: Person, service: str, server: FamilyServer) -> None:
    server.__exit__()
    done = person.keyfob("login", service, "-v")
    assert_refused(done, 75)
    failed = [step for step in steps(done) if " no answer: " in step]
    assert failed and failed[0].startswith(f"GET {server.issuer}/")
