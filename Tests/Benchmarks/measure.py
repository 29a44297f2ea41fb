"""Measures keyfob side by side with git-credential-libsecret, /bin/true and curl, and prints a table in Markdown. It
measures whole processes, from before the start to after the end, and prints medians. Each contestant runs once in each
round. Each row has a bar that keyfob must meet. The exit status is 1 if a bar is missed.
"""

from __future__ import annotations

import datetime
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "EndToEnd")]

import callers  # noqa: E402
import forwards  # noqa: E402
from git_server import GitServer  # noqa: E402
from harness import bare, binaries, debian, kernel, ssh  # noqa: E402
from harness.libsecret import build_git_credential_libsecret  # noqa: E402
from harness.newer import use_newer_git  # noqa: E402
from harness.session import PrivateSession  # noqa: E402
from keyrings import host, session_with  # noqa: E402
from token_server import TokenServer, certificate  # noqa: E402

SIZES = (1, 100, 1000, 5000)
AT_ONCE = 32
WARM_UP = 2  # rounds that race.c runs and does not report
SERVICE = "http://127.0.0.1:1"  # no git server is needed: callers only request its token
CLIENT = "keyfob-benchmark"

Step = list[str]
Contestant = list[Step]


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    what: str
    ours: float
    theirs: float
    unit: str
    # None if the row is only for information.
    bar: float | None

    @property
    def ratio(self) -> float:
        """The ratio of our time to theirs."""
        return self.ours / self.theirs

    @property
    def holds(self) -> bool:
        """Whether keyfob meets the bar."""
        return self.bar is None or self.ratio <= self.bar

    def __str__(self) -> str:
        verdict = "" if self.bar is None else "ok" if self.holds else "MISSED"
        bar = "" if self.bar is None else f"{self.bar:g}"
        numbers = f"{self.ours:.2f} {self.unit} | {self.theirs:.2f} {self.unit} | {self.ratio:.2f} | {bar}"
        return f"| {self.what} | {numbers} | {verdict} |"


@dataclass(frozen=True)
class Result:
    """The measurements of one contestant: microseconds of each round, and the largest resident set in KiB."""

    times: list[float]
    peak: float

    @property
    def milliseconds(self) -> float:
        """The median of the rounds."""
        return statistics.median(self.times) / 1000


@dataclass
class Bench:
    """The tools of the benchmark, and the files that contestants read."""

    directory: Path
    race: Path
    installed: Path
    # The directory of PyPI's keyring.
    keyring: Path

    @property
    def door(self) -> Path:
        """git-credential-keyfob, as installed."""
        return self.installed / "git-credential-keyfob"

    @property
    def libsecret(self) -> Path:
        """git-credential-libsecret, as installed."""
        return self.installed / "git-credential-libsecret"

    def given(self, text: str) -> str:
        """Writes a file with this text for a contestant, and returns its path."""
        descriptor, path = tempfile.mkstemp(dir=self.directory)
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
        return path

    def run(
        self,
        session: PrivateSession,
        rounds: int,
        *contestants: Contestant,
        at_once: int = 1,
        within: list[str] | None = None,
    ) -> list[Result]:
        """Races the contestants in the session. `within` is the beginning of a command that runs a program elsewhere."""
        arguments = [*(within or []), str(self.race), str(rounds), str(at_once)]
        for contestant in contestants:
            for index, step in enumerate(contestant):
                arguments += ["+" if index else "--", *step]
        done = subprocess.run(arguments, env=session.env, cwd=session.home, capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"{contestants}: exit {done.returncode}: {done.stderr}")
        numbers = [[float(word) for word in line.split()] for line in done.stdout.splitlines()]
        return [Result(times=line[1:], peak=line[0]) for line in numbers]


def description(service: str, **more: str) -> str:
    """The request that git sends to a helper."""
    protocol, _, rest = service.partition("://")
    return "".join(f"{key}={value}\n" for key, value in {"protocol": protocol, "host": rest, **more}.items())


def must_print(session: PrivateSession, helper: Path, request: str, *expected: str) -> str:
    """Runs a helper once, and fails if its output is not the expected one."""
    done = session.run(helper, "get", stdin=request.encode())
    answer = done.stdout.decode()
    if done.returncode != 0 or not all(part in answer for part in expected):
        raise SystemExit(f"{helper.name} get: exit {done.returncode}: {done.stderr.decode()}{answer}")
    return answer


