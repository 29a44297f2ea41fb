"""keyfob forward: another machine behind OpenSSH uses the sign-ins of the desktop, with the door alone."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from harness import bare, binaries, far, ssh
from harness.desktop import CLOSED_BY_CALL, NOT_NOW, SIGN_IN, NotificationDaemon, Reaction
from harness.far import FarMachine, begin, end, forward, forwarding, log, outcomes
from harness.gate import Gate
from harness.neighbours import STRANGER
from harness.person import Done, Person, description, stderr_lines
from harness.provider.server import Provider
from harness.ssh import SecureShell
from harness.steps import assert_worked
from harness.terminal import Terminal
from harness.waiting import wait_until

pytestmark = pytest.mark.skipif(
    not bare.can_be_made() or not ssh.is_installed(), reason="needs root and an sshd, for a user on another machine"
)

# A service that nobody has allowed. keyfob has no sign-in there.
ELSEWHERE = "https://git.example.test"

needs_bubblewrap = pytest.mark.skipif(shutil.which("bwrap") is None, reason="needs bubblewrap")

FOR_THIS_FORWARD = Reaction([("ActionInvoked", "from-now-on"), ("NotificationClosed", CLOSED_BY_CALL)])


@pytest.fixture
def machine() -> Iterator[FarMachine]:
    """The other machine."""
    with SecureShell() as session:
        machine = FarMachine(session)
        machine.install()
        yield machine


@pytest.fixture
def owner(developer: Person, gate: Gate) -> Person:
    """A person who is signed in on the desktop."""
    assert_worked(developer.keyfob("login", gate.url))
    return developer


def expire_remembered(person: Person, gate: Gate) -> None:
    """Lets keyfob forget the access token, so that the next question needs a refresh."""
    assert_worked(person.ask_door("erase", gate.url))


# Work on the other machine.


def test_git_clones_fetches_and_pushes_with_the_door_alone(owner: Person, machine: FarMachine, gate: Gate) -> None:
    with forwarding(owner, machine, "--allow", gate.origin):
        assert_worked(machine.git("clone", "--quiet", gate.url, "work"))
        assert_worked(machine.git("-C", "work", "commit", "--quiet", "--allow-empty", "-m", "from the other machine"))
        assert_worked(machine.git("-C", "work", "push", "--quiet"))
        expire_remembered(owner, gate)
        assert_worked(machine.git("-C", "work", "fetch"))
    assert set(outcomes(owner)) == {"token"}
    assert machine.files() <= {".cache/keyfob/agent.sock"}


def test_a_script_gets_the_token_of_the_desktop(
    owner: Person, machine: FarMachine, provider: Provider, gate: Gate
) -> None:
    with forwarding(owner, machine, "--allow", gate.origin):
        done = machine.token(gate.url)
        assert_worked(done)
        assert done.stdout.decode().strip() == owner.token(gate.url)


def test_docker_and_curl_get_the_token_of_the_desktop(owner: Person, machine: FarMachine, gate: Gate) -> None:
    docker = machine.door.with_name("docker-credential-keyfob")
    docker.symlink_to(machine.keyfob.name)
    with forwarding(owner, machine, "--allow", gate.origin):
        done = machine.session.run(docker, "get", stdin=gate.url.encode())
        assert_worked(done)
        assert json.loads(done.stdout)["Secret"] == owner.token(gate.url)
        pipe = '"$0" token --format curl "$1" | curl --silent --fail --config - "$1/info/refs?service=git-upload-pack"'
        done = machine.session.run("sh", "-c", pipe, machine.keyfob, gate.url)
        assert_worked(done)
        assert b"refs/heads/" in done.stdout


def test_commands_that_the_door_does_not_have_belong_on_the_desktop(
    owner: Person, machine: FarMachine, gate: Gate
) -> None:
    with forwarding(owner, machine, "--allow", gate.origin):
        done = machine.session.run(machine.keyfob, "status")
    assert (done.returncode, done.stdout) == (75, b"")
    assert stderr_lines(done) == [
        "keyfob: this machine has only the file keyfob",
        "hint: it gets tokens from the machine that runs keyfob forward; run other commands there",
    ]


def test_a_keyring_that_is_locked_on_the_desktop_is_said_there_and_here(
    owner: Person, machine: FarMachine, gate: Gate
) -> None:
    expire_remembered(owner, gate)
    owner.session.lock_keyring()
    with forwarding(owner, machine, "--allow", gate.origin):
        done = machine.ask("get", gate.url, KEYFOB_INTERACTION="never")
        assert (done.returncode, done.stdout) == (69, b"")
        assert any("locked" in line for line in stderr_lines(done))
        owner.session.unlock_keyring()
        assert_worked(machine.token(gate.url))
    assert outcomes(owner) == ["keyring_locked", "token"]


def test_a_refused_token_is_not_given_again(
    owner: Person, machine: FarMachine, provider: Provider, gate: Gate
) -> None:
    with forwarding(owner, machine, "--allow", gate.origin):
        first = machine.token(gate.url).stdout.decode().strip()
        assert_worked(machine.ask("erase", gate.url, f"password={first}", "username=oauth2"))
        second = machine.token(gate.url).stdout.decode().strip()
        assert second != first and provider.is_active(second)
    assert outcomes(owner) == ["token", "erased", "token"]


def test_many_questions_at_once_are_all_answered(owner: Person, machine: FarMachine, gate: Gate) -> None:
    with forwarding(owner, machine, "--allow", gate.origin):
        script = 'for n in $(seq 64); do "$0" token "$1" & done; wait'
        done = machine.session.run("sh", "-c", script, machine.keyfob, gate.url)
        assert_worked(done)
        tokens = done.stdout.decode().split()
        assert len(tokens) == 64 and len(set(tokens)) == 1


def test_the_door_is_installed_by_one_command(owner: Person, gate: Gate) -> None:
    with SecureShell() as session:
        machine = FarMachine(session)
        machine.name_user()
        command = [binaries.keyfob(), "forward", session.destination, "--install"]
        refused = owner.session.run(*command, "--", *session.options)
        assert refused.returncode == 77 and not machine.door.exists()
        for _ in range(2):
            assert_worked(owner.session.run(*command, "--yes", "--", *session.options))
        helpers = machine.git("config", "--global", "--get-all", "credential.helper").stdout.decode()
        assert helpers == f"{machine.door}\n"
        with forwarding(owner, machine, "--allow", gate.origin):
            assert_worked(machine.git("clone", "--quiet", gate.url, "work"))


def test_only_named_scopes_travel(owner: Person, machine: FarMachine, provider: Provider, gate: Gate) -> None:
    with forwarding(owner, machine, "--allow", gate.origin, "--scope", "read"):
        done = machine.token(gate.url)
        assert_worked(done)
        token = done.stdout.decode().strip()
        assert provider.is_active(token)
        # Callers that ask in a row get the same token.
        assert machine.token(gate.url).stdout.decode().strip() == token
        assert [request.form.get("scope") for request in provider.token_requests("refresh_token")] == ["read"]
    wide = owner.token(gate.url)
    assert provider.is_active(wide) and wide != token


# A sign-in.


def test_a_sign_in_opens_on_the_desktop_and_names_the_other_machine(
    developer: Person, machine: FarMachine, provider: Provider, gate: Gate
) -> None:
    developer.session.env["DISPLAY"] = ":99"
    with (
        NotificationDaemon(developer.session, SIGN_IN) as daemon,
        forwarding(developer, machine, "--allow", gate.origin),
    ):
        done = machine.ask("get", gate.url)
        assert b"password=" in done.stdout, stderr_lines(done)
        assert [shown.body for shown in daemon.shown] == [daemon.shown[0].body]
        assert daemon.shown[0].body.startswith("visitor@127.0.0.1 asks.")
    assert developer.browsers_opened() == 1


# The user decides.


def test_nothing_is_allowed_without_a_yes(owner: Person, machine: FarMachine, gate: Gate) -> None:
    with forwarding(owner, machine):
        done = machine.token(gate.url)
        assert (done.returncode, done.stdout) == (77, b"")
    assert [(entry["outcome"], entry["service"]) for entry in log(owner)] == [("not_allowed", gate.url)]


def test_the_user_allows_a_service_by_a_notification(owner: Person, machine: FarMachine) -> None:
    with NotificationDaemon(owner.session, FOR_THIS_FORWARD) as daemon, forwarding(owner, machine):
        machine.ask("get", ELSEWHERE)
        machine.ask("get", ELSEWHERE)
        assert len(daemon.shown) == 1
        assert machine.session.destination in daemon.shown[0].summary
        assert ELSEWHERE.removeprefix("https://") in daemon.shown[0].body


def test_a_yes_for_once_is_asked_again(owner: Person, machine: FarMachine) -> None:
    with NotificationDaemon(owner.session, SIGN_IN) as daemon, forwarding(owner, machine):
        machine.ask("get", ELSEWHERE)
        machine.ask("get", ELSEWHERE)
        assert len(daemon.shown) == 2


def test_after_a_no_the_same_question_is_not_asked_again(owner: Person, machine: FarMachine) -> None:
    with NotificationDaemon(owner.session, NOT_NOW) as daemon, forwarding(owner, machine):
        for _ in range(3):
            assert machine.ask("get", ELSEWHERE).stdout == b""
        assert len(daemon.shown) == 1
    assert set(outcomes(owner)) == {"declined"}


def test_the_user_allows_a_service_on_the_terminal_of_the_forward(
    owner: Person, machine: FarMachine
) -> None:
    terminal = Terminal(owner.session, *forward(machine))
    terminal.read_until(r"Ctrl-C ends this")
    wait_until(lambda: far.is_up(machine))
    waiting = machine.session.start(machine.door, "get", stdin=-1)
    assert waiting.stdin is not None
    host = ELSEWHERE.removeprefix("https://")
    waiting.stdin.write(f"protocol=https\nhost={host}\n\n".encode())
    waiting.stdin.flush()
    terminal.read_until(rf"visitor@127.0.0.1 asks for a token of {ELSEWHERE}[\s\S]*\(N\)o: ")
    terminal.type("f\n")
    waiting.communicate(timeout=20)
    machine.ask("get", ELSEWHERE)
    assert terminal.shown.count("asks for a token") == 1
    terminal.type("\x03")
    terminal.finish()


# The connection.


def test_a_dead_socket_costs_one_line(owner: Person, machine: FarMachine, gate: Gate) -> None:
    running = begin(owner, machine, "--allow", gate.origin)
    end(running)
    assert machine.socket.is_socket()
    start = time.monotonic()
    done = machine.ask("get", gate.url)
    assert time.monotonic() - start < 1.5
    assert (done.returncode, done.stdout) == (75, b"")
    assert len([line for line in stderr_lines(done) if line.startswith("keyfob: ")]) == 1


def test_a_dead_socket_leaves_the_local_way(owner: Person, gate: Gate) -> None:
    directory = owner.home / "dead"
    directory.mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(directory / "agent.sock"))
    done = owner.ask_door("get", gate.url, KEYFOB_SOCKET=str(directory / "agent.sock"))
    assert_worked(done)
    assert b"password=" in done.stdout
    assert len(stderr_lines(done)) == 1


def test_a_socket_that_takes_connections_and_is_silent_costs_one_second(owner: Person, gate: Gate) -> None:
    directory = owner.home / "silent"
    directory.mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(directory / "agent.sock"))
        listener.listen()
        start = time.monotonic()
        done = owner.ask_door("get", gate.url, KEYFOB_SOCKET=str(directory / "agent.sock"))
        assert time.monotonic() - start < 2
    assert_worked(done)
    assert b"password=" in done.stdout


def test_a_socket_in_a_directory_of_others_is_not_asked(owner: Person, gate: Gate) -> None:
    directory = owner.home / "open"
    directory.mkdir()
    directory.chmod(0o777)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(directory / "agent.sock"))
        listener.listen()
        listener.settimeout(0)
        done = owner.ask_door("get", gate.url, KEYFOB_SOCKET=str(directory / "agent.sock"))
        assert b"password=" in done.stdout
        with pytest.raises(BlockingIOError):
            listener.accept()


def test_an_ssh_that_is_killed_ends_the_forward_and_a_new_one_works(
    owner: Person, machine: FarMachine, gate: Gate
) -> None:
    running = begin(owner, machine, "--allow", gate.origin)
    for process in far.ssh_processes(owner):
        os.kill(process, signal.SIGKILL)
    assert running.wait(20) != 0
    assert owner.keyfob("forward", "--list").stdout == b"no forward runs\n"
    with forwarding(owner, machine, "--allow", gate.origin):
        assert_worked(machine.token(gate.url))


def test_a_machine_that_falls_silent_ends_the_forward(owner: Person, machine: FarMachine, gate: Gate) -> None:
    quick = ("-o", "ServerAliveInterval=1", "-o", "ServerAliveCountMax=1")
    running = owner.session.start(*forward(machine, "--allow", gate.origin), *quick)
    owner.session.end_at_last(running)
    wait_until(lambda: far.is_up(machine))
    servers = machine.session.servers()
    for process in servers:
        os.kill(process, signal.SIGSTOP)
    try:
        assert running.wait(30) != 0
    finally:
        for process in servers:
            os.kill(process, signal.SIGCONT)
    with forwarding(owner, machine, "--allow", gate.origin):
        assert_worked(machine.token(gate.url))


def test_a_killed_agent_leaves_no_ssh(owner: Person, machine: FarMachine, gate: Gate) -> None:
    running = begin(owner, machine, "--allow", gate.origin)
    running.kill()
    running.wait(20)
    wait_until(lambda: not far.ssh_processes(owner))


def test_forwards_are_listed_and_ended(owner: Person, machine: FarMachine, gate: Gate) -> None:
    running = begin(owner, machine, "--allow", gate.origin)
    listed = owner.keyfob("forward", "--list").stdout.decode()
    assert machine.session.destination in listed and gate.origin in listed
    assert_worked(owner.keyfob("forward", "--stop", machine.session.destination))
    running.wait(20)
    assert owner.keyfob("forward", "--list").stdout == b"no forward runs\n"
    assert not [*(owner.session.runtime / "keyfob" / "forward").iterdir()]
    assert owner.keyfob("forward", "--stop").returncode == 1


def test_a_forward_ends_after_its_time(owner: Person, machine: FarMachine, gate: Gate) -> None:
    running = owner.session.start(*forward(machine, "--for", "1s"))
    _, errors = running.communicate(timeout=20)
    assert running.returncode == 0
    assert b"the time of the forward to visitor@127.0.0.1 is over" in errors


# Hostile connections, past ssh.


@pytest.fixture
def agent(owner: Person, gate: Gate) -> Iterator[Path]:
    """The socket of an agent on the desktop."""
    running = owner.session.start(binaries.keyfob(), "forward", "--container", "--allow", gate.origin)
    path = owner.session.runtime / "keyfob" / "forward" / "container" / "agent.sock"
    wait_until(path.is_socket)
    yield path
    end(running)


def get(path: Path, service: str) -> bytes:
    """The answer of the agent to a question about a service."""
    scheme, _, host = service.partition("://")
    return say(path, f"keyfob-agent=1\noperation=get\nprotocol={scheme}\nhost={host}\n\n".encode())


def say(path: Path, question: bytes) -> bytes:
    """Sends bytes to the agent and returns its answer."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(path))
        connection.settimeout(20)
        connection.sendall(question)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
        return answer


