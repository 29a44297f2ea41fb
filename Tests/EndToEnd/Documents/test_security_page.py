""".github/SECURITY.md: each claim names existing tests, and the tests make its figures."""

from __future__ import annotations

import functools
import json
import re
import subprocess
from pathlib import Path

import pytest

from harness import binaries

PAGE = binaries.REPOSITORY / ".github" / "SECURITY.md"
TESTS = binaries.REPOSITORY / "Tests"
COUNTS = TESTS / "counts"
DEFENCES = "## Defences and their tests"


@functools.cache
def sources() -> list[Path]:
    """The source files of all tests."""
    return [*TESTS.rglob("*Tests.swift"), *TESTS.rglob("test_*.py")]


def named() -> list[tuple[str, str]]:
    """File and name of each test that the page names. A line break may be in a name."""
    quoted = [" ".join(text.split()) for text in re.findall(r"`([^`]+::[^`]+)`", PAGE.read_text())]
    return [(file, name) for file, _, name in (text.partition("::") for text in quoted)]


def defences() -> list[list[str]]:
    """The cells of each row with a claim."""
    _, _, section = PAGE.read_text().partition(DEFENCES)
    rows = [line for line in section.partition("\n## ")[0].splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in row.split("|")[1:-1]] for row in rows if not row.endswith("| tested by |")]


@pytest.mark.parametrize(("file", "name"), named())
def test_a_test_that_the_page_names_is_there(file: str, name: str) -> None:
    found = [path for path in sources() if path.match(file)]
    assert len(found) == 1, found
    declaration = rf"def {re.escape(name)}\(" if file.endswith(".py") else rf"(?:func|struct) `{re.escape(name)}`"
    assert re.search(declaration, found[0].read_text()), f"{found[0]} has no test of that name"


@pytest.mark.parametrize("row", defences(), ids=" ".join)
def test_every_defence_names_tests(row: list[str]) -> None:
    claim, tests = row
    assert claim
    assert re.fullmatch(r"`[^`]+::[^`]+`(, `[^`]+::[^`]+`)*", tests), tests


def test_there_are_defences() -> None:
    assert len(defences()) > 20


def counted(tmp_path: Path, *counts: dict[str, object]) -> subprocess.CompletedProcess[str]:
    """The output of Tests/counts for these counts."""
    file = tmp_path / "counts"
    file.write_text("".join(f"{json.dumps(count)}\n" for count in counts))
    return subprocess.run([COUNTS, file], capture_output=True, text=True, check=False)


def test_counts_of_a_kind_are_summed_up(tmp_path: Path) -> None:
    done = counted(
        tmp_path,
        {"kind": "races", "name": "one", "tried": 5, "passed": 5},
        {"kind": "fuzz executions", "name": "lines", "tried": 1_000_000, "passed": 1_000_000},
        {"kind": "races", "name": "two", "tried": 2, "passed": 2},
    )
    assert (done.returncode, done.stderr) == (0, "")
    cells = [[cell.strip() for cell in row.split("|")[1:-1]] for row in done.stdout.splitlines()]
    found = {row[0].partition(":")[0]: row[1:] for row in cells[2:]}
    assert found["races"] == ["7", "7"]
    assert found["fuzz executions"] == ["1,000,000", "1,000,000"]
    assert found["kill points"] == ["0", "0"], "what was not tried is not passed over in silence"


def test_failed_attempts_are_reported(tmp_path: Path) -> None:
    done = counted(tmp_path, {"kind": "races", "name": "one", "tried": 5, "passed": 4})
    assert done.returncode == 1
    assert "| 5 | 4 |" in done.stdout


def test_a_kind_that_has_no_place_in_the_table_is_an_error(tmp_path: Path) -> None:
    done = counted(tmp_path, {"kind": "wonders", "name": "one", "tried": 1, "passed": 1})
    assert (done.returncode, done.stdout) == (1, "")
    assert "wonders" in done.stderr


def test_the_page_has_one_place_for_the_table() -> None:
    assert len(re.findall(r"<!-- counts -->\n.*?<!-- /counts -->", PAGE.read_text(), re.DOTALL)) == 1
