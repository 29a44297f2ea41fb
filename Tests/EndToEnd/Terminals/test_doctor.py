"""`keyfob doctor` reports each problem at its check, with a remedy and the problem's exit status. It opens no window,
changes nothing and reveals no secret."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import shutil
import signal
import socket
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from harness import binaries, kernel
from harness.asking import AskingKeyring
from harness.desktop import SEND_AWAY, NotificationDaemon
from harness.evidence import Evidence
from harness.family import FamilyServer
from harness.gate import Gate
from harness.labels import labels
from harness.marked import MarkedServer
from harness.people import ALICE
from harness.person import Done, Person, stderr_lines
from harness.ports import free_port
from harness.prompter import Prompter
from harness.provider.server import Provider
from harness.searching import assert_nothing_leaked
from harness.service import Answer, Asked, Service
from harness.session import PrivateSession
from harness.steps import assert_refused, assert_worked, let_the_token_expire, refreshes
from harness.terminal import Terminal
from harness.tls import Authority

LONGEST_SECONDS = 10
PAGE = (binaries.REPOSITORY / "protocol.md").read_text()
APPENDIX = PAGE.partition("## Appendix B.")[2]
SCHEMA = json.loads(re.search(r"```json schema\n(.*?)```", APPENDIX, re.DOTALL)[1])  # type: ignore[index]
# The checks of appendix B of protocol.md, in its order, which is that of the report.
CHECKS = re.findall(r"^\| `([a-z-]+)` \|", APPENDIX, re.MULTILINE)
OF_A_SERVICE = CHECKS[CHECKS.index("address") :]

Checks = dict[str, dict[str, Any]]


def read(done: Done) -> Checks:
    """The checks of a report in JSON, by name. Asserts that the report has the format of protocol.md."""
    report = json.loads(done.stdout)
    jsonschema.Draft202012Validator(SCHEMA).validate(report)
    assert stderr_lines(done) == []
    checks = {entry["rung"]: entry for entry in report}
    assert [entry["rung"] for entry in report] == [name for name in CHECKS if name in checks]
    return checks


def examine(person: Person, *arguments: str, status: int = 0, **env: str) -> Checks:
    """Runs the doctor, asserts its exit status, and returns its checks."""
    begun = time.monotonic()
    done = person.keyfob("doctor", "--json", *arguments, **env)
    assert time.monotonic() - begun < LONGEST_SECONDS + 2
    assert done.returncode == status, (done.stdout.decode(), stderr_lines(done))
    return read(done)


def named(checks: Checks, status: str) -> set[str]:
    """The checks with that status."""
    return {name for name, check in checks.items() if check["status"] == status}


def because(checks: Checks, check: str) -> set[str]:
    """The checks that were skipped because of that one."""
    return {name for name, entry in checks.items() if entry.get("because") == check}


# Without a problem.


def test_a_healthy_person_who_is_signed_in(developer: Person, provider: Provider, gate: Gate) -> None:
    assert_worked(developer.keyfob("login", gate.url))
    checks = examine(developer, gate.url)
    assert list(checks) == [name for name in CHECKS if name != "refresh"]
    # The doctor warns about Debian 12's git, and this user's kernel keyring may be full.
    assert named(checks, "ok") >= set(checks) - {"git", "kernel-keyring", "kernel-quota"}
    assert checks["provider"]["details"]["program"].endswith("/gnome-keyring-daemon")
    assert checks["helpers"]["details"]["helpers"] == ["keyfob (~/.gitconfig)"]
    assert checks["issuer"]["details"]["issuer"] == provider.issuer
    assert checks["issuer"]["summary"].endswith("(~/.config/keyfob/config.toml:2)")
    assert checks["grant"]["summary"].endswith("ago, refreshes by itself")
    assert checks["token"]["summary"].startswith("in memory, for ")
    assert abs(checks["clock"]["details"]["skew_seconds"]) <= 60
    assert developer.browsers_opened() == 1, "the one of the login"


def test_without_a_service_nothing_is_sent(developer: Person, provider: Provider) -> None:
    checks = examine(developer)
    assert list(checks) == CHECKS[: CHECKS.index("address")]
    assert named(checks, "failed") == named(checks, "skipped") == set()
    assert provider.requests.all() == []


def test_the_report_has_columns(developer: Person, gate: Gate) -> None:
    done = developer.keyfob("doctor", gate.url)
    assert done.returncode == 77 and stderr_lines(done) == []
    lines = done.stdout.decode().splitlines()
    checks = [line for line in lines if not line.startswith("hint: ")]
    assert [line.split()[1] for line in checks] == [name for name in CHECKS if name != "refresh"]
    assert {re.match(r"(ok|warning|failed|skipped) +[a-z-]+ +", line)[0].__len__() for line in checks} == {29}  # type: ignore[index]
    assert f"hint: run: keyfob login {gate.origin}" in lines
    assert "\x1b" not in done.stdout.decode()


@pytest.mark.parametrize(("env", "stands_out"), [({"NO_COLOR": ""}, True), ({}, False), ({"NO_COLOR": "", "TERM": "dumb"}, False)])
def test_failures_are_bold_on_a_terminal(developer: Person, gate: Gate, env: dict[str, str], stands_out: bool) -> None:
    shown = Terminal(developer.session, binaries.keyfob(), "doctor", gate.url, **env)
    shown.read_until(r"token +.*\n")
    assert shown.finish() == 77
    assert ("\x1b[1mfailed" in shown.shown, shown.shown.count("\x1b")) == ((True, 2) if stands_out else (False, 0))


def test_doctor_changes_nothing_and_does_not_ask_the_user(developer: Person, provider: Provider, gate: Gate) -> None:
    let_the_token_expire(developer, provider, gate)
    before, keys = labels(developer.session), kernel.of_accounts(developer.session.accounts())
    files = {path: path.read_bytes() for path in developer.home.rglob("*.toml")}
    opened, sent = developer.browsers_opened(), len(provider.token_requests("refresh_token"))
    examine(developer, gate.url)
    assert without_times(labels(developer.session)) == without_times(before)
    assert {path: path.read_bytes() for path in developer.home.rglob("*.toml")} == files
    assert kernel.of_accounts(developer.session.accounts()) <= keys
    assert (developer.browsers_opened(), len(provider.token_requests("refresh_token"))) == (opened, sent)


def without_times(shown: list[str]) -> list[str]:
    """The items without the properties that a keyring changes by itself."""
    return sorted(re.sub(r"uint64 \d+", "", each) for each in shown)


def test_a_refresh_is_tried_on_request(developer: Person, provider: Provider, gate: Gate) -> None:
    let_the_token_expire(developer, provider, gate)
    checks = examine(developer, gate.url, "--refresh")
    assert checks["refresh"]["summary"].startswith("works")
    assert refreshes(provider) == 1
    developer.token(gate.url)
    assert refreshes(provider) == 1, "the new token is kept, and used"


def test_a_refresh_that_is_refused(developer: Person, provider: Provider, gate: Gate) -> None:
    let_the_token_expire(developer, provider, gate)
    provider.revoke_refresh_tokens()
    checks = examine(developer, gate.url, "--refresh", status=77)
    assert checks["refresh"]["status"] == "failed"
    assert named(examine(developer, gate.url, status=77), "failed") == {"grant"}, "which has ended"


# The keyring.

KEYRING = {"provider", "collection", "writable", "session-collection"}


def test_no_bus(developer: Person, gate: Gate) -> None:
    nowhere = f"unix:path={developer.home}/nothing"
    checks = examine(developer, gate.url, status=69, DBUS_SESSION_BUS_ADDRESS=nowhere)
    assert checks["bus"]["status"] == "failed" and "no session bus" in checks["bus"]["summary"]
    assert because(checks, "bus") >= KEYRING | {"grant"}
    assert checks["metadata"]["status"] == "ok", "what needs no keyring is looked at all the same"


@pytest.mark.skipif(not kernel.is_available(), reason="sign-ins are then kept in kernel memory")
def test_without_a_bus_the_hint_says_how_to_do_without_a_keyring(person: Person, server: FamilyServer) -> None:
    env = {"DBUS_SESSION_BUS_ADDRESS": f"unix:path={person.home}/nothing"}
    hint = (
        "without a keyring, to keep sign-ins and passwords in the kernel's memory, "
        'write store = "auto" into ~/.config/keyfob/config.toml'
    )
    assert hint in examine(person, status=69, **env)["bus"]["mend"]
    person.configure_keyfob(server.issuer, server.issuer)
    service = f"{server.issuer}/git"
    named = "without a keyring, to keep sign-ins in the kernel's memory, run: keyfob login --store memory "
    assert named + service in examine(person, service, status=69, **env)["bus"]["mend"]
    above = hint.replace("into", 'above the first [host."..."] of')
    assert above in examine(person, status=69, **env)["bus"]["mend"]
    # As the hint says.
    person.configuration.write_text('store = "auto"\n' + person.configuration.read_text())
    assert examine(person, **env)["store"]["status"] == "ok"


def test_a_bus_that_does_not_answer(developer: Person) -> None:
    here = f"--config-file={developer.session.runtime}/bus.conf".encode()
    bus = next(int(path.parent.name) for path in Path("/proc").glob("[0-9]*/cmdline") if here in words_of(path))
    os.kill(bus, signal.SIGSTOP)
    try:
        checks = examine(developer, status=69, DISPLAY=":99")
    finally:
        os.kill(bus, signal.SIGCONT)
    assert "session bus does not answer" in checks["bus"]["summary"]
    assert named(checks, "failed") == {"bus"}


def words_of(path: Path) -> list[bytes]:
    """The arguments of a process, which may have ended."""
    with contextlib.suppress(OSError):
        return path.read_bytes().split(b"\0")
    return []


def test_no_provider(developer: Person) -> None:
    developer.session.stop_keyring()
    checks = examine(developer, status=69)
    assert named(checks, "failed") == {"provider"}
    assert because(checks, "provider") == KEYRING - {"provider"} | {"store"}
    assert "gnome-keyring" in checks["provider"]["mend"][0]


def test_a_locked_keyring_stays_locked(developer: Person, gate: Gate) -> None:
    assert_worked(developer.keyfob("login", gate.url))
    developer.session.lock_keyring()
    with Prompter(developer.session) as prompter:
        checks = examine(developer, gate.url, status=69, DISPLAY=":99")
        assert prompter.dismissed == 0, "keyfob does not ask for the password"
    assert named(checks, "failed") == {"collection"}
    assert because(checks, "collection") == {"writable", "store", "grant"}
    assert checks["token"]["status"] == "ok" or not kernel.is_available(), "it is in kernel memory"
    assert examine(developer, status=69)["collection"]["status"] == "failed"


def test_a_keyring_that_cannot_be_written(developer: Person) -> None:
    developer.session.fill_disk_of_keyring()
    checks = examine(developer, status=69)
    assert named(checks, "failed") == {"writable"}


def test_a_keyring_that_asks_before_it_takes_an_item() -> None:
    with PrivateSession(path=[binaries.bin_directory()]) as front, PrivateSession() as back:
        back.start_keyring()
        with AskingKeyring(front, back) as keyring:
            check = examine(Person(front), DISPLAY=":99")["writable"]
            assert (check["status"], keyring.prompts) == ("warning", ["Dismiss"])


def test_a_keyring_that_does_not_answer(developer: Person) -> None:
    developer.session.keyring.send_signal(signal.SIGSTOP)
    try:
        checks = examine(developer, status=69)
    finally:
        developer.session.keyring.send_signal(signal.SIGCONT)
    assert "did not answer" in checks["provider"]["summary"] and checks["provider"]["mend"]
    assert because(checks, "provider") == KEYRING - {"provider"} | {"store"}


def test_no_kernel_keyring(developer: Person, nokeys: Path) -> None:
    done = developer.session.run(nokeys, binaries.keyfob(), "doctor", "--json")
    checks = read(done)
    assert done.returncode == 0
    assert checks["kernel-keyring"]["status"] == "warning"
    assert "session collection" in checks["kernel-keyring"]["summary"]
    assert checks["session-collection"]["status"] == "ok"


# Files.


@pytest.mark.parametrize("mode", [0o755, 0o770])
def test_a_runtime_directory_that_others_may_enter(developer: Person, mode: int) -> None:
    directory = developer.session.runtime / "keyfob"
    directory.mkdir()
    directory.chmod(mode)
    checks = examine(developer, status=75)
    assert named(checks, "failed") == {"runtime-directory"}
    assert because(checks, "runtime-directory") == {"locks"}
    assert any("0700" in mend for mend in checks["runtime-directory"]["mend"])


def test_the_holder_of_a_lock_is_named(developer: Person) -> None:
    directory = developer.session.runtime / "keyfob"
    directory.mkdir(mode=0o700)
    lock = directory / "0123.lock"
    lock.write_bytes(b"?")
    with lock.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        held = examine(developer)["locks"]
    assert held["details"] == {"held": 1, "locks": 1}
    assert f"process {os.getpid()}" in held["summary"] and "sign in" in held["summary"]
    assert lock.read_bytes() == b"?"
    assert examine(developer)["locks"]["details"]["held"] == 0
    lock.write_bytes(b"~")
    assert examine(developer)["locks"]["status"] == "warning"


def test_a_mistake_in_the_configuration(developer: Person, gate: Gate) -> None:
    developer.configuration.write_text(f'[host."{gate.origin}"]\nissuer = 3\n')
    checks = examine(developer, gate.url, status=78)
    assert named(checks, "failed") == {"configuration"}
    assert checks["configuration"]["summary"].startswith("~/.config/keyfob/config.toml:2: ")
    assert because(checks, "configuration") == {"sign-in", *OF_A_SERVICE} - {"clock", "refresh"}
    assert checks["git"]["status"] in ("ok", "warning")


def test_a_configuration_that_others_may_write(developer: Person) -> None:
    developer.configuration.chmod(0o666)
    check = examine(developer, status=78)["configuration"]
    assert (check["status"], check["mend"]) == ("failed", ["chmod go-w ~/.config/keyfob/config.toml"])


def test_an_unknown_value_in_the_environment(developer: Person) -> None:
    assert named(examine(developer, status=78, KEYFOB_INTERACTION="no"), "failed") == {"configuration"}


# git.


def test_another_helper_that_writes_tokens_to_disk(developer: Person) -> None:
    developer.git("config", "--global", "--add", "credential.helper", "store").check_returncode()
    check = examine(developer)["helpers"]
    assert check["status"] == "warning" and "plain text" in check["summary"]
    assert check["details"]["helpers"] == ["keyfob (~/.gitconfig)", "store (~/.gitconfig)"]
    assert any("~/.gitconfig" in mend for mend in check["mend"])


def test_a_helper_for_one_host_is_reported_for_that_host_only(developer: Person, gate: Gate) -> None:
    developer.configure_git({f"credential.{gate.origin}.helper": "!f() { echo password=hunter2; }; f"})
    assert examine(developer)["helpers"]["status"] == "ok"
    check = examine(developer, gate.url, status=77)["helpers"]
    assert check["details"]["helpers"] == ["keyfob (~/.gitconfig)", "a shell command (~/.gitconfig)"]
    assert "hunter2" not in json.dumps(check)


def test_a_git_that_does_not_ask_keyfob(developer: Person) -> None:
    developer.git("config", "--global", "--unset-all", "credential.helper").check_returncode()
    check = examine(developer)["helpers"]
    assert (check["status"], check["mend"]) == ("warning", ["run: keyfob setup git --apply"])


def test_a_sign_in_for_a_path_that_git_does_not_send(developer: Person, provider: Provider, gate: Gate) -> None:
    developer.configure_keyfob(gate.url, provider.issuer)
    check = examine(developer, gate.url, status=77)["http-path"]
    assert check["status"] == "warning" and "useHttpPath" in check["mend"][0]
    developer.configure_git({"credential.useHttpPath": "true"})
    assert examine(developer, gate.url, status=77)["http-path"]["status"] == "ok"


def test_doors_that_git_does_not_find(developer: Person, tmp_path: Path) -> None:
    assert "PATH" in examine(developer, PATH="/usr/bin:/bin")["doors"]["summary"]
    other = tmp_path / "other"
    other.mkdir()
    (other / "git-credential-keyfob").write_text("#!/bin/sh\n")
    (other / "keyfob").write_text("#!/bin/sh\necho 0.0.9\n")
    for program in other.iterdir():
        program.chmod(0o755)
    check = examine(developer, PATH=f"{other}:{developer.session.env['PATH']}")["doors"]
    assert check["status"] == "warning" and "0.0.9" in check["summary"]


def test_the_links_of_other_callers(developer: Person, tmp_path: Path) -> None:
    links = tmp_path / "links"
    links.mkdir()
    (links / "docker-credential-keyfob").symlink_to(binaries.keyfob())
    path = f"{links}:{developer.session.env['PATH']}"
    check = examine(developer, PATH=path)["doors"]
    assert (check["status"], check["details"]["callers"]) == ("ok", [str(links / "docker-credential-keyfob")])
    (links / "cargo-credential-keyfob").symlink_to("/bin/true")
    check = examine(developer, PATH=path)["doors"]
    assert check["status"] == "warning" and str(links / "cargo-credential-keyfob") in check["summary"]


@pytest.mark.parametrize("link", [True, False], ids=["symbolic link", "hard link"])
def test_the_door_may_have_another_name(developer: Person, tmp_path: Path, *, link: bool) -> None:
    programs = installation(tmp_path / "bin")
    (programs / "keyfob").rename(programs / "keyfob-2")
    for name in ("keyfob", "git-credential-keyfob", "docker-credential-keyfob"):
        if link:
            (programs / name).symlink_to("keyfob-2")
        else:
            (programs / name).hardlink_to(programs / "keyfob-2")
    check = doors(developer, programs)
    assert (check["status"], check["details"]["callers"]) == ("ok", [str(programs / "docker-credential-keyfob")])


def test_a_link_to_an_old_door_beside_keyfob_has_the_command_that_corrects_it(developer: Person, tmp_path: Path) -> None:
    programs = installation(tmp_path / ("a long name " * 10).strip() / "bin")
    (programs / "keyfob-door").write_text("#!/bin/sh\n")
    (programs / "keyfob-door").chmod(0o755)
    (programs / "git-credential-keyfob").symlink_to("keyfob-door")
    check = doors(developer, programs)
    assert check["status"] == "warning" and f"leads to keyfob-door in {programs}" in check["summary"]
    command = check["mend"][0].removeprefix("let it lead to keyfob: ")
    assert developer.session.run("sh", "-c", command).returncode == 0
    assert doors(developer, programs)["status"] == "ok"


def installation(programs: Path) -> Path:
    """A copy of the programs without their links."""
    programs.mkdir(parents=True)
    for name in ("keyfob", "keyfob-main"):
        shutil.copy(binaries.bin_directory() / name, programs)
    return programs


def doors(person: Person, programs: Path) -> dict[str, Any]:
    """What doctor says about the doors of that installation."""
    path = f"{programs}:/usr/bin:/bin"
    done = person.session.run(programs / "keyfob", "doctor", "--json", PATH=path)
    (check,) = [check for check in json.loads(done.stdout) if check["rung"] == "doors"]
    return dict(check)


# The user.


@pytest.mark.parametrize(
    ("env", "summary"),
    [
        ({}, "in the browser of this machine"),
        ({"BROWSER": ""}, "keyfob cannot ask the user"),
        ({"KEYFOB_INTERACTION": "never"}, "KEYFOB_INTERACTION says so"),
        ({"GIT_TERMINAL_PROMPT": "0"}, "GIT_TERMINAL_PROMPT"),
    ],
)
def test_the_way_to_sign_in_is_described(developer: Person, env: dict[str, str], summary: str) -> None:
    check = examine(developer, **env)["sign-in"]
    assert summary in check["summary"]
    assert check["status"] == ("ok" if env == {} else "warning")


DESKTOP = {"DISPLAY": ":99", "BROWSER": ""}


def test_a_desktop_that_can_ask(developer: Person) -> None:
    assert "shows no notifications" in examine(developer, **DESKTOP)["sign-in"]["summary"]
    with NotificationDaemon(developer.session) as daemon:
        check = examine(developer, **DESKTOP)["sign-in"]
        assert daemon.shown == []
    assert check["status"] == "ok" and "notification" in check["summary"]
    assert (check["details"]["notifications"], check["details"]["portal"]) == (True, False)


def test_a_desktop_prompt_that_the_user_has_dismissed(developer: Person, gate: Gate) -> None:
    with NotificationDaemon(developer.session) as daemon:
        daemon.reaction = SEND_AWAY
        assert_refused(developer.keyfob("token", gate.url, **DESKTOP), 77)
        assert len(daemon.shown) == 1
        check = examine(developer, gate.url, status=77, **DESKTOP)["grant"]
    assert any("asks again in" in mend for mend in check["mend"]) or not kernel.is_available()


def test_a_browser_that_does_not_exist(developer: Person) -> None:
    check = examine(developer, BROWSER="netscape")["browser"]
    assert check["status"] == "warning" and "netscape" in check["summary"]


# The network.


def test_a_clock_that_is_wrong(developer: Person, provider: Provider, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    assert_worked(developer.keyfob("login", gate.url))
    told = BaseHTTPRequestHandler.date_time_string
    for seconds, status, verdict in ((100, 0, "warning"), (-400, 75, "failed")):
        monkeypatch.setattr(
            BaseHTTPRequestHandler,
            "date_time_string",
            lambda self, timestamp=None, ahead=seconds: told(self, time.time() + ahead),
        )
        check = examine(developer, gate.url, status=status)["clock"]
        assert check["status"] == verdict
        assert abs(check["details"]["skew_seconds"] + seconds) < 10
        assert ("behind" if seconds > 0 else "ahead of") in check["summary"]


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """A certificate authority that this test's person trusts."""
    return Authority(tmp_path)


