"""Prints debian/copyright (DEP-5) for the built programs: the packages linked into them, and their licences.

    python3 Sources/package/licences.py BIN PROGRAM...

BIN is the directory of the built programs, where the build left the lists of the linked objects. The licences and
notices of the packages come from .build/checkouts; files/copyright lists the code that they have from others.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]
CHECKOUTS = REPOSITORY / ".build" / "checkouts"

HEAD = """Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: keyfob
Comment: The programs are linked statically, but for the C library, libstdc++ and zlib: what is in them from
 others stands here too.

Files: *
Copyright: 2026, the authors of keyfob
License: Apache-2.0
"""


def modules(directory: Path, programs: list[str]) -> set[str]:
    """The names of the modules that are linked into the programs."""
    lists = [(directory / f"{program}.product" / "Objects.LinkFileList").read_text() for program in programs]
    return {match for text in lists for match in re.findall(r"/([^/\n]+)\.build/", text)}


def targets(package: Path) -> set[str]:
    """The modules that a package may have: the targets in its manifest, and the directories of its sources."""
    named = re.findall(r"[tT]arget\(\s*name:\s*\"([^\"]+)\"", (package / "Package.swift").read_text(encoding="utf-8"))
    directories = [path.name for path in (package / "Sources").iterdir()]
    return {name.replace("-", "_") for name in [*named, *directories]}


def packages(linked: set[str]) -> list[Path]:
    """The packages of the linked modules."""
    found = [package for package in sorted(CHECKOUTS.iterdir()) if targets(package) & linked]
    unknown = linked.difference(targets(REPOSITORY), *map(targets, found))
    if unknown:
        raise SystemExit(f"nobody knows whose these are: {', '.join(sorted(unknown))}")
    return found


def notice(package: Path) -> str:
    """The notice that every copy must include (Apache License 4(d)); empty if there is none."""
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(package.glob("NOTICE*")))


def holders(package: Path) -> str:
    """The copyright holders, from the package's own licence, notice or sources."""
    licence = next(package.glob("LICENSE*")).read_text(encoding="utf-8")
    sources = (path.read_text(encoding="utf-8") for path in sorted(package.glob("Sources/**/*.swift")))
    for text in (licence.split("APPENDIX")[0], notice(package), *sources):
        if found := re.search(r"Copyright (?:\(c\) )?([0-9].*)", text, re.IGNORECASE):
            return re.sub(r"^([0-9, -]+[0-9]),? ", r"\1, ", found[1].strip())
    raise SystemExit(f"{package.name}: nobody says whose it is")


def licence(package: Path) -> str:
    """The short name of its licence."""
    text = next(package.glob("LICENSE*")).read_text(encoding="utf-8")
    if "Apache License" in text:
        return "Apache-2.0-with-Swift-exception" if "Runtime Library Exception" in text else "Apache-2.0"
    if "MIT License" in text:
        return "Expat"
    raise SystemExit(f"{package.name}: an unknown licence")


def stanza(package: Path) -> str:
    """The paragraph of one package in debian/copyright."""
    lines = [
        f"Files: .build/checkouts/{package.name}/*",
        f"Copyright: {holders(package)}",
        f"License: {licence(package)}",
    ]
    if said := notice(package).strip("\n"):
        lines.append("Comment: Its notice:")
        lines += [f" {line.rstrip()}" if line.strip() else " ." for line in said.splitlines()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    if len(sys.argv) < 3:
        raise SystemExit(__doc__)
    stanzas = [stanza(package) for package in packages(modules(Path(sys.argv[1]), sys.argv[2:]))]
    print("\n".join([HEAD, *stanzas, (HERE / "files" / "copyright").read_text(encoding="utf-8").rstrip("\n")]))
