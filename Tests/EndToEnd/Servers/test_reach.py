"""The servers to which a service may lead. A document from the Internet cannot name a server in the company's network
or on this machine unless the user approves (RFC 9728 section 7.7)."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.counts import add
from harness.elsewhere import Asked, Network, can_be_made
from harness.person import Person, stderr_lines
from harness.steps import assert_refused, assert_worked

pytestmark = pytest.mark.skipif(not can_be_made(), reason="only root can make a network of its own")

SERVICE = "https://mcp.example.com/mcp"
PUBLIC, COMPANY, MACHINE, CLOUD = "93.184.216.35", "10.9.9.9", "127.0.0.1", "169.254.169.254"
NAMES = {
    "mcp.example.com": "93.184.216.34",
    "login.example.com": PUBLIC,
    "login.corp.example": COMPANY,
    "self.example": MACHINE,
    "cloud.example": CLOUD,
}


class World:
    """The servers: a service, and the servers that it names. Each of them answers as an authorization server."""

    def __init__(self, directory: Path) -> None:
        self.server = "login.example.com"
        self.endpoints: dict[str, str] = {}
        self.issued = 0
        self.network = Network(directory, NAMES, self._answer)

    def _answer(self, asked: Asked) -> dict[str, object] | int:
        issuer = f"https://{asked.host}"
        match asked.path:
            case "/mcp":
                return 401
            case "/.well-known/oauth-protected-resource/mcp":
                return {"resource": SERVICE, "authorization_servers": [f"https://{self.server}"]}
            case "/.well-known/oauth-authorization-server":
                names = ("authorization_endpoint", "token_endpoint", "registration_endpoint", "revocation_endpoint")
                places = {name: f"{issuer}/{name.partition('_')[0]}" for name in names}
                methods = {"code_challenge_methods_supported": ["S256"]}
                return {"issuer": issuer, **places, **methods, **self.endpoints}
            case "/registration":
                return {"client_id": "tests"}
            case "/token":
                self.issued += 1
                tokens = {"access_token": f"access-{self.issued}", "refresh_token": f"refresh-{self.issued}"}
                return {**tokens, "token_type": "Bearer", "expires_in": 3600}
            case "/revocation":
                return {}
        return 404


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """The servers, in a private network."""
    world = World(tmp_path)
    with world.network:
        yield world


@pytest.fixture(autouse=True)
def counting(request: pytest.FixtureRequest) -> Iterator[None]:
    """Counts each test as one hostile server."""
    failed = request.session.testsfailed
    yield
    add("hostile servers", request.node.name, passed=int(request.session.testsfailed == failed))


def drop_the_access_token(person: Person, world: World) -> None:
    """Erases the access token, so that the next request needs a refresh."""
    assert_worked(world.network.keyfob(person, "erase", stdin=f"url={SERVICE}\n\n".encode()))


def pinned_reach(person: Person) -> str:
    """The key `reach` of the service's approval."""
    return str(tomllib.loads(person.approvals.read_text())["host"][SERVICE]["reach"])


def assert_too_near(done_or_status: object, shown: str, host: str) -> None:
    """Asserts that the message names the host, and that it is too near."""
    assert f"points to {host}, which is on this machine or in a private network" in shown, (done_or_status, shown)


def test_a_server_in_the_internet_signs_people_in(person: Person, world: World) -> None:
    assert_worked(world.network.keyfob(person, "login", SERVICE))
    assert pinned_reach(person) == "service"
    drop_the_access_token(person, world)
    assert world.network.keyfob(person, "token", SERVICE).stdout == b"access-2\n"
    assert_worked(world.network.keyfob(person, "logout", SERVICE))
    assert [each.path for each in world.network.requests_at(PUBLIC)][-1] == "/revocation"


@pytest.mark.parametrize(
    ("host", "address"), [("login.corp.example", COMPANY), ("self.example", MACHINE), ("cloud.example", CLOUD)]
)
def test_a_server_that_is_nearer_than_the_service_is_not_asked(
    person: Person, world: World, host: str, address: str
) -> None:
    world.server = host
    done = world.network.keyfob(person, "login", SERVICE)
    assert_refused(done, 78)
    assert_too_near(done, done.stderr.decode(), host)
    assert world.network.requests_at(address) == []
    assert person.browsers_opened() == 0
    assert not person.approvals.exists()


