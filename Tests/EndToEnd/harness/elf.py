"""The way in which an executable is linked, and the addresses at which the kernel loads it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from .waiting import wait_until


def faults(program: Path) -> list[str]:
    """The missing protections of a program, read from its headers. Empty if it is well linked."""
    command = ["readelf", "--wide", "--file-header", "--program-headers", "--dynamic", program]
    headers = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    segments = dict(re.findall(r"^  (\w+) +0x\w+ 0x\w+ 0x\w+ 0x\w+ 0x\w+ (.{3}) ", headers, re.MULTILINE))
    flags = {word for line in re.findall(r"\((?:FLAGS|FLAGS_1)\) +(.*)", headers) for word in line.split()}
    expected = {
        "loaded at a fixed address": re.search(r"Type: +DYN ", headers) and "PIE" in flags,
        "code is written to at the start": not re.search(r"TEXTREL", headers),
        "addresses are looked up later": {"BIND_NOW", "NOW"} <= flags,
        "the table of addresses stays writable": "GNU_RELRO" in segments,
        "the stack is executable": segments.get("GNU_STACK", "RWE").strip() == "RW",
        "a segment is writable and executable": not re.search(r"LOAD .* RWE ", headers),
    }
    return [fault for fault, is_avoided in expected.items() if not is_avoided]


def first_address(process: int, program: Path) -> str:
    """The address of the first byte of the program in a process that has just started."""
    # The kernel reports the start of the program before it has mapped the file.
    wait_until(lambda: bool(mapped(process, program)))
    return mapped(process, program)[0]


def mapped(process: int, program: Path) -> list[str]:
    """The addresses of the program's parts in the memory of a process."""
    lines = Path(f"/proc/{process}/maps").read_text().splitlines()
    return [line.partition("-")[0] for line in lines if line.endswith(f" {program}")]
