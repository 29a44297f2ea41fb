"""A Secret Service that prompts its user before it stores an item, as KeePassXC can be set to do."""

from __future__ import annotations

from jeepney import new_method_return
from jeepney.io.blocking import DBusConnection
from jeepney.low_level import HeaderFields, Message

from .plain import PlainKeyring
from .session import PrivateSession

PROMPT = "/org/freedesktop/secrets/prompt/p1"


class AskingKeyring(PlainKeyring):
    """GNOME Keyring behind a relay that prompts for each new item and remembers the outcome of the prompts."""

    def __init__(self, front: PrivateSession, back: PrivateSession) -> None:
        super().__init__(front, back)
        self.prompts: list[str] = []

    def _answer(self, call: Message, back: DBusConnection) -> Message:
        fields = call.header.fields
        if fields[HeaderFields.member] == "CreateItem":
            return new_method_return(call, "oo", ("/", PROMPT))
        if fields[HeaderFields.path] == PROMPT:
            self.prompts.append(fields[HeaderFields.member])
            return new_method_return(call)
        return super()._answer(call, back)
