"""CONTRIBUTING.md tells the truth about the repository."""

from __future__ import annotations

import json
import re
import subprocess

import pytest

from harness import binaries

PAGE = binaries.REPOSITORY / ".github" / "CONTRIBUTING.md"
MEASURES = binaries.REPOSITORY / "Tests" / "measures"
LINKS = re.findall(r"\]\(([^)#]+)\)", PAGE.read_text())
PATHS = re.findall(r"`((?:Sources|Tests)/[\w./-]*\w)`?", PAGE.read_text())
# Files that a reader of the path must meet.
WANTED = {
    "ten minutes": {"protocol.md", "CredentialHelper.swift"},
    "one hour": {"protocol.md", "CredentialHelper.swift", "SignIn.swift", "Grant.swift", "OAuthTokenSource.swift"},
}
LINES_PER_MINUTE = {"ten minutes": (10, 80), "one hour": (60, 40)}


def section(title: str) -> str:
    """The text below a heading of the second level."""
    _, found, rest = PAGE.read_text().partition(f"\n## {title}\n")
    assert found, f"no section {title!r}"
    return rest.partition("\n## ")[0]


@pytest.mark.parametrize("link", sorted(set(LINKS)))
def test_each_link_leads_to_a_file(link: str) -> None:
    assert (PAGE.parent / link).exists()


@pytest.mark.parametrize("path", sorted(set(PATHS)))
def test_each_path_exists(path: str) -> None:
    assert (binaries.REPOSITORY / path).exists()


@pytest.mark.parametrize("name", ["ten minutes", "one hour"])
def test_the_reading_path_is_as_short_as_the_page_says(name: str) -> None:
    measured = subprocess.run([MEASURES, "--json"], capture_output=True, check=True).stdout
    files = json.loads(measured)["reading"][name]
    assert {file.rpartition("/")[2] for file in files} >= WANTED[name]
    assert all(files.values()), "every file has lines"
    promise = re.search(r"At most (\d+) lines.*?: (\d+) a minute", section(f"{name.capitalize()} of reading"))
    minutes, per_minute = LINES_PER_MINUTE[name]
    assert promise and (int(promise[1]), int(promise[2])) == (minutes * per_minute, per_minute)
    assert sum(files.values()) <= minutes * per_minute, files


def test_each_file_of_an_oauth_feature_handles_the_example() -> None:
    files = re.findall(r"(?m)^\| \[\S+\]\(([^)]+)\)", section("Add an OAuth feature"))
    assert len(files) >= 5
    assert [file for file in files if not re.search(r"\bresource\b", (PAGE.parent / file).read_text())] == []


def test_each_suite_exists() -> None:
    tests = "".join(path.stem + "\n" for path in (binaries.REPOSITORY / "Tests").rglob("*.swift"))
    for suite in re.findall(r"`(\w+Tests)`|--filter (\w+)\n", PAGE.read_text()):
        assert "".join(suite) + "\n" in tests
