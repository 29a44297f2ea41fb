"""`keyfob doctor` reports each problem at its check, with a remedy and the problem's exit status. It opens no window,
changes nothing and reveals no secret."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
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
# The rungs as the page has them, in its order, which is that of the report.
RUNGS = re.findall(r"^\| `([a-z-]+)` \|", APPENDIX, re.MULTILINE)
OF_A_SERVICE = RUNGS[RUNGS.index("address") :]

Rungs = dict[str, dict[str, Any]]


def read(done: Done) -> Rungs:
    """The checks of a report in JSON, by name. Asserts that the report has the format of protocol.md."""
    report = json.loads(done.stdout)
    jsonschema.Draft202012Validator(SCHEMA).validate(report)
    assert stderr_lines(done) == []
    rungs = {entry["rung"]: entry for entry in report}
    assert [entry["rung"] for entry in report] == [name for name in RUNGS if name in rungs]
    return rungs


def examine(person: Person, *arguments: str, status: int = 0, **env: str) -> Rungs:
    """What the doctor says, which has to end with that status."""
    begun = time.monotonic()
    done = person.keyfob("doctor", "--json", *arguments, **env)
    assert time.monotonic() - begun < LONGEST_SECONDS + 2
    assert done.returncode == status, (done.stdout.decode(), stderr_lines(done))
    return read(done)


def named(rungs: Rungs, status: str) -> set[str]:
    """The rungs with that status."""
    return {name for name, rung in rungs.items() if rung["status"] == status}


def because(rungs: Rungs, rung: str) -> set[str]:
    """The rungs at which nobody has looked because of that one."""
    return {name for name, entry in rungs.items() if entry.get("because") == rung}


# Without a problem.


def test_a_healthy_person_who_is_signed_in(developer: Person, provider: Provider, gate: Gate) -> None:
    assert_worked(developer.keyfob("login", gate.url))
    rungs = examine(developer, gate.url)
    assert list(rungs) == [name for name in RUNGS if name != "refresh"]
    # Debian 12's git is one of those that are told; and a keyring of this user's may be full.
    assert named(rungs, "ok") >= set(rungs) - {"git", "kernel-keyring", "kernel-quota"}
    assert rungs["provider"]["details"]["program"].endswith("/gnome-keyring-daemon")
    assert rungs["helpers"]["details"]["helpers"] == ["keyfob (~/.gitconfig)"]
    assert rungs["issuer"]["details"]["issuer"] == provider.issuer
    assert rungs["issuer"]["summary"].endswith("(~/.config/keyfob/config.toml:2)")
    assert rungs["grant"]["summary"].endswith("ago, refreshes by itself")
    assert rungs["token"]["summary"].startswith("in memory, for ")
    assert abs(rungs["clock"]["details"]["skew_seconds"]) <= 60
    assert developer.browsers_opened() == 1, "the one of the login"


def test_without_a_service_nothing_is_sent(developer: Person, provider: Provider) -> None:
    rungs = examine(developer)
    assert list(rungs) == RUNGS[: RUNGS.index("address")]
    assert named(rungs, "failed") == named(rungs, "skipped") == set()
    assert provider.requests.all() == []


def test_the_lines_for_people_stand_in_columns(developer: Person, gate: Gate) -> None:
    done = developer.keyfob("doctor", gate.url)
    assert done.returncode == 77 and stderr_lines(done) == []
    lines = done.stdout.decode().splitlines()
    rungs = [line for line in lines if not line.startswith("hint: ")]
    assert [line.split()[1] for line in rungs] == [name for name in RUNGS if name != "refresh"]
    assert {re.match(r"(ok|warning|failed|skipped) +[a-z-]+ +", line)[0].__len__() for line in rungs} == {29}  # type: ignore[index]
    assert f"hint: run: keyfob login {gate.origin}" in lines
    assert "\x1b" not in done.stdout.decode()


@pytest.mark.parametrize(("env", "stands_out"), [({"NO_COLOR": ""}, True), ({}, False), ({"NO_COLOR": "", "TERM": "dumb"}, False)])
def test_what_has_failed_stands_out_on_a_terminal(developer: Person, gate: Gate, env: dict[str, str], stands_out: bool) -> None:
    shown = Terminal(developer.session, binaries.keyfob(), "doctor", gate.url, **env)
    shown.read_until(r"token +.*\n")
    assert shown.finish() == 77
    assert ("\x1b[1mfailed" in shown.shown, shown.shown.count("\x1b")) == ((True, 2) if stands_out else (False, 0))


def test_nothing_is_changed_and_nobody_asked(developer: Person, provider: Provider, gate: Gate) -> None:
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


def test_a_refresh_is_tried_where_it_is_asked_for(developer: Person, provider: Provider, gate: Gate) -> None:
    let_the_token_expire(developer, provider, gate)
    rungs = examine(developer, gate.url, "--refresh")
    assert rungs["refresh"]["summary"].startswith("it works")
    assert refreshes(provider) == 1
    developer.token(gate.url)
    assert refreshes(provider) == 1, "the new token is kept, and used"


def test_a_refresh_that_is_refused(developer: Person, provider: Provider, gate: Gate) -> None:
    let_the_token_expire(developer, provider, gate)
    provider.revoke_refresh_tokens()
    rungs = examine(developer, gate.url, "--refresh", status=77)
    assert rungs["refresh"]["status"] == "failed"
    assert named(examine(developer, gate.url, status=77), "failed") == {"grant"}, "which has ended"


# The keyring.

KEYRING = {"provider", "collection", "writable", "session-collection"}


def test_no_bus(developer: Person, gate: Gate) -> None:
    nowhere = f"unix:path={developer.home}/nothing"
    rungs = examine(developer, gate.url, status=69, DBUS_SESSION_BUS_ADDRESS=nowhere)
    assert rungs["bus"]["status"] == "failed" and "no session bus" in rungs["bus"]["summary"]
    assert because(rungs, "bus") >= KEYRING | {"grant"}
    assert rungs["metadata"]["status"] == "ok", "what needs no keyring is looked at all the same"


def test_a_bus_that_does_not_answer(developer: Person) -> None:
    here = f"--config-file={developer.session.runtime}/bus.conf".encode()
    bus = next(int(path.parent.name) for path in Path("/proc").glob("[0-9]*/cmdline") if here in words_of(path))
    os.kill(bus, signal.SIGSTOP)
    try:
        rungs = examine(developer, status=69, DISPLAY=":99")
    finally:
        os.kill(bus, signal.SIGCONT)
    assert "session bus does not answer" in rungs["bus"]["summary"]
    assert named(rungs, "failed") == {"bus"}


def words_of(path: Path) -> list[bytes]:
    """The arguments of a process, which may have ended."""
    with contextlib.suppress(OSError):
        return path.read_bytes().split(b"\0")
    return []


def test_no_provider(developer: Person) -> None:
    developer.session.stop_keyring()
    rungs = examine(developer, status=69)
    assert named(rungs, "failed") == {"provider"}
    assert because(rungs, "provider") == KEYRING - {"provider"}
    assert "gnome-keyring" in rungs["provider"]["mend"][0]


def test_a_locked_keyring_stays_locked(developer: Person, gate: Gate) -> None:
    assert_worked(developer.keyfob("login", gate.url))
    developer.session.lock_keyring()
    with Prompter(developer.session) as prompter:
        rungs = examine(developer, gate.url, status=69, DISPLAY=":99")
        assert prompter.dismissed == 0, "nobody is asked for the password"
    assert named(rungs, "failed") == {"collection"}
    assert because(rungs, "collection") == {"writable", "grant"}
    assert rungs["token"]["status"] == "ok" or not kernel.is_available(), "it is in kernel memory"
    assert examine(developer, status=69)["collection"]["status"] == "failed"


def test_a_keyring_that_cannot_be_written(developer: Person) -> None:
    developer.session.fill_disk_of_keyring()
    rungs = examine(developer, status=69)
    assert named(rungs, "failed") == {"writable"}


def test_a_keyring_that_asks_before_it_takes_an_item() -> None:
    with PrivateSession(path=[binaries.bin_directory()]) as front, PrivateSession() as back:
        back.start_keyring()
        with AskingKeyring(front, back) as keyring:
            rung = examine(Person(front), DISPLAY=":99")["writable"]
            assert (rung["status"], keyring.prompts) == ("warning", ["Dismiss"])


def test_a_keyring_that_does_not_answer(developer: Person) -> None:
    developer.session.keyring.send_signal(signal.SIGSTOP)
    try:
        rungs = examine(developer, status=69)
    finally:
        developer.session.keyring.send_signal(signal.SIGCONT)
    assert "did not answer" in rungs["provider"]["summary"] and rungs["provider"]["mend"]
    assert because(rungs, "provider") == KEYRING - {"provider"}


def test_no_kernel_keyring(developer: Person, nokeys: Path) -> None:
    done = developer.session.run(nokeys, binaries.keyfob(), "doctor", "--json")
    rungs = read(done)
    assert done.returncode == 0
    assert rungs["kernel-keyring"]["status"] == "warning"
    assert "session collection" in rungs["kernel-keyring"]["summary"]
    assert rungs["session-collection"]["status"] == "ok"


# Files.


@pytest.mark.parametrize("mode", [0o755, 0o770])
def test_a_runtime_directory_that_others_may_enter(developer: Person, mode: int) -> None:
    directory = developer.session.runtime / "keyfob"
    directory.mkdir()
    directory.chmod(mode)
    rungs = examine(developer, status=75)
    assert named(rungs, "failed") == {"runtime-directory"}
    assert because(rungs, "runtime-directory") == {"locks"}
    assert any("0700" in mend for mend in rungs["runtime-directory"]["mend"])


def test_who_holds_a_lock(developer: Person) -> None:
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
    rungs = examine(developer, gate.url, status=78)
    assert named(rungs, "failed") == {"configuration"}
    assert rungs["configuration"]["summary"].startswith("~/.config/keyfob/config.toml:2: ")
    assert because(rungs, "configuration") == {"sign-in", *OF_A_SERVICE} - {"clock", "refresh"}
    assert rungs["git"]["status"] in ("ok", "warning")


def test_a_configuration_that_others_may_write(developer: Person) -> None:
    developer.configuration.chmod(0o666)
    rung = examine(developer, status=78)["configuration"]
    assert (rung["status"], rung["mend"]) == ("failed", ["chmod go-w ~/.config/keyfob/config.toml"])


def test_a_word_that_nobody_knows_in_the_environment(developer: Person) -> None:
    assert named(examine(developer, status=78, KEYFOB_INTERACTION="no"), "failed") == {"configuration"}


# git.


def test_another_helper_that_writes_tokens_to_disk(developer: Person) -> None:
    developer.git("config", "--global", "--add", "credential.helper", "store").check_returncode()
    rung = examine(developer)["helpers"]
    assert rung["status"] == "warning" and "plain text" in rung["summary"]
    assert rung["details"]["helpers"] == ["keyfob (~/.gitconfig)", "store (~/.gitconfig)"]
    assert any("~/.gitconfig" in mend for mend in rung["mend"])


def test_a_helper_for_one_host_alone_is_told_for_that_host(developer: Person, gate: Gate) -> None:
    developer.configure_git({f"credential.{gate.origin}.helper": "!f() { echo password=hunter2; }; f"})
    assert examine(developer)["helpers"]["status"] == "ok"
    rung = examine(developer, gate.url, status=77)["helpers"]
    assert rung["details"]["helpers"] == ["keyfob (~/.gitconfig)", "a shell command (~/.gitconfig)"]
    assert "hunter2" not in json.dumps(rung)


def test_a_git_that_does_not_ask_keyfob(developer: Person) -> None:
    developer.git("config", "--global", "--unset-all", "credential.helper").check_returncode()
    rung = examine(developer)["helpers"]
    assert (rung["status"], rung["mend"]) == ("warning", ["git config --global credential.helper keyfob"])


def test_a_sign_in_for_a_path_that_git_does_not_tell(developer: Person, provider: Provider, gate: Gate) -> None:
    developer.configure_keyfob(gate.url, provider.issuer)
    rung = examine(developer, gate.url, status=77)["http-path"]
    assert rung["status"] == "warning" and "useHttpPath" in rung["mend"][0]
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
    rung = examine(developer, PATH=f"{other}:{developer.session.env['PATH']}")["doors"]
    assert rung["status"] == "warning" and "0.0.9" in rung["summary"]


def test_the_links_of_other_callers(developer: Person, tmp_path: Path) -> None:
    links = tmp_path / "links"
    links.mkdir()
    (links / "docker-credential-keyfob").symlink_to(binaries.keyfob())
    path = f"{links}:{developer.session.env['PATH']}"
    rung = examine(developer, PATH=path)["doors"]
    assert (rung["status"], rung["details"]["callers"]) == ("ok", [str(links / "docker-credential-keyfob")])
    (links / "cargo-credential-keyfob").symlink_to("/bin/true")
    rung = examine(developer, PATH=path)["doors"]
    assert rung["status"] == "warning" and str(links / "cargo-credential-keyfob") in rung["summary"]


# The user.


@pytest.mark.parametrize(
    ("env", "summary"),
    [
        ({}, "in the browser of this machine"),
        ({"BROWSER": ""}, "nobody can be asked"),
        ({"KEYFOB_INTERACTION": "never"}, "KEYFOB_INTERACTION says so"),
        ({"GIT_TERMINAL_PROMPT": "0"}, "GIT_TERMINAL_PROMPT"),
    ],
)
def test_how_one_would_sign_in(developer: Person, env: dict[str, str], summary: str) -> None:
    rung = examine(developer, **env)["sign-in"]
    assert summary in rung["summary"]
    assert rung["status"] == ("ok" if env == {} else "warning")


DESKTOP = {"DISPLAY": ":99", "BROWSER": ""}


def test_a_desktop_that_can_ask(developer: Person) -> None:
    assert "shows no notifications" in examine(developer, **DESKTOP)["sign-in"]["summary"]
    with NotificationDaemon(developer.session) as daemon:
        rung = examine(developer, **DESKTOP)["sign-in"]
        assert daemon.shown == []
    assert rung["status"] == "ok" and "notification" in rung["summary"]
    assert (rung["details"]["notifications"], rung["details"]["portal"]) == (True, False)


def test_a_desktop_that_has_asked_a_while_ago(developer: Person, gate: Gate) -> None:
    with NotificationDaemon(developer.session) as daemon:
        daemon.reaction = SEND_AWAY
        assert_refused(developer.keyfob("token", gate.url, **DESKTOP), 77)
        assert len(daemon.shown) == 1
        rung = examine(developer, gate.url, status=77, **DESKTOP)["grant"]
    assert any("asks again in" in mend for mend in rung["mend"]) or not kernel.is_available()


def test_a_browser_that_is_not_there(developer: Person) -> None:
    rung = examine(developer, BROWSER="netscape")["browser"]
    assert rung["status"] == "warning" and "netscape" in rung["summary"]


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
        rung = examine(developer, gate.url, status=status)["clock"]
        assert rung["status"] == verdict
        assert abs(rung["details"]["skew_seconds"] + seconds) < 10
        assert ("behind" if seconds > 0 else "ahead of") in rung["summary"]


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """A certificate authority that this test's person trusts."""
    return Authority(tmp_path)


