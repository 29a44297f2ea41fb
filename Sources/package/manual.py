"""Writes the manual pages from manual/*.md, and inserts text from other places at the lines that name them.

    python3 Sources/package/manual.py KEYFOB DIRECTORY [DATE]

KEYFOB is the built program, which describes its commands and options. DATE (such as 2026-01-31) goes into the pages.

These stand alone on a line in manual/*.md: `{{synopsis}}` and `{{commands}}` come from the program's own description,
`{{keys}}` is the program's table of all keys of the configuration, `{{README.md: HEADING}}` is the table of that section,
and `{{protocol.md}}` is the whole page.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import roff

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]
TITLES = {"1": "User Commands", "5": "File Formats", "7": "Miscellaneous Information"}

Description = dict[str, Any]


def description(program: str) -> Description:
    """The program's description of its commands for tools such as this (swift-argument-parser, ToolInfo)."""
    shown = subprocess.run([program, "--experimental-dump-help"], capture_output=True, check=True, timeout=60).stdout
    return json.loads(shown)["command"]


def keys(program: str) -> str:
    """The table of all keys of the configuration."""
    shown = subprocess.run([program, "config", "--keys"], capture_output=True, text=True, check=True, timeout=60)
    return shown.stdout


def version(program: str) -> str:
    """The version of the program."""
    return subprocess.run([program, "--version"], capture_output=True, text=True, check=True, timeout=60).stdout.strip()


def subcommands(command: Description) -> list[Description]:
    """The visible commands, except `help`."""
    return [each for each in command.get("subcommands", []) if each["commandName"] != "help" and each["shouldDisplay"]]


def arguments(command: Description) -> list[Description]:
    """The visible arguments and options of a command, except those that every command has."""
    common = ("help", "version")
    return [each for each in command.get("arguments", []) if each["shouldDisplay"] and each["valueName"] not in common]


def spelling(argument: Description) -> str:
    """An argument as a user types it: `URL`, `--flag`, `-o, --option VALUE`."""
    value = argument["valueName"].upper()
    if argument["kind"] == "positional":
        return value
    names = ["-" * (1 if name["kind"] == "short" else 2) + name["name"] for name in argument["names"]]
    return ", ".join(names) + (f" {value}" if argument["kind"] == "option" else "")


def usage(command: Description, name: str) -> str:
    """One line of the synopsis."""
    words = [f"**{name}**"]
    for argument in sorted(arguments(command), key=lambda each: each["kind"] == "positional"):
        word = spelling(argument).split(", ")[-1]
        if argument["kind"] == "positional" and argument["parsingStrategy"] == "postTerminator":
            word = f"-- {word}"
        word += "..." if argument["isRepeating"] else ""
        words.append(f"[{word}]" if argument["isOptional"] else word)
    if subcommands(command):
        words.append("COMMAND")
    return " ".join(words)


def synopsis(command: Description) -> str:
    """The synopsis, with a line for each command."""
    return "\n\n".join(usage(each, f"{command['commandName']} {each['commandName']}") for each in subcommands(command))


def commands(command: Description, level: int = 3) -> str:
    """A section for each command, with its options."""
    parts = []
    for each in subcommands(command):
        parts.append(f"{'#' * level} {each['commandName']}")
        parts += [in_pages(each[text]) for text in ("abstract", "discussion") if each.get(text)]
        rows = [f"| `{spelling(argument)}` | {said(argument)} |" for argument in arguments(each)]
        if rows:
            parts.append("\n".join(["| argument | meaning |", "|---|---|", *rows]))
        if subcommands(each):
            parts.append(commands(each, level + 1))
    return "\n\n".join(parts)


def in_pages(text: str) -> str:
    """The program's text, with the names of project files replaced by those of manual pages."""
    return text.replace("protocol.md", "**keyfob-protocol**(7)")


def said(argument: Description) -> str:
    """The meaning of an argument, with its values and its default."""
    text = in_pages(argument.get("abstract", "")).replace("|", "\\|")
    values = [value for value in argument.get("allValues", []) if value not in re.split(r"\W+", text)]
    if values:
        text += " One of " + ", ".join(f"`{value}`" for value in argument["allValues"]) + "."
    default = argument.get("defaultValue")
    if default and argument["kind"] == "option" and "default" not in text:
        text += f" Default: `{default}`."
    return text


def table_of(page: str, heading: str) -> str:
    """The first table in a section of one of this project's Markdown pages."""
    text = (REPOSITORY / page).read_text(encoding="utf-8")
    section = re.search(rf"^## (?:[0-9]+\. )?{re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    found = section and re.search(r"^\|.*\n(?:\|.*\n)+", section[1], re.MULTILINE)
    if not found:
        raise SystemExit(f"{page}: no table in a section named {heading!r}")
    return found[0]


def put_in(source: str, program: str, command: Description) -> str:
    """The text for a line `{{source}}`."""
    if source == "keys":
        return keys(program)
    if source == "synopsis":
        return synopsis(command)
    if source == "commands":
        return commands(command)
    page, _, heading = source.partition(": ")
    return table_of(page, heading) if heading else (REPOSITORY / page).read_text(encoding="utf-8")


def write(program: str, directory: Path, date: str) -> None:
    """Writes all pages into `directory`."""
    command, number = description(program), version(program)
    for source in sorted((HERE / "manual").glob("*.md")):
        name, section = source.stem.rsplit(".", 1)
        text = source.read_text(encoding="utf-8")
        body = re.sub(r"^\{\{(.+?)\}\}$", lambda match: put_in(match[1], program, command), text, flags=re.MULTILINE)
        page = roff.page(name, section, TITLES[section], body, date, number)
        (directory / source.stem).write_text(page, encoding="ascii")


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        raise SystemExit(__doc__)
    write(sys.argv[1], Path(sys.argv[2]), sys.argv[3] if len(sys.argv) == 4 else "")