# A container, as bubblewrap makes one, with the door alone.


def ask_inside(owner: Person, service: str, mounted: Path | None) -> Done:
    """Calls the door in a container that may have the directory of a socket."""
    door = owner.home / "alone" / "git-credential-keyfob"
    door.parent.mkdir(exist_ok=True)
    shutil.copy(binaries.keyfob(), door)
    spaces = ["--unshare-user", "--unshare-pid", "--dev-bind", "/", "/", "--tmpfs", "/run"]
    mount = ["--ro-bind", str(mounted), "/run/keyfob"] if mounted else []
    plain = ["env", "--ignore-environment", "HOME=/nowhere", "PATH=/usr/bin"]
    return owner.session.run("bwrap", *spaces, *mount, "--", *plain, door, "get", stdin=description(service))


@needs_bubblewrap
def test_a_container_uses_the_mounted_socket_and_another_one_gets_nothing(
    owner: Person, agent: Path, gate: Gate
) -> None:
    done = ask_inside(owner, gate.url, agent.parent)
    assert_worked(done)
    assert f"password={owner.token(gate.url)}" in done.stdout.decode()
    without = ask_inside(owner, gate.url, None)
    assert (without.returncode, without.stdout) == (75, b"")
    assert outcomes(owner) == ["token"]


