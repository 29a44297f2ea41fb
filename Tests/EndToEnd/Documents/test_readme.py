"""README.md tells the truth: the messages, commands, files and links that it names exist."""

from __future__ import annotations

import re
import subprocess

import pytest

from harness import binaries

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


def test_the_links_and_pictures_lead_somewhere() -> None:
    targets = set(re.findall(r'\]\(([^)#]+)\)|(?:src|srcset)="([^"]+)"', README))
    files = {target for pair in targets for target in pair if target and "://" not in target}
    assert len(files) > 4
    assert {file for file in files if not (binaries.REPOSITORY / file).exists()} == set()


def test_the_keys_of_the_configuration_are_those_of_the_program() -> None:
    """The table is the output of `keyfob config --keys`."""
    assert binaries.key_table() in README
