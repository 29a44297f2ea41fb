"""AWS's own library exchanges a token for AWS keys. keyfob passes the token as a pipe that looks like a file."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from urllib.parse import parse_qs

import pytest

from harness import binaries
from harness.callers import admits, sign_in
from harness.person import Person
from harness.provider.server import Provider
from harness.service import Answer, Asked, Service, guarded
from harness.steps import assert_worked

ROLE = "arn:aws:iam::123456789012:role/build"
# The form of the answer: docs.aws.amazon.com/STS/latest/APIReference, AssumeRoleWithWebIdentity.
ASSUMED = b"""<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>ASIAEXAMPLE</AccessKeyId>
<SecretAccessKey>secret</SecretAccessKey><SessionToken>session</SessionToken>
<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult>
</AssumeRoleWithWebIdentityResponse>"""
# `aws` does this before each of its commands.
CLIENT = "from botocore.session import Session; print(Session().get_credentials().get_frozen_credentials().access_key)"


@pytest.fixture
def service(provider: Provider) -> Iterator[Service]:
    """A service at which the person is signed in."""
    with Service(guarded(admits(provider, "Bearer"), "Bearer", lambda _: Answer())) as running:
        yield running


@pytest.fixture
def exchange() -> Iterator[Service]:
    """AWS's token service, with this one request."""

    def answer(asked: Asked) -> Answer:
        return Answer(body=ASSUMED, headers={"Content-Type": "text/xml"})

    with Service(answer) as running:
        yield running


def test_a_role_is_assumed_with_the_token(
    person: Person, provider: Provider, service: Service, exchange: Service
) -> None:
    token = sign_in(person, provider, service)
    variables = {
        "AWS_WEB_IDENTITY_TOKEN_FILE": "/dev/fd/9",
        "AWS_ROLE_ARN": ROLE,
        "AWS_REGION": "eu-central-1",
        "AWS_ENDPOINT_URL_STS": exchange.origin,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    done = person.session.run(
        binaries.keyfob(), "exec", "--fd", "9", service.origin, "--", sys.executable, "-c", CLIENT, **variables
    )
    assert_worked(done)
    assert done.stdout == b"ASIAEXAMPLE\n"
    (asked,) = exchange.answered(200)
    question = parse_qs(asked.body.decode())
    assert question["Action"] == ["AssumeRoleWithWebIdentity"]
    assert (question["RoleArn"], question["WebIdentityToken"]) == ([ROLE], [token])
