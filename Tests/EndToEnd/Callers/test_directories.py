"""Directories, files and environments that an attacker prepared. They cannot choose the server, the proxy or the
settings, and cannot stop keyfob for services that they do not concern."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness import binaries
from harness.family import CLIENT_ID, FamilyServer
from harness.neighbours import STRANGER, can_be_another
from harness.person import Done, Person, stderr_lines
from harness.provider.server import Provider
from harness.proxy import Proxy
from harness.session import PrivateSession
from harness.steps import assert_refused, assert_worked
from harness.tls import Authority
from harness.waiting import wait_until

needs_root = pytest.mark.skipif(not can_be_another(), reason="only root can give files away")


@pytest.fixture
def evil() -> Iterator[FamilyServer]:
    """The attacker's server."""
    with FamilyServer() as running:
        yield running


def settings_of(server: FamilyServer, service: str, client_id: str = CLIENT_ID) -> dict[str, str]:
    """git's settings for a service with that authorization server, in the format of git-credential-oauth."""
    return {
        f"credential.{service}.oauthClientId": client_id,
        f"credential.{service}.oauthAuthURL": f"{server.issuer}/authorize",
        f"credential.{service}.oauthTokenURL": f"{server.issuer}/token",
    }


def make_trap(person: Person, settings: dict[str, str], *, bare: bool = False) -> Path:
    """A repository with these settings. A bare repository is in a directory of a clone."""
    place = person.home / "clone"
    repository = place / "fixtures" if bare else place
    person.git("init", "--quiet", *(["--bare"] if bare else []), str(repository)).check_returncode()
    for key, value in settings.items():
        person.git("-C", str(repository), "config", "--local", key, value).check_returncode()
    return repository


def keyfob_in(person: Person, directory: Path, *arguments: str, **env: str) -> Done:
    """Runs keyfob in that working directory."""
    return person.session.run("env", "-C", str(directory), str(binaries.keyfob()), *arguments, **env)


def door_in(person: Person, directory: Path, url: str, **env: str) -> Done:
    """Asks the door for git for a credential, in that working directory."""
    scheme, _, rest = url.partition("://")
    lines = f"protocol={scheme}\nhost={rest.partition('/')[0]}\n".encode()
    door = str(binaries.git_credential_keyfob())
    return person.session.run("env", "-C", str(directory), door, "get", stdin=lines, **env)


# Settings about the server.


@pytest.mark.parametrize("bare", [False, True], ids=["clone", "bare"])
@pytest.mark.parametrize("command", ["login", "token"])
def test_a_repository_does_not_choose_the_server(
    person: Person, server: FamilyServer, evil: FamilyServer, command: str, bare: bool
) -> None:
    person.configure_git(settings_of(server, server.issuer))
    person.configure_git({f"credential.{server.issuer}.oauthClientSecret": "the-secret-of-the-person"})
    trap = make_trap(person, settings_of(evil, server.issuer), bare=bare)
    assert_worked(keyfob_in(person, trap, command, server.issuer))
    assert evil.record.all() == []
    assert server.is_active(person.token(server.issuer))


@pytest.mark.parametrize("variables", [["GIT_DIR"], ["GIT_DIR", "GIT_COMMON_DIR"], ["GIT_CONFIG"]])
def test_a_variable_that_names_a_repository_does_not_choose_the_server(
    person: Person, server: FamilyServer, evil: FamilyServer, variables: list[str]
) -> None:
    person.configure_git(settings_of(server, server.issuer))
    directory = make_trap(person, settings_of(evil, server.issuer)) / ".git"
    env = {name: str(directory / "config" if name == "GIT_CONFIG" else directory) for name in variables}
    assert_worked(person.keyfob("login", server.issuer, **env))
    assert evil.record.all() == []
    assert server.is_active(person.token(server.issuer))


def test_a_repository_alone_makes_no_service_known(person: Person, server: FamilyServer, evil: FamilyServer) -> None:
    trap = make_trap(person, settings_of(evil, server.issuer))
    for done in (door_in(person, trap, server.issuer), person.git("-C", str(trap), "credential", "fill",
                 stdin=f"url={server.issuer}\n\n".encode(), GIT_TERMINAL_PROMPT="0")):  # fmt: skip
        assert b"password=" not in done.stdout
    assert_refused(keyfob_in(person, trap, "token", server.issuer), 1)
    assert (evil.record.all(), person.browsers_opened()) == ([], 0)


