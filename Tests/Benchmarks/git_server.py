"""A git server for the benchmark: the files of one repository, for callers with a password."""

from __future__ import annotations

import base64
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self


class Handler(BaseHTTPRequestHandler):
    """`/good` is the repository. `/stale` is the same, but each connection refuses the first password."""

    protocol_version = "HTTP/1.1"
    # git writes its requests in one piece each, and waits for the answer.
    disable_nagle_algorithm = True
    server: GitServer

    def setup(self) -> None:
        """Begins a connection."""
        super().setup()
        self.refused: bytes | None = None

    def do_GET(self) -> None:
        """A file of the repository."""
        _, name, file = self.path.partition("?")[0].split("/", 2)
        if not self._admits(name):
            return self._answer(401, b"")
        path = self.server.repository / file
        self._answer(200, path.read_bytes()) if path.is_file() else self._answer(404, b"")

    def _admits(self, name: str) -> bool:
        shown = self.headers.get("Authorization", "").removeprefix("Basic ")
        password = base64.b64decode(shown).partition(b":")[2]
        if name == "stale" and password and self.refused is None:
            self.refused = password
        return password not in (b"", self.refused)

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        if status == 401:
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing on stderr."""


class GitServer(ThreadingHTTPServer):
    """Runs on a port of its own while its `with` block lasts."""

    daemon_threads = True

    def __init__(self, directory: Path) -> None:
        """Makes the repository below the directory."""
        super().__init__(("127.0.0.1", 0), Handler)
        self.repository = directory / "repository.git"
        git = ["git", f"--git-dir={self.repository}"]
        identity = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.com"]
        subprocess.run([*git, "init", "--quiet", "--bare", "--initial-branch=main"], check=True)
        command = [*git, *identity, "commit-tree", "4b825dc642cb6eb9a060e54bf8d69288fbee4904", "-m", "Begin"]
        subprocess.run([*git, "hash-object", "-w", "-t", "tree", "/dev/null"], check=True, capture_output=True)
        commit = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
        subprocess.run([*git, "update-ref", "refs/heads/main", commit], check=True)
        subprocess.run([*git, "update-server-info"], check=True)

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"http://127.0.0.1:{self.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()
