"""curl, Node and other programs that get a token from a command, and MCP clients that get header fields."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator

import pytest

from harness import binaries
from harness.callers import admits, sign_in
from harness.notes.server import NotesServer
from harness.person import Person
from harness.provider.server import Provider
from harness.service import Answer, Service, guarded
from harness.steps import assert_refused, assert_worked, refreshes
from harness.terminal import Terminal


@pytest.fixture
def page(provider: Provider) -> Iterator[Service]:
    """A page that requires a token."""
    with Service(guarded(admits(provider, "Bearer"), "Bearer", lambda _: Answer(body=b"come in\n"))) as service:
        yield service


def shell(person: Person, script: str, *arguments: str) -> tuple[int, str]:
    """Runs a bash script and returns its status and output."""
    done = person.session.run("bash", "-c", script, "-", *arguments)
    return done.returncode, done.stdout.decode()


@pytest.mark.parametrize(
    "script",
    [
        pytest.param('curl -s -K <(keyfob token --format curl "$1") "$1"', id="configuration"),
        pytest.param('curl -s -H @<(keyfob token --format header "$1") "$1"', id="header file"),
        pytest.param(
            'eval "$(keyfob token --format env "$1")"; curl -s --oauth2-bearer "$KEYFOB_TOKEN" "$1"', id="eval"
        ),
        pytest.param(
            'keyfob exec "$1" -- sh -c \'curl -s -H "Authorization: Bearer $KEYFOB_TOKEN" "$0"\' "$1"', id="exec"
        ),
        pytest.param(
            'keyfob exec --fd 9 "$1" -- bash -c \'curl -s -K <(printf "oauth2-bearer = %s" "$(cat <&9)") "$0"\' "$1"',
            id="descriptor",
        ),
    ],
)
def test_curl_is_admitted(person: Person, provider: Provider, page: Service, script: str) -> None:
    sign_in(person, provider, page)
    assert shell(person, script, page.origin) == (0, "come in\n")


def test_exec_puts_the_token_on_no_command_line_and_into_no_other_variable(
    person: Person, provider: Provider, page: Service
) -> None:
    token = sign_in(person, provider, page)
    script = "tr '\\0' '\\n' </proc/self/cmdline; env; ulimit -c; cat <&7"
    done = person.keyfob("exec", "--fd", "7", page.origin, "--", "bash", "-c", script)
    assert_worked(done)
    assert done.stdout.decode().count(token) == 1 and done.stdout.decode().endswith(token)
    done = person.keyfob("exec", "--env", "HELLO", page.origin, "--", "env")
    assert [line for line in done.stdout.decode().splitlines() if token in line] == [f"HELLO={token}"]


def test_exec_is_the_command_with_its_status_and_its_limits(person: Person, provider: Provider, page: Service) -> None:
    sign_in(person, provider, page)
    assert person.keyfob("exec", page.origin, "--", "sh", "-c", "exit 9").returncode == 9
    command = ["bash", "-c", 'ulimit -Sc 64; "$0" "$@"', str(binaries.keyfob())]
    done = person.session.run(
        *command, "exec", page.origin, "--", "bash", "-c", "ulimit -Sc; grep SigIgn /proc/self/status"
    )
    assert done.stdout.decode().split()[0] == "64"
    assert int(done.stdout.decode().split()[-1], 16) & (1 << 12) == 0, "SIGPIPE is not ignored"


def test_exec_starts_no_program_from_the_working_directory(person: Person, provider: Provider, page: Service) -> None:
    sign_in(person, provider, page)
    trap = person.home / "hello"
    trap.write_text("#!/bin/sh\necho trapped\n")
    trap.chmod(0o700)
    done = person.keyfob("exec", page.origin, "--", "hello", PATH=".::relative")
    assert_refused(done, 127)


def test_a_refused_token_is_replaced_and_only_that_one(person: Person, provider: Provider, page: Service) -> None:
    token = sign_in(person, provider, page)
    other = person.keyfob("token", page.origin, "--reject", stdin=token.encode() + b"\n").stdout.decode().strip()
    assert other != token and provider.is_active(other)
    again = person.keyfob("token", page.origin, "--reject", stdin=token.encode()).stdout.decode().strip()
    assert again == other
    assert len(provider.token_requests("refresh_token")) == 1


def test_the_help_of_exec_names_the_way_to_another_token(person: Person, provider: Provider, page: Service) -> None:
    done = person.keyfob("exec", "--help")
    (command,) = re.findall(r"keyfob token URL \| keyfob token URL --reject", " ".join(done.stdout.decode().split()))
    token = sign_in(person, provider, page)
    provider.expire_access_tokens()
    script = 'keyfob exec "$1" -- sh -c \'curl -sf -H "Authorization: Bearer $KEYFOB_TOKEN" "$0"\' "$1"'
    assert shell(person, script, page.origin) == (22, "")
    _, other = shell(person, command.replace("URL", '"$1"'), page.origin)
    assert other.strip() not in ("", token)
    assert shell(person, script, page.origin) == (0, "come in\n")
    assert (refreshes(provider), person.browsers_opened()) == (1, 1)


def test_a_token_is_shown_on_a_terminal_only_if_forced(person: Person, provider: Provider, page: Service) -> None:
    token = sign_in(person, provider, page)
    refusal = Terminal(person.session, binaries.keyfob(), "token", page.origin)
    assert refusal.finish() == 64
    assert token not in refusal.shown and "--show" in refusal.shown
    terminal = Terminal(person.session, binaries.keyfob(), "token", "--show", page.origin)
    assert terminal.finish() == 0
    assert token in terminal.shown


NODE = """
const { execFile } = require("node:child_process");
const [program, url] = process.argv.slice(1);
const command = ["token", "--format", "json", "--interaction", "never", "--min-ttl", "60", url];
execFile(program, command, { timeout: 10000 }, (error, stdout, stderr) => {
    if (error) return console.log(JSON.stringify({ status: error.code, failure: JSON.parse(stderr).error }));
    const answer = JSON.parse(stdout);
    fetch(url, { headers: { authorization: `${answer.token_type} ${answer.access_token}` } })
        .then((response) => console.log(JSON.stringify({ status: response.status, keys: Object.keys(answer) })));
});
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
def test_an_editor_extension_uses_the_json_output(person: Person, provider: Provider, page: Service) -> None:
    def ask(url: str) -> dict[str, object]:
        done = person.session.run("node", "-e", NODE, str(binaries.keyfob()), url)
        assert_worked(done)
        answer: dict[str, object] = json.loads(done.stdout)
        return answer

    person.configure_keyfob(page.origin, provider.issuer)
    hint = f"run: keyfob login {page.origin}"
    message = f"sign-in needed for {page.origin}"
    failure = {"code": "login_required", "hints": [hint], "message": message, "status": 77}
    assert ask(page.origin) == {"status": 77, "failure": failure}
    sign_in(person, provider, page)
    assert ask(page.origin) == {"status": 200, "keys": ["access_token", "expires_at", "token_type", "username"]}
    nowhere = ask("https://nowhere.example")
    assert (nowhere["status"], nowhere["failure"]["code"]) == (1, "no_credential")  # type: ignore[index]


INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "curl", "version": "1"}},
}


def test_an_mcp_client_connects_with_the_header_fields(person: Person, notes: NotesServer) -> None:
    assert_worked(person.keyfob("login", notes.url))
    by_argument = person.keyfob("headers", notes.url)
    by_variable = person.keyfob("headers", CLAUDE_CODE_MCP_SERVER_URL=notes.url)
    for done in (by_argument, by_variable):
        assert_worked(done)
        fields = json.loads(done.stdout)
        header = person.home / "header"
        header.write_text("".join(f"{name}: {value}\n" for name, value in fields.items()))
        command = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-H", f"@{header}"]
        kinds = ["-H", "Content-Type: application/json", "-H", "Accept: application/json, text/event-stream"]
        answer = person.session.run(*command, *kinds, "--data", json.dumps(INITIALIZE), notes.url)
        assert answer.stdout == b"200", answer.stderr
    assert person.browsers_opened() == 1


def test_an_mcp_client_gets_no_browser_and_an_empty_stdout(person: Person, notes: NotesServer) -> None:
    assert_refused(person.keyfob("headers", notes.url), 1)
    assert_refused(person.keyfob("headers"), 65)
    assert person.browsers_opened() == 0