def test_a_file_that_a_repository_includes_does_not_choose_the_server(
    person: Person, server: FamilyServer, evil: FamilyServer
) -> None:
    person.configure_git(settings_of(server, server.issuer))
    trap = make_trap(person, {"include.path": "../more"})
    for key, value in settings_of(evil, server.issuer).items():
        person.git("config", "--file", str(trap / "more"), key, value).check_returncode()
    assert_worked(door_in(person, trap, server.issuer))
    assert evil.record.all() == []


@pytest.mark.parametrize("name", ["XDG_CONFIG_HOME", "GIT_CONFIG_GLOBAL"])
def test_a_relative_path_of_settings_is_ignored(
    person: Person, server: FamilyServer, evil: FamilyServer, name: str
) -> None:
    person.git("config", "--system", "user.name", "x", GIT_CONFIG_SYSTEM=str(person.home / "system"))
    trap = person.home / "unpacked"
    place = trap / ".config/git/config"
    place.parent.mkdir(parents=True)
    for key, value in settings_of(evil, server.issuer).items():
        person.git("config", "--file", str(place), key, value).check_returncode()
    value = ".config" if name == "XDG_CONFIG_HOME" else ".config/git/config"
    assert_refused(keyfob_in(person, trap, "token", server.issuer, **{name: value}), 1)
    assert evil.record.all() == []


def test_settings_of_one_command_are_not_noted_for_others(
    person: Person, server: FamilyServer, evil: FamilyServer
) -> None:
    """The settings of `git -c` count for that command, not for later requests of others."""
    person.configure_git(settings_of(server, server.issuer))
    said = [part for key, value in settings_of(evil, server.issuer).items() for part in ("-c", f"{key}={value}")]
    question = f"url={server.issuer}\n\n".encode()
    once = person.git(*said, "credential", "fill", stdin=question)
    assert_worked(once)
    assert evil.is_active(password(once))
    assert server.is_active(password(person.git("credential", "fill", stdin=question)))


def password(done: Done) -> str:
    """The password in the door's answer."""
    lines = done.stdout.decode().splitlines()
    return next(line.removeprefix("password=") for line in lines if line.startswith("password="))


def test_a_check_of_git_runs_no_program_of_a_repository(person: Person, server: FamilyServer) -> None:
    person.configure_keyfob(server.issuer, server.issuer)
    ran = person.home / "ran"
    trap = make_trap(person, {"credential.helper": ""})  # which drops the person's own
    person.git("-C", str(trap), "config", "--add", "credential.helper", f"!touch {ran};").check_returncode()
    assert_worked(person.keyfob("login", server.issuer))
    assert_worked(keyfob_in(person, trap, "setup", "git", server.issuer, "--check"))
    assert not ran.exists()


# The person's own settings count in all directories.


