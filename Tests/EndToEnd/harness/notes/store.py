"""The parts that the SDK leaves to each server: the people, and the store of clients, codes and tokens, here in memory.
The SDK itself answers the requests. It compares redirect URIs exactly, and checks PKCE and client authentication."""

from __future__ import annotations

import secrets
import threading
import time

from mcp.server.auth.provider import (
    AccessToken,
    AuthorizationCode,
    AuthorizationParams,
    OAuthAuthorizationServerProvider,
    RefreshToken,
    construct_redirect_uri,
)
from mcp.shared.auth import OAuthClientInformationFull, OAuthToken

CODE_SECONDS = 60
DEFAULT_SECONDS = 3600


class Pending:
    """An authorization request that waits for the person's answer."""

    def __init__(self, client_id: str, asked: AuthorizationParams) -> None:
        self.client_id = client_id
        self.asked = asked


class Store(OAuthAuthorizationServerProvider[AuthorizationCode, RefreshToken, AccessToken]):
    """Clients, codes and tokens of one server. Each refresh token works once."""

    def __init__(self, consent_page: str) -> None:
        self._consent_page = consent_page
        self._lock = threading.Lock()
        self._pending: dict[str, Pending] = {}
        self._codes: dict[str, AuthorizationCode] = {}
        self.clients: dict[str, OAuthClientInformationFull] = {}
        self.access_tokens: dict[str, AccessToken] = {}
        self.refresh_tokens: dict[str, RefreshToken] = {}
        self.given: set[str] = set()
        self.lifetime = DEFAULT_SECONDS

    # Clients.

    async def get_client(self, client_id: str) -> OAuthClientInformationFull | None:
        """The client of that identifier."""
        return self.clients.get(client_id)

    async def register_client(self, client_info: OAuthClientInformationFull) -> None:
        """Keeps a client that registered itself."""
        self.clients[client_info.client_id] = client_info
        self.given.update({client_info.client_secret} - {None})

    def add_client(self, client_id: str, redirect_uri: str, scope: str) -> None:
        """Keeps a public client that a person registered."""
        described = {"client_id": client_id, "redirect_uris": [redirect_uri], "scope": scope}
        described["token_endpoint_auth_method"] = "none"
        self.clients[client_id] = OAuthClientInformationFull.model_validate(described)

    # The person's answer.

    async def authorize(self, client: OAuthClientInformationFull, params: AuthorizationParams) -> str:
        """Sends the browser to the page where the person answers."""
        question = secrets.token_urlsafe()
        self._pending[question] = Pending(client.client_id, params)
        return f"{self._consent_page}?question={question}"

    def answer(self, question: str, person: str | None) -> str:
        """The redirect for the browser: with a code for that person, or with an error if there is none."""
        pending = self._pending.pop(question)
        asked = pending.asked
        if person is None:
            return construct_redirect_uri(str(asked.redirect_uri), error="access_denied", state=asked.state)
        code = AuthorizationCode(
            code=self._fresh(),
            scopes=asked.scopes or [],
            expires_at=time.time() + CODE_SECONDS,
            client_id=pending.client_id,
            code_challenge=asked.code_challenge,
            redirect_uri=asked.redirect_uri,
            redirect_uri_provided_explicitly=asked.redirect_uri_provided_explicitly,
            resource=asked.resource,
            subject=person,
        )
        self._codes[code.code] = code
        return construct_redirect_uri(str(asked.redirect_uri), code=code.code, state=asked.state)

    # Codes and tokens.

    async def load_authorization_code(
        self, client: OAuthClientInformationFull, authorization_code: str
    ) -> AuthorizationCode | None:
        """The code, which works for one exchange."""
        return self._codes.pop(authorization_code, None)

    async def exchange_authorization_code(
        self, client: OAuthClientInformationFull, authorization_code: AuthorizationCode
    ) -> OAuthToken:
        """The first pair of tokens."""
        return self._issue(client, authorization_code.scopes, authorization_code.resource, authorization_code.subject)

    async def load_refresh_token(self, client: OAuthClientInformationFull, refresh_token: str) -> RefreshToken | None:
        """The refresh token, if it is valid."""
        return self.refresh_tokens.get(refresh_token)

    async def exchange_refresh_token(
        self, client: OAuthClientInformationFull, refresh_token: RefreshToken, scopes: list[str]
    ) -> OAuthToken:
        """The next pair of tokens. The old refresh token becomes invalid."""
        del self.refresh_tokens[refresh_token.token]
        return self._issue(client, scopes, refresh_token.resource, refresh_token.subject)

    async def load_access_token(self, token: str) -> AccessToken | None:
        """The access token, if it is valid."""
        with self._lock:
            return self.access_tokens.get(token)

    async def revoke_token(self, token: AccessToken | RefreshToken) -> None:
        """Revokes both tokens of the client."""
        with self._lock:
            for tokens in (self.access_tokens, self.refresh_tokens):
                dead = [name for name, each in tokens.items() if each.client_id == token.client_id]
                for name in dead:
                    del tokens[name]

    def _issue(
        self, client: OAuthClientInformationFull, scopes: list[str], resource: str | None, subject: str | None
    ) -> OAuthToken:
        access, refresh = self._fresh(), self._fresh()
        shared = {"client_id": client.client_id, "scopes": scopes, "resource": resource, "subject": subject}
        expires_at = int(time.time()) + self.lifetime
        with self._lock:
            self.access_tokens[access] = AccessToken(token=access, expires_at=expires_at, **shared)
            self.refresh_tokens[refresh] = RefreshToken(token=refresh, **shared)
        return OAuthToken(access_token=access, expires_in=self.lifetime, scope=" ".join(scopes), refresh_token=refresh)

    def _fresh(self) -> str:
        value = secrets.token_urlsafe(32)
        self.given.add(value)
        return value