def test_a_certificate_that_has_expired(person: Person, provider: Provider, authority: Authority) -> None:
    yesterday = datetime.now(timezone.utc) - timedelta(days=1)
    with Service(lambda _: Answer(401), authority.certify("localhost", not_after=yesterday)) as service:
        person.configure_keyfob(service.origin, provider.issuer, ca_file=str(authority.file))
        checks = examine(person, service.origin, status=75)
    assert "expired" in checks["service"]["summary"]
    assert named(checks, "failed") == {"service", "grant"}


def test_a_proxy_that_is_down(person: Person) -> None:
    port = free_port()
    host = "https://git.example.test"
    person.configure_keyfob(host, "https://login.example.test")
    env = {"https_proxy": f"http://user:hunter2@127.0.0.1:{port}"}
    checks = examine(person, host, status=75, **env)
    assert checks["proxy"]["summary"] == f"127.0.0.1:{port}, by https_proxy"
    assert {"service", "metadata"} <= named(checks, "failed")
    assert any(f"127.0.0.1:{port}" in mend for mend in checks["service"]["mend"])
    assert "hunter2" not in json.dumps(checks)
    assert examine(person, host, status=78, https_proxy="gopher://x")["proxy"]["status"] == "failed"


def test_authorities_that_cannot_be_read(person: Person) -> None:
    checks = examine(person, status=78, SSL_CERT_FILE=f"{person.home}/nothing.pem")
    assert checks["authorities"]["summary"].startswith("~/nothing.pem cannot be read")