@pytest.mark.parametrize(("answer", "status"), [("y", 0), ("n", 78)])
def test_a_server_in_a_private_network_needs_approval_once(
    person: Person, world: World, answer: str, status: int
) -> None:
    world.server = "login.corp.example"
    login = world.network.keyfob_on_terminal(person, "login", SERVICE)
    login.read_until(r"https://login\.corp\.example, which is in a private network; sign in there\? \[y/N\] ")
    assert world.network.requests_at(COMPANY) == []
    login.type(f"{answer}\n")
    assert login.finish() == status, login.shown
    if answer == "n":
        assert world.network.requests_at(COMPANY) == []
        return assert_too_near(status, login.shown, "login.corp.example")
    assert pinned_reach(person) == "private"
    drop_the_access_token(person, world)
    assert world.network.keyfob(person, "token", SERVICE).stdout == b"access-2\n"


def test_no_approval_allows_a_server_on_this_machine(person: Person, world: World) -> None:
    world.server = "self.example"
    login = world.network.keyfob_on_terminal(person, "login", SERVICE)
    assert login.finish() == 78, login.shown
    assert "[y/N]" not in login.shown
    assert world.network.requests_at(MACHINE) == []


NO_ENDPOINTS = ["169.254.7.7", "224.0.0.9", "[fe80::7]", "[ff02::7]", "[::ffff:93.184.216.34]", "[64:ff9b::5db8:d822]"]


@pytest.mark.parametrize("service", NO_ENDPOINTS)
@pytest.mark.parametrize(("host", "address"), [("login.corp.example", COMPANY), ("self.example", MACHINE)])
def test_a_service_with_a_special_address_has_the_same_limits(
    person: Person, world: World, service: str, host: str, address: str
) -> None:
    """Link-local, multicast, mapped and translated addresses. keyfob itself sends no request to them."""
    person.approvals.parent.mkdir(parents=True, exist_ok=True)
    entry = f'[host."https://{service}/mcp"]\nissuer = "https://{{}}"\nreach = "service"\nclient_id = "c"\n'
    person.approvals.write_text(entry.format(host))
    done = world.network.keyfob(person, "login", f"https://{service}/mcp")
    assert_refused(done, 78)
    assert_too_near(done, done.stderr.decode(), host)
    assert world.network.requests_at(address) == []
    assert person.browsers_opened() == 0
    person.approvals.write_text(entry.format("login.example.com"))
    assert_worked(world.network.keyfob(person, "login", f"https://{service}/mcp"))


@pytest.mark.parametrize("endpoint", ["token_endpoint", "registration_endpoint"])
@pytest.mark.parametrize(("host", "address"), [("login.corp.example", COMPANY), ("self.example", MACHINE)])
def test_an_endpoint_that_is_nearer_than_the_service_is_not_asked(
    person: Person, world: World, endpoint: str, host: str, address: str
) -> None:
    """Not even if the person approved the endpoint's host."""
    world.endpoints[endpoint] = f"https://{host}/{endpoint.partition('_')[0]}"
    person.approvals.parent.mkdir(parents=True, exist_ok=True)
    issuer = f"https://{world.server}"
    person.approvals.write_text(
        f'[host."{SERVICE}"]\nissuer = "{issuer}"\nreach = "service"\nendpoint_hosts = ["{host}"]\n'
    )
    done = world.network.keyfob(person, "login", SERVICE)
    assert_refused(done, 78)
    assert_too_near(done, done.stderr.decode(), host)
    assert world.network.requests_at(address) == []
    assert world.issued == 0


@pytest.mark.parametrize("address", [COMPANY, MACHINE, CLOUD])
def test_a_name_that_leads_elsewhere_after_the_sign_in_gets_no_refresh_token(
    person: Person, world: World, address: str
) -> None:
    """DNS rebinding. The server at the new address even has a valid certificate."""
    assert_worked(world.network.keyfob(person, "login", SERVICE))
    drop_the_access_token(person, world)
    world.network.lead("login.example.com", address)
    done = world.network.keyfob(person, "token", SERVICE)
    assert_refused(done, 78)
    assert_too_near(done, done.stderr.decode(), "login.example.com")
    assert world.network.requests_at(address) == []
    # Nothing is lost: if the name resolves to the first address again, the grant works.
    world.network.lead("login.example.com", PUBLIC)
    again = world.network.keyfob(person, "token", SERVICE)
    assert (again.returncode, again.stdout) == (0, b"access-2\n"), stderr_lines(again)
    # A logout sends nothing there either.
    world.network.lead("login.example.com", address)
    gone = world.network.keyfob(person, "logout", SERVICE)
    assert b"not confirmed" in gone.stderr
    assert world.network.requests_at(address) == []
