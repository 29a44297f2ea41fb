"""The layers inside KeyfobCore: a folder uses types of its own folder and of lower folders only."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from harness import binaries

SOURCES = binaries.REPOSITORY / "Sources"
CORE = SOURCES / "KeyfobCore"

# From the lowest layer to the highest.
LAYERS = ["Tracing", "Accounts", "Stores", "SignIn", "Tokens", "CredentialHelper", "UseCases"]

# What the compiler does not read as code: strings, with the code that they interpolate, and comments.
NOT_CODE = re.compile(
    r'#"""[\s\S]*?"""#|"""[\s\S]*?"""|#"[^\n]*?"#|"(?:\\\((?:[^()]|\([^()]*\))*\)|\\.|[^"\\\n])*"'
    r"|//[^\n]*|/\*[\s\S]*?\*/"
)
DECLARATION = re.compile(r"(?<![\w.])(struct|class|enum|protocol|actor|typealias|extension)\s+([A-Z][\w.]*)")
GENERICS = re.compile(r"(?:func\s+[\w`]+|init|struct\s+\w+|enum\s+\w+|class\s+\w+)\s*<([^>]*)>")
NAME = re.compile(r"(?<![\w.])[A-Z]\w*(?:\.[A-Z]\w*)*")
# The standard library has types of these names.
STANDARD = {"Result", "Error", "Collection", "Duration", "Failure"}


# A declared member, or a label: the second member in `let major, minor: Int` looks like one.
MEMBER = re.compile(r"(?<!private )(?:(?:func|var|let|case)\s+`?|\b(?=\w+\s*:))([a-z]\w*)")
MEMBER_USE = re.compile(r"\.([a-z]\w*)")


@dataclass(frozen=True)
class Use:
    """One file that uses a type of another folder, or a member that another folder adds to a type."""

    file: str
    type: str
    user: str
    owner: str

    def __str__(self) -> str:
        return f"{self.file} uses {self.type}: {self.user} -> {self.owner}"


def code(source: str) -> str:
    """The source without comments and strings."""
    return NOT_CODE.sub(" ", source)


def declarations(text: str) -> list[str]:
    """The types that a source declares, each with its outer types: `SignIn.Screen`."""
    found: list[str] = []
    outer: list[tuple[str, int]] = []
    depth, pending = 0, ""
    for token in re.finditer(rf"{DECLARATION.pattern}|[{{}}]", text):
        if token[0] == "{":
            depth += 1
            if pending:
                outer.append((pending, depth))
            pending = ""
        elif token[0] == "}":
            if outer and outer[-1][1] == depth:
                outer.pop()
            depth -= 1
        else:
            kind, name = token[1], token[2]
            pending = ".".join([*(outer[-1:] and [outer[-1][0]]), name])
            if kind != "extension":
                found.append(pending)
            if kind == "typealias":
                pending = ""
    return found


def declared(files: dict[str, str]) -> list[str]:
    """The types that a folder declares."""
    return [name for text in files.values() for name in declarations(text)]


def owners(folders: dict[str, dict[str, str]], foreign: set[str]) -> dict[str, str]:
    """For each name by which code can mean a type of these folders, the folder.

    A nested type counts by its qualified name, and by its own name if no other type has that.
    """
    qualified = {name: folder for folder, files in folders.items() for name in declared(files)}
    simple: dict[str, list[str]] = {}
    for name in qualified:
        simple.setdefault(name.rpartition(".")[2], []).append(name)
    short = {last: qualified[names[0]] for last, names in simple.items() if len(names) == 1}
    return {name: folder for name, folder in short.items() if name not in foreign} | qualified


def uses(folders: dict[str, dict[str, str]], foreign: set[str] = frozenset()) -> set[Use]:
    """All uses of types of one folder in another one.

    - folders: for each folder, the code of its files.
    - foreign: names of types that other targets declare.
    """
    known = owners(folders, STANDARD | foreign)
    found = set()
    for user, files in folders.items():
        nested = {name.rpartition(".")[2] for name in declared(files) if "." in name}
        for file, text in files.items():
            # A type of the folder, or a generic parameter of the file, hides a type of that name elsewhere.
            own = nested | {name for part in GENERICS.findall(text) for name in re.findall(r"(?:^|,)\s*(\w+)", part)}
            for name in set(NAME.findall(text)):
                parts = name.split(".")
                for length in range(1, len(parts) + 1):
                    prefix = ".".join(parts[:length])
                    owner = known.get(prefix)
                    if owner and owner != user and prefix not in own:
                        found.add(Use(file, prefix, user, owner))
    return found


def member_uses(folders: dict[str, dict[str, str]], elsewhere: str = "") -> set[Use]:
    """All uses of members whose name only one folder declares.

    - elsewhere: the code of other targets, whose names are not counted.
    """
    declarers: dict[str, set[str]] = {name: {""} for name in MEMBER.findall(elsewhere)}
    for folder, files in folders.items():
        for text in files.values():
            for name in MEMBER.findall(text):
                declarers.setdefault(name, set()).add(folder)
    return {
        Use(file, "." + name, user, owner)
        for user, files in folders.items()
        for file, text in files.items()
        for name in set(MEMBER_USE.findall(text))
        for owner in declarers.get(name, {user})
        if owner != user and len(declarers[name]) == 1 and owner
    }


def upward(found: set[Use], layers: list[str]) -> list[str]:
    """The uses of a higher layer, or of a folder that is no layer, in a layer."""
    rank = {layer: number for number, layer in enumerate(layers)}
    return sorted(str(use) for use in found if use.user in rank and rank.get(use.owner, len(layers)) > rank[use.user])


def core() -> dict[str, dict[str, str]]:
    """The code of KeyfobCore, by folder and file."""
    folders = sorted(folder for folder in CORE.iterdir() if folder.is_dir())
    return {
        folder.name: {str(file.relative_to(CORE)): code(file.read_text()) for file in sorted(folder.rglob("*.swift"))}
        for folder in folders
    }


def foreign_types() -> set[str]:
    """The names of the types that our other targets declare."""
    return {name.rpartition(".")[2] for name in declarations(other_targets())}


def other_targets() -> str:
    """The code of our other targets."""
    return "\n".join(code(file.read_text()) for file in SOURCES.rglob("*.swift") if CORE not in file.parents)


def test_a_layer_uses_types_of_lower_layers_only() -> None:
    assert upward(uses(core(), foreign_types()), LAYERS) == []


def test_a_layer_uses_members_of_lower_layers_only() -> None:
    assert upward(member_uses(core(), other_targets()), LAYERS) == []


def test_every_layer_is_there() -> None:
    assert set(LAYERS) <= set(core())


def test_an_upward_use_is_found_and_named() -> None:
    low = "struct Low { let high: High.Inner }"
    high = "struct High { enum Inner { case low(Low) } }"
    folders = {"Low": {"Low/Low.swift": low}, "High": {"High/High.swift": high}}
    assert upward(uses(folders), ["Low", "High"]) == [
        "Low/Low.swift uses High.Inner: Low -> High",
        "Low/Low.swift uses High: Low -> High",
    ]


def test_an_upward_use_of_a_member_is_found_and_named() -> None:
    folders = {"Low": {"Low/Low.swift": "let a = b.rare"}, "High": {"h": "extension Low { var rare: Int { 0 } }"}}
    assert upward(member_uses(folders), ["Low", "High"]) == ["Low/Low.swift uses .rare: Low -> High"]
    assert member_uses(folders, "let rare = 1") == set()


def test_comments_strings_and_generic_names_are_no_uses() -> None:
    low = 'struct Low { // High\n let a = "High", b = "https://High" /* High */\n func c<Inner>(_ d: () -> Inner) {} }'
    folders = {"Low": {"l": code(low)}, "High": {"h": "struct High { enum Inner {} }"}}
    assert upward(uses(folders), ["Low", "High"]) == []
