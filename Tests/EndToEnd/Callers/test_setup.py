"""`keyfob setup`: the changes that it shows, writes after approval, or does not make."""

from __future__ import annotations

import json
import os
import re
import stat
from pathlib import Path

import pytest

from harness.person import Done, Person, stderr_lines
from harness.setup import COPY, Settings
from harness.steps import assert_worked
from harness.terminal import Terminal

URL = "https://registry.example"
SECRET = "c2VjcmV0LXBhc3N3b3Jk"  # must not appear in the shown changes


@pytest.fixture
def settings(person: Person) -> Settings:
    """A person who has installed keyfob in their own directory."""
    return Settings(person)


# Caller, its arguments, the file, its text before, and text that must be in it afterwards.
DOCKER = f'{{\n\t"auths": {{\n\t\t"other.example": {{\n\t\t\t"auth": "{SECRET}"\n\t\t}}\n\t}}\n}}'
EDITS = [
    ("docker", URL, ".docker/config.json", DOCKER, '{\n\t"credHelpers": {\n\t\t"registry.example": "keyfob"\n\t},\n'),
    ("docker", None, ".docker/config.json", f'{{"auths":{{"a":{{"auth":"{SECRET}"}}}}}}\n', '{"credsStore":"keyfob",'),
    ("podman", URL, ".config/containers/auth.json", '{"credHelpers": {"a": "b"}}', '{"registry.example": "keyfob","a"'),
    ("docker", URL, ".docker/config.json", '{"credHelpers":null}', '{"credHelpers":{"registry.example":"keyfob"}}'),
    ("docker", None, ".docker/config.json", '{"credsStore":null,"a":1}', '{"credsStore":"keyfob","a":1}'),
    (
        *("cargo", None, ".cargo/config.toml"),
        f'# mine\n[registry] # here\ntoken = "{SECRET}"\n\n[build]\njobs = 1\n',
        '[registry] # here\nglobal-credential-providers = ["cargo:token", "BIN/cargo-credential-keyfob"]\ntoken',
    ),
    (
        "cargo",
        None,
        ".cargo/config.toml",
        "[build]\njobs = 1",
        "jobs = 1\n\n[registry]\nglobal-credential-providers = [",
    ),
    (
        "bazel",
        URL,
        ".bazelrc",
        "build --jobs=2\n",
        "common --credential_helper=registry.example=BIN/bazel-credential-keyfob\n",
    ),
    (
        "pip",
        URL,
        ".config/pip/pip.conf",
        "[global]\n; mine\ntimeout = 3\n",
        "[global]\nkeyring-provider = subprocess\n; mine\n",
    ),
    ("pip", URL, ".pip/pip.conf", "[install]\nuser = no\n", "user = no\n\n[global]\nkeyring-provider = subprocess\n"),
    (
        "uv",
        URL,
        ".config/uv/uv.toml",
        "# mine\n\nnative-tls = true\n[pip]\n",
        '# mine\n\nkeyring-provider = "subprocess"\nnative',
    ),
    (
        "pnpm",
        f"{URL}/npm",
        ".npmrc",
        f"//other/:_authToken={SECRET}\n",
        "//registry.example/npm/:tokenHelper=HOME/.local/lib",
    ),
]
# Callers whose files only the user changes, their file, and the line.
LINES = [
    ("terraform", ".terraformrc", 'credentials_helper "keyfob" {}'),
    ("tofu", ".tofurc", 'credentials_helper "keyfob" {}'),
    ("vault", ".vault", 'token_helper = "BIN/vault-token-keyfob"'),
    ("bao", ".bao", 'token_helper = "BIN/vault-token-keyfob"'),
]
IDS = [f"{edit[0]}-{index}" for index, edit in enumerate(EDITS)]


def arguments(name: str, url: str | None) -> list[str]:
    """The arguments after `keyfob setup`."""
    return [name] + ([url] if url else [])