def sign_in(
    session: PrivateSession, server: TokenServer, service: str = SERVICE, *options: str, client: str = CLIENT
) -> None:
    """Lets keyfob sign in at the server that consents at once."""
    configuration = session.home / ".config" / "keyfob" / "config.toml"
    configuration.parent.mkdir(parents=True, exist_ok=True)
    with configuration.open("a") as file:
        file.write(f'[host."{service}"]\nissuer = "{server.issuer}"\nclient_id = "{client}"\n')
    session.env["BROWSER"] = str(binaries.BROWSER)
    done = session.run("keyfob", "login", *options, service)
    if done.returncode != 0:
        raise SystemExit(f"keyfob login: exit {done.returncode}: {done.stderr.decode()}")


def live_token_rows(bench: Bench, session: PrivateSession) -> Iterator[Row]:
    """A live access token from kernel memory, against a password of git-credential-libsecret."""
    ours, theirs, nothing = bench.given(description(SERVICE)), "", bench.given("")
    password = description("https://" + host(1))
    theirs = bench.given(password)
    answer = must_print(session, bench.door, description(SERVICE), "password=")
    must_print(session, bench.libsecret, password, "password=password-1")
    door, libsecret, true = (
        [ours, str(bench.door), "get"],
        [theirs, str(bench.libsecret), "get"],
        [nothing, "/bin/true"],
    )

    a, b, c = bench.run(session, 300, [door], [true], [libsecret])
    yield Row(
        "`get` of a live access token, against git-credential-libsecret", a.milliseconds, c.milliseconds, "ms", 0.12
    )
    yield Row("the same, against `/bin/true`", a.milliseconds, b.milliseconds, "ms", 1.5)

    token = dict(line.split("=", 1) for line in answer.splitlines())
    store = [bench.given(description(SERVICE, **token)), str(bench.door), "store"]
    their_store = [bench.given(password + "username=alice\npassword=password-1\n"), str(bench.libsecret), "store"]
    both, their_both = bench.run(session, 60, [door, store], [libsecret, their_store])
    what = "`get`, then `store` of that token, against git-credential-libsecret"
    yield Row(what, both.milliseconds, their_both.milliseconds, "ms", 0.12)

    many, many_true = bench.run(session, 60, [door], [true], at_once=AT_ONCE)
    what = f"{AT_ONCE} such `get`s at once, against {AT_ONCE} `/bin/true`"
    yield Row(what, many.milliseconds, many_true.milliseconds, "ms", 2)
    yield Row("peak memory of such a `get`, against git-credential-libsecret", a.peak / 1024, c.peak / 1024, "MiB", 1)


def refresh_row(bench: Bench, session: PrivateSession, server: TokenServer, how: str) -> Row:
    """A `get` that refreshes, against curl with the same request. The server's own time is subtracted from both."""
    erase = ["~" + bench.given(description(SERVICE)), str(bench.door), "erase"]
    ours = [erase, [bench.given(description(SERVICE)), str(bench.door), "get"]]
    form = f"grant_type=refresh_token&refresh_token={'x' * 43}&client_id=curl"
    curl = ["/usr/bin/curl", "-sS", "-f", "-o", "/dev/null", "-H", "Accept: application/json", "-d", form]
    server.forget()
    a, b = bench.run(session, 60, ours, [[bench.given(""), *curl, f"{server.issuer}/token"]])
    runs = len(a.times) + WARM_UP
    taken = [server.times(client, runs) for client in (CLIENT, "curl")]
    if [len(times) for times in taken] != [runs, runs]:
        raise SystemExit(f"not one refresh for each get: {[len(times) for times in taken]} in {runs}")
    net = [less(result, times) for result, times in zip((a, b), taken, strict=True)]
    return Row(f"a `get` that refreshes {how}, less the server's time, against `curl`", net[0], net[1], "ms", 2)


# Answers git without keyfob: at the first question with one password, then with another one.
STEPS = """#!/bin/sh
[ "$1" = get ] || exit 0
password=first
while read -r line && [ -n "$line" ]; do case $line in "state[]=steps:1") password=second ;; esac; done
printf 'capability[]=state\\nusername=u\\npassword=%s\\n' $password
[ $password = second ] || printf 'state[]=steps:1\\ncontinue=1\\n'
"""


