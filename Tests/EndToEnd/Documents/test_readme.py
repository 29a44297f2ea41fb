"""README.md tells the truth: the messages, commands, files and links that it names exist."""

from __future__ import annotations

import re
import subprocess

import pytest

from harness import binaries
from harness.family import FamilyServer
from harness.person import Person
from harness.session import PrivateSession
from harness.steps import assert_worked

README = (binaries.REPOSITORY / "README.md").read_text()
SOURCES = "".join(path.read_text() for path in sorted((binaries.REPOSITORY / "Sources").rglob("*.swift")))
# Placeholders in messages, and words of the server.
STAND_INS = r"\.\.\.|\bURL\b|\banswered\b"


def troubles() -> list[str]:
    """The messages that README.md explains."""
    table = README.split("| it says |")[1].split("\n\n")[0]
    spans = [span for row in table.splitlines()[2:] for span in re.findall(r"`([^`]+)`", row.split(" | ")[0])]
    assert len(spans) > 15
    return [piece.strip() for span in spans for piece in re.split(STAND_INS, span) if piece.strip()]


@pytest.mark.parametrize("words", troubles())
def test_a_message_is_one_that_keyfob_says(words: str) -> None:
    assert words in SOURCES


def test_the_commands_are_there() -> None:
    help_text = subprocess.run([binaries.keyfob(), "--help"], capture_output=True, text=True, check=True).stdout
    typed = "".join(re.findall(r"(?ms)^```sh\n(.*?)^```", README))
    named = set(re.findall(r"`keyfob ([a-z]+)", README)) | set(re.findall(r"(?m)^keyfob ([a-z]+)", typed))
    assert len(named) > 10
    assert {name for name in named if not re.search(rf"(?m)^  {name}\b", help_text)} == set()


# What git's configuration may hold before keyfob is set up.
HELPERS = ["", "[credential]\n\thelper = store\n", "[user]\n\tname = Alice\n", "[credential]\n\tusername = alice\n"]


@pytest.mark.parametrize("before", HELPERS)
def test_to_uninstall_leaves_the_configuration_of_git_as_it_was(session: PrivateSession, before: str) -> None:
    file = session.home / ".gitconfig"
    file.write_text(before)
    session.env["PATH"] = f"{binaries.keyfob().parent}:{session.env['PATH']}"
    assert session.run(binaries.keyfob(), "setup", "git", "--apply", "--yes").returncode == 0
    assert file.read_text() != before
    section = README.split("To uninstall keyfob")[1].split("\n## ")[0]
    typed = re.findall(r"(?m)^git config .*$", "".join(re.findall(r"(?ms)^```sh\n(.*?)^```", section)))
    for line in typed:
        session.run("sh", "-c", line)
    assert file.read_text() == before


def test_the_files_that_keyfob_writes_are_listed(person: Person, server: FamilyServer) -> None:
    """Without a runtime directory too, as in a container."""
    before = {path for path in person.home.rglob("*") if path.is_file()}
    bare = {"XDG_RUNTIME_DIR": "", "XDG_CACHE_HOME": ""}
    assert_worked(person.keyfob("login", server.issuer, **bare))
    assert_worked(person.keyfob("token", server.issuer, **bare))
    person.keyfob("doctor", server.issuer, **bare)
    table = README.split("## Where things are kept")[1].split("\n\n")[1]
    listed = [person.home / name[2:].rstrip("/") for name in re.findall(r"`(~/[^`]+)`", table)]
    written = {path for path in person.home.rglob("*") if path.is_file()} - before
    ours = {path for path in written if "keyfob" in path.relative_to(person.home).as_posix()}
    assert ours
    assert [path for path in ours if not any(path.is_relative_to(place) for place in listed)] == []


def test_the_links_and_pictures_lead_somewhere() -> None:
    targets = set(re.findall(r'\]\(([^)#]+)\)|(?:src|srcset)="([^"]+)"', README))
    files = {target for pair in targets for target in pair if target and "://" not in target}
    assert len(files) > 4
    assert {file for file in files if not (binaries.REPOSITORY / file).exists()} == set()


def test_the_keys_of_the_configuration_are_those_of_the_program() -> None:
    """The table is the output of `keyfob config --keys`."""
    assert binaries.key_table() in README
