"""Completions of bash, zsh and fish after `keyfob`, with the package's scripts in the real shells."""

from __future__ import annotations

import re
import shlex
import signal
import subprocess
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from harness import binaries
from harness.person import Person
from harness.provider.server import Provider
from harness.service import Answer, Service
from harness.steps import assert_worked
from harness.terminal import Terminal
from harness.waiting import wait_until

ADDRESSES = binaries.REPOSITORY / "Sources" / "package" / "files" / "addresses.bash"
HOSTS = ["https://forge.example", "https://git.example:8443/group"]
# A user does not notice a delay of this length.
PATIENCE_SECONDS = 0.1
# The best of this many attempts counts.
TRIES = 15

Offers = Callable[[Person, str], list[str]]


@pytest.fixture
def configured(person: Person) -> Person:
    """A person with two services and an account."""
    write(person, *(f'[host."{host}"]\nissuer = "https://login.example"' for host in HOSTS), 'account = "alice"')
    return person


def write(person: Person, *lines: str) -> None:
    """Writes the configuration."""
    person.configuration.parent.mkdir(parents=True, exist_ok=True)
    person.configuration.write_text("\n".join(lines) + "\n")


def script(person: Person, shell: str) -> str:
    """The program's own script for a shell."""
    done = person.keyfob("--generate-completion-script", shell)
    assert_worked(done)
    return done.stdout.decode()


def answered(person: Person, *command: str, stdin: str = "") -> list[str]:
    """The lines that a command prints."""
    done = person.session.run(*command, stdin=stdin.encode())
    assert_worked(done)
    return done.stdout.decode().splitlines()


def bash_script(person: Person) -> str:
    """The bash script as the package changes it."""
    return re.sub(r"(?m)^complete .*", "", script(person, "bash")) + ADDRESSES.read_text()


def in_bash(person: Person, line: str) -> list[str]:
    """bash's completions for a line, divided into words as bash does it: at blanks and colons."""
    words = [word for part in re.split(r"(\s+)", line) for word in re.split(r"(:)", part) if word.strip()]
    if line.endswith((" ", ":")):
        words.append("")
    current, before = words[-1], words[-2]
    arguments = shlex.join(["keyfob", current, before])
    asked = f"""
        COMP_LINE={shlex.quote(line)} COMP_POINT={len(line)} COMP_CWORD={len(words) - 1}
        COMP_WORDS=({shlex.join(words)})
        _keyfob_with_addresses {arguments}
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    return answered(person, "bash", "--norc", "-s", stdin=bash_script(person) + asked)


def in_fish(person: Person, line: str) -> list[str]:
    """fish's completions for a line."""
    place = person.home / "keyfob.fish"
    place.write_text(script(person, "fish"))
    asked = f"source {shlex.quote(str(place))}; complete --do-complete {shlex.quote(line)}"
    return [offer.split("\t")[0] for offer in answered(person, "fish", "--no-config", "--command", asked)]


def test_bash_completes_services_with_colons(configured: Person) -> None:
    assert in_bash(configured, "keyfob login ") == HOSTS
    assert in_bash(configured, "keyfob login ht") == HOSTS
    assert in_bash(configured, "keyfob login https:") == [host.removeprefix("https:") for host in HOSTS]
    assert in_bash(configured, "keyfob login https://g") == ["//git.example:8443/group"]
    assert in_bash(configured, "keyfob login https://git.example:8") == ["8443/group"]


@pytest.mark.parametrize("offers", [in_bash, in_fish])
def test_a_shell_offers_commands_and_the_values_of_options(configured: Person, offers: Offers) -> None:
    assert offers(configured, "keyfob sta") == ["status"]
    assert offers(configured, "keyfob token --format js") == ["json"]
    assert offers(configured, "keyfob login --flow de") == ["device"]
    assert offers(configured, "keyfob get --dialect kube") == ["kubernetes"]
    assert offers(configured, "keyfob token --interaction n") == ["never"]


def test_accounts_are_those_of_the_service_on_the_line(configured: Person) -> None:
    assert in_bash(configured, "keyfob token https://git.example:8443/group --account ") == ["alice"]
    assert in_bash(configured, "keyfob logout --account a") == ["alice"]
    assert in_bash(configured, f"keyfob token {HOSTS[0]} --account ") == [""]