def test_a_certificate_that_has_expired(person: Person, provider: Provider, authority: Authority) -> None:
    yesterday = datetime.now(timezone.utc) - timedelta(days=1)
    with Service(lambda _: Answer(401), authority.certify("localhost", not_after=yesterday)) as service:
        person.configure_keyfob(service.origin, provider.issuer, ca_file=str(authority.file))
        rungs = examine(person, service.origin, status=75)
    assert "expired" in rungs["service"]["summary"]
    assert named(rungs, "failed") == {"service", "grant"}


def test_a_proxy_that_is_down(person: Person) -> None:
    port = free_port()
    host = "https://git.example.test"
    person.configure_keyfob(host, "https://login.example.test")
    env = {"https_proxy": f"http://user:hunter2@127.0.0.1:{port}"}
    rungs = examine(person, host, status=75, **env)
    assert rungs["proxy"]["summary"] == f"127.0.0.1:{port}, by https_proxy"
    assert {"service", "metadata"} <= named(rungs, "failed")
    assert any(f"127.0.0.1:{port}" in mend for mend in rungs["service"]["mend"])
    assert "hunter2" not in json.dumps(rungs)
    assert examine(person, host, status=75, https_proxy="gopher://x")["proxy"]["status"] == "failed"


def test_authorities_that_cannot_be_read(person: Person) -> None:
    rungs = examine(person, status=78, SSL_CERT_FILE=f"{person.home}/nothing.pem")
    assert rungs["authorities"]["summary"].startswith("~/nothing.pem cannot be read")