def stale_token_row(bench: Bench, session: PrivateSession, server: GitServer) -> Row:
    """A fetch with a stale token less one with a good token: git's second round, and the refresh in it. Against a `get`
    that refreshes, and the same second round with a helper that only prints; that helper's own time is subtracted."""
    within = [str(use_newer_git(session))]
    steps = session.home / "steps"
    steps.write_text(STEPS)
    steps.chmod(0o755)
    git = ["/usr/bin/git", "-C", str(session.home / "copy")]
    must_succeed(session, *within, "/usr/bin/git", "init", "--quiet", str(session.home / "copy"))

    def fetch(helper: Path, name: str) -> Contestant:
        return [[bench.given(""), *git, "-c", f"credential.helper={helper}", "fetch", "-q", f"{server.origin}/{name}"]]

    for helper, name in ((bench.door, "good"), (bench.door, "stale"), (steps, "stale")):
        must_succeed(session, *within, *fetch(helper, name)[0][1:])
    question = bench.given(description(server.origin))
    refresh = [["~" + question, str(bench.door), "erase"], [question, str(bench.door), "get"]]
    alone = [[bench.given("state[]=steps:1\n\n"), str(steps), "get"]]
    fetches = [fetch(helper, name) for helper in (bench.door, steps) for name in ("stale", "good")]
    results = bench.run(session, 60, *fetches, refresh, alone, within=within)
    stale, good, second, first, refreshed, printed = (result.milliseconds for result in results)
    theirs = refreshed + (second - first) - printed
    what = "a `git fetch` with a stale token less one with a good token, against a refresh and git's second round"
    return Row(what, stale - good, theirs, "ms", 1.2)


def must_succeed(session: PrivateSession, *command: str) -> None:
    """Runs a command, and ends the benchmark if it fails."""
    done = session.run(*command)
    if done.returncode != 0:
        raise SystemExit(f"{command}: exit {done.returncode}: {done.stderr.decode()}")


def memory_rows(bench: Bench) -> Iterator[Row]:
    """The store in the kernel's memory: a refresh against one with GNOME Keyring, without the server's own time; and a
    stored password against git credential-cache, whose daemon runs."""
    stores = {"memory": "http://127.0.0.1:2", "keyring": SERVICE}
    with session_with(1, [bench.installed]) as session, TokenServer() as server, forgetting_keys():
        refreshes = []
        for store, service in stores.items():
            sign_in(session, server, service, "--store", store, client=store)
            question = bench.given(description(service))
            refreshes.append([["~" + question, str(bench.door), "erase"], [question, str(bench.door), "get"]])
        server.forget()
        results = bench.run(session, 60, *refreshes)
        runs = len(results[0].times) + WARM_UP
        net = [less(result, server.times(store, runs)) for result, store in zip(results, stores, strict=True)]
        must_succeed(session, "keyfob", "logout", stores["memory"])
    what = "a `get` that refreshes with `store = \"memory\"`, less the server's time, against one with GNOME Keyring"
    yield Row(what, *net, "ms", 0.5)

    service = "https://" + host(1)
    credential = description(service) + "username=alice\npassword=secret\n"
    with PrivateSession(path=[bench.installed]) as session, forgetting_keys():
        configuration = session.home / ".config" / "keyfob" / "config.toml"
        configuration.parent.mkdir(parents=True)
        configuration.write_text('store = "memory"\n')
        helpers = [bench.door, Path("/usr/lib/git-core/git-credential-cache")]
        for helper in helpers:
            session.run(helper, "store", stdin=credential.encode()).check_returncode()
            must_print(session, helper, description(service), "password=secret")
        request = bench.given(description(service))
        a, b = bench.run(session, 100, *([[request, str(helper), "get"]] for helper in helpers))
        for helper, action in zip(helpers, ("erase", "exit"), strict=True):
            session.run(helper, action, stdin=credential.encode()).check_returncode()
    what = "`get` of a stored password with `store = \"memory\"`, against git credential-cache"
    yield Row(what, a.milliseconds, b.milliseconds, "ms", 1)