def test_a_server_that_does_not_answer(person: Person) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        origin = f"http://127.0.0.1:{silent.getsockname()[1]}"
        person.configure_keyfob(origin, origin)
        checks = examine(person, origin, status=75)
    assert {"service", "metadata"} <= named(checks, "failed")
    assert because(checks, "service") == {"clock"}


def test_a_host_that_does_not_exist(person: Person) -> None:
    person.configure_keyfob("https://nowhere.invalid", "https://login.invalid")
    checks = examine(person, "https://nowhere.invalid", status=75)
    assert {"address", "metadata"} <= named(checks, "failed")
    assert because(checks, "address") == {"service"}


# The authorization server.


def test_an_unknown_service(person: Person, notes: Any) -> None:
    checks = examine(person, notes.url, status=77)
    assert checks["issuer"]["details"]["source"] == "discovery"
    assert checks["client"]["details"]["kind"] == "none"
    assert named(checks, "failed") == {"grant"}
    assert notes.store.clients == {}, "nothing is registered by looking"


@dataclass
class PlainIssuer:
    """Answers as an authorization server without registration. The test sets its metadata."""

    metadata: dict[str, Any] = field(default_factory=lambda: {"code_challenge_methods_supported": ["S256"]})

    def __call__(self, asked: Asked) -> Answer:
        if asked.path != "/.well-known/oauth-authorization-server":
            return Answer(401)
        at = f"http://{asked.headers['host']}"
        endpoints = {"authorization_endpoint": f"{at}/a", "token_endpoint": f"{at}/t", "issuer": at}
        return Answer(200, json.dumps({**endpoints, **self.metadata}).encode(), {"Content-Type": "application/json"})


