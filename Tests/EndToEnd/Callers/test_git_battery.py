"""git's own tests of credential helpers, with the git of Debian 13.

`t0303` and `lib-credential.sh` of git run as they are, with keyfob as the helper. `t5563` brings a helper of its own; its
cases are told here in our words, with keyfob's stored credentials in the place of that helper."""

from __future__ import annotations

import base64
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from harness import binaries, debian
from harness.newer import gits_tests, use_newer_git
from harness.person import Done, Person, stderr_lines
from harness.service import Answer, Asked, Service
from harness.steps import assert_worked

pytestmark = [
    pytest.mark.skipif(debian.why_not() is not None, reason=debian.why_not() or ""),
    pytest.mark.timeout(2 * debian.MAKING_SECONDS),
]

FEWEST_TESTS = 28

# Runs every group of tests in lib-credential.sh. t0303 leaves some out.
BATTERY = """#!/bin/sh
test_description='all tests of credential helpers'
. ./test-lib.sh
. "$TEST_DIRECTORY"/lib-credential.sh
helper_test_clean "$HELPER_UNDER_TEST"
helper_test "$HELPER_UNDER_TEST"
helper_test_password_expiry_utc "$HELPER_UNDER_TEST"
helper_test_oauth_refresh_token "$HELPER_UNDER_TEST"
helper_test_authtype "$HELPER_UNDER_TEST"
helper_test_clean "$HELPER_UNDER_TEST"
test_done
"""
# What a build of git would leave. The tests of helpers need no more of it than that.
BUILD_OPTIONS = "SHELL_PATH='/bin/sh'\nPERL_PATH='/usr/bin/perl'\nDIFF='diff'\n"


@pytest.fixture
def within(person: Person) -> Path:
    """The program that runs commands beside the newer git, which is now the person's."""
    return use_newer_git(person.session)


class Battery:
    """git's test directory in the person's home."""

    def __init__(self, person: Person, within: Path) -> None:
        self._person, self._within = person, within
        self._tests = person.home / "git" / "t"
        shutil.copytree(gits_tests(), self._tests)
        (self._tests / "t0399-helper.sh").write_text(BATTERY)
        (self._tests.parent / "GIT-BUILD-OPTIONS").write_text(BUILD_OPTIONS)
        tool = self._tests / "helper" / "test-tool"
        tool.parent.mkdir()
        tool.write_text("#!/bin/sh\nexit 1\n")
        tool.chmod(0o700)
        (self._tests.parent / "templates" / "blt").mkdir(parents=True)

    def run(self, script: str, helper: str) -> Done:
        """Runs one file of tests."""
        command = ["sh", "-c", 'cd "$0" && exec sh "$@"', str(self._tests), script, "--no-chain-lint"]
        variables = {"GIT_TEST_CREDENTIAL_HELPER": helper, "HELPER_UNDER_TEST": helper, "GIT_TEST_INSTALLED": "/usr/bin"}
        return self._person.session.run(self._within, *command, **variables)


def verdicts(done: Done) -> tuple[list[str], list[str]]:
    """The names of the tests that passed and of those that failed."""
    lines = done.stdout.decode().splitlines()
    names = [re.match(r"(not )?ok \d+ - (.*)", line) for line in lines]
    passed = [name[2] for name in names if name and not name[1]]
    failed = [name[2] for name in names if name and name[1]]
    return passed, failed


@pytest.mark.parametrize("script", ["t0303-credential-external.sh", "t0399-helper.sh"])
def test_gits_own_tests_of_helpers_pass(person: Person, within: Path, script: str) -> None:
    done = Battery(person, within).run(f"./{script}", str(binaries.git_credential_keyfob()))
    passed, failed = verdicts(done)
    assert (failed, done.returncode) == ([], 0), done.stdout.decode()[-2000:] + done.stderr.decode()[-2000:]
    assert len(passed) >= (FEWEST_TESTS if script.startswith("t0399") else 20), done.stdout.decode()
    assert person.browsers_opened() == 0


def test_a_helper_that_keeps_less_fails_gits_own_tests(person: Person, within: Path) -> None:
    _, failed = verdicts(Battery(person, within).run("./t0399-helper.sh", "store"))
    assert len(failed) == 5
    assert all("password_expiry_utc" in name or "oauth_refresh_token" in name or "authtype" in name for name in failed)


# t5563: git's questions to a helper after the challenges of a server.

BASIC = "Basic " + base64.b64encode(b"alice:secret-passwd").decode()
BEARER = "Bearer YS1naXQtdG9rZW4="
PASSWORD = "username=alice\npassword=secret-passwd\n"
PAIR = "capability[]=authtype\nauthtype=Bearer\ncredential=YS1naXQtdG9rZW4=\n"
FIELD = "WWW-Authenticate"


class Guarded:
    """The refs of a repository, for those who show the right `Authorization` field; others get the challenges."""

    def __init__(self, valid: str, challenges: Mapping[str, str], status: int) -> None:
        self._valid, self._challenges, self._status = valid, challenges, status

    def answer(self, asked: Asked) -> Answer:
        """The one file that `git ls-remote` needs of a server that only has files."""
        if asked.authorization != self._valid:
            return Answer(self._status, headers=self._challenges)
        refs = f"{'1' * 40}\trefs/heads/main\n" if asked.path.startswith("/repo.git/info/refs") else ""
        return Answer(body=refs.encode()) if refs else Answer(404)


