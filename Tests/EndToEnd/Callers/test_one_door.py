"""The package installs the door for other callers under git's name, too. It answers exactly like git's own door."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import binaries
from harness.gate import Gate
from harness.person import Person, description
from harness.steps import assert_worked

NAME = "git-credential-keyfob"
# Standard output, standard error and exit status.
Said = tuple[bytes, bytes, int]


@pytest.fixture
def link(developer: Person) -> Path:
    """The door for other callers, under git's name."""
    link = developer.home / NAME
    link.symlink_to(binaries.keyfob())
    return link


def both(person: Person, link: Path, *arguments: str, stdin: bytes = b"", **env: str) -> Said:
    """The answer of both, which must be the same."""
    doors = (link, binaries.git_credential_keyfob())
    done = [person.session.run(door, *arguments, stdin=stdin, **env) for door in doors]
    first, second = ((each.stdout, each.stderr, each.returncode) for each in done)
    assert first == second, (arguments, stdin)
    return first


def test_answers_without_interaction_are_the_same(developer: Person, link: Path) -> None:
    assert both(developer, link, "capability")[0].startswith(b"version 0\n")
    assert both(developer, link, "frobnicate")[2] == 0
    assert both(developer, link)[2] == 64
    assert both(developer, link, "get", stdin=b"protocol=https\nhost\n")[2] == 65
    assert both(developer, link, "get", stdin=description("https://unknown.example")) == (b"", b"", 0)


def test_a_sign_in_is_needed_and_then_is_there(developer: Person, link: Path, gate: Gate) -> None:
    asked = description(gate.url)
    assert both(developer, link, "get", stdin=asked, KEYFOB_INTERACTION="never")[2] == 77
    assert_worked(developer.keyfob("login", gate.url))
    answer, _, _ = both(developer, link, "get", stdin=asked)
    assert b"password=" in answer
    assert both(developer, link, "get", stdin=b"capability[]=authtype\nwwwauth[]=Bearer\n" + asked)[2] == 0
    assert both(developer, link, "store", stdin=asked + answer) == (b"", b"", 0)


def test_a_token_in_kernel_memory_is_given_without_another_program(developer: Person, link: Path, gate: Gate) -> None:
    assert_worked(developer.keyfob("login", gate.url))
    asked = description(gate.url)
    assert_worked(developer.session.run(link, "get", stdin=asked))
    trace = developer.home / "trace"
    done = developer.session.run("strace", "-f", "-e", "trace=process,network", "-o", trace, link, "get", stdin=asked)
    assert b"password=" in done.stdout
    assert trace.read_text().count("execve(") == 1
    assert "socket(" not in trace.read_text()
