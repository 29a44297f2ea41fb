"""The Debian package: its content, its metadata, and its installation on a minimal machine."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from harness import binaries, debian, elf
from harness.debian import Debian

BUILD = binaries.REPOSITORY / "Sources" / "package" / "build"
DIALECTS = binaries.REPOSITORY / "Sources" / "Dialects"
CHECKOUTS = binaries.REPOSITORY / ".build" / "checkouts"

# Libraries that every machine has. libsecret is loaded when it is first used.
EVERYWHERE = {"libc6", "libgcc-s1", "libstdc++6", "zlib1g"}

# The aim is 40 MB. The rest comes with the libraries: two programs contain Swift's libraries, one contains BoringSSL
# twice, and a sixth of each program is tables for unwinding. The build of the tests, which is not optimised for size,
# adds three. The lists of addresses that are relocated at the start, because of position independence, add three.
LARGEST = 55_500_000

# xz takes its time.
QUICKLY = ("--compression", "gzip")
HERE = debian.ENVIRONMENT["HOME"] + "/keyfob.deb"
# The first run makes the system, with packages from Debian.
MAKING = pytest.mark.timeout(debian.MAKING_SECONDS)

needs_debian = pytest.mark.skipif(bool(debian.why_not()), reason=debian.why_not() or "")


def build(output: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Builds the package from the programs under test."""
    command = [BUILD, "--bin", binaries.bin_directory(), "--output", output, *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package."""
    output = tmp_path_factory.mktemp("package")
    done = build(output, *QUICKLY)
    assert done.returncode == 0, done.stdout + done.stderr
    return Path(done.stdout.splitlines()[0])


@pytest.fixture(scope="module")
def content(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the package, unpacked."""
    place = tmp_path_factory.mktemp("content")
    subprocess.run(["dpkg-deb", "--raw-extract", package, place], check=True)
    return place


def field(package: Path, name: str) -> str:
    """The package's metadata."""
    return printed_by("dpkg-deb", "--field", package, name)


def printed_by(*command: str | Path) -> str:
    """The output of a command."""
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_lintian_finds_nothing(package: Path) -> None:
    done = subprocess.run(["lintian", "--allow-root", package], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_its_programs_can_be_loaded_anywhere(content: Path) -> None:
    programs = [path for path in (content / "usr/bin").iterdir() if not path.is_symlink()]
    programs += [content / "usr/libexec/keyfob" / name for name in ("keyfob-main", "keyfob-agent")]
    assert {path.name for path in programs} == {"keyfob", "keyfob-main", "keyfob-agent"}
    assert {path.name: elf.faults(path) for path in programs} == {path.name: [] for path in programs}


def test_two_builds_are_the_same(package: Path, tmp_path: Path) -> None:
    again = build(tmp_path, *QUICKLY)
    assert again.returncode == 0, again.stderr
    file = Path(again.stdout.splitlines()[0])
    assert file != package
    assert file.read_bytes() == package.read_bytes()


def test_it_does_not_grow(content: Path) -> None:
    files = [path for path in (content / "usr").rglob("*") if path.is_file() and not path.is_symlink()]
    assert 20_000_000 < sum(path.stat().st_size for path in files) < LARGEST


def test_there_is_a_program_for_each_caller(content: Path) -> None:
    sources = "".join(path.read_text() for path in DIALECTS.glob("*.swift"))
    callers = set(re.findall(r'executables = \["([^"]+)"', sources))
    assert len(callers) > 5
    for caller in callers - {"keyring"} | {"git-credential-keyfob"}:
        assert (content / "usr/bin" / caller).readlink() == Path("keyfob"), caller
    # Our `keyring` must not hide Python's own for users who did not choose that.
    assert not (content / "usr/bin/keyring").exists()
    for link in [*(content / "usr/bin").iterdir(), content / "usr/lib/keyfob/keyring/keyring"]:
        assert os.access(link, os.X_OK), link


def test_it_needs_only_libraries_that_every_machine_has(package: Path) -> None:
    needed = {each.split()[0] for each in field(package, "Depends").split(", ")}
    assert needed <= EVERYWHERE
    assert "libsecret-1-0" in field(package, "Recommends")


def test_the_metadata_for_software_centres_is_valid(content: Path) -> None:
    file = content / "usr/share/metainfo/org.keyfob.keyfob.metainfo.xml"
    done = subprocess.run(["appstreamcli", "validate", "--no-net", "--pedantic", file], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    version = printed_by(binaries.keyfob(), "--version")
    assert f'<release version="{version}"' in file.read_text()
    assert (content / "usr/share/icons/hicolor/scalable/apps/org.keyfob.keyfob.svg").exists()


def test_the_example_is_a_configuration(content: Path, tmp_path: Path) -> None:
    example = (content / "usr/share/doc/keyfob/examples/config.toml").read_text()
    assert tomllib.loads(example) == {}
    everything = re.sub(r"(?m)^#(?! )", "", example)
    file = tmp_path / "keyfob" / "config.toml"
    file.parent.mkdir()
    file.write_text(everything)
    hosts = tomllib.loads(everything)["host"]
    assert len(hosts) > 2
    environment = {"XDG_CONFIG_HOME": str(tmp_path), "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    for host in hosts:
        done = subprocess.run([binaries.keyfob(), "config", host], capture_output=True, text=True, env=environment)
        assert (done.returncode, done.stderr) == (0, ""), host


def test_the_copyright_file_names_the_authors_of_linked_code(content: Path) -> None:
    text = (content / "usr/share/doc/keyfob/copyright").read_text()
    stanzas = dict(re.findall(r"(?m)^Files: \.build/checkouts/([^/]+)/\*\n(?:[^\n]+\n)*?Copyright: (.+)", text))
    assert {"swift-nio", "swift-crypto", "async-http-client", "TOMLKit", "swift-argument-parser"} <= set(stanzas)
    # The demo, which does not ship, links more.
    assert "hummingbird" not in stanzas
    assert all((CHECKOUTS / name).is_dir() for name in stanzas)
    named = set(re.findall(r"(?m)^License: (\S+)$", text))
    explained = set(re.findall(r"(?m)^License: (\S+)\n ", text))
    assert named == explained


@needs_debian
@MAKING
def test_it_installs_and_uninstalls_on_a_minimal_debian(package: Path, tmp_path: Path) -> None:
    system = debian.bare().copy(tmp_path / "system")
    shutil.copy(package, system.home / "keyfob.deb")
    before, files = system.packages(), system.files()
    system.do(*debian.APT, "install", HERE)
    assert system.packages() - before == {"keyfob"}
    assert system.do("keyfob", "--version").strip() == field(package, "Version")
    assert "capability authtype" in system.do("git-credential-keyfob", "capability")
    assert system.do("docker-credential-keyfob", "list") == "{}\n"
    # This system has no libsecret: the listing says so, and is no error.
    listed = system.run("keyfob", "status")
    assert listed.returncode == 0 and "libsecret is not installed" in listed.stderr
    assert system.do("dpkg", "--verify", "keyfob") == ""
    configuration = system.home / ".config/keyfob/config.toml"
    configuration.parent.mkdir(parents=True)
    configuration.write_text("min_ttl = 60\n")
    system.do(*debian.APT, "purge", "keyfob")
    assert system.packages() == before
    assert system.files() - files == {f"/{configuration.relative_to(system.root)}"}
    assert files - system.files() == set()


@needs_debian
@MAKING
def test_the_demonstration_runs_there(package: Path, tmp_path: Path) -> None:
    system = debian.desktop().copy(tmp_path / "system")
    shutil.copy(package, system.home / "keyfob.deb")
    system.do(*debian.APT, "install", HERE)
    # The demo does not ship. It uses the programs beside it, here links to the installed ones.
    place = system.root / "opt/demo"
    place.mkdir()
    subprocess.run(["strip", "-o", place / "keyfob-demo", binaries.bin_directory() / "keyfob-demo"], check=True)
    for program in ("bin/keyfob", "bin/git-credential-keyfob", "libexec/keyfob/keyfob-main"):
        (place / Path(program).name).symlink_to(f"/usr/{program}")
    shown = system.do("/opt/demo/keyfob-demo", "--no-browser")
    assert "Each step worked as described." in shown
    assert "keyfob: logged out of" in shown