@pytest.mark.parametrize(("name", "url", "file", "before", "behind"), EDITS, ids=IDS)
def test_setup_writes_only_missing_settings(
    settings: Settings, name: str, url: str | None, file: str, before: str, behind: str
) -> None:
    path = settings.write(file, before, 0o640)
    done = settings.apply(*arguments(name, url))
    assert_worked(done)
    assert done.stdout == b""
    after = path.read_text()
    behind = behind.replace("BIN", str(settings.bin)).replace("HOME", str(settings.home))
    assert behind in after
    # All old text is still there, except that the last line may have got its end.
    assert is_below(before, after)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    copy = Path(f"{path}{COPY}")
    assert settings.copies() == [copy]
    assert (copy.read_text(), stat.S_IMODE(copy.stat().st_mode)) == (before, 0o600)
    assert SECRET not in done.stderr.decode()
    assert any(line.startswith(f"{path}, line ") for line in stderr_lines(done))
    shown = [line[1:] for line in stderr_lines(done) if line.startswith("+")]
    assert shown and shown[-1] in after

    again = settings.apply(*arguments(name, url))
    assert_worked(again)
    assert any("set up already" in line for line in stderr_lines(again))
    assert path.read_text() == after
    assert settings.copies() == [copy]

    os.replace(copy, path)
    assert path.read_text() == before


def is_below(before: str, after: str) -> bool:
    """Whether one text becomes the other by insertions only, if `null` counts as nothing."""
    rest = iter(after)
    return all(character in rest for character in before.replace("null", ""))


@pytest.mark.parametrize("name", ["docker", "cargo", "bazel", "pip", "uv", "pnpm"])
def test_a_missing_file_is_created_for_its_owner_only(settings: Settings, name: str) -> None:
    before = set(settings.home.rglob("*"))
    assert_worked(settings.apply(name, URL))
    made = [path for path in set(settings.home.rglob("*")) - before if path.is_file() and not path.is_symlink()]
    assert made
    assert {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in made} == {0}
    assert settings.copies() == []
    assert any("set up already" in line for line in stderr_lines(settings.apply(name, URL)))


def test_links_lead_to_the_program(settings: Settings) -> None:
    assert_worked(settings.apply("docker", URL))
    link = settings.bin / "docker-credential-keyfob"
    assert link.is_symlink()
    assert not os.path.isabs(os.readlink(link))
    assert settings.person.session.run(link, "version").returncode == 0


# Files that stay as they are.
TAKEN = [
    ("docker", URL, ".docker/config.json", '{"credHelpers": {"registry.example": "pass"}}', "registry.example is set already"),
    (
        "docker",
        None,
        ".docker/config.json",
        '{"credsStore": "secretservice"}',
        "credsStore is set already: secretservice",
    ),
    ("docker", URL, ".docker/config.json", '{"credHelpers": ["registry.example"]}', "is set already"),
    ("cargo", None, ".cargo/config.toml", '[registry]\nglobal-credential-providers = ["x"]\n', "is set already: x"),
    ("cargo", None, ".cargo/config.toml", 'registry = { default = "x" }\n', "form"),
    ("bazel", URL, ".bazelrc", "build --credential_helper=registry.example=/x\n", "is set already"),
    ("pip", URL, ".config/pip/pip.conf", "[global]\nkeyring_provider=import\n", "is set already: import"),
    ("uv", URL, ".config/uv/uv.toml", 'keyring-provider = "disabled"\n', "is set already: disabled"),
    ("pnpm", URL, ".npmrc", f"//registry.example/:_authToken={SECRET}\n", "is set already"),
    # Its own program cannot read the text.
    ("docker", URL, ".docker/config.json", '{"auths": {', "is not valid JSON"),
    ("docker", URL, ".docker/config.json", '{"credHelpers": {}, "credHelpers": {}}', "is not valid JSON"),
    ("docker", URL, ".docker/config.json", "[]", "is not valid JSON"),
    ("cargo", None, ".cargo/config.toml", "[registry\n", "is not valid TOML"),
    ("cargo", None, ".cargo/config.toml", "[=\n", "is not valid TOML"),
    # The file is no text, or too long.
    ("docker", URL, ".docker/config.json", b'{"a": "\xe9"}', "is not text in UTF-8"),
    ("docker", URL, ".docker/config.json", '{"a": 1}'.encode("utf-16"), "is not text in UTF-8"),
    ("docker", URL, ".docker/config.json", '{"a": 1}'.encode("utf-16-be"), "is not text in UTF-8"),
    ("docker", URL, ".docker/config.json", b" " * (1 << 20) + b"{}", "is larger than 1 MiB"),
]


@pytest.mark.parametrize(
    ("name", "url", "file", "before", "words"), TAKEN, ids=[f"{row[0]}-{index}" for index, row in enumerate(TAKEN)]
)
def test_unexpected_files_are_reported_and_left_alone(
    settings: Settings, name: str, url: str | None, file: str, before: str | bytes, words: str
) -> None:
    path = settings.write(file, before)
    assert_left_alone(settings, settings.apply(*arguments(name, url)), words)
    assert path.read_bytes() == (before if isinstance(before, bytes) else before.encode())