def test_another_user_gets_nothing_even_with_access_to_the_socket(owner: Person, agent: Path, gate: Gate) -> None:
    for place in (agent, *agent.parents):
        if place.is_relative_to(owner.session.root):
            place.chmod(0o777)
    stranger = pwd.getpwnam(STRANGER)
    question = f"keyfob-agent=1\noperation=get\nprotocol=http\nhost={gate.origin.removeprefix('http://')}\n\n"
    script = "import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.send(sys.argv[2].encode()); "
    script += "sys.stdout.write(s.recv(9999).decode())"
    done = subprocess.run(
        ["python3", "-c", script, str(agent), question], user=stranger.pw_uid, group=stranger.pw_gid, extra_groups=[],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "credential" not in done.stdout
    wait_until(lambda: outcomes(owner) == ["stranger"])


def test_open_connections_delay_nobody(agent: Path, gate: Gate) -> None:
    with ExitStack() as stack:
        for number in range(100):
            connection = stack.enter_context(socket.socket(socket.AF_UNIX))
            connection.connect(str(agent))
            connection.sendall(b"keyfob-agent=1\n"[: number % 15])
        assert b"credential=" in get(agent, gate.origin)


def test_connections_without_a_question_make_room_for_others(agent: Path, gate: Gate) -> None:
    with ExitStack() as stack:
        for _ in range(250):
            connection = stack.enter_context(socket.socket(socket.AF_UNIX))
            connection.connect(str(agent))
        assert b"credential=" in get(agent, gate.origin)


def test_a_thousand_connections_do_not_end_the_agent(agent: Path, gate: Gate) -> None:
    for _ in range(1000):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(agent))
            connection.sendall(b"x" * 100)
    assert b"credential=" in get(agent, gate.origin)