def test_a_server_at_which_the_user_must_register(person: Person) -> None:
    with Service(PlainIssuer()) as issuer:
        person.configure_keyfob(issuer.origin, issuer.origin, client_id=None)
        checks = examine(person, issuer.origin, status=78)
    assert named(checks, "failed") == {"client", "grant"}
    assert any("keyfob login --client-id ID" in mend for mend in checks["client"]["mend"])


@pytest.mark.parametrize(
    ("metadata", "check"),
    [({"issuer": "https://other.example.com"}, "metadata"), ({"code_challenge_methods_supported": ["plain"]}, "pkce")],
)
def test_a_server_that_cannot_be_used(person: Person, metadata: dict[str, Any], check: str) -> None:
    with Service(PlainIssuer(metadata)) as issuer:
        person.configure_keyfob(issuer.origin, issuer.origin)
        checks = examine(person, issuer.origin, status=78)
    assert checks[check]["status"] == "failed" and checks[check]["mend"]


def test_a_redirect_port_that_is_taken(developer: Person, provider: Provider, gate: Gate) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"http://127.0.0.1:{taken.getsockname()[1]}/callback"
        developer.configure_keyfob(gate.origin, provider.issuer, redirect_uri=address)
        checks = examine(developer, gate.url, status=75)
    assert named(checks, "failed") == {"redirect", "grant"}