def assert_left_alone(settings: Settings, done: Done, words: str) -> None:
    """Asserts exit status 78, a message with the reason, and that the file is unchanged."""
    said = "\n".join(stderr_lines(done))
    assert (done.returncode, done.stdout) == (78, b""), said
    assert words in said
    assert SECRET not in said
    assert settings.copies() == []
    assert [link for link in settings.bin.iterdir() if "-keyfob" in link.name and "git" not in link.name] in (
        [],
        [settings.bin / "keyfob"],
    )


def test_links_and_special_files_are_left_alone(settings: Settings) -> None:
    path = settings.write(".docker/config.json", "{}")
    path.chmod(0o400)
    assert_left_alone(settings, settings.apply("docker", URL), "is read-only")
    path.chmod(0o600)
    os.link(path, settings.home / "other-name")
    assert_left_alone(settings, settings.apply("docker", URL), "has other hard links")
    path.unlink()
    path.mkdir()
    assert_left_alone(settings, settings.apply("docker", URL), "is not a file")
    path.rmdir()
    os.mkfifo(path)
    assert_left_alone(settings, settings.apply("docker", URL), "is not a file")
    path.unlink()
    path.symlink_to("nowhere")
    assert_left_alone(settings, settings.apply("docker", URL), "is a broken link")
    assert_left_alone(settings, settings.apply("docker", URL, DOCKER_CONFIG="/dev/null"), "Not a directory")


def test_a_symbolic_link_stays_one(settings: Settings) -> None:
    real = settings.write("dotfiles/docker.json", '{"a": 1}')
    path = settings.home / ".docker" / "config.json"
    path.parent.mkdir()
    path.symlink_to("../dotfiles/docker.json")
    assert_worked(settings.apply("docker", URL))
    assert path.is_symlink()
    assert json.loads(real.read_text()) == {"a": 1, "credHelpers": {"registry.example": "keyfob"}}
    assert settings.copies() == [Path(f"{real}{COPY}")]


def test_a_relative_path_starts_at_the_working_directory(settings: Settings) -> None:
    assert_worked(settings.apply("docker", URL, DOCKER_CONFIG="here"))
    path = settings.home / "here" / "config.json"
    assert json.loads(path.read_text()) == {"credHelpers": {"registry.example": "keyfob"}}
    assert_worked(settings.apply("docker", "https://b.example", DOCKER_CONFIG="here"))
    assert settings.copies() == [Path(f"{path}{COPY}")]


def test_line_ends_do_not_change(settings: Settings) -> None:
    path = settings.write(".npmrc", b"a=1\r\nb=2")
    assert_worked(settings.apply("pnpm", URL))
    helper = f"{settings.home}/.local/lib/keyfob/pnpm-registry.example"
    assert path.read_bytes() == f"a=1\r\nb=2\r\n//registry.example/:tokenHelper={helper}\r\n".encode()
    path = settings.write(".docker/config.json", b'{\r\n  "a": 1\r\n}')
    assert_worked(settings.apply("docker", URL))
    assert path.read_bytes().count(b"\n") == path.read_bytes().count(b"\r\n") == 5


def test_another_text_gets_another_backup(settings: Settings) -> None:
    path = settings.write(".docker/config.json", "{}")
    assert_worked(settings.apply("docker", URL))
    once = path.read_text()
    assert_worked(settings.apply("docker", "https://second.example"))
    copies = [Path(f"{path}{COPY}"), Path(f"{path}{COPY}.2")]
    assert settings.copies() == copies
    assert [copy.read_text() for copy in copies] == ["{}", once]


@pytest.mark.parametrize("before", ['{"a": 1}\n', None])
def test_a_full_disk_changes_no_file(settings: Settings, before: str | None) -> None:
    path = settings.home / ".docker" / "config.json"
    if before is not None:
        settings.write(".docker/config.json", before)
    settings.setup("docker", URL, "--apply", "--yes", DOCKER_CONFIG="elsewhere")  # by now the link exists
    full = 'trap "" XFSZ; ulimit -f 0; exec "$@"'
    command = (settings.bin / "keyfob", "setup", "docker", URL, "--apply", "--yes")
    done = settings.person.session.run("/bin/sh", "-c", full, "sh", *command)
    assert (done.returncode, done.stdout, settings.copies()) == (78, b"", [])
    assert "File too large" in "\n".join(stderr_lines(done))
    assert (path.read_text() if path.exists() else None) == before


