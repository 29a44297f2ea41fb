"""The shipped executables: linking and size."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from harness import binaries, elf

STATIC_DOORS = ["keyfob", "git-credential-keyfob"]
SHIPPED = ["keyfob-main", "keyfob-agent", *STATIC_DOORS]
EXECUTABLES = [*SHIPPED, "keyfob-demo"]
LARGEST = {"keyfob-main": 40_000_000, "keyfob-agent": 11_000_000, "git-credential-keyfob": 8_500_000, "keyfob": 8_500_000}

ASLR = "/proc/sys/kernel/randomize_va_space"

# Marks of an executable with Foundation, stripped or not: the module names in Swift's metadata, and ICU's data.
FOUNDATION = (b"\0Foundation\0", b"FoundationInternationalization", b"FoundationNetworking", b"icudt")


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


@pytest.mark.parametrize("name", [*STATIC_DOORS, "keyfob-agent"])
def test_a_door_is_one_static_file(name: str) -> None:
    headers = printed_by("readelf", "--program-headers", "--dynamic", binaries.bin_directory() / name)
    assert "INTERP" not in headers
    assert "NEEDED" not in headers


@pytest.mark.parametrize("name", STATIC_DOORS)
def test_a_door_has_no_engine_of_regular_expressions(name: str) -> None:
    # 1.4 MB that are relocated at each start; one call of firstRange or replacing is enough to link it.
    assert b"RegexParser" not in (binaries.bin_directory() / name).read_bytes()


def test_the_mark_of_that_engine_survives_stripping() -> None:
    assert b"RegexParser" in binaries.keyfob_main().read_bytes()


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
# The agent has nothing to wait for without its command line.
@pytest.mark.parametrize("name", ["keyfob-main", *STATIC_DOORS])
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
