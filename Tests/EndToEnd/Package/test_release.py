"""The shipped executables: linking, size, and the imports of their sources."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from harness import binaries, elf

SOURCES = binaries.REPOSITORY / "Sources"
STATIC_DOORS = ["keyfob", "git-credential-keyfob"]
SHIPPED = ["keyfob-main", *STATIC_DOORS]
EXECUTABLES = ["keyfob-main", *STATIC_DOORS, "keyfob-demo"]
LARGEST = {"keyfob-main": 40_000_000, "git-credential-keyfob": 9_500_000, "keyfob": 10_000_000}

ASLR = "/proc/sys/kernel/randomize_va_space"

# Marks of an executable with Foundation, stripped or not: the module names in Swift's metadata, and ICU's data.
FOUNDATION = (b"\0Foundation\0", b"FoundationInternationalization", b"FoundationNetworking", b"icudt")

# `import X`, `internal import struct X.Y`, `@preconcurrency import X`: the module is the first name.
IMPORT = re.compile(
    r"^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?"
    r"import\s+(?:(?:struct|class|enum|protocol|func|var|let|typealias|actor)\s+)?(\w+)",
    re.MULTILINE,
)

# Who alone may import what (design: "What can see my refresh token, the network, C memory?").
SOLE_IMPORTERS = {
    "CLibsecret": {"SecretService"},
    "CGIO": {"Desktop"},
    "CJansson": {"JSON"},
    "CKernelKeyring": {"KernelKeyring"},
    "CProcess": {"Secrets", "KeyfobCore"},
    "CSocketDiagnosis": {"OAuth"},
    "AsyncHTTPClient": {"OAuth", "keyfob-demo"},
    "Hummingbird": {"AuthorizationServer", "keyfob-demo"},
    "TOMLKit": {"KeyfobCore"},
    "ArgumentParser": {"keyfob"},
}
CONVERSATIONS = {"OAuth", "SecretService", "KernelKeyring", "CredentialProtocol", "Desktop"}
DECIDERS = {"KeyfobCore", "Dialects", "Doors"}
DOORS = {"keyfob", "keyfob-main", "git-credential-keyfob", "keyfob-door", "keyfob-demo"}
WITHOUT_FOUNDATION = {
    *("CredentialProtocol", "KernelKeyring", "Secrets", "Files", "JSON", "Doors", "Dialects"),
    *("git-credential-keyfob", "keyfob-door"),
}


def imports() -> dict[str, set[str]]:
    """For each of our targets, the modules that its sources import."""
    directories = [*(d for d in SOURCES.iterdir() if d.name != "Demo"), *(SOURCES / "Demo").iterdir()]
    targets = [directory for directory in directories if any(directory.rglob("*.swift"))]
    return {target.name: set().union(*map(imports_of, target.rglob("*.swift"))) for target in targets}


def imports_of(source: Path) -> set[str]:
    """The modules that a source file imports."""
    return set(IMPORT.findall(source.read_text()))


def printed_by(*command: str | Path) -> str:
    """The output of a command."""
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("name", EXECUTABLES)
def test_no_foundation_and_no_icu_is_linked(name: str) -> None:
    program = (binaries.bin_directory() / name).read_bytes()
    assert [marker for marker in FOUNDATION if marker in program] == []


def test_the_marks_of_foundation_survive_stripping() -> None:
    program = binaries.keyfob_main().read_bytes()
    assert b"\0FoundationEssentials\0" in program


@pytest.mark.parametrize("name", ["keyfob-main", "keyfob-demo"])
def test_the_swift_library_is_linked_statically(name: str) -> None:
    libraries = printed_by("ldd", binaries.bin_directory() / name)
    assert not re.search(r"lib(swift|Foundation|_Foundation|dispatch|BlocksRuntime)", libraries)


@pytest.mark.parametrize("name", STATIC_DOORS)
def test_a_door_is_one_static_file(name: str) -> None:
    headers = printed_by("readelf", "--program-headers", "--dynamic", binaries.bin_directory() / name)
    assert "INTERP" not in headers
    assert "NEEDED" not in headers


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_programs_are_position_independent_and_bind_at_start(name: str) -> None:
    assert elf.faults(binaries.bin_directory() / name) == []


def test_the_check_of_linking_finds_weak_programs(tmp_path: Path) -> None:
    program = tmp_path / "fixed"
    linked = ["-no-pie", "-Wl,-z,norelro,-z,lazy,-z,execstack"]
    command = ["cc", "-x", "c", "-", "-o", program, *linked]
    subprocess.run(command, input="int main(void) { return 0; }", text=True, check=True, stderr=subprocess.DEVNULL)
    assert len(elf.faults(program)) == 4


@pytest.mark.skipif(os.geteuid() != 0, reason="only root sees the memory of a program that closes it")
@pytest.mark.skipif(Path(ASLR).read_text() == "0\n", reason="this kernel loads every program at one address")
@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_programs_are_loaded_at_another_address_each_time(tmp_path: Path, name: str) -> None:
    program = binaries.bin_directory() / name
    # One door answers under the names of all callers.
    called = "git-credential-keyfob" if name in STATIC_DOORS else name
    addresses = set()
    for _ in range(8):
        # The process waits for its input.
        with subprocess.Popen([called, "get"], stdin=subprocess.PIPE, executable=program) as process:
            addresses.add(elf.first_address(process.pid, program))
            process.kill()
    assert len(addresses) > 4


@pytest.mark.parametrize("name", sorted(LARGEST))
def test_it_is_not_large(tmp_path: Path, name: str) -> None:
    stripped = tmp_path / name
    subprocess.run(["strip", "-o", stripped, binaries.bin_directory() / name], check=True)
    assert stripped.stat().st_size < LARGEST[name]


def test_keyfob_offers_no_names_to_libraries() -> None:
    # The linker cannot leave out exported functions, even if they are unused: four megabytes.
    assert len(printed_by("nm", "--dynamic", "--defined-only", binaries.keyfob_main()).splitlines()) < 20


def test_no_source_imports_foundation() -> None:
    for target, modules in imports().items():
        assert modules.isdisjoint({"Foundation", "FoundationNetworking", "FoundationInternationalization"}), target


@pytest.mark.parametrize("target", sorted(WITHOUT_FOUNDATION))
def test_the_quick_way_does_without_any_foundation(target: str) -> None:
    assert "FoundationEssentials" not in imports()[target]


@pytest.mark.parametrize("module", sorted(SOLE_IMPORTERS))
def test_only_one_target_sees_it(module: str) -> None:
    importers = {target for target, modules in imports().items() if module in modules}
    assert importers <= SOLE_IMPORTERS[module]


def test_only_the_conversation_with_servers_and_the_servers_know_the_network() -> None:
    importers = {target for target, modules in imports().items() if any(m.startswith("NIO") for m in modules)}
    assert importers <= {"OAuth", "AuthorizationServer", "keyfob-demo"}


def test_the_conversations_do_not_know_one_another() -> None:
    found = imports()
    for conversation in CONVERSATIONS:
        assert found[conversation].isdisjoint(CONVERSATIONS | DECIDERS | DOORS | {"AuthorizationServer"}), conversation


def test_nobody_imports_a_higher_floor() -> None:
    found = imports()
    for decider in DECIDERS:
        assert found[decider].isdisjoint(DOORS | {"AuthorizationServer"}), decider
    assert found["KeyfobCore"].isdisjoint({"Dialects", "Doors"})
    assert found["Dialects"] & {"OAuth", "SecretService", "KernelKeyring", "KeyfobCore", "Doors"} == set()
    assert found["Secrets"].isdisjoint(CONVERSATIONS | DECIDERS)


def test_the_static_doors_see_only_the_protocols_and_the_kernel() -> None:
    ours = CONVERSATIONS | DECIDERS | {"AuthorizationServer", "Secrets"}
    quick = {"CredentialProtocol", "KernelKeyring", "Secrets"}
    found = imports()
    assert found["Doors"] & ours <= quick
    assert found["git-credential-keyfob"] & ours <= {*quick, "Doors"}
    assert found["keyfob-door"] & ours <= {*quick, "Doors", "Dialects"}