def forward_rows(bench: Bench) -> Iterator[Row]:
    """The door of another machine over `keyfob forward`, against this machine's door, and against ssh itself."""
    limit = 12  # MiB
    with session_with(1, [bench.installed]) as session, TokenServer() as server, forgetting_keys():
        sign_in(session, server)
        local = [[bench.given(description(SERVICE)), str(bench.door), "get"]]
        dead = forwards.dead_socket(bench.directory)
        place = session.runtime / "keyfob" / "agent.sock"
        nothing = bench.given("")
        set_up = ["~" + nothing, "/bin/mv", str(dead), str(place)]
        clear = ["~" + nothing, "/bin/mv", str(place), str(dead)]
        a, b = bench.run(session, 100, [set_up, *local, clear], local)
        what = "`get` beside the dead socket of a forward, against one without"
        yield Row(what, a.milliseconds, b.milliseconds, "ms", 1.5)

        with forwards.forwarded(session, SERVICE) as machine:
            request = machine.home / "request"
            request.write_text(description(SERVICE))
            machine.session.give(request)
            far = [[str(request), str(machine.door), "get"]]
            within = forwards.as_far_user(machine)
            must_succeed(session, *within, "/bin/sh", "-c", f'"{machine.door}" get <"{request}" | grep -q password=')
            there = replace(bench, race=Path(shutil.copy(bench.race, machine.home)))
            (one,) = there.run(session, 100, far, within=within)
            (many,) = there.run(session, 20, far, within=within, at_once=64)
            with forwards.multiplexed(machine, bench.directory) as true:
                here, command = bench.run(session, 100, local, [[nothing, *true]])
            what = "`get` over `keyfob forward`, against one on this machine"
            yield Row(what, one.milliseconds, here.milliseconds, "ms", None)
            what = "the same, against `ssh HOST true` on an open connection"
            yield Row(what, one.milliseconds, command.milliseconds, "ms", 1)
            yield Row("64 such `get`s at once, against one", many.milliseconds, one.milliseconds, "ms", 64)
            what = f"memory of `keyfob forward` at rest, against {limit} MiB"
            yield Row(what, forwards.resident_mebibytes(session), limit, "MiB", 1)


def less(result: Result, server_times: list[float]) -> float:
    """The median of the rounds in milliseconds, each without the server's own time. (The warm-up came first.)"""
    pairs = zip(result.times, server_times[-len(result.times) :], strict=True)
    return statistics.median(ours - servers for ours, servers in pairs) / 1000