def test_a_server_that_says_nothing(person: Person) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        origin = f"http://127.0.0.1:{silent.getsockname()[1]}"
        person.configure_keyfob(origin, origin)
        rungs = examine(person, origin, status=75)
    assert {"service", "metadata"} <= named(rungs, "failed")
    assert because(rungs, "service") == {"clock"}


def test_a_host_that_is_not_there(person: Person) -> None:
    person.configure_keyfob("https://nowhere.invalid", "https://login.invalid")
    rungs = examine(person, "https://nowhere.invalid", status=75)
    assert {"address", "metadata"} <= named(rungs, "failed")
    assert because(rungs, "address") == {"service"}


# The authorization server.


def test_a_service_of_which_nothing_is_known(person: Person, notes: Any) -> None:
    rungs = examine(person, notes.url, status=77)
    assert rungs["issuer"]["details"]["source"] == "discovery"
    assert rungs["client"]["details"]["kind"] == "none"
    assert named(rungs, "failed") == {"grant"}
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


def test_a_server_where_a_person_has_to_register(person: Person) -> None:
    with Service(PlainIssuer()) as issuer:
        person.configure_keyfob(issuer.origin, issuer.origin, client_id=None)
        rungs = examine(person, issuer.origin, status=78)
    assert named(rungs, "failed") == {"client", "grant"}
    assert any("keyfob login --client-id ID" in mend for mend in rungs["client"]["mend"])


