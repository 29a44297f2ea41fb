"""A company network: its servers can be reached only by its proxy, and only it trusts its certificate authority."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.gate import Gate
from harness.people import ALICE
from harness.person import Person
from harness.provider.server import Provider
from harness.proxy import Proxy
from harness.steps import assert_refused, assert_worked
from harness.tls import Authority

GIT, LOGIN = "git.example.test", "login.example.test"


@dataclass
class Company:
    """A company network: a proxy, a certificate authority, and the servers behind the proxy."""

    proxy: Proxy
    authority: Authority
    provider: Provider
    gate: Gate


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Company]:
    """The network. Only its proxy knows the names of its servers."""
    authority = Authority(tmp_path)
    with (
        Proxy() as proxy,
        Provider(authority.certify(LOGIN)) as provider,
        Gate(provider.is_active, tmp_path, authority.certify(GIT)) as gate,
    ):
        proxy.route(GIT, gate.port)
        proxy.route(LOGIN, provider.port)
        yield Company(proxy, authority, provider, gate)


@pytest.fixture
def employee(person: Person, company: Company) -> Person:
    """A person in that network. The browser is set up for the network, keyfob and git are not."""
    person.browser_options = ["--proxy", company.proxy.address, "--authority", str(company.authority.file)]
    person.set_browser()
    person.configure_keyfob(company.gate.origin, company.provider.issuer)
    return person


def set_environment(employee: Person, company: Company, proxy: str | None = None) -> None:
    """Sets the network up for all programs, in their environment."""
    proxy = proxy or company.proxy.address
    employee.session.env.update(https_proxy=proxy, SSL_CERT_FILE=str(company.authority.file))


def set_git(employee: Person, company: Company, section: str = "http") -> None:
    """Sets the network up only for git, in its configuration."""
    settings = {"proxy": company.proxy.address, "sslCAInfo": str(company.authority.file)}
    employee.configure_git({f"{section}.{key}": value for key, value in settings.items()})


def test_the_environment_is_enough(employee: Person, company: Company) -> None:
    set_environment(employee, company)
    assert_worked(employee.keyfob("login", company.gate.url))
    assert company.provider.owner(employee.token(company.gate.url)) == ALICE
    assert f"{LOGIN}:443" in company.proxy.asked


def test_no_key_of_a_connection_is_written_down(employee: Person, company: Company) -> None:
    set_environment(employee, company)
    keys = employee.home / "keys"
    assert_worked(employee.keyfob("login", company.gate.url, SSLKEYLOGFILE=str(keys)))
    assert not keys.exists()


@pytest.mark.parametrize("section", ["http", f"http.https://{LOGIN}"])
def test_the_proxy_in_gits_settings_is_enough(employee: Person, company: Company, section: str) -> None:
    set_git(employee, company, section)
    assert_worked(employee.keyfob("login", company.gate.url))
    assert company.provider.owner(employee.token(company.gate.url)) == ALICE
    assert f"{LOGIN}:443" in company.proxy.asked


def test_gits_settings_for_another_host_are_ignored(employee: Person, company: Company) -> None:
    set_git(employee, company, f"http.https://{LOGIN}.example.net")
    assert_refused(employee.keyfob("login", company.gate.url), 75)
    assert company.proxy.asked == []


@pytest.mark.parametrize("section", ["http", "http.https://*.example.test"])
def test_git_and_keyfob_use_the_same_proxy(employee: Person, company: Company, section: str) -> None:
    set_git(employee, company, section)
    assert_worked(employee.git("clone", company.gate.url, "work"))
    assert_worked(employee.fetch(employee.home / "work"))
    assert employee.browsers_opened() == 1
    assert {f"{GIT}:443", f"{LOGIN}:443"} <= set(company.proxy.asked)


def test_a_repository_sends_no_refresh_token_through_a_proxy_of_its_own(
    employee: Person, company: Company, tmp_path: Path
) -> None:
    """git reaches the repository's server through that proxy, but keyfob's own requests do not go there."""
    set_git(employee, company)
    assert_worked(employee.git("clone", company.gate.url, "work"))
    work = employee.home / "work"
    with Proxy() as trap:
        trap.route(GIT, company.gate.port)
        trap.route(LOGIN, company.provider.port)
        for section in ("http", f"http.https://{LOGIN}"):
            for key, value in {"proxy": trap.address, "sslCAInfo": str(company.authority.file)}.items():
                employee.git("-C", str(work), "config", "--local", f"{section}.{key}", value).check_returncode()
        refused = employee.token(company.gate.url)
        assert_worked(employee.ask_door("erase", company.gate.url, "username=oauth2", f"password={refused}"))
        assert_worked(employee.fetch(work))
        assert f"{LOGIN}:443" not in trap.asked
        assert f"{GIT}:443" in trap.asked


def test_gits_environment_is_enough_for_the_authority(employee: Person, company: Company) -> None:
    employee.session.env.update(https_proxy=company.proxy.address, GIT_SSL_CAINFO=str(company.authority.file))
    assert_worked(employee.git("clone", company.gate.url, "work"))
    assert employee.browsers_opened() == 1


def test_keyfobs_own_configuration_names_the_authority(employee: Person, company: Company) -> None:
    authority = str(company.authority.file)
    employee.configure_keyfob(company.gate.origin, company.provider.issuer, ca_file=authority)
    employee.session.env.update(https_proxy=company.proxy.address)
    assert_worked(employee.keyfob("login", company.gate.url))


def test_a_proxy_that_wants_a_password_gets_it(employee: Person, company: Company) -> None:
    address = company.proxy.require("worker", "open sesame: 100%")
    employee.browser_options[1] = address
    employee.set_browser()
    set_environment(employee, company, address)
    assert_worked(employee.keyfob("login", company.gate.url))


def test_a_proxy_that_refuses_is_named(employee: Person, company: Company) -> None:
    company.proxy.require("worker", "open sesame")
    set_environment(employee, company)
    done = employee.keyfob("login", company.gate.url)
    assert_refused(done, 75)
    assert "proxy" in done.stderr.decode()
    assert employee.browsers_opened() == 0


def test_the_password_of_a_proxy_is_not_printed(employee: Person, company: Company) -> None:
    wrong = company.proxy.require("worker", "right").replace("right", "wrong-word")
    set_environment(employee, company, wrong)
    done = employee.keyfob("login", company.gate.url)
    assert_refused(done, 75)
    assert "wrong-word" not in done.stderr.decode()


def test_a_host_in_no_proxy_is_reached_directly(employee: Person, company: Company) -> None:
    set_environment(employee, company)
    employee.session.env["no_proxy"] = LOGIN
    assert_refused(employee.keyfob("login", company.gate.url), 75)
    assert company.proxy.asked == []


def test_an_unknown_certificate_authority_is_not_trusted(employee: Person, company: Company) -> None:
    employee.session.env.update(https_proxy=company.proxy.address)
    done = employee.keyfob("login", company.gate.url)
    assert_refused(done, 75)
    assert "certificate" in done.stderr.decode()
    assert company.provider.requests.all() == []


def test_an_address_is_enough_behind_a_proxy(employee: Person, company: Company) -> None:
    employee.configuration.unlink()
    company.gate.publish(company.provider.issuer, scopes_supported=["read", "write"])
    set_environment(employee, company)
    assert_worked(employee.keyfob("login", company.gate.url))
    assert company.provider.owner(employee.token(company.gate.url)) == ALICE
