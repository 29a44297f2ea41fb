"""Others on the person's machine: another user, other programs, other pages in the browser. And a login that waits
while they attack."""

from __future__ import annotations

import http.client
import json
import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from . import binaries
from .person import Done, Person

STRANGER = "nobody"
"""A user whom every machine has."""

# A process of another user: it sends one request and prints the answer.
REQUEST = """
import http.client, json, sys
asked = json.load(sys.stdin)
connection = http.client.HTTPConnection(*asked["to"], timeout=20)
connection.request(asked["method"], asked["target"], headers=asked["fields"])
answer = connection.getresponse()
print(json.dumps([answer.status, dict(answer.getheaders()), answer.read().decode()]))
"""

# A process of another user: it connects many times, and sends something or nothing. With `resets` each connection
# ends at once with a reset, otherwise the newest `kept` stay open. It prints a line when so many are open, and one at
# the end. It exits at the end of its input.
HAMMER = """
import collections, json, socket, struct, sys
asked = json.loads(sys.stdin.readline())
family = socket.AF_INET6 if ":" in asked["to"][0] else socket.AF_INET
open_ones = collections.deque()
for number in range(asked["times"]):
    connection = socket.socket(family, socket.SOCK_STREAM)
    connection.settimeout(5)
    try:
        connection.connect(tuple(asked["to"]))
        connection.sendall(asked["text"].encode())
    except OSError:
        pass  # turned away: that is what is tried here
    if asked["resets"]:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
    else:
        open_ones.append(connection)
    if len(open_ones) > asked["kept"]:
        open_ones.popleft().close()
    if number + 1 == asked["kept"]:
        print("so many", flush=True)
print("the end", flush=True)
sys.stdin.read()
"""


def can_be_another() -> bool:
    """Whether these tests may run programs as another user."""
    return os.geteuid() == 0


@dataclass(frozen=True)
class Answer:
    """An answer of a login's listener. The names of the fields are in lower case."""

    status: int
    fields: dict[str, str]
    page: str

    @property
    def leads_on(self) -> bool:
        """Whether the answer lets a stranger continue."""
        return bool({"location", "set-cookie"} & self.fields.keys())


@dataclass(frozen=True)
class Callback:
    """The genuine answer: the target with code and state, and the cookie of the browser that keyfob started."""

    target: str
    cookie: str


class WaitingLogin:
    """A login whose browser has the start address and has not opened it yet."""

    def __init__(self, person: Person, url: str, before: Sequence[str | Path] = ()) -> None:
        """`before` is a program, with arguments, that starts keyfob in another environment."""
        self._person = person
        opened = person.home / "opened"
        os.mkfifo(opened)
        (person.home / "browser").write_text(f'#!/bin/sh\necho "$1" >"{opened}"\n')
        self._process = person.session.start(*before, binaries.keyfob(), "login", url)
        person.session.end_at_last(self._process)
        self.start = opened.read_text().strip()
        parts = urlsplit(self.start)
        assert parts.hostname is not None and parts.port is not None
        self.host, self.port, self.authority = parts.hostname, parts.port, parts.netloc
        self.start_target = parts.path

    def ask(
        self,
        target: str,
        *,
        method: str = "GET",
        fields: Mapping[str, str] | None = None,
        stranger: bool = False,
        to: str | None = None,
    ) -> Answer:
        """Sends one request to the listener, as this user or another one. `to` is another form of its address."""
        to = to or self.host
        fields = {"Host": self.authority, **(fields or {})}
        if stranger:
            asked = {"to": [to, self.port], "method": method, "target": target, "fields": fields}
            done = as_stranger(sys.executable, "-I", "-c", REQUEST, stdin=json.dumps(asked).encode())
            assert done.returncode == 0, done.stderr.decode()
            status, received, page = json.loads(done.stdout)
        else:
            connection = http.client.HTTPConnection(to, self.port, timeout=20)
            connection.request(method, target, headers=fields)
            answer = connection.getresponse()
            status, received, page = answer.status, dict(answer.getheaders()), answer.read().decode()
            connection.close()
        return Answer(status, {name.lower(): value for name, value in received.items()}, page)

    def request(self, target: str, fields: Mapping[str, str] | None = None) -> str:
        """The bytes of a request."""
        lines = [f"{name}: {value}" for name, value in {"Host": self.authority, **(fields or {})}.items()]
        return "\r\n".join([f"GET {target} HTTP/1.1", *lines, "", ""])

    @contextmanager
    def hammered(self, text: str = "", *, times: int, kept: int = 0, resets: bool = False) -> Iterator[None]:
        """Another user connects so often. The block begins when `kept` connections are open, or at the end."""
        asked = {"to": [self.host, self.port], "text": text, "times": times, "kept": kept, "resets": resets}
        command = [sys.executable, "-I", "-c", HAMMER]
        identity = {**stranger_identity(), "cwd": "/", "env": {"PATH": "/usr/bin:/bin"}}
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **identity) as process:
            assert process.stdin is not None and process.stdout is not None
            try:
                process.stdin.write(json.dumps(asked).encode() + b"\n")
                process.stdin.flush()
                assert process.stdout.readline() == (b"so many\n" if kept else b"the end\n")
                yield
            finally:
                process.stdin.close()
                process.kill()

    def go_to_the_end(self) -> Callback:
        """Opens the start address and signs in. Returns the answer that a browser would then bring back."""
        began = self.ask(self.start_target)
        assert began.status == 302
        beginning = f"http://{self.authority}/"
        end = self._person.browse_elsewhere(began.fields["location"], "--stop-at", beginning)
        assert end.startswith(beginning)
        return Callback(end.removeprefix(beginning[:-1]), began.fields["set-cookie"].partition(";")[0])

    def bring_back(self, callback: Callback) -> Done:
        """Sends the genuine answer, and returns the result of the login."""
        assert self.ask(callback.target, fields={"Cookie": callback.cookie}).status == 303
        return self.end()

    def give_up(self) -> None:
        """Ctrl-C."""
        self._process.send_signal(signal.SIGINT)
        assert self.end().returncode != 0

    def end(self) -> Done:
        """Waits for the end of the login and returns its result."""
        output, errors = self._process.communicate(timeout=30)
        return subprocess.CompletedProcess("login", self._process.returncode, output, errors)

    @property
    def is_waiting(self) -> bool:
        """Whether the login still runs."""
        return self._process.poll() is None


def as_stranger(*command: str | Path, stdin: bytes = b"") -> Done:
    """Runs a command as another user, with an empty environment."""
    return subprocess.run(
        command,
        input=stdin,
        capture_output=True,
        timeout=60,
        cwd="/",
        env={"PATH": "/usr/bin:/bin"},
        **stranger_identity(),
    )


def stranger_identity() -> dict[str, Any]:
    """The arguments that give a process to another user."""
    stranger = pwd.getpwnam(STRANGER)
    return {"user": stranger.pw_uid, "group": stranger.pw_gid, "extra_groups": []}
