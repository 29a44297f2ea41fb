"""libsecret and GLib: keyfob-main declares their functions itself, and loads them when it first needs them."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from harness import binaries

HEADER = binaries.REPOSITORY / "Sources" / "CLibraries" / "include" / "libraries.h"
OTHERS = "#define SECRET_API_SUBJECT_TO_CHANGE\n#include <gio/gio.h>\n#include <libsecret/secret.h>\n"


def compile_beside_the_real_headers(text: str) -> str:
    """Compiles the real headers, then a text. Returns the compiler's complaint."""
    functions = set(re.findall(r"\b((?:g|secret)_\w+)\(", text))
    # Some are also macros.
    hidden = "".join(f"#undef {name}\n" for name in sorted(functions))
    flags = subprocess.run(["pkg-config", "--cflags", "libsecret-1"], capture_output=True, text=True, check=True).stdout
    command = ["cc", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-xc", *flags.split(), "-"]
    source = OTHERS + hidden + "#define KEYFOB_COMPARES_HEADERS\n" + text
    return subprocess.run(command, input=source, capture_output=True, text=True).stderr


def test_the_declarations_are_those_of_the_real_headers() -> None:
    text = HEADER.read_text()
    assert len(re.findall(r"\b(?:g|secret)_\w+\(", text)) > 60
    assert compile_beside_the_real_headers(text) == ""
    wrong = text.replace("int g_variant_get_boolean(", "char *g_variant_get_boolean(")
    assert "conflicting types" in compile_beside_the_real_headers(wrong)


def test_the_numbers_are_those_of_the_real_headers() -> None:
    numbers = re.findall(r"\b((?:G|SECRET)_[A-Z_]+) = ([^,}]+)", HEADER.read_text())
    assert len(numbers) > 30
    checks = "".join(f'_Static_assert((int){name} == ({number}), "{name}");\n' for name, number in numbers)
    layout = "struct ours { uint32_t domain; int code; char *message; };\n#include <stddef.h>\n"
    layout += "".join(
        f'_Static_assert(offsetof(GError, {name}) == offsetof(struct ours, {name}), "{name}");\n'
        for name in ("domain", "code", "message")
    )
    assert compile_beside_the_real_headers("#include <stdint.h>\n" + checks + layout) == ""


@pytest.mark.parametrize("program", [binaries.keyfob_main(), binaries.keyfob()], ids=lambda path: path.name)
def test_no_program_needs_them_to_start(program: Path) -> None:
    shown = subprocess.run(["readelf", "--dynamic", program], capture_output=True, text=True, check=True).stdout
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", shown)
    assert not [name for name in needed if re.match("lib(secret|glib|gio|gobject|gcrypt)", name)]
