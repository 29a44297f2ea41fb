"""The manual pages: made without warnings, and complete."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness import binaries
from harness.person import Person
from harness.steps import assert_worked

MANUAL = binaries.REPOSITORY / "Sources" / "package" / "manual.py"
PAGES = ["git-credential-keyfob.1", "keyfob-config.5", "keyfob-protocol.7", "keyfob.1"]
SECTIONS = ["NAME", "SYNOPSIS", "DESCRIPTION", "SEE ALSO"]
MORE_SECTIONS = ["OPTIONS", "EXIT STATUS", "ENVIRONMENT", "FILES", "EXAMPLES"]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of the pages."""
    directory = tmp_path_factory.mktemp("manual")
    subprocess.run([sys.executable, MANUAL, binaries.keyfob(), directory, "2026-01-31"], check=True)
    return directory


def read(page: Path) -> str:
    """The text of a page on a terminal so wide that no paragraph is broken."""
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "MANWIDTH": "2000", "MANPAGER": "cat"}
    command = ["man", "--encoding=UTF-8", "--local-file", str(page)]
    shown = subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout
    return re.sub(r".\x08", "", shown)


def commands(command: dict[str, Any], name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each visible command, with its name."""
    for each in command.get("subcommands", []):
        if each["shouldDisplay"] and each["commandName"] != "help":
            yield f"{name} {each['commandName']}", each
            yield from commands(each, f"{name} {each['commandName']}")


def described() -> list[tuple[str, dict[str, Any]]]:
    """The commands of the program, as it describes itself."""
    done = subprocess.run([binaries.keyfob(), "--experimental-dump-help"], capture_output=True, check=True)
    return list(commands(json.loads(done.stdout)["command"], "keyfob"))


def options(command: dict[str, Any]) -> Iterator[str]:
    """The names of a command's options, as typed."""
    for argument in command.get("arguments", []):
        for name in argument.get("names", []):
            if argument["shouldDisplay"] and name["kind"] == "long":
                yield f"--{name['name']}"


def sections(page: Path) -> dict[str, str]:
    """The text of each subsection."""
    parts = re.split(r"(?m)^   (?=\S)", read(page))
    return {part.splitlines()[0].strip(): part for part in parts}


@pytest.mark.parametrize("name", PAGES)
def test_the_pages_are_made_without_warnings(pages: Path, name: str) -> None:
    command = ["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", str(pages / name)]
    for width in ("80", "120"):  # a terminal's, and lintian's
        environment = {**os.environ, "LC_ALL": "C.UTF-8", "MANROFFSEQ": "", "MANWIDTH": width}
        done = subprocess.run(command, capture_output=True, text=True, env=environment)
        assert (done.returncode, done.stderr) == (0, "")
    strict = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", pages / name], capture_output=True, text=True)
    assert (strict.returncode, strict.stdout) == (0, "")


@pytest.mark.parametrize("name", PAGES)
def test_it_has_its_sections(pages: Path, name: str) -> None:
    found = re.findall(r"(?m)^([A-Z][A-Z ]+)$", read(pages / name))
    wanted = SECTIONS if name.endswith(".7") else SECTIONS + MORE_SECTIONS
    assert set(wanted) <= set(found)


def test_every_command_and_option_of_the_program_is_there(pages: Path) -> None:
    said = sections(pages / "keyfob.1")
    known = described()
    assert len(known) > 9
    for name, command in known:
        text = said[name.removeprefix("keyfob ").split()[-1]]
        assert command["abstract"].split("(protocol.md)")[0] in text
        missing = [option for option in options(command) if option not in text and option not in ("--help", "--version")]
        assert missing == [], name


def test_every_variable_that_the_program_reads_is_there(pages: Path) -> None:
    sources = [path.read_text() for path in (binaries.REPOSITORY / "Sources").rglob("*.swift") if "demo" not in str(path)]
    read_by_us = set(re.findall(r'"(KEYFOB_[A-Z]+)"', "".join(sources)))
    assert "KEYFOB_INTERACTION" in read_by_us
    text = read(pages / "keyfob.1")
    assert [name for name in sorted(read_by_us) if name not in text] == []


def test_every_key_of_the_configuration_is_there(pages: Path) -> None:
    keys = re.findall(r"(?m)^\| `(\w+)` \|", binaries.key_table())
    assert {"min_ttl", "issuer", "reach"} <= set(keys)
    said = read(pages / "keyfob-config.5")
    assert [key for key in keys if not re.search(rf"(?m)^       .*\b{key}\b", said)] == []


def test_config_shows_every_key(person: Person) -> None:
    keys = re.findall(r"(?m)^\| `(\w+)` \|", binaries.key_table())
    done = person.keyfob("config", "--json", "https://codeberg.org/somebody/project")
    assert_worked(done)
    assert set(json.loads(done.stdout)["settings"]) == set(keys)


def test_the_protocol_is_there_to_the_last_rule(pages: Path) -> None:
    source = (binaries.REPOSITORY / "protocol.md").read_text()
    rules = re.findall(r"(?m)^\*\*([0-9A-Z.]+)\*\*", source)
    text = read(pages / "keyfob-protocol.7")
    assert len(rules) > 50
    assert [rule for rule in rules if not re.search(rf"(?m)^ +{re.escape(rule)} \S", text)] == []


def test_text_to_copy_has_plain_characters(pages: Path) -> None:
    text = read(pages / "keyfob.1")
    assert "keyfob exec https://git.example.com -- sh -c 'make release'" in text
    assert "\u2019" not in text
    # Debian's groff prints a hyphen as the character to type, others do not.
    source = (pages / "keyfob.1").read_text()
    assert "\\-\\-account" in source
    assert "--account" not in source