@pytest.mark.parametrize(
    ("setting", "named_in_hint"),
    [
        ({"client_id": "nobody"}, "the client id nobody"),
        ({"redirect_uri": "http://127.0.0.1:9/other"}, "the redirect URI http://127.0.0.1:9/other"),
        ({"scopes": ["read", "nothing"]}, "the scopes read nothing"),
    ],
)
def test_an_authorization_request_that_the_server_refuses(
    developer: Person, provider: Provider, gate: Gate, setting: dict[str, object], named_in_hint: str
) -> None:
    developer.configure_keyfob(gate.origin, provider.issuer, **setting)
    checks = read(developer.keyfob("doctor", "--json", gate.url))
    assert checks["authorization"]["status"] == "failed", checks["authorization"]
    assert named_in_hint in checks["authorization"]["mend"][0]
    assert developer.browsers_opened() == 0


def test_an_authorization_request_that_the_server_accepts(developer: Person, provider: Provider, gate: Gate) -> None:
    checks = examine(developer, gate.url, status=77)
    assert checks["authorization"]["status"] == "ok", checks["authorization"]
    assert provider.token_requests("authorization_code") == []


def test_no_sign_in(developer: Person, gate: Gate) -> None:
    checks = examine(developer, gate.url, status=77)
    assert named(checks, "failed") == {"grant"}
    assert because(checks, "grant") == {"token"}
    assert developer.browsers_opened() == 0