def test_one_connection_answers_one_question(agent: Path, gate: Gate) -> None:
    scheme, _, host = gate.origin.partition("://")
    question = f"keyfob-agent=1\noperation=get\nprotocol={scheme}\nhost={host}\n\n".encode()
    assert say(agent, question * 3).count(b"credential=") == 1


def test_an_endless_question_is_cut_off(agent: Path) -> None:
    answer = say(agent, b"keyfob-agent=1\noperation=get\n" + b"x=" + b"y" * 70_000)
    assert b"status=65" in answer


def test_the_log_has_each_answer_and_no_secret(owner: Person, agent: Path, gate: Gate) -> None:
    assert b"credential=" in get(agent, gate.origin)
    get(agent, "https://other.example.com")
    say(agent, b"GET / HTTP/1.1\r\n\r\n\n\n")
    wait_until(lambda: len(log(owner)) == 3)
    entries = log(owner)
    assert [entry["outcome"] for entry in entries] == ["token", "unanswered", "malformed"]
    assert entries[0]["destination"] == "container" and entries[0]["account"]
    path = owner.home / ".local" / "state" / "keyfob" / "log.jsonl"
    assert path.stat().st_mode & 0o777 == 0o600
    assert owner.token(gate.url) not in path.read_text()
    assert "https://other.example.com" in owner.keyfob("log").stdout.decode()


