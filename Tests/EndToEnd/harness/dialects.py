"""How each caller asks the built program, and how the caller reads the answer."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field

from .person import Done, Person, stderr_lines

SERVICE = "https://service.example"
CARGO = {"v": 1, "kind": "get", "operation": "read", "registry": {"index-url": f"sparse+{SERVICE}/"}}
EXEC_INFO = {
    "apiVersion": "client.authentication.k8s.io/v1",
    "kind": "ExecCredential",
    "spec": {"interactive": False, "cluster": {"server": SERVICE}},
}


def bearer(field_value: str) -> str:
    """The token of an `Authorization` field."""
    assert field_value.startswith("Bearer "), field_value
    return field_value.removeprefix("Bearer ")


def basic(field_value: str) -> str:
    """The password of an `Authorization` field."""
    return base64.b64decode(field_value.removeprefix("Basic ")).decode().partition(":")[2]


def conversation(output: str) -> dict[str, dict[str, str]]:
    """Cargo's answer behind the greeting."""
    greeting, answer = output.splitlines()
    assert greeting == '{"v":[1]}'
    said: dict[str, dict[str, str]] = json.loads(answer)
    return said


@dataclass(frozen=True)
class Caller:
    """One caller: the command that it starts, and the place of the secret in the output."""

    name: str
    command: tuple[str, ...]
    secret: Callable[[str], str]
    stdin: str = ""
    variables: dict[str, str] = field(default_factory=dict)
    # Standard output and exit status if there is no credential.
    miss: tuple[str, int] = ("", 1)
    carries_passwords: bool = True
    in_header: bool = False

    def ask(self, person: Person, stdin: bytes | None = None, **variables: str) -> Done:
        """Asks as this caller does."""
        given = self.stdin.encode() if stdin is None else stdin
        return person.session.run(*self.command, stdin=given, **{**self.variables, **variables})

    def token(self, person: Person) -> str:
        """The access token in the answer. Fails if keyfob wrote to stderr."""
        done = self.ask(person)
        assert (done.returncode, done.stderr) == (0, b""), (self.name, stderr_lines(done))
        found = self.secret(done.stdout.decode())
        return bearer(found) if self.in_header else found

    def password(self, person: Person) -> str:
        """The stored password in the answer."""
        done = self.ask(person)
        found = self.secret(done.stdout.decode())
        return basic(found) if self.in_header else found

    def complaint(self, done: Done) -> str:
        """The error message, read where this caller expects it. Fails if text stands elsewhere."""
        output, errors = done.stdout.decode(), stderr_lines(done)
        if self.name == "docker":
            assert done.returncode == 1, self.name
            if output == self.miss[0]:
                return "; ".join(errors)
            assert errors == [], self.name
            return output
        if self.name == "cargo":
            assert (done.returncode, errors) == (0, []), self.name
            said = conversation(output)["Err"]
            return "; ".join([said["message"], *said.get("caused-by", [])])
        if self.name == "google":
            answer = json.loads(output)
            assert (answer["version"], answer["success"], errors) == (1, False, []), self.name
            return str(answer["message"])
        assert output == "", self.name
        assert errors, self.name
        assert errors[0].startswith("keyfob: "), self.name
        return "; ".join(errors)


def goauth(output: str) -> str:
    """The field behind go's URL."""
    url, nothing, header, *rest = output.split("\n")
    assert (url, nothing, rest) == (SERVICE, "", ["", ""])
    return header.removeprefix("Authorization: ")


def member(*path: str) -> Callable[[str], str]:
    """Reads one member of a JSON object."""

    def read(output: str) -> str:
        value = json.loads(output)
        for name in path:
            value = value[name]
        return str(value)

    return read


CALLERS = [
    Caller(
        *("docker", ("docker-credential-keyfob", "get"), member("Secret")),
        stdin=f"{SERVICE}\n",
        miss=("credentials not found in native keychain\n", 1),
    ),
    Caller(
        *("kubernetes", ("kubernetes-credential-keyfob", "get"), member("status", "token")),
        variables={"KUBERNETES_EXEC_INFO": json.dumps(EXEC_INFO)},
        carries_passwords=False,
    ),
    Caller(
        *("cargo", ("cargo-credential-keyfob", "--cargo-plugin"), lambda output: conversation(output)["Ok"]["token"]),
        stdin=json.dumps(CARGO) + "\n",
        miss=(f'{{"v":[1]}}\n{{"Err":{{"kind":"not-found","message":"no credential for {SERVICE}"}}}}\n', 0),
        in_header=True,
    ),
    Caller(
        *("bazel", ("bazel-credential-keyfob", "get")),
        lambda output: json.loads(output)["headers"]["Authorization"][0],
        stdin=json.dumps({"uri": SERVICE}),
        miss=('{"headers":{}}\n', 0),
        in_header=True,
    ),
    Caller(
        *("go", ("keyfob", "goauth", SERVICE), goauth),
        stdin="HTTP/1.1 401 Unauthorized\n\n",
        miss=("", 0),
        in_header=True,
    ),
    Caller("keyring", ("keyring", "get", SERVICE, "--mode", "creds"), lambda output: output.splitlines()[1]),
    Caller(
        *("terraform", ("terraform-credentials-keyfob", "get", "service.example"), member("token")),
        miss=("{}\n", 0),
        carries_passwords=False,
    ),
    Caller(
        *("vault", ("vault-token-keyfob", "get"), str),
        variables={"VAULT_ADDR": SERVICE},
        miss=("", 0),
        carries_passwords=False,
    ),
    Caller("pnpm", ("keyfob", "get", "--dialect", "pnpm", SERVICE), str.strip, in_header=True),
    Caller("headers", ("keyfob", "headers", SERVICE), member("Authorization"), in_header=True),
]
# Google takes only JWTs, which these servers do not issue. So it is asked only in tests without a token.
GOOGLE = Caller(
    *("google", ("keyfob", "get", "--dialect", "google", SERVICE), member("id_token")),
    miss=(f'{{"code":"no_credential","message":"no credential for {SERVICE}","success":false,"version":1}}\n', 1),
    carries_passwords=False,
)