def bash(person: Person) -> list[str]:
    """An interactive bash with the package's completions."""
    place = person.home / "completions"
    place.write_text(bash_script(person) + "PS1='ready> '\n")
    return ["bash", "--noprofile", "--rcfile", str(place), "-i"]


def zsh(person: Person) -> list[str]:
    """The same for zsh."""
    functions = person.home / "functions"
    functions.mkdir()
    (functions / "_keyfob").write_text(script(person, "zsh"))
    settings = "fpath=(~/functions $fpath)\nautoload -Uz compinit\ncompinit -u\nPS1='ready> '\n"
    (person.home / ".zshrc").write_text(settings)
    return ["zsh", "-i"]


def fish(person: Person) -> list[str]:
    """The same for fish."""
    place = person.home / "keyfob.fish"
    place.write_text(script(person, "fish"))
    begin = f"source {shlex.quote(str(place))}; function fish_prompt; echo 'ready> '; end; set -g fish_greeting"
    return ["fish", "--no-config", "--interactive", "--init-command", begin]


@pytest.mark.parametrize("shell", [bash, zsh, fish])
def test_an_address_is_completed_on_a_terminal(configured: Person, shell: Callable[[Person], list[str]]) -> None:
    terminal = Terminal(configured.session, *shell(configured))
    terminal.read_until("ready> ")
    terminal.type("keyfob config https://git.\t")
    terminal.read_until(r"8443/group")
    terminal.type("\x15exit\r")
    terminal.finish()


def offered(person: Person) -> tuple[list[str], float]:
    """keyfob's own completions for a service, and the seconds that they take."""
    begun = time.monotonic()
    done = person.keyfob("---completion", "login", "--", "positional@0", "2", "0", "keyfob", "login", "", SAP_SHELL="fish")
    took = time.monotonic() - begun
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout.decode().split(), took


def started(person: Person) -> float:
    """The seconds that a mere start of the program takes on this machine now."""
    begun = [time.monotonic()]
    for _ in range(TRIES):
        assert_worked(person.keyfob("--version"))
        begun.append(time.monotonic())
    return min(end - begin for begin, end in pairwise(begun))


def test_services_with_a_sign_in_are_completed(person: Person, provider: Provider) -> None:
    with Service(lambda _: Answer(body=b"")) as service:
        person.configure_keyfob(service.origin, provider.issuer)
        assert_worked(person.keyfob("login", service.origin))
        person.configuration.unlink()
        person.approvals.unlink(missing_ok=True)
        # A keyring that is busy for a tenth of a second is not waited for.
        wait_until(lambda: offered(person)[0] == [service.origin])


@pytest.mark.parametrize("trouble", ["none", "locked", "silent", "absent"])
def test_completions_do_not_wait_for_a_keyring_and_do_not_prompt(configured: Person, trouble: str) -> None:
    session = configured.session
    if trouble == "locked":
        session.lock_keyring()
    elif trouble == "silent":
        session.keyring.send_signal(signal.SIGSTOP)
    elif trouble == "absent":
        session.stop_keyring()
    try:
        tries = [offered(configured) for _ in range(TRIES)]
    finally:
        if trouble == "silent":
            session.keyring.send_signal(signal.SIGCONT)
    assert [services for services, _ in tries] == [HOSTS] * TRIES
    assert min(took for _, took in tries) - started(configured) < PATIENCE_SECONDS


def test_completions_contain_no_shell_code(person: Person) -> None:
    name = "$(touch ran)`touch ran`;touch ran"
    write(person, '[host."https://git.example"]', 'issuer = "https://login.example"', f"account = '{name}'")
    assert [each for each in in_bash(person, "keyfob logout --account ") if each] == []
    assert not list(Path(person.home).glob("**/ran"))
    assert offered(person)[0] == ["https://git.example"]


def test_one_broken_file_hides_no_other_completions(configured: Person) -> None:
    configured.approvals.parent.mkdir(parents=True, exist_ok=True)
    configured.approvals.write_text('[host."https://approved.example"]\nissuer = "https://login.example"\n')
    assert offered(configured)[0] == ["https://approved.example", *HOSTS]
    configured.configuration.write_text("nonsense\n")
    assert offered(configured)[0] == ["https://approved.example"]