def test_a_log_that_cannot_be_read_is_said(owner: Person, agent: Path, gate: Gate) -> None:
    assert b"credential=" in get(agent, gate.origin)
    path = owner.home / ".local" / "state" / "keyfob" / "log.jsonl"
    wait_until(path.exists)
    path.unlink()
    path.mkdir()
    done = owner.keyfob("log")
    assert (done.returncode, done.stdout) == (78, b"")
    assert str(path) in stderr_lines(done)[0] and "unexpected" not in stderr_lines(done)[0]


def test_a_log_that_cannot_be_written_is_said_once(owner: Person, gate: Gate) -> None:
    state = owner.home / ".local" / "state"
    state.mkdir(parents=True, exist_ok=True)
    (state / "keyfob").write_text("")
    running = owner.session.start(binaries.keyfob(), "forward", "--container", "--allow", gate.origin)
    path = owner.session.runtime / "keyfob" / "forward" / "container" / "agent.sock"
    wait_until(path.is_socket)
    for _ in range(2):
        assert b"credential=" in get(path, gate.origin)
    running.terminate()
    _, errors = running.communicate(timeout=20)
    assert errors.count(b"the log cannot be written: ") == 1


@pytest.mark.parametrize(
    "options", [("--allow", "http://git.example.test"), ("--print", "--", "-p", "22"), ("--for", "never")]
)
def test_options_that_cannot_be_kept_are_refused(owner: Person, options: tuple[str, ...]) -> None:
    done = owner.keyfob("forward", "machine.example", *options)
    assert (done.returncode, done.stdout) == (64, b""), stderr_lines(done)


@pytest.mark.parametrize("name", [".", "..", "-oProxyCommand=true", "two words"])
def test_a_name_that_is_no_machine_is_refused(owner: Person, name: str) -> None:
    done = owner.keyfob("forward", "--allow", "https://git.example.test", "--", name)
    assert done.returncode == 64


def test_the_agent_takes_little_memory(owner: Person, agent: Path, gate: Gate) -> None:
    assert b"credential=" in get(agent, gate.origin)
    (process,) = [
        int(path.name)
        for path in Path("/proc").glob("[0-9]*")
        if path.joinpath("cmdline").exists() and path.joinpath("cmdline").read_bytes().startswith(b"keyfob-agent\0--name\0container")
    ]
    status = Path(f"/proc/{process}/status").read_text()
    resident = int(status.partition("VmRSS:")[2].split()[0])
    assert resident < 12 * 1024
