"""keyfob as installed by its user, and the files that `keyfob setup` edits."""

from __future__ import annotations

import os
from pathlib import Path

from . import binaries
from .person import Done, Person

COPY = ".before-keyfob"


class Settings:
    """A person with `keyfob` in their own directory, the first in PATH. `keyfob setup` may put links there."""

    def __init__(self, person: Person, directory: str = "bin") -> None:
        self.person = person
        self.home = person.home
        self.bin = person.home / directory
        self.bin.mkdir()
        for program in ("keyfob", "keyfob-main", "git-credential-keyfob"):
            if (built := binaries.bin_directory() / program).exists():
                (self.bin / program).symlink_to(built)
        person.session.env["PATH"] = os.pathsep.join([str(self.bin), "/usr/local/bin:/usr/bin:/bin"])

    def setup(self, *arguments: str, **env: str) -> Done:
        """Runs `keyfob setup`."""
        return self.person.session.run(self.bin / "keyfob", "setup", *arguments, **env)

    def apply(self, *arguments: str, **env: str) -> Done:
        """Runs `keyfob setup ... --apply --yes`."""
        return self.setup(*arguments, "--apply", "--yes", **env)

    def write(self, name: str, text: str | bytes, mode: int = 0o644) -> Path:
        """A file of the person's."""
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        path.chmod(mode)
        return path

    def copies(self) -> list[Path]:
        """All backups and temporary files."""
        return sorted(path for path in self.home.rglob("*") if "keyfob" in path.name and self._is_remnant(path))

    @staticmethod
    def _is_remnant(path: Path) -> bool:
        return COPY in path.name or path.name.startswith(".")