@pytest.mark.parametrize(("name", "file", "line"), LINES)
def test_the_user_adds_the_line_to_a_file_in_hcl(settings: Settings, name: str, file: str, line: str) -> None:
    path = settings.write(file, "# mine\n")
    line = line.replace("BIN", str(settings.bin))
    for done in (settings.apply(name), settings.apply(name)):
        assert_worked(done)
        assert f"hint: add this line to {path}: {line}" in stderr_lines(done)
    assert path.read_text() == "# mine\n"
    path.write_text(f"# mine\n{line}\n")
    assert any("set up already" in said for said in stderr_lines(settings.apply(name)))


def test_a_name_of_another_program_is_not_taken(settings: Settings) -> None:
    path = settings.write("bin/docker-credential-keyfob", "#!/bin/sh\n", 0o755)
    done = settings.apply("docker", URL)
    assert done.returncode == 78
    assert any("is another program" in line for line in stderr_lines(done))
    assert path.read_text() == "#!/bin/sh\n"
    assert not (settings.home / ".docker").exists()


# The question.


def test_without_a_terminal_setup_writes_only_with_yes(settings: Settings) -> None:
    path = settings.write(".docker/config.json", "{}\n")
    done = settings.setup("docker", URL, "--apply")
    assert done.returncode == 77
    assert any(line.startswith("+") and "registry.example" in line for line in stderr_lines(done))
    assert path.read_text() == "{}\n"
    assert settings.copies() == []


@pytest.mark.parametrize(("typed", "status"), [("y\n", 0), ("n\n", 77), ("\n", 77), ("\x04", 77), ("\x03", None)])
def test_on_a_terminal_setup_shows_the_change_and_asks(
    settings: Settings, typed: str, status: int | None
) -> None:
    path = settings.write(".docker/config.json", '{\n  "auths": {}\n}\n')
    terminal = Terminal(settings.person.session, settings.bin / "keyfob", "setup", "docker", URL, "--apply")
    terminal.read_until(r"apply this\? \[y/N\] ")
    assert '+    "registry.example": "keyfob"\n' in terminal.shown
    assert f"{path}, line 2:\n" in terminal.shown
    terminal.type(typed)
    ended = terminal.finish()
    assert ended == status if status is not None else ended != 0
    assert ("registry.example" in path.read_text()) == (status == 0)


@pytest.mark.parametrize("early", ["y\n", "yes\ny\ny\n", "https://h.example/x\ny\n", "y"])
def test_input_before_the_question_is_no_answer(settings: Settings, early: str) -> None:
    path = settings.write(".docker/config.json", "{}\n")
    begun = settings.home / "begun"
    # keyfob starts after all of it was typed.
    command = ("/bin/sh", "-c", 'until [ -e "$0" ]; do :; done; exec "$@"', begun, settings.bin / "keyfob")
    for answer, status in (("n\n", 77), ("y\n", 0)):
        terminal = Terminal(settings.person.session, *command, "setup", "docker", URL, "--apply")
        terminal.type(early)
        begun.touch()
        terminal.read_until(r"apply this\? \[y/N\] ")
        assert path.read_text() == "{}\n"
        terminal.type(answer)
        assert terminal.finish() == status, terminal.shown
        begun.unlink()
    assert "registry.example" in path.read_text()


def test_a_paste_that_continues_during_the_question_is_no_answer(settings: Settings) -> None:
    path = settings.write(".docker/config.json", "{}\n")
    begun = settings.home / "begun"
    command = ("/bin/sh", "-c", 'until [ -e "$0" ]; do :; done; exec "$@"', begun, settings.bin / "keyfob")
    terminal = Terminal(settings.person.session, *command, "setup", "docker", URL, "--apply")
    # More lines than a terminal's buffer holds: the last of them arrive while keyfob discards the first.
    begun.touch()
    terminal.type("y\n" * 4000)
    terminal.read_until(r"apply this\? \[y/N\] ")
    assert path.read_text() == "{}\n"
    terminal.type("n\n")
    assert terminal.finish() == 77, terminal.shown
    assert path.read_text() == "{}\n"


def test_a_file_that_changed_during_the_question_is_not_overwritten(settings: Settings) -> None:
    path = settings.write(".docker/config.json", "{}\n")
    terminal = Terminal(settings.person.session, settings.bin / "keyfob", "setup", "docker", URL, "--apply")
    terminal.read_until(r"apply this\? \[y/N\] ")
    path.write_text('{"a": 1}\n')
    terminal.type("y\n")
    assert terminal.finish() == 75
    assert "was changed by another program" in terminal.shown
    assert path.read_text() == '{"a": 1}\n'


