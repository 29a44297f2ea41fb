"""Callers other than git: the door under its other names, compared with the usual programs for these callers."""

from __future__ import annotations

import json
import subprocess
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness import binaries
from harness.session import PASSWORD, PrivateSession
from token_server import TokenServer

SERVICE = "https://service.example"
HOST = SERVICE.removeprefix("https://")
OIDC_ACCOUNT = "benchmark"

CARGO = {"v": 1, "kind": "get", "operation": "read", "registry": {"index-url": f"sparse+{SERVICE}/"}}
EXEC_INFO = {
    "apiVersion": "client.authentication.k8s.io/v1",
    "kind": "ExecCredential",
    "spec": {"interactive": False, "cluster": {"server": SERVICE}},
}
VARIABLES = {"VAULT_ADDR": SERVICE, "KUBERNETES_EXEC_INFO": json.dumps(EXEC_INFO)}

# How each caller asks the door: its command line, and its standard input.
ASKED: dict[str, tuple[list[str], str]] = {
    "docker": (["docker-credential-keyfob", "get"], SERVICE),
    "kubernetes": (["kubernetes-credential-keyfob", "get"], ""),
    "cargo": (["cargo-credential-keyfob", "--cargo-plugin"], json.dumps(CARGO) + "\n"),
    "bazel": (["bazel-credential-keyfob", "get"], json.dumps({"uri": SERVICE})),
    "keyring": (["keyring", "get", SERVICE, "oauth2"], ""),
    "terraform": (["terraform-credentials-keyfob", "get", HOST], ""),
    "vault": (["vault-token-keyfob", "get"], ""),
}


def install_links(installed: Path) -> None:
    """Makes links to the door under the names that those callers use."""
    for command, _ in ASKED.values():
        (installed / command[0]).symlink_to(installed / binaries.keyfob().name)


def must_give(session: PrivateSession, token: str, command: list[str], stdin: str = "") -> None:
    """Runs the command once, and fails if its output is not the expected one. (The first answer of a door comes from
    keyfob-main.)"""
    done = session.run(*command, stdin=stdin.encode())
    if done.returncode != 0 or token.encode() not in done.stdout:
        raise SystemExit(f"{command}: exit {done.returncode}: {done.stderr.decode()}{done.stdout.decode()}")


@contextmanager
def oidc_agent(session: PrivateSession, server: TokenServer) -> Iterator[list[str]]:
    """Runs oidc-agent's daemon with a live token of the same server, and returns the command that prints the token."""
    directory = session.home / "oidc"
    directory.mkdir(mode=0o700)
    (session.home / "oidc-password").write_bytes(PASSWORD)
    session.env["OIDC_CONFIG_DIR"] = str(directory)
    started = session.run("oidc-agent")
    said = [line.split(";")[0].split("=", 1) for line in started.stdout.decode().splitlines() if "=" in line]
    session.env.update({name: value for name, value in said})
    try:
        account = ["--iss", server.issuer, "--client-id", "oidc-agent", "--client-secret", "", "--scope", "read"]
        quiet = ["--manual", "--prompt", "none", "--confirm-default", "--redirect-uri", "http://localhost:4242"]
        secrets = ["--rt", "x" * 43, "--pw-file", str(session.home / "oidc-password")]
        made = session.run("oidc-gen", OIDC_ACCOUNT, *account, *quiet, *secrets)
        if made.returncode != 0:
            raise SystemExit(f"oidc-gen: exit {made.returncode}: {made.stderr.decode()}{made.stdout.decode()}")
        yield ["oidc-token", OIDC_ACCOUNT]
    finally:
        session.run("oidc-agent", "--kill")


def pythons_keyring(session: PrivateSession, directory: Path) -> list[str]:
    """Installs PyPI's keyring in its own environment, with a password in the Secret Service. Returns the command that
    prints it."""
    if not (directory / "bin" / "keyring").exists():
        venv.create(directory, with_pip=True)
        pip = [directory / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "keyring", "secretstorage"], check=True)
    keyring = str(directory / "bin" / "keyring")
    session.run(keyring, "set", SERVICE, "alice", stdin=b"password-1\n").check_returncode()
    return [keyring, "get", SERVICE, "alice"]


def dockers_secretservice(session: PrivateSession) -> list[str]:
    """Stores a password with docker-credential-secretservice, and returns the command that prints it."""
    kept = json.dumps({"ServerURL": SERVICE, "Username": "alice", "Secret": "password-1"})
    session.run("docker-credential-secretservice", "store", stdin=kept.encode()).check_returncode()
    return ["docker-credential-secretservice", "get"]