@pytest.mark.parametrize("way", ["login", "token", "git", "git -c", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_COUNT"])
def test_the_settings_of_a_person_count_in_every_directory(person: Person, server: FamilyServer, way: str) -> None:
    settings = settings_of(server, server.issuer)
    copy = make_trap(person, {"user.name": "somebody"})
    question, options, env = f"url={server.issuer}\n\n".encode(), [], {}
    if way == "git -c":
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
    elif way == "GIT_CONFIG_GLOBAL":
        for key, value in settings.items():
            person.git("config", "--file", "mine", key, value).check_returncode()
        person.git("config", "--file", "mine", "credential.helper", str(binaries.git_credential_keyfob()))
        env = {"GIT_CONFIG_GLOBAL": str(person.home / "mine")}
    elif way == "GIT_CONFIG_COUNT":
        env = {"GIT_CONFIG_COUNT": str(len(settings))}
        for number, (key, value) in enumerate(settings.items()):
            env |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    else:
        person.configure_git(settings)
    if way in ("login", "token"):
        assert_worked(keyfob_in(person, copy, way, server.issuer))
    else:
        done = person.git("-C", str(copy), *options, "credential", "fill", stdin=question, **env)
        assert_worked(done)
        assert server.is_active(password(done))
    assert len(server.families) == 1


def test_a_repository_may_decline_prompts_and_allow_none(person: Person, server: FamilyServer) -> None:
    person.configure_git(settings_of(server, server.issuer))
    copy = make_trap(person, {"credential.interactive": "false"})
    assert_refused(door_in(person, copy, server.issuer), 77)
    person.git("-C", str(copy), "config", "credential.interactive", "true").check_returncode()
    person.configure_git({"credential.interactive": "false"})
    assert_refused(door_in(person, copy, server.issuer), 77)
    assert person.browsers_opened() == 0
    person.configure_git({"credential.interactive": "true"})
    assert_worked(door_in(person, copy, server.issuer))


# Settings about the network.


@pytest.mark.parametrize("variable", [False, True], ids=["directory", "GIT_DIR"])
def test_a_repository_does_not_choose_the_proxy(person: Person, variable: bool) -> None:
    with Proxy() as proxy:
        trap = make_trap(person, {"http.proxy": proxy.address})
        person.configure_keyfob("https://git.example.test", "https://login.example.test")
        env = {"GIT_DIR": str(trap / ".git")} if variable else {}
        assert_refused(keyfob_in(person, trap, "login", "https://git.example.test", **env), 75)
        assert proxy.asked == []
        # keyfob does use the person's own proxy.
        person.configure_git({"http.proxy": proxy.address})
        assert_refused(keyfob_in(person, trap, "login", "https://git.example.test"), 75)
        assert proxy.asked


@pytest.mark.parametrize("who", ["git", "GIT_SSL_CAINFO", "SSL_CERT_FILE", "ca_file"])
def test_a_relative_path_names_no_authority_of_the_directory(
    person: Person, evil: FamilyServer, tmp_path: Path, who: str
) -> None:
    """Somebody who prepared the directory may control the network too."""
    name, authority = "login.example.test", Authority(tmp_path)
    with Proxy() as proxy, Provider(authority.certify(name)) as provider:
        proxy.route(name, provider.port)
        person.configure_keyfob("https://git.example.test", provider.issuer)
        person.session.env["https_proxy"] = proxy.address
        directory = person.home / "unpacked"
        directory.mkdir()
        shutil.copy(authority.file, directory / "ca.pem")
        if who == "git":
            person.configure_git({"http.sslCAInfo": "ca.pem"})
        elif who == "ca_file":
            person.configure_keyfob("https://git.example.test", provider.issuer, ca_file="ca.pem")
        env = {who: "ca.pem"} if who.isupper() else {}
        done = keyfob_in(person, directory, "login", "https://git.example.test", **env)
        assert_refused(done, 78)
        assert provider.requests.all() == []


# git does not answer.


@pytest.fixture
def silent(person: Person) -> Path:
    """A named pipe that git's configuration includes, without a writer."""
    pipe = person.home / "pipe"
    os.mkfifo(pipe)
    person.configure_git({"include.path": str(pipe)})
    return pipe


def waiting_gits(pipe: Path) -> list[int]:
    """The git processes that wait for the pipe: those that run `git config` with this home directory."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                environment, command = (entry / "environ").read_bytes(), (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if b"config" in command.split(b"\0") and f"HOME={pipe.parent}".encode() in environment.split(b"\0"):
                found.append(int(entry.name))
    return found


def test_a_git_that_does_not_answer_is_reported_after_the_time_limit(person: Person, silent: Path) -> None:
    began = time.monotonic()
    done = person.keyfob("token", "https://git.example.test", "--interaction", "never")
    assert_refused(done, 78)
    assert time.monotonic() - began < 15
    assert any("git did not report" in line for line in stderr_lines(done)), stderr_lines(done)
    assert waiting_gits(silent) == []


def test_without_an_answer_of_git_nothing_is_sent(person: Person, silent: Path) -> None:
    """git may know a proxy and a certificate authority of the person. keyfob sends nothing without them."""
    person.configure_keyfob("https://git.example.test", "https://login.example.test")
    done = person.keyfob("login", "https://git.example.test")
    assert_refused(done, 78)
    assert any("git did not report" in line for line in stderr_lines(done)), stderr_lines(done)
    assert waiting_gits(silent) == []


def test_a_service_of_this_machine_needs_no_answer_of_git(person: Person, server: FamilyServer, silent: Path) -> None:
    person.configure_keyfob(server.issuer, server.issuer)
    assert_worked(person.keyfob("login", server.issuer))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_keyfob_that_is_killed_leaves_no_git_behind(person: Person, silent: Path, number: signal.Signals) -> None:
    process = person.session.start(binaries.keyfob(), "token", "https://git.example.test")
    person.session.end_at_last(process)
    wait_until(lambda: waiting_gits(silent) != [])
    process.send_signal(number)
    process.wait(20)
    wait_until(lambda: waiting_gits(silent) == [])


def test_settings_that_git_cannot_read_are_reported(person: Person) -> None:
    (person.home / ".gitconfig").write_text("[credential\n")
    done = person.keyfob("token", "https://git.example.test", "--interaction", "never")
    assert_refused(done, 78)
    assert any("git cannot read" in line for line in stderr_lines(done)), stderr_lines(done)
    hints = [line.removeprefix("hint: ") for line in stderr_lines(done) if line.startswith("hint: ")]
    assert any("git config --list" in hint for hint in hints), hints


# Files of the person that others may have written.


@pytest.mark.parametrize("mode", [0o666, 0o664, 0o602])
def test_a_configuration_that_others_may_write_is_refused(person: Person, server: FamilyServer, mode: int) -> None:
    person.configure_keyfob(server.issuer, server.issuer)
    if os.geteuid() == 0:
        os.chown(person.configuration, -1, pwd.getpwnam("nobody").pw_gid)
    person.configuration.chmod(mode)
    done = person.keyfob("login", server.issuer)
    assert_refused(done, 78)
    (hint,) = [line for line in stderr_lines(done) if line.startswith("hint: ")]
    assert "chmod go-w " in hint
    assert_worked(person.session.run("sh", "-c", hint.removeprefix("hint: ")))
    assert_worked(person.keyfob("login", server.issuer))


@needs_root
def test_a_configuration_that_the_persons_own_group_may_write_is_read(person: Person, server: FamilyServer) -> None:
    """Many systems make a group for each user, and files that it may write to (umask 002)."""
    person.configure_keyfob(server.issuer, server.issuer)
    person.configuration.chmod(0o664)
    person.configuration.parent.chmod(0o775)
    assert_worked(person.keyfob("login", server.issuer))


def test_a_configuration_in_a_directory_that_others_may_write_is_refused(person: Person, server: FamilyServer) -> None:
    person.configure_keyfob(server.issuer, server.issuer)
    person.configuration.parent.chmod(0o777)
    done = person.keyfob("login", server.issuer)
    assert_refused(done, 78)
    (hint,) = [line for line in stderr_lines(done) if line.startswith("hint: ")]
    assert_worked(person.session.run("sh", "-c", hint.removeprefix("hint: ")))
    assert_worked(person.keyfob("login", server.issuer))


@needs_root
@pytest.mark.parametrize("name", ["configuration", "approvals"])
def test_a_configuration_of_another_user_is_refused(person: Person, evil: FamilyServer, name: str) -> None:
    path = person.configuration if name == "configuration" else person.approvals
    path.parent.mkdir(parents=True, mode=0o700)
    path.write_text(f'[host."{evil.issuer}"]\nissuer = "{evil.issuer}"\nclient_id = "{CLIENT_ID}"\n')
    shutil.chown(path, STRANGER)
    done = person.keyfob("login", evil.issuer)
    assert_refused(done, 78)
    assert str(path) in done.stderr.decode() and "belongs to" in done.stderr.decode()
    assert evil.record.all() == []


def test_a_configuration_that_is_a_pipe_is_refused_at_once(person: Person) -> None:
    person.configuration.parent.mkdir(parents=True)
    os.mkfifo(person.configuration, 0o600)
    assert_refused(person.keyfob("config", "https://git.example.test"), 78)


# The list of approved services.

BROKEN = {
    "broken": b'[host."https://approved.example.test"]\nissuer = 3\n',
    "not TOML": b'[host."https://approved.example.test"\n',
    "oversized": b'[host."https://approved.example.test"]\n' + b"#" * 1_100_000,
}


@pytest.fixture(params=BROKEN)
def broken(person: Person, request: pytest.FixtureRequest) -> Path:
    """A list of approvals that keyfob cannot parse."""
    person.approvals.parent.mkdir(parents=True, mode=0o700)
    person.approvals.write_bytes(BROKEN[request.param])
    return person.approvals


def test_a_broken_list_stops_no_service_that_it_does_not_concern(
    person: Person, server: FamilyServer, broken: Path
) -> None:
    person.configure_keyfob(server.issuer, server.issuer)
    assert_worked(person.keyfob("login", server.issuer))
    assert server.is_active(person.token(server.issuer))
    password_of = "https://password.example.test"
    assert_worked(person.ask_door("store", password_of, "username=alice", "password=secret"))
    assert b"password=secret\n" in person.ask_door("get", password_of).stdout
    nothing = person.ask_door("get", "https://unknown.example.test")
    assert (nothing.returncode, nothing.stdout, nothing.stderr) == (0, b"", b"")
    assert_worked(person.keyfob("status"))
    assert_worked(person.keyfob("logout", server.issuer))


def test_a_broken_list_is_reported_for_a_service_that_needs_it(
    person: Person, broken: Path, server: FamilyServer
) -> None:
    for command in ("token", "login"):
        done = person.keyfob(command, "https://approved.example.test")
        assert_refused(done, 78)
        assert str(broken) in done.stderr.decode()
    # A sign-in to another service cannot store its approval.
    done = person.keyfob("login", f"{server.issuer}/git")
    assert_refused(done, 78)
    assert (server.families, person.browsers_opened()) == ([], 0)
    hints = [line.removeprefix("hint: ") for line in stderr_lines(done) if line.startswith("hint: ")]
    (move,) = [hint.partition(": ")[2] for hint in hints if "mv " in hint]
    assert_worked(person.session.run("sh", "-c", move))
    assert_worked(person.keyfob("login", f"{server.issuer}/git"))


def test_the_list_takes_no_more_entries_than_keyfob_can_read(person: Person, server: FamilyServer) -> None:
    person.approvals.parent.mkdir(parents=True, mode=0o700)
    entry = '[host."https://h{0}.example.test"]\nissuer = "https://login.example.test"\n'
    person.approvals.write_text("".join(entry.format(number) for number in range(1000)))
    before = person.approvals.read_text()
    done = person.keyfob("login", f"{server.issuer}/git")
    assert_refused(done, 78)
    assert "1000" in done.stderr.decode() and str(person.approvals) in done.stderr.decode()
    assert (server.families, person.browsers_opened()) == ([], 0)
    assert person.approvals.read_text() == before
    # With one entry fewer, there is room for another.
    person.approvals.write_text("".join(entry.format(number) for number in range(999)))
    assert_worked(person.keyfob("login", f"{server.issuer}/git"))
    assert server.is_active(person.token(f"{server.issuer}/git"))


def test_an_approval_is_not_written_into_a_prepared_file(person: Person, server: FamilyServer) -> None:
    person.approvals.parent.mkdir(parents=True, mode=0o700)
    precious = person.home / "precious"
    precious.write_text("precious")
    prepared = person.approvals.parent / "approved.toml.new"
    os.link(precious, prepared)
    assert_worked(person.keyfob("login", f"{server.issuer}/git"))
    assert precious.read_text() == "precious"
    assert person.approvals.stat().st_ino != precious.stat().st_ino
    assert not prepared.exists()


# root in the session of another user, as with sudo -E.


@pytest.fixture
def user() -> Iterator[Person]:
    """A person who is not root."""
    with PrivateSession(path=[binaries.bin_directory()], user=pwd.getpwnam(STRANGER).pw_uid) as running:
        running.root.chmod(0o755)
        running.start_keyring()
        yield Person(running)


def as_root(user: Person, *arguments: str, **env: str) -> Done:
    """Runs keyfob as root in that person's session, as `sudo -E` does."""
    return subprocess.run(
        [str(binaries.keyfob()), *arguments],
        env={**user.session.env, **env},
        cwd=user.home,
        capture_output=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
    )


def files_of_root(user: Person) -> list[Path]:
    """The files that root made in the person's directories."""
    return [path for path in user.session.root.rglob("*") if path.lstat().st_uid == 0]


@needs_root
@pytest.mark.parametrize("without", [(), ("XDG_RUNTIME_DIR",)], ids=["runtime directory", "cache"])
def test_root_makes_no_files_in_the_directories_of_another_user(
    user: Person, server: FamilyServer, without: tuple[str, ...]
) -> None:
    user.configure_git(settings_of(server, server.issuer))
    user.session.run("true")  # which gives all files to the person
    env = {name: "" for name in without}
    done = as_root(user, "login", server.issuer, **env)
    # Without the person's runtime directory, keyfob uses root's own. But it does not use the person's bus.
    assert_refused(done, 69 if without else 75)
    assert any(line.startswith("hint: ") for line in stderr_lines(done)), stderr_lines(done)
    assert files_of_root(user) == []
    assert_worked(user.keyfob("login", server.issuer))


@needs_root
def test_a_lock_directory_that_root_left_is_reported_with_its_remedy(user: Person, server: FamilyServer) -> None:
    user.configure_keyfob(server.issuer, server.issuer)
    user.session.run("true")
    left = user.session.runtime / "keyfob"
    left.mkdir(mode=0o700)
    done = in_session_as_it_is(user, "login", server.issuer)
    assert_refused(done, 75)
    assert "belongs to root" in done.stderr.decode()
    (hint,) = [line for line in stderr_lines(done) if line.startswith("hint: ")]
    remedy = hint.partition("sudo ")[2]
    assert_worked(user_less(user, remedy))
    assert_worked(in_session_as_it_is(user, "login", server.issuer))


@needs_root
@pytest.mark.parametrize("name", [".local/state", ".cache"])
def test_directories_that_root_left_are_reported_with_their_remedy(
    user: Person, server: FamilyServer, name: str
) -> None:
    user.session.run("true")
    (user.home / name).mkdir(mode=0o700)
    if name == ".cache":
        user.session.env["XDG_RUNTIME_DIR"] = ""
    done = in_session_as_it_is(user, "login", f"{server.issuer}/git")
    assert_refused(done, 75 if name == ".cache" else 78)
    assert (server.families, user.browsers_opened()) == ([], 0)
    (hint,) = [line for line in stderr_lines(done) if line.startswith("hint: ")]
    assert_worked(user_less(user, hint.partition("sudo ")[2]))
    assert_worked(in_session_as_it_is(user, "login", f"{server.issuer}/git"))


@needs_root
def test_root_runs_no_setup_in_the_directories_of_another_user(user: Person) -> None:
    user.session.run("true")
    (user.home / ".gitconfig").unlink()
    done = as_root(user, "setup", "git", "--apply", "--yes")
    assert done.returncode != 0
    assert "belongs to" in done.stderr.decode(), stderr_lines(done)
    assert files_of_root(user) == []


def in_session_as_it_is(user: Person, *arguments: str) -> Done:
    """Runs keyfob as the person, and does not change the owners of files."""
    stranger = pwd.getpwnam(STRANGER)
    return subprocess.run(
        [str(binaries.keyfob()), *arguments],
        env=user.session.env,
        cwd=user.home,
        capture_output=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
        user=stranger.pw_uid,
        group=stranger.pw_gid,
        extra_groups=[],
    )


def user_less(user: Person, command: str) -> Done:
    """Runs a line of shell as root."""
    return subprocess.run(["sh", "-c", command], env=user.session.env, capture_output=True, timeout=60)


def test_ignored_settings_are_reported(person: Person) -> None:
    trap = make_trap(person, {"http.proxy": "http://127.0.0.1:1", "credential.https://a.example.oauthClientId": "c"})
    rungs = json.loads(keyfob_in(person, trap, "doctor", "--json").stdout)
    (git,) = [rung for rung in rungs if rung["rung"] == "git"]
    assert git["status"] == "warning"
    assert "http.proxy" in git["summary"] and "credential.https://a.example.oauthclientid" in git["summary"]
    elsewhere = json.loads(person.keyfob("doctor", "--json").stdout)
    (git,) = [rung for rung in elsewhere if rung["rung"] == "git"]
    assert "heed" not in git["summary"]


@pytest.mark.parametrize("home", [None, "", ".", "home"], ids=["unset", "empty", "dot", "relative"])
@pytest.mark.parametrize(
    "command",
    [
        ["setup", "docker", "https://registry.example.test", "--apply", "--yes"],
        ["import", "--yes"],
        ["login", "--client-id", "c", "https://github.com"],
    ],
    ids=["setup", "import", "login"],
)
def test_without_a_home_directory_nothing_is_written(
    person: Person, tmp_path: Path, home: str | None, command: list[str]
) -> None:
    """A relative path would name a directory inside the working directory."""
    (tmp_path / ".git-credentials").write_text("https://evil:password@git.example.test\n")
    env = dict(person.session.env)
    env.pop("HOME", None)
    if home is not None:
        env["HOME"] = home
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        env.pop(name, None)
    done = subprocess.run(
        [binaries.keyfob(), *command], cwd=tmp_path, env=env, capture_output=True, timeout=30, check=False
    )
    assert (done.returncode, done.stdout) == (78, b""), done
    assert b"HOME" in done.stderr and b"hint: set HOME" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == [".git-credentials"]
