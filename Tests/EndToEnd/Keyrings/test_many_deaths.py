"""Many commands are killed, one after the other or at once. Each starts with the data that the others left."""

from __future__ import annotations

import json
import random
import signal
from pathlib import Path

import pytest

from harness import binaries, counts, items
from harness.family import FamilyServer
from harness.person import Done, Person, description, stderr_lines
from harness.racing import Runner, race
from harness.steps import assert_worked

pytestmark = pytest.mark.timeout(1800)

SEEDS = range(40 if counts.is_long() else 2)
DEATHS_IN_A_ROW = 10
CALLERS = 16
# A login makes about 180 system calls, other commands fewer: some commands survive.
LAST_POINT = 180


def dying(person: Person, killpoint: Path, chance: random.Random, name: str, *command: str | Path) -> list[str | Path]:
    """The command, killed at a system call if it gets that far."""
    root = person.home.parent
    number = chance.randrange(1, LAST_POINT)
    return [killpoint, str(int(signal.SIGKILL)), str(number), root / f"points-{name}", str(root), *command]


def assert_well(person: Person, server: FamilyServer, service: str) -> None:
    """Asserts that all items are complete, that there is a token, if need be after a sign-in, and that it is valid."""
    assert_worked(person.keyfob("status", "--json"))
    done = person.keyfob("token", service, "--interaction", "never")
    if done.returncode != 0:
        assert (done.returncode in (1, 77), done.stdout) == (True, b""), stderr_lines(done)
        assert_worked(person.keyfob("login", service))
    for _ in range(2):
        assert server.is_active(person.token(service))
        assert_worked(person.ask_door("erase", service, "path=git"))
    assert len(items.kept(person.session, "grant")) == len(items.kept(person.session, "registration")) == 1
    assert len(json.loads(person.keyfob("status", "--json").stdout)) == 1


@pytest.mark.parametrize("seed", SEEDS)
def test_commands_are_killed_one_after_the_other(person: Person, server: FamilyServer, killpoint: Path, seed: int) -> None:
    service = f"{server.issuer}/git"
    server.forgives_repeats = seed % 2 == 0
    chance = random.Random(seed)
    keyfob, door, request = binaries.keyfob(), binaries.git_credential_keyfob(), description(service) + b"path=git\n"
    commands: list[tuple[list[str | Path], bytes]] = [
        ([keyfob, "token", service], b""),
        ([door, "get"], request),
        ([door, "erase"], request),
        ([keyfob, "login", service], b""),
        ([keyfob, "login", "--force", service], b""),
        ([keyfob, "logout", service], b""),
    ]
    with counts.counted("kill points", f"{DEATHS_IN_A_ROW} in a row"):
        for number in range(DEATHS_IN_A_ROW):
            command, stdin = chance.choice(commands)
            person.session.run(*dying(person, killpoint, chance, str(number), *command), stdin=stdin)
            if chance.random() < 0.3:
                person.ask_door("erase", service, "path=git")
        server.settle()
        assert_well(person, server, service)


def answer(done: Done) -> str:
    """The token in the output of `keyfob token`."""
    return done.stdout.decode().strip()


@pytest.mark.parametrize("seed", SEEDS)
def test_many_commands_are_killed_at_once(person: Person, server: FamilyServer, service: str, killpoint: Path, seed: int) -> None:
    server.forgives_repeats = True
    chance = random.Random(seed)
    assert_worked(person.keyfob("login", service))
    with counts.counted("races", f"{CALLERS} callers of whom many die"):
        assert_worked(person.ask_door("erase", service))
        command = [binaries.keyfob(), "token", service]
        runners = [Runner(dying(person, killpoint, chance, str(number), *command)) for number in range(CALLERS)]
        finished = race(person.session, runners, KEYFOB_INTERACTION="never")
        # 75: too many holders in turn were killed, within the time of one that waits.
        assert {done.returncode for done in finished} <= {0, 75, 128 + signal.SIGKILL}
        assert all(server.is_active(answer(done)) for done in finished if done.returncode == 0)
        server.settle()
        for _ in range(2):
            assert server.is_active(person.token(service))
            assert_worked(person.ask_door("erase", service))
    assert person.browsers_opened() == 1
