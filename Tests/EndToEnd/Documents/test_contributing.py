"""What CONTRIBUTING.md says of the repository is so."""

from __future__ import annotations

import re

import pytest

from harness import binaries

PAGE = binaries.REPOSITORY / ".github" / "CONTRIBUTING.md"
LINKS = re.findall(r"\]\(([^)#]+)\)", PAGE.read_text())
PATHS = re.findall(r"`((?:Sources|Tests)/[\w./-]*\w)`?", PAGE.read_text())
# What a newcomer reads in ten minutes, the protocol aside.
LONGEST_PATH = 1300


@pytest.mark.parametrize("link", sorted(set(LINKS)))
def test_it_leads_to_what_is_there(link: str) -> None:
    assert (PAGE.parent / link).exists()


@pytest.mark.parametrize("path", sorted(set(PATHS)))
def test_it_names_what_is_there(path: str) -> None:
    assert (binaries.REPOSITORY / path).exists()


def test_the_reading_path_is_short() -> None:
    sources = [PAGE.parent / link for link in re.findall(r"(?m)^\| \[\S+\.swift\]\(([^)]+)\)", PAGE.read_text())]
    assert len(sources) == 7
    assert sum(len(source.read_text().splitlines()) for source in sources) < LONGEST_PATH


def test_the_suites_that_it_names_are_there() -> None:
    tests = "".join(path.stem + "\n" for path in (binaries.REPOSITORY / "Tests").rglob("*.swift"))
    for suite in re.findall(r"`(\w+Tests)`|--filter (\w+)\n", PAGE.read_text()):
        assert "".join(suite) + "\n" in tests
