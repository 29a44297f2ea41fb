"""The checks of every search for secrets."""

from __future__ import annotations

from . import counts, evidence
from .evidence import Evidence
from .marked import Marks

# Each of these places must have evidence, otherwise the search has missed it.
PLACES = {"files", "names of files"}
KEPT = {"the keyring's file", "labels and attributes"}
TRACED = {"arguments", "environments", "opened for writing", "sockets"}
SAID = {"standard error", "standard output"}


def assert_nothing_leaked(name: str, watched: Evidence, marks: Marks, needs: set[str]) -> None:
    """Asserts that no secret is in the evidence, and that there were secrets of all kinds in `needs`."""
    watched.look_around()
    kept = set() if watched.is_without_keyring else KEPT
    assert needs <= marks.kinds(), "the flow did not use the secrets that it is about"
    places = {place for place, shown in watched.places.items() if shown.strip()}
    assert PLACES | kept | (TRACED if evidence.may_look_into_others() else set()) <= places
    leaks = watched.leaks(marks)
    counts.add("secrets", name, tried=len(watched.places), passed=len(watched.places) - len({p for p, _ in leaks}))
    assert leaks == set()
    assert watched.written_elsewhere() == set()
    assert {socket for socket in watched.sockets() if "log" in socket or "journal" in socket} == set()


def assert_nothing_said(name: str, watched: Evidence, marks: Marks) -> None:
    """The same for the output of commands: arguments and files may contain the text that the person typed."""
    said = {place for place, _ in watched.leaks(marks) if place in SAID}
    assert watched.places["standard error"].strip()
    counts.add("secrets", name, tried=len(SAID), passed=len(SAID) - len(said))
    assert said == set()