Serve = Callable[..., Service]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Makes servers with such refs."""
    with ExitStack() as opened:

        def begin(valid: str, challenges: Mapping[str, str], status: int = 401) -> Service:
            return opened.enter_context(Service(Guarded(valid, challenges, status).answer))

        yield begin


@pytest.fixture
def newer(person: Person, within: Path) -> Person:
    """The person with the newer git."""
    assert within.exists()
    return person


def keep(person: Person, service: Service, credential: str) -> None:
    """Lets git store a credential for the service."""
    lines = f"{credential}protocol=http\nhost={service.host}\n\n"
    assert_worked(person.git("credential", "approve", stdin=lines.encode()))


def kept(person: Person, service: Service) -> bytes:
    """keyfob's answer for the service."""
    return person.ask_door("get", service.origin, "capability[]=authtype").stdout


def ls_remote(person: Person, service: Service, *options: str) -> Done:
    """Asks the server for its refs. Nobody is there to type a password."""
    return person.git(*options, "ls-remote", f"{service.origin}/repo.git", GIT_TERMINAL_PROMPT="0")


def assert_admitted(person: Person, service: Service, done: Done) -> None:
    """Asserts that git was admitted without a word, and that the credential is still there."""
    assert_worked(done)
    assert stderr_lines(done) == []
    assert done.stdout.split() == [b"1" * 40, b"refs/heads/main"]
    assert kept(person, service) != b""


CHALLENGES = {
    "one": {FIELD: 'Basic realm="example.com"'},
    "three": {
        FIELD: 'FooBar param1="value1" param2="value2"',
        "www-authenticate": 'Bearer authorize_uri="id.example.com" p=1 q=0',
        "WWW-authenticate": 'Basic realm="example.com"',
    },
    "mixed case": {"wWw-aUtHeNtIcAtE": 'bAsIc realm="example.com"'},
    "continued": {
        FIELD: 'FooBar param1="value1"\r\n param2="value2"',
        "www-authenticate": 'Bearer authorize_uri="id.example.com"\r\n\tp=1\r\n q=0',
        "WWW-authenticate": 'Basic realm="example.com"',
    },
    "continued by empty lines": {
        FIELD: 'FooBar param1="value1"\r\n \r\n\t\r\n param2="value2"',
        "WWW-authenticate": 'Basic realm="example.com"',
    },
}


@pytest.mark.parametrize("challenges", CHALLENGES.values(), ids=CHALLENGES.keys())
@pytest.mark.parametrize(
    "credential",
    [PASSWORD, f"capability[]=authtype\nauthtype=Basic\ncredential={BASIC.split()[1]}\n"],
    ids=["password", "pair"],
)
def test_basic_is_answered_after_any_challenges(
    newer: Person, serve: Serve, credential: str, challenges: Mapping[str, str]
) -> None:
    service = serve(BASIC, challenges)
    keep(newer, service, credential)
    assert_admitted(newer, service, ls_remote(newer, service))


def test_bearer_is_answered(newer: Person, serve: Serve) -> None:
    service = serve(BEARER, {FIELD: 'FooBar param1="value1"', "www-authenticate": "Bearer authorize_uri=x p=1 q=0"})
    keep(newer, service, PAIR)
    assert_admitted(newer, service, ls_remote(newer, service))


@pytest.mark.parametrize(
    ("credential", "valid", "challenge"),
    [(PASSWORD, "Basic other", 'Basic realm="example.com"'), (PAIR, "Bearer other", "Bearer p=1")],
    ids=["password", "bearer"],
)
def test_a_refused_credential_is_deleted(
    newer: Person, serve: Serve, credential: str, valid: str, challenge: str
) -> None:
    service = serve(valid, {FIELD: challenge})
    keep(newer, service, credential)
    assert kept(newer, service) != b""
    assert ls_remote(newer, service).returncode != 0
    assert kept(newer, service) == b""


@pytest.mark.parametrize(
    ("credential", "valid", "mode"),
    [(PASSWORD, BASIC, "basic"), (PASSWORD, BASIC, "auto"), (PAIR, BEARER, "auto")],
    ids=["basic", "auto", "auto with a pair"],
)
def test_a_credential_is_sent_before_any_challenge_if_git_wants_so(
    newer: Person, serve: Serve, credential: str, valid: str, mode: str
) -> None:
    service = serve(valid, {}, 403)
    keep(newer, service, credential)
    assert ls_remote(newer, service).returncode != 0
    done = ls_remote(newer, service, "-c", f"http.proactiveAuth={mode}")
    assert_admitted(newer, service, done)


def test_another_helper_may_answer_in_several_steps(newer: Person, serve: Serve) -> None:
    service = serve("Multistage second", {FIELD: "Multistage challenge=456"})
    steps = newer.home / "steps"
    steps.write_text(
        "#!/bin/sh\n"
        'test "$1" = get || exit 0\n'
        "printf 'capability[]=authtype\\ncapability[]=state\\nauthtype=Multistage\\n'\n"
        "if grep -qx 'state\\[\\]=helper:1'\n"
        "then printf 'credential=second\\n'\n"
        "else printf 'credential=first\\nstate[]=helper:1\\ncontinue=1\\n'\n"
        "fi\n"
    )
    steps.chmod(0o700)
    newer.session.run("git", "config", "--global", "--add", "credential.helper", str(steps)).check_returncode()
    done = ls_remote(newer, service)
    assert (done.returncode, stderr_lines(done)) == (0, [])
    shown = [asked.authorization for asked in service.answered(401) + service.answered(200)]
    assert shown[:3] == [None, "Multistage first", "Multistage second"]