def stored_password_rows(bench: Bench, items: int) -> Iterator[Row]:
    """A password among `items`, read and stored unchanged, against git-credential-libsecret."""
    service = "https://" + host((items + 1) // 2)
    known = f"username=alice\npassword=password-{(items + 1) // 2}\n"
    helpers = (bench.door, bench.libsecret)
    with session_with(items, [bench.installed]) as session:
        for helper in helpers:
            must_print(session, helper, description(service), *known.splitlines())
        request, credential = bench.given(description(service)), bench.given(description(service) + known)
        gets = bench.run(session, 60, *([[request, str(helper), "get"]] for helper in helpers))
        stores = bench.run(session, 30, *([[credential, str(helper), "store"]] for helper in helpers))
    size = f"{items:,} item{'s' if items > 1 else ''}"
    yield Row(f"`get` of a stored password, {size}", *(result.milliseconds for result in gets), "ms", 1.3)
    bar = 0.5 if items >= 1000 else 1.3
    yield Row(f"`store` of an unchanged password, {size}", *(result.milliseconds for result in stores), "ms", bar)


def caller_rows(bench: Bench, session: PrivateSession, server: TokenServer) -> Iterator[Row]:
    """A live access token by the door's other names, against the usual programs for the same callers."""
    session.env.update(callers.VARIABLES)
    token = session.run("keyfob", "token", callers.SERVICE).stdout.decode().strip()
    ours: dict[str, Contestant] = {}
    for name, (command, stdin) in callers.ASKED.items():
        callers.must_give(session, token, command, stdin)
        ours[name] = [[bench.given(stdin), str(bench.installed / command[0]), *command[1:]]]
    nothing = bench.given("")

    secretservice = callers.dockers_secretservice(session)
    callers.must_give(session, "password-1", secretservice, callers.SERVICE)
    theirs = [[bench.given(callers.SERVICE), *found(secretservice)]]
    a, b = bench.run(session, 100, ours["docker"], theirs)
    what = "`docker-credential-keyfob get`, against docker-credential-secretservice"
    yield Row(what, a.milliseconds, b.milliseconds, "ms", 0.2)

    with callers.oidc_agent(session, server) as oidc_token:
        callers.must_give(session, "", oidc_token)
        *results, agent = bench.run(session, 100, *ours.values(), [[nothing, *found(oidc_token)]])
        for name, result in zip(ours, results, strict=True):
            yield Row(f"the door for {name}, against oidc-token", result.milliseconds, agent.milliseconds, "ms", 1)
        keyfob = [[nothing, str(bench.installed / "keyfob"), "token", callers.SERVICE]]
        a, b = bench.run(session, 60, keyfob, [[nothing, *found(oidc_token)]])
        yield Row("`keyfob token`, against oidc-token", a.milliseconds, b.milliseconds, "ms", 1.4)

    keyring = callers.pythons_keyring(session, bench.keyring)
    callers.must_give(session, "password-1", keyring)
    a, b = bench.run(session, 10, ours["keyring"], [[nothing, *keyring]])
    yield Row("the door as `keyring get`, against PyPI's keyring", a.milliseconds, b.milliseconds, "ms", 0.05)


def found(command: list[str]) -> list[str]:
    """The command with its program's absolute path, as if a shell had looked it up before."""
    program = shutil.which(command[0], path="/usr/local/bin:/usr/bin:/bin")
    if program is None:
        raise SystemExit(f"{command[0]} is not installed")
    return [program, *command[1:]]


def rows(bench: Bench) -> Iterator[Row]:
    """Every row of the table."""
    with session_with(1, [bench.installed]) as session, TokenServer() as server, forgetting_keys():
        sign_in(session, server)
        yield from live_token_rows(bench, session)
        yield refresh_row(bench, session, server, "on loopback without TLS")
    with session_with(1, [bench.installed]) as session, TokenServer() as server, forgetting_keys():
        sign_in(session, server, callers.SERVICE)
        yield from caller_rows(bench, session, server)
    if debian.why_not() is None:
        with session_with(1, [bench.installed]) as session, TokenServer() as server, forgetting_keys():
            with GitServer(bench.directory) as gate:
                sign_in(session, server, gate.origin)
                yield stale_token_row(bench, session, gate)
    pem, bundle = certificate(bench.directory)
    with session_with(1, [bench.installed]) as session, TokenServer(pem) as server, forgetting_keys():
        session.env["SSL_CERT_FILE"] = str(bundle)  # keyfob, the browser and curl read it
        sign_in(session, server)
        yield refresh_row(bench, session, server, "over TLS")
    yield from memory_rows(bench)
    if ssh.is_installed() and bare.can_be_made():
        yield from forward_rows(bench)
    for items in SIZES:
        yield from stored_password_rows(bench, items)


@contextmanager
def forgetting_keys() -> Iterator[None]:
    """Restores the kernel keyring's earlier state at the end."""
    before = kernel.keys()
    try:
        yield
    finally:
        kernel.forget(kernel.keys() - before)


def machine() -> str:
    """The machine in a few words: processor, system, kernel, git."""
    models = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    model = models[0].partition(": ")[2] if models else platform.machine()
    release = dict(line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line)
    git = subprocess.run(["git", "--version"], capture_output=True, text=True, check=True).stdout.split()[2]
    system = release["PRETTY_NAME"].strip('"')
    return f"{os.cpu_count()} × {model}, {system}, Linux {platform.release()}, git {git}"


def prepare(directory: Path) -> Bench:
    """Compiles the benchmark's own programs, and installs the contestants. (A file that a linker has just written is in
    small pieces in the page cache, which costs 0.3 ms at each start.)"""
    race = directory / "race"
    command = ["cc", "-O2", "-static", "-Wall", "-Wextra", "-Werror", "-o", str(race), str(HERE / "race.c")]
    subprocess.run(command, check=True)
    installed = directory / "bin"
    libsecret = build_git_credential_libsecret(directory)
    contestants = [binaries.keyfob(), binaries.keyfob_main(), binaries.git_credential_keyfob(), libsecret]
    subprocess.run(["install", "-D", "--mode=755", "--target-directory", installed, *contestants], check=True)
    callers.install_links(installed)
    return Bench(directory, race, installed, directory / "keyring")


def main() -> int:
    """Prints each row of the table as soon as it is measured."""
    print(f"Measured on {datetime.date.today()}: {machine()}.\n")
    print("| what | keyfob | the other | ratio | bar | |\n|---|---:|---:|---:|---:|---|", flush=True)
    missed = 0
    with ExitStack() as stack:
        bench = prepare(Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="keyfob-bench-"))))
        for row in rows(bench):
            print(row, flush=True)
            missed += not row.holds
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