# The shown changes.


def test_every_caller_is_listed_with_its_settings(settings: Settings) -> None:
    before = sorted(settings.home.rglob("*"))
    names = [line.split()[0] for line in settings.setup().stdout.decode().splitlines()]
    assert len(names) == len(set(names)) >= 15
    for name in names:
        done = settings.setup(name, URL)
        assert_worked(done)
        assert "keyfob" in done.stdout.decode(), name
        assert done.stdout.startswith(b"# "), name
    assert sorted(settings.home.rglob("*")) == before


def test_unknown_callers_are_reported(settings: Settings) -> None:
    assert settings.setup("emacs").returncode == 64
    assert settings.setup("docker", "ftp://x").returncode == 64
    assert settings.setup("bazel", "--apply").returncode == 64
    assert b'"registry.example:5000": "keyfob"' in settings.setup("docker", "registry.example:5000").stdout
    assert settings.setup("docker", "--yes").returncode == 64


# git.


def test_another_helper_of_git_is_reported_and_removed_from_the_chain(settings: Settings) -> None:
    path = settings.write(".gitconfig", "[credential]\n\thelper = store\n[user]\n\tname = A\n")
    done = settings.apply("git")
    assert_worked(done)
    assert any("git asks store too" in line and "plain text" in line for line in stderr_lines(done))
    assert path.read_text().startswith("[credential]\n\thelper = store\n\thelper = \n\thelper = keyfob\n[user]")
    undo = [line.split(": ", 2)[2] for line in stderr_lines(done) if line.startswith("hint: to undo it: ")]
    person = settings.person
    person.git("credential", "approve", stdin=b"protocol=https\nhost=a.example\nusername=u\npassword=p\n\n")
    assert not (settings.home / ".git-credentials").exists()
    found = person.git("credential", "fill", stdin=b"protocol=https\nhost=a.example\n\n", GIT_TERMINAL_PROMPT="0")
    assert b"password=p\n" in found.stdout
    assert len(undo) == 2
    for command in undo:
        assert_worked(person.session.run("/bin/sh", "-c", command))
    assert path.read_text() == "[credential]\n\thelper = store\n[user]\n\tname = A\n"


def test_a_helper_for_one_host_is_reported(settings: Settings) -> None:
    settings.write(".gitconfig", '[credential "https://a.example"]\n\thelper = !gh auth git-credential\n')
    said = "\n".join(stderr_lines(settings.setup("git", "https://a.example/x.git")))
    assert f"for https://a.example git asks a shell command ({settings.home}/.gitconfig)" in said
    assert "gh auth" not in said, "a command may hold anything"
    assert "for https://a.example" not in settings.setup("git", "https://b.example").stderr.decode()


def test_a_service_with_a_path_needs_usehttppath_in_git(settings: Settings) -> None:
    settings.person.configure_keyfob("https://a.example/team", "https://login.example")
    url, command = "https://a.example/team/x.git", "git config --global credential.https://a.example.useHttpPath true"
    assert command in settings.setup("git", url).stderr.decode()
    assert command not in settings.setup("git", "https://a.example/other.git").stderr.decode()
    settings.person.configure_git({"credential.https://a.example.useHttpPath": "true"})
    assert command not in settings.setup("git", url).stderr.decode()


def test_a_path_may_have_a_space_if_its_caller_allows_that(person: Person) -> None:
    settings = Settings(person, "my own")
    person.session.env["PATH"] = "/usr/bin:/bin"
    settings.write(".gitconfig", "")
    # A link to another directory leads to the executables.
    assert_worked(settings.apply("git"))
    person.session.env["PATH"] = f"{settings.bin}:/usr/bin:/bin"
    for name in ("cargo", "bazel"):
        done = settings.apply(name, URL)
        assert done.returncode == 78
        assert f"{name} cannot start a program with a space in its path: {settings.bin}/" in done.stderr.decode()
    assert_worked(settings.apply("vault"))


def test_git_finds_a_door_that_is_not_on_path(settings: Settings) -> None:
    settings.person.session.env["PATH"] = "/usr/bin:/bin"
    settings.write(".gitconfig", "")
    assert_worked(settings.apply("git"))
    value = settings.person.git("config", "credential.helper").stdout.decode().strip()
    assert re.fullmatch(r"/.*/git-credential-keyfob", value)
