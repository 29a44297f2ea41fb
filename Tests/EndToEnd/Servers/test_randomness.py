"""Each random byte of a secret value comes from the kernel (RFC 7636 section 7.1, RFC 6749 section 10.10)."""

from __future__ import annotations

import base64
import re
from pathlib import Path

from harness import binaries
from harness.family import CLIENT_ID, FamilyServer
from harness.person import Person
from harness.steps import assert_worked

# keyfob asks the kernel for words of eight bytes.
WORD = re.compile(r'getrandom\("((?:\\x[0-9a-f]{2}){8})", 8, 0\) = 8')


def words(trace: Path) -> set[bytes]:
    """The random words from the kernel."""
    return {bytes.fromhex(found.replace(r"\x", "")) for found in WORD.findall(trace.read_text())}


def decoded(text: str) -> bytes:
    """The bytes of base64url without padding."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_random_values_come_from_the_kernel(person: Person) -> None:
    trace = person.home / "getrandom"
    seen: dict[str, str] = {}
    with FamilyServer() as server:
        authorize, token = server.authorize, server.token

        def see(form: dict[str, str]) -> None:
            seen.update({name: form[name] for name in ("state", "code_verifier") if name in form})

        server.authorize = lambda query: see(query) or authorize(query)  # type: ignore[method-assign,func-returns-value]
        server.token = lambda form: see(form) or token(form)  # type: ignore[method-assign,func-returns-value]
        person.configure_keyfob(server.issuer, server.issuer, client_id=CLIENT_ID)
        strace = ["strace", "-f", "-qq", "-xx", "-o", trace, "-e", "trace=getrandom"]
        done = person.session.run(*strace, binaries.keyfob(), "login", f"{server.issuer}/git")
    assert_worked(done)
    start = re.search(r"/start/(\S+)", done.stderr.decode())
    assert start and set(seen) == {"state", "code_verifier"}
    given = words(trace)
    for name, text in {**seen, "start": start[1]}.items():
        secret = decoded(text)
        assert len(secret) >= 16, name
        assert {secret[at : at + 8] for at in range(0, len(secret), 8)} <= given, name