@pytest.mark.parametrize(
    ("metadata", "rung"),
    [({"issuer": "https://other.example.com"}, "metadata"), ({"code_challenge_methods_supported": ["plain"]}, "pkce")],
)
def test_a_server_that_cannot_be_used(person: Person, metadata: dict[str, Any], rung: str) -> None:
    with Service(PlainIssuer(metadata)) as issuer:
        person.configure_keyfob(issuer.origin, issuer.origin)
        rungs = examine(person, issuer.origin, status=78)
    assert rungs[rung]["status"] == "failed" and rungs[rung]["mend"]


def test_a_redirect_port_that_is_taken(developer: Person, provider: Provider, gate: Gate) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"http://127.0.0.1:{taken.getsockname()[1]}/callback"
        developer.configure_keyfob(gate.origin, provider.issuer, redirect_uri=address)
        rungs = examine(developer, gate.url, status=75)
    assert named(rungs, "failed") == {"redirect", "grant"}


def test_nobody_is_signed_in(developer: Person, gate: Gate) -> None:
    rungs = examine(developer, gate.url, status=77)
    assert named(rungs, "failed") == {"grant"}
    assert because(rungs, "grant") == {"token"}
    assert developer.browsers_opened() == 0


@pytest.mark.parametrize("url", ["ftp://git.example.com", "http://git.example.com", "not a url"])
def test_what_is_no_service(person: Person, url: str) -> None:
    assert_refused(person.keyfob("doctor", url), 64)


# Privacy of the report.


def test_the_report_names_nobody(developer: Person, provider: Provider, gate: Gate) -> None:
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
