"""Environments that are unusual or broken: a sign-in works whole, or it says what to do before a browser opens."""

from __future__ import annotations

import shutil

import pytest

from harness import binaries
from harness.family import FamilyServer
from harness.person import Done, Person, stderr_lines
from harness.steps import assert_worked

ELSEWHERE = "https://git.example.test"


def assert_refused_early(done: Done, person: Person, status: int, *words: str) -> None:
    """Asserts that the command ended with that status before a browser opened, and that it said these words."""
    assert done.returncode == status, stderr_lines(done)
    assert person.browsers_opened() == 0
    said = done.stderr.decode()
    assert [word for word in words if word not in said] == [], said
    assert "hint: " in said


# The directories of the user.


@pytest.mark.parametrize("state", ["/proc/nothing", "/dev/null/state", "{home}/a file", "{home}/a broken link"])
def test_a_state_directory_that_cannot_be_written_is_named_before_the_browser_opens(
    person: Person, server: FamilyServer, state: str
) -> None:
    (person.home / "a file").write_text("")
    (person.home / "a broken link").symlink_to("/proc/nowhere/at all")
    directory = state.format(home=person.home)
    done = person.keyfob("login", f"{server.issuer}/git", XDG_STATE_HOME=directory)
    assert_refused_early(done, person, 78, directory, "XDG_STATE_HOME")
    assert_worked(person.keyfob("login", f"{server.issuer}/git", XDG_STATE_HOME=f"{person.home}/other"))


@pytest.mark.parametrize("error", ["ENOSPC", "EDQUOT", "EROFS", "EIO"])
@pytest.mark.parametrize("call", ["write", "fsync"])
def test_a_full_or_read_only_disk_is_named_before_the_browser_opens(
    person: Person, server: FamilyServer, call: str, error: str
) -> None:
    # strace(1) makes every call for this one file fail.
    broken = ["-P", f"{person.approvals}.new", "-e", f"trace={call}", "-e", f"inject={call}:error={error}"]
    done = person.session.run(
        "strace", "-f", "-qq", "-o", "/dev/null", *broken, binaries.keyfob(), "login", f"{server.issuer}/git"
    )
    assert_refused_early(done, person, 78, str(person.approvals))


@pytest.mark.parametrize("home", ["", "relative/home"])
def test_without_a_home_directory_nothing_begins(person: Person, server: FamilyServer, home: str) -> None:
    done = person.keyfob("login", f"{server.issuer}/git", HOME=home)
    assert_refused_early(done, person, 78, "HOME")


@pytest.mark.parametrize("runtime", ["/nonexistent", "relative", "", "/proc/self/nothing"])
def test_a_sign_in_works_without_a_runtime_directory(person: Person, server: FamilyServer, runtime: str) -> None:
    bus = person.session.env["DBUS_SESSION_BUS_ADDRESS"]
    assert_worked(
        person.keyfob("login", f"{server.issuer}/git", XDG_RUNTIME_DIR=runtime, DBUS_SESSION_BUS_ADDRESS=bus)
    )


# The browser.


@pytest.mark.parametrize(
    "value",
    [
        "{plain} %s", "{blank}", '"{blank}" %s', "'{blank}'", "{escaped}", "nothing:{plain}", "no such thing %s:'{blank}'",
        "{plain} %s &", ' "{plain}" ', "::{plain}:",
    ],
)  # fmt: skip
def test_the_browser_is_the_one_that_the_variable_means(person: Person, server: FamilyServer, value: str) -> None:
    plain = person.session.env["BROWSER"]
    blank = f"{person.home}/my browsers/the one"
    (person.home / "my browsers").mkdir()
    shutil.copy(plain, blank)
    names = {"plain": plain, "blank": blank, "escaped": blank.replace(" ", "\\ ")}
    assert_worked(person.keyfob("login", f"{server.issuer}/git", BROWSER=value.format(**names)))
    assert person.browsers_opened() == 1


def test_no_shell_reads_the_variable(person: Person, server: FamilyServer) -> None:
    plain = person.session.env["BROWSER"]
    person.session.env["BROWSER"] = f"sh;touch${{IFS}}made:$(touch made):`touch made`:{plain} %s"
    assert_worked(person.keyfob("login", f"{server.issuer}/git"))
    assert not (person.home / "made").exists()


# Proxies.


@pytest.mark.parametrize("name", ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])
@pytest.mark.parametrize(
    "proxy",
    ["https://user:hunter2@proxy.test:3128", "socks5://user:hunter2@proxy.test", "socks4://proxy.test", "http://p:x"],
)
def test_a_proxy_that_keyfob_cannot_use_is_named_by_its_variable(person: Person, name: str, proxy: str) -> None:
    person.configure_keyfob(ELSEWHERE, "https://login.example.test")
    done = person.keyfob("login", ELSEWHERE, **{name: proxy})
    assert_refused_early(done, person, 78, f"keyfob: {name} ", "http://HOST:PORT")
    assert b"hunter2" not in done.stderr


def test_a_proxy_of_git_that_keyfob_cannot_use_is_named(person: Person) -> None:
    person.configure_keyfob(ELSEWHERE, "https://login.example.test")
    person.configure_git({"http.proxy": "https://proxy.test:3128"})
    assert_refused_early(person.keyfob("login", ELSEWHERE), person, 78, "git's http.proxy or http.<url>.proxy names an https proxy")