@pytest.mark.parametrize("url", ["ftp://git.example.com", "http://git.example.com", "not a url"])
def test_an_invalid_service(person: Person, url: str) -> None:
    assert_refused(person.keyfob("doctor", url), 64)


# Privacy of the report.


def test_the_report_does_not_name_the_user(developer: Person, provider: Provider, gate: Gate) -> None:
    address = "alice.liddell@example.com"
    developer.configure_keyfob(gate.origin, provider.issuer, account=address)
    with_name = gate.url.replace("http://", "http://alice.liddell@")
    for arguments in ([gate.url], [with_name], ["--json", gate.url], ["--json", with_name]):
        done = developer.keyfob("doctor", *arguments, SSL_CERT_FILE=f"{developer.home}/no.pem")
        said = (done.stdout + done.stderr).decode()
        assert "liddell" not in said and str(developer.home) not in said
        assert "~/no.pem" in said


def test_the_report_holds_no_secret(person: Person, watched: Evidence, marked: MarkedServer) -> None:
    assert_worked(watched.run(binaries.keyfob(), "login", marked.url))
    for arguments in ([], ["--json"], [marked.url], ["--json", marked.url], ["--json", marked.url, "--refresh"]):
        done = watched.run(binaries.keyfob(), "doctor", *arguments)
        assert done.returncode == 0, done.stdout
    assert marked.refreshes() == 1
    assert_nothing_leaked("doctor", watched, marked.marks, needs={"access_token", "refresh_token", "client_secret"})
    assert ALICE.encode() not in watched.places["standard output"]
