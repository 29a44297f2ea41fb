"""Steps and checks that several tests share."""

from __future__ import annotations

import re
import shlex
import time

from .gate import Gate
from .person import Done, Person, stderr_lines
from .provider import lifetime
from .provider.server import Provider
from .waiting import SHORT_LIFETIME_SECONDS, wait_until_expired


def assert_worked(done: Done) -> None:
    """Asserts exit status 0, and shows stderr otherwise."""
    assert done.returncode == 0, stderr_lines(done)


def assert_refused(done: Done, status: int) -> None:
    """Asserts that exit status, an empty stdout, and an error message on stderr."""
    lines = stderr_lines(done)
    assert (done.returncode, done.stdout) == (status, b""), lines
    assert any(line.startswith("keyfob: ") for line in lines), lines


def let_the_token_expire(developer: Person, provider: Provider, gate: Gate) -> None:
    """Signs in for a token of a short lifetime and waits until it has expired. The next tokens live an hour."""
    provider.issue_tokens_for(SHORT_LIFETIME_SECONDS)
    assert_worked(developer.keyfob("login", gate.url))
    provider.issue_tokens_for(lifetime.DEFAULT_SECONDS)
    wait_until_expired(lambda: provider.live_access_tokens() == 0)


def refreshes(provider: Provider) -> int:
    """The number of refreshes that reached the server."""
    return len(provider.token_requests("refresh_token"))


def hints(done: Done) -> list[str]:
    """The hints of a command."""
    return [line.removeprefix("hint: ") for line in stderr_lines(done) if line.startswith("hint: ")]


def commands(done: Done) -> list[list[str]]:
    """The words of each keyfob command in the hints, without the name of the program."""
    found = [re.search(r"(?:: |, then run: )keyfob (.*)$", hint) for hint in hints(done)]
    return [shlex.split(match[1]) for match in found if match]


def write_lines(person: Person, done: Done, **known: str) -> None:
    """Follows the hint that says which lines to write into the configuration, and writes nothing else there.

    `known` has the addresses that only a person knows, by their key: in the hint they are `https://...`.
    """
    (hint,) = [hint for hint in hints(done) if f"write into {person.configuration}: " in hint]
    (entry,) = re.findall(r"\[host\.\"[^\"]*\"\]", hint)
    lines = re.findall(r"([a-z_]+) = (\"[^\"]*\"|\[[^\]]*\])", hint)
    text = [f'{key} = "{known[key]}"' if value == '"https://..."' else f"{key} = {value}" for key, value in lines]
    person.configuration.parent.mkdir(parents=True, exist_ok=True)
    person.configuration.write_text("\n".join([entry, *text]) + "\n")
