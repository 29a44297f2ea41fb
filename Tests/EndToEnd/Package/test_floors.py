"""The floors of the program: a target imports only targets of lower floors, and few targets touch C memory."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from harness import binaries

SOURCES = binaries.REPOSITORY / "Sources"

# From the ground up. A target imports only targets of lower floors.
FLOORS = [
    {"CJansson", "CKernelKeyring", "CLibraries", "CProcess", "CQRCode", "CSocketDiagnosis", "CZlib"},
    {"Secrets"},
    {"Files", "Addresses", "Compression", "JSON"},
    {"Processes"},
    {"Bus"},
    {"CredentialProtocol", "Desktop", "KernelKeyring", "OAuth", "SecretService"},
    {"Console", "Dialects", "Doors", "KeyfobCore"},
    {"Doctor", "Forwarding", "Import", "Setup"},
    {"git-credential-keyfob", "keyfob-agent", "keyfob-main", "keyfob"},
]
FLOOR = {target: floor for floor, targets in enumerate(FLOORS) for target in targets}
# The demonstration is not part of the program: it may import any of the lowest floors, and no target imports it.
DEMO = {"AuthorizationServer", "keyfob-demo"}

# Targets that may use memory which Swift does not check.
UNSAFE = {
    "Bus", "Compression", "Console", "Desktop", "Files", "JSON", "KernelKeyring", "Processes", "Secrets",
    "SecretService",
}  # fmt: skip

# Files of other targets that use such memory today: sockets, dates and signals. None may be added.
UNSAFE_FILES = {
    "Dialects": {"TokenEncoding.swift"},
    "OAuth": {
        "HTTPDate.swift", "LoopbackServer.swift", "NameResolution.swift", "SocketDiagnosis.swift", "TCPConnection.swift",
        "TransportFailures.swift",
    },
    "keyfob-main": {"Exec.swift", "TraceOutput.swift"},
}  # fmt: skip

# For each of these modules, the only targets that may import it.
SOLE_IMPORTERS = {
    "CLibraries": {"Bus", "Desktop", "SecretService"},
    "CJansson": {"JSON"},
    "CKernelKeyring": {"KernelKeyring"},
    "CProcess": {"Secrets", "Processes"},
    "CSocketDiagnosis": {"OAuth"},
    "CZlib": {"Compression"},
    "AsyncHTTPClient": {"OAuth", "keyfob-demo"},
    "Hummingbird": {"AuthorizationServer", "keyfob-demo"},
    "TOMLKit": {"KeyfobCore", "Setup"},
    "Subprocess": {"keyfob-demo"},
    "ArgumentParser": {"keyfob-main"},
}
WITHOUT_FOUNDATION = {
    "Addresses", "Compression", "CredentialProtocol", "Dialects", "Doors", "Files", "Forwarding", "git-credential-keyfob",
    "JSON", "KernelKeyring", "keyfob-agent", "keyfob", "Processes", "Secrets",
}  # fmt: skip

# `import X`, `internal import struct X.Y`, `@preconcurrency import X`: the module is the first name.
IMPORT = re.compile(
    r"^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?"
    r"import\s+(?:(?:struct|class|enum|protocol|func|var|let|typealias|actor)\s+)?(\w+)",
    re.MULTILINE,
)
COMMENT_OR_TEXT = re.compile(r'//[^\n]*|"(?:\\.|[^"\\\n])*"')


def sources() -> dict[str, list[Path]]:
    """For each of our Swift targets, its source files."""
    directories = [*(d for d in SOURCES.iterdir() if d.name != "Demo"), *(SOURCES / "Demo").iterdir()]
    found = {directory.name: sorted(directory.rglob("*.swift")) for directory in directories}
    return {target: files for target, files in found.items() if files}


def imports() -> dict[str, set[str]]:
    """For each of our targets, the modules that its sources import."""
    return {target: set().union(*map(imports_of, files)) for target, files in sources().items()}


def imports_of(source: Path) -> set[str]:
    """The modules that a source file imports."""
    return set(IMPORT.findall(source.read_text()))


def wrong_arrows(target: str, modules: set[str]) -> set[str]:
    """Our targets that `target` imports but must not import."""
    ours = modules & (set(FLOOR) | DEMO)
    if target in DEMO:
        return {module for module in ours - DEMO if FLOOR[module] > FLOOR["OAuth"]}
    return {module for module in ours if module in DEMO or FLOOR[module] >= FLOOR[target]}


def test_every_target_has_a_floor() -> None:
    assert set(sources()) <= set(FLOOR) | DEMO


@pytest.mark.parametrize("target", sorted(sources()))
def test_a_target_imports_only_lower_floors(target: str) -> None:
    assert wrong_arrows(target, imports()[target]) == set()


@pytest.mark.parametrize(
    ("target", "module"),
    [
        ("OAuth", "SecretService"), ("Files", "Processes"), ("Files", "Addresses"), ("Desktop", "OAuth"),
        ("KeyfobCore", "Console"), ("KeyfobCore", "Setup"), ("Setup", "Doctor"), ("Import", "Setup"), ("Forwarding", "Import"),
        ("Console", "KeyfobCore"), ("Dialects", "Doors"), ("Doors", "KeyfobCore"), ("keyfob-main", "keyfob-demo"),
        ("keyfob-demo", "KeyfobCore"),
    ],
)  # fmt: skip
def test_a_wrong_import_is_found(target: str, module: str) -> None:
    assert wrong_arrows(target, {module, "Secrets", "Glibc"}) == {module}


@pytest.mark.parametrize("target", sorted({*sources()} - UNSAFE - DEMO))
def test_unchecked_memory_stays_in_few_targets(target: str) -> None:
    code = {file: COMMENT_OR_TEXT.sub("", file.read_text()) for file in sources()[target]}
    found = {file.name for file, text in code.items() if re.search(r"\bunsafe\b", text)}
    assert found <= UNSAFE_FILES.get(target, set())


@pytest.mark.parametrize("module", sorted(SOLE_IMPORTERS))
def test_only_the_listed_targets_import_a_module(module: str) -> None:
    importers = {target for target, modules in imports().items() if module in modules}
    assert importers <= SOLE_IMPORTERS[module]


def test_only_oauth_and_the_demonstration_know_the_network() -> None:
    importers = {target for target, modules in imports().items() if any(m.startswith("NIO") for m in modules)}
    assert importers <= {"OAuth", *DEMO}


def test_no_source_imports_foundation() -> None:
    for target, modules in imports().items():
        assert modules.isdisjoint({"Foundation", "FoundationNetworking", "FoundationInternationalization"}), target


@pytest.mark.parametrize("target", sorted(WITHOUT_FOUNDATION & set(sources())))
def test_the_doors_do_not_use_foundation(target: str) -> None:
    assert "FoundationEssentials" not in imports()[target]


def test_the_static_doors_import_only_protocols_and_the_kernel_keyring() -> None:
    quick = {"Addresses", "CredentialProtocol", "Files", "KernelKeyring", "Secrets"}
    found = {target: modules & set(FLOOR) for target, modules in imports().items()}
    assert found["Doors"] <= quick
    assert found["git-credential-keyfob"] <= {*quick, "Doors"}
    assert found["keyfob"] <= {*quick, "Doors", "Dialects"}
    assert found["keyfob-agent"] <= {"Doors", "Forwarding"}
