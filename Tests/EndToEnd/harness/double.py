"""A Secret Service of our own, from its specification, for behaviour that no keyring of Debian has.

Like oo7 it hides the items of a locked collection. Like pass-secret-service it can ask its user inside a call, and answers
the call after that.
"""

from __future__ import annotations

import threading
from typing import Any

from jeepney import DBusAddress, MessageType, new_error, new_method_return, new_signal
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import Proxy
from jeepney.low_level import HeaderFields, Message

from .desktop import BusProgram
from .session import SECRETS, PrivateSession

ROOT = "/org/freedesktop/secrets"
COLLECTION = f"{ROOT}/collection/main"
ALIAS = f"{ROOT}/aliases/default"
SESSION = f"{ROOT}/session/1"
PROMPT = f"{ROOT}/prompt/1"
Answer = tuple[str | None, tuple[Any, ...]]


class DoubleKeyring(BusProgram):
    """The program, with one collection. `refused_sessions` is how often it refuses to open a session, as KWallet does for
    one key in 256. `lost_secrets` is how many new items it leaves without their secret, as KWallet does as often; then it has
    KWallet's name too. The answer to the method `asks_in` waits until ``let_go``. A search shows each item at its path with
    each of `endings` behind it, and all of these are the one item. With `only_claims_to_unlock`, `Unlock` changes nothing."""

    name = SECRETS

    def __init__(self, session: PrivateSession, *, refused_sessions: int = 0, lost_secrets: int = 0) -> None:
        super().__init__(session)
        self._lost_secrets = lost_secrets
        if lost_secrets:
            Proxy(message_bus, self._connection).RequestName("org.kde.kwalletd5")
        self.is_locked = False
        self.prompts = self.searches_while_locked = 0
        self.items: dict[str, tuple[dict[str, str], bytes]] = {}
        self._refused_sessions = refused_sessions
        self.asks_in: str | None = None
        self.endings = [""]
        self.dismisses_prompts = self.only_claims_to_unlock = False
        self._may_answer = threading.Event()

    def let_go(self) -> None:
        """The user has answered."""
        self._may_answer.set()

    def _receive(self, call: Message) -> None:
        if call.header.message_type is not MessageType.method_call:
            return
        method, path = call.header.fields[HeaderFields.member], call.header.fields[HeaderFields.path]
        if method == self.asks_in:
            self._may_answer.wait()
        answer = self._answer(method, self._item(path), call.body)
        if isinstance(answer, str):
            self._connection.send(new_error(call, answer, "s", ("refused once",)))
        else:
            self._connection.send(new_method_return(call, *answer))
        if method == "Prompt" and self.dismisses_prompts:
            emitter = DBusAddress(PROMPT, interface="org.freedesktop.Secret.Prompt")
            self._connection.send(new_signal(emitter, "Completed", "bv", (True, ("ao", []))))

    @staticmethod
    def _shown(path: str, ending: str) -> str:
        return path.replace(COLLECTION, ALIAS) if ending == "alias" else path + ending

    def _item(self, path: str) -> str:
        """The path of the item that a search may have shown at another one."""
        path = path.replace(ALIAS, COLLECTION)
        return path if path in self.items else path.rstrip("x")

    def _answer(self, method: str, path: str, body: tuple[Any, ...]) -> Answer | str:
        match method:
            case "OpenSession" if self._refused_sessions > 0:
                self._refused_sessions -= 1
                return "org.freedesktop.DBus.Error.InvalidArgs"
            case "OpenSession" if body[0] != "plain":
                return "org.freedesktop.DBus.Error.NotSupported"
            case "OpenSession":
                return "vo", (("s", ""), SESSION)
            case "ReadAlias":
                return "o", (COLLECTION if body[0] == "default" else "/",)
            case "Get" if body[1] == "Locked":
                return "v", (("b", self.is_locked),)
            case "Get" if body[1] == "Collections":
                return "v", (("ao", [COLLECTION]),)
            case "Get":
                return "v", (("s", "main"),)
            case "GetAll" if path in self.items:
                attributes, _ = self.items[path]
                return "a{sv}", ({"Attributes": ("a{ss}", attributes), "Label": ("s", ""), "Modified": ("t", 1)},)
            case "SearchItems":
                self.searches_while_locked += self.is_locked
                found = [path for path, (attributes, _) in self.items.items() if body[0].items() <= attributes.items()]
                shown = [self._shown(path, ending) for ending in self.endings for path in found]
                return "aoao", ([] if self.is_locked else shown, [])
            case "Unlock":
                asks = self.is_locked and not self.only_claims_to_unlock
                return "aoo", ([], PROMPT) if asks else (body[0], "/")
            case "Prompt":
                self.prompts += 1
                return None, ()
            case "CreateItem":
                path = f"{COLLECTION}/{len(self.items) + 1}"
                attributes = body[0]["org.freedesktop.Secret.Item.Attributes"][1]
                if self._lost_secrets > 0:
                    self._lost_secrets -= 1
                    self.items[path] = (attributes, b"")
                    return "org.qtproject.QtDBus.Error.InvalidObjectPath"
                self.items[path] = (attributes, body[1][2])
                return "oo", (path, "/")
            case "SetSecret" | "Delete" if path not in self.items:
                return "org.freedesktop.Secret.Error.NoSuchObject"
            case "SetSecret":
                self.items[path] = (self.items[path][0], body[0][2])
                return None, ()
            case "GetSecrets":
                kept = [path for path in body[0] if self._item(path) in self.items]
                secrets = {path: (SESSION, b"", self.items[self._item(path)][1], "text/plain") for path in kept}
                return "a{o(oayays)}", (secrets,)
            case "Delete":
                del self.items[path]
                return "o", ("/",)
            case _:
                return "org.freedesktop.DBus.Error.UnknownMethod"
